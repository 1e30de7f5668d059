"""Answers of the service, as its contract describes them. Generated from openapi.json by `make client`."""

from ayla.models.contract.datasets import Dataset, DatasetColumn, DatasetDetail
from ayla.models.contract.jobs import (
    ArmPreview,
    AvailableFigure,
    AxisPreview,
    FigureList,
    UnavailableFigure,
    Validation,
)
from ayla.models.contract.queue import (
    Basis,
    MemberShare,
    Queue,
    QueuePosition,
    RunningShard,
    Switches,
    TeamShare,
    WaitingJob,
    WaitingShards,
    WorkersInUse,
)
from ayla.models.contract.service import Health, Readiness
from ayla.models.contract.teams import Key, KeyWithSecret, LimitsUsed, Me, Member, Standing, Team
from ayla.models.contract.webhooks import Delivery, Webhook, WebhookWithSecret

__all__ = [
    "ArmPreview",
    "AvailableFigure",
    "AxisPreview",
    "Basis",
    "Dataset",
    "DatasetColumn",
    "DatasetDetail",
    "Delivery",
    "FigureList",
    "Health",
    "Key",
    "KeyWithSecret",
    "LimitsUsed",
    "Me",
    "Member",
    "MemberShare",
    "Queue",
    "QueuePosition",
    "Readiness",
    "RunningShard",
    "Standing",
    "Switches",
    "Team",
    "TeamShare",
    "UnavailableFigure",
    "Validation",
    "WaitingJob",
    "WaitingShards",
    "Webhook",
    "WebhookWithSecret",
    "WorkersInUse",
]
