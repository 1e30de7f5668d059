"""The tables of the store."""

from ayla_service.db.models.base import Base
from ayla_service.db.models.datasets import DatasetPartRow, DatasetRow
from ayla_service.db.models.jobs import (
    AttemptRow,
    JobLabelRow,
    JobPointsRow,
    JobRow,
    ShardRow,
    TrialIdRow,
    TrialSummariesRow,
    WorkerRow,
)
from ayla_service.db.models.requests import IdempotencyKeyRow
from ayla_service.db.models.results import CheckpointRow, ChunkRow, MetricChunkRow, PredictionSetRow
from ayla_service.db.models.teams import ApiKeyRow, MemberRow, SessionRow, TeamRow, TeamUsageRow, UsageRow
from ayla_service.db.models.webhooks import WebhookDeliveryRow, WebhookRow

__all__ = [
    "ApiKeyRow",
    "AttemptRow",
    "Base",
    "CheckpointRow",
    "ChunkRow",
    "DatasetPartRow",
    "DatasetRow",
    "IdempotencyKeyRow",
    "JobLabelRow",
    "JobPointsRow",
    "JobRow",
    "MemberRow",
    "MetricChunkRow",
    "PredictionSetRow",
    "SessionRow",
    "ShardRow",
    "TeamRow",
    "TeamUsageRow",
    "TrialIdRow",
    "TrialSummariesRow",
    "UsageRow",
    "WebhookDeliveryRow",
    "WebhookRow",
    "WorkerRow",
]
