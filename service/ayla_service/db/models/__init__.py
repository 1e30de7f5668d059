"""The tables of the store."""

from ayla_service.db.models.base import Base
from ayla_service.db.models.datasets import Dataset, DatasetPart
from ayla_service.db.models.jobs import Attempt, Job, JobLabel, Shard, Trial, Worker
from ayla_service.db.models.requests import IdempotencyKey
from ayla_service.db.models.results import Checkpoint, Chunk, MetricChunk, PredictionSet
from ayla_service.db.models.teams import ApiKey, Member, Team, TeamUsage, Usage
from ayla_service.db.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "ApiKey",
    "Attempt",
    "Base",
    "Checkpoint",
    "Chunk",
    "Dataset",
    "DatasetPart",
    "IdempotencyKey",
    "Job",
    "JobLabel",
    "Member",
    "MetricChunk",
    "PredictionSet",
    "Shard",
    "Team",
    "TeamUsage",
    "Trial",
    "Usage",
    "Webhook",
    "WebhookDelivery",
    "Worker",
]
