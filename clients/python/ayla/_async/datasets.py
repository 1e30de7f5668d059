"""Datasets: tables of numbers that jobs of the team can be run on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

from ayla._async.base import PER_PAGE, AsyncResource
from ayla._responses import json_of
from ayla._transport import new_key, segment
from ayla._uploads import Upload, as_upload
from ayla.models.contract import Dataset, DatasetDetail
from ayla.tables import Table, table_from_json

_PARQUET = "application/vnd.apache.parquet"


class AsyncDatasets(AsyncResource):
    """The datasets of the team. Wherever an id is taken, the dataset is taken as well."""

    async def upload(
        self,
        source: object,
        *,
        name: str | None = None,
        description: str | None = None,
        format: str | None = None,  # noqa: A002  # as the service calls it
        header: bool = False,
        progress: Callable[[int, int], None] | None = None,
        idempotency_key: str | None = None,
    ) -> DatasetDetail:
        """Store a table of numbers; ``ayla.dataset(stored, target=...)`` is a problem on it.

        Args:
            source: the path of a file; a frame of pandas or polars or a table of Arrow; columns by name, such as
                ``{"x": [1, 2], "y": [3, 4]}``; or ``{"inputs": ..., "targets": ...}`` as arrays of NumPy.
            name: what jobs call it; no other dataset of the team has this name. Default: that of the file, without its
                ending.
            description: what it is, for people.
            format: of a file: "csv", "npz" or "parquet"; default: by its ending.
            header: True: the first line of a CSV has the names of the columns, even if all of them are numbers.
            progress: called with the bytes sent so far, and all of them.
            idempotency_key: names this call; default: a new one, which makes its retries safe.

        Raises:
            InvalidRequest: the source is none of these, there is no such file, or what is no file has no name.
            ConflictError: there is a dataset of this name.
            PayloadTooLargeError: it is larger than the service takes.
            UnprocessableEntityError: it is not a table of numbers; ``detail`` names the line and what is wrong.
        """
        upload = as_upload(source, format)
        asked = {
            "name": name or upload.name,
            "format": upload.format,
            "description": description,
            "header": "true" if header else None,
        }
        response = await self._transport.upload(
            "/v1/datasets",
            lambda: _sent(upload, progress),
            asked,
            headers={"Content-Type": upload.media_type, "Content-Length": str(upload.size)},
            idempotency_key=idempotency_key or new_key(),
        )
        return self._read(DatasetDetail, response)

    def list(self, *, limit: int | None = None) -> AsyncIterator[Dataset]:
        """The datasets, page after page as they are needed.

        Args:
            limit: at most this many; None: all.
        """
        return self._pages(Dataset, "/v1/datasets", limit=limit, per_page=PER_PAGE)

    async def get(self, dataset: Dataset | DatasetDetail | str) -> DatasetDetail:
        """The dataset with a summary of each column."""
        return await self._get(DatasetDetail, f"/v1/datasets/{segment(dataset)}")

    async def preview(self, dataset: Dataset | DatasetDetail | str, *, rows: int | None = None) -> Table:
        """The first rows.

        Args:
            dataset: the dataset or its id.
            rows: how many at most, up to 100; service default 20.
        """
        return table_from_json(
            json_of(await self._transport.get(f"/v1/datasets/{segment(dataset)}/preview", {"rows": rows}))
        )

    async def download(self, dataset: Dataset | DatasetDetail | str, path: str | Path) -> Path:
        """Write the whole table to a file, as Parquet.

        Args:
            dataset: the dataset or its id.
            path: of the file.

        Returns:
            The path.
        """
        file = Path(path)
        place = f"/v1/datasets/{segment(dataset)}/content"
        async with self._transport.stream(place, {}, accept=_PARQUET) as response:
            with file.open("wb") as written:
                async for chunk in response.aiter_bytes():
                    written.write(chunk)
        return file

    async def delete(self, dataset: Dataset | DatasetDetail | str) -> None:
        """Delete a dataset. Jobs that ran on it keep their results.

        Raises:
            ConflictError: jobs that have not ended need it.
        """
        await self._transport.delete(f"/v1/datasets/{segment(dataset)}")


async def _sent(upload: Upload, progress: Callable[[int, int], None] | None) -> AsyncIterator[bytes]:
    """The bytes of a file, each piece reported once the connection takes the next one."""
    done, total = 0, upload.size
    for chunk in upload.chunks():
        yield chunk
        done += len(chunk)
        if progress is not None:
            progress(done, total)
