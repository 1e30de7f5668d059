"""Errors about datasets and their uploads."""

from collections.abc import Sequence

from ayla_service.errors.base import ServiceError


class DatasetNotFound(ServiceError):
    """No dataset has this id."""

    slug, title, status = "dataset-not-found", "Dataset not found", 404

    def __init__(self, dataset_id: str) -> None:
        super().__init__(f"No dataset has the id '{dataset_id[:64]}'. GET /v1/datasets lists the datasets.")


class DatasetNameTaken(ServiceError):
    """The team has a dataset of this name already; what jobs run on never changes under its name."""

    slug, title, status = "dataset-name-taken", "Dataset name taken", 409

    def __init__(self, name: str, dataset_id: str) -> None:
        super().__init__(
            f"The team has a dataset '{name}' already, with the id '{dataset_id}'. Choose another name, such as "
            f"'{name[:90]}-2', or delete that one first."
        )


class DatasetInUse(ServiceError):
    """Jobs that have not ended run on the dataset."""

    slug, title, status = "dataset-in-use", "Dataset in use", 409

    def __init__(self, name: str, job_ids: Sequence[str], more: int) -> None:
        named = ", ".join(f"'{job_id}'" for job_id in job_ids) + (f" and {more} more" if more else "")
        super().__init__(
            f"The dataset '{name}' is used by jobs that have not ended: {named}. Wait for them or cancel them; jobs "
            "that have ended keep their results without it."
        )


class InvalidDataset(ServiceError):
    """The uploaded file is not a table of finite numbers within the limits."""

    slug, title, status = "invalid-dataset", "Invalid dataset", 422


class UploadCutOff(ServiceError):
    """The body of an upload ended before all of it had come."""

    slug, title, status = "malformed-body", "Malformed body", 400


class UploadStalled(ServiceError):
    """The body of an upload does not come, or comes too slowly."""

    slug, title, status = "upload-stalled", "Upload stalled", 408


class NotAFile(ServiceError):
    """The body is not said to be a file as it is."""

    slug, title, status = "unsupported-media-type", "Unsupported media type", 415


class UploadsUnavailable(ServiceError):
    """There is no room for another upload at the moment."""

    slug, title, status = "uploads-unavailable", "Uploads unavailable", 503
