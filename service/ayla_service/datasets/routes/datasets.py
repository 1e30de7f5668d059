"""Routes of datasets: upload, list, read, download and delete."""

from typing import Annotated, Any, Literal

from ayla_data.formats import Format
from ayla_spec.datasets import HEADER
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from ayla_service.datasets.encoding import PREVIEW_ROWS
from ayla_service.datasets.routes.parameters import DatasetName, Description
from ayla_service.datasets.routes.uploads import MEDIA_TYPES, UploadReceiver
from ayla_service.datasets.schemas import FILE_BODY, DatasetDetail, DatasetPage, DatasetPreview
from ayla_service.datasets.service import DatasetService, UploadMetadata
from ayla_service.errors import InvalidQuery
from ayla_service.http.authorization import Reader, Submitter
from ayla_service.http.dependencies import next_page
from ayla_service.http.idempotency import REPLAYED, IdempotencyKey
from ayla_service.http.paging import CURSOR, NEXT
from ayla_service.http.problems import responses
from ayla_service.schemas import Id

router = APIRouter(tags=["datasets"])

PARQUET = "application/vnd.apache.parquet"

_UPLOADED: dict[str, Any] = {
    "Location": {"description": "Path of the dataset.", "schema": {"type": "string"}},
    **REPLAYED,
}
_CONTENT = {"description": "The dataset as Parquet.", "content": {PARQUET: FILE_BODY}}


async def _datasets(request: Request) -> DatasetService:
    service: DatasetService = request.app.state.datasets
    return service


async def _uploads(request: Request) -> UploadReceiver:
    receiver: UploadReceiver = request.app.state.uploads
    return receiver


Datasets = Annotated[DatasetService, Depends(_datasets)]
Uploads = Annotated[UploadReceiver, Depends(_uploads)]
DatasetId = Annotated[Id, Path(description="Id of the dataset.")]


@router.post(
    "/datasets",
    operation_id="upload_dataset",
    summary="Upload a dataset",
    status_code=201,
    response_model=DatasetDetail,
    responses={
        201: {"description": "The dataset is stored.", "headers": _UPLOADED},
        **responses(408, 409, 413, 415),
    },
    openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(MEDIA_TYPES, FILE_BODY)}},
)
async def upload_dataset(
    request: Request,
    caller: Submitter,
    uploads: Uploads,
    name: DatasetName,
    file_format: Annotated[Format, Query(alias="format", description="Format of the file.")],
    description: Description = None,
    header: Annotated[Literal["true"] | None, Query(description=HEADER)] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store a table of numbers that jobs of the team can be run on. The body is the file itself.

    CSV: UTF-8, commas, names in line 1. Parquet: columns of numbers or booleans. NPZ: the arrays inputs and targets.
    Each value is kept as the nearest float64, or the file is refused.
    """
    if header and file_format != "csv":
        raise InvalidQuery("header", "Only CSV has a line of names; leave this out.")
    metadata = UploadMetadata(name, description, file_format)
    return await uploads.receive(request, caller, metadata, idempotency_key, header=header is not None)


@router.get(
    "/datasets",
    operation_id="list_datasets",
    summary="List the team's datasets, newest first",
    responses={200: {"description": "One page of datasets.", "headers": NEXT}},
)
def list_datasets(
    caller: Reader,
    datasets: Datasets,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=200, description="Datasets per page.")] = 50,
    cursor: Annotated[str | None, CURSOR] = None,
) -> DatasetPage:
    """The datasets of all members, a page at a time, without their columns."""
    page = datasets.list(caller, limit=limit, cursor=cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return page


@router.get("/datasets/{dataset_id}", operation_id="get_dataset", summary="Read a dataset", responses=responses(404))
def get_dataset(dataset_id: DatasetId, caller: Reader, datasets: Datasets) -> DatasetDetail:
    """A dataset, with a summary of the numbers of each column."""
    return datasets.get(caller, dataset_id)


@router.get(
    "/datasets/{dataset_id}/preview",
    operation_id="preview_dataset",
    summary="Read a dataset's first rows",
    responses=responses(404),
)
def preview_dataset(
    dataset_id: DatasetId,
    caller: Reader,
    datasets: Datasets,
    rows: Annotated[int, Query(ge=1, le=PREVIEW_ROWS, description="How many rows at most.")] = 20,
) -> DatasetPreview:
    """The first rows, by column."""
    return datasets.preview(caller, dataset_id, rows)


@router.get(
    "/datasets/{dataset_id}/content",
    operation_id="download_dataset",
    summary="Download a dataset",
    response_class=StreamingResponse,
    responses={200: _CONTENT, **responses(404)},
)
def download_dataset(dataset_id: DatasetId, caller: Reader, datasets: Datasets) -> Response:
    """The dataset as it is kept: Parquet, with columns of int64, float64 and float32."""
    found = datasets.content(caller, dataset_id)
    headers = {
        "Content-Length": str(found.dataset.stored_bytes),
        "Content-Disposition": f'attachment; filename="{found.dataset.name}.parquet"',
        "ETag": f'"{found.dataset.digest}"',
    }
    return StreamingResponse(found.parts, media_type=PARQUET, headers=headers)


@router.delete(
    "/datasets/{dataset_id}",
    operation_id="delete_dataset",
    summary="Delete a dataset",
    status_code=204,
    responses=responses(404, 409),
)
def delete_dataset(dataset_id: DatasetId, caller: Submitter, datasets: Datasets) -> None:
    """Remove a dataset for good. Jobs that have ended keep their results; one that has not keeps the dataset."""
    datasets.delete(caller, dataset_id)
