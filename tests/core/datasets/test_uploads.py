"""Uploaded datasets on a worker: fetched whole or not at all, checked before each use, the oldest dropped."""

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ayla_core.datasets import DatasetError, DatasetUnavailable, DataSource, load_dataset, loading, uploads
from ayla_core.datasets.loading import DatasetCache
from ayla_spec.datasets import UploadDataset

IDS = [f"{place:08d}-0000-4000-8000-000000000000" for place in range(3)]


def _content(rows: int = 10) -> bytes:
    content = io.BytesIO()
    columns = {"x": np.arange(rows) * 0.5, "y": np.arange(rows), "target": np.arange(rows) % 2}
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


CONTENT = _content()


@pytest.fixture(autouse=True)
def _only_the_newest_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_CACHE", DatasetCache(0))


def _settings(content: bytes = CONTENT, dataset_id: str = IDS[0], **options: Any) -> UploadDataset:
    digest = hashlib.sha256(content).hexdigest()
    return UploadDataset(dataset="flowers", id=dataset_id, digest=digest, **{"test_fraction": 0.0, **options})


def _serving(source: DataSource, content: bytes, asked: list[str] | None = None) -> DataSource:
    def pieces(dataset_id: str) -> Iterable[bytes]:
        if asked is not None:
            asked.append(dataset_id)
        return iter([content[:50], content[50:]])

    return replace(source, uploads=pieces)


def _kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "uploads").glob("*") if not path.name.endswith(".lock"))


def test_it_is_loaded_as_its_settings_say(offline: DataSource) -> None:
    dataset = load_dataset(_settings(task="classification", standardize=False), _serving(offline, CONTENT))
    assert (dataset.samples, dataset.features, dataset.classes) == (10, 2, 2)
    np.testing.assert_array_equal(dataset.inputs[:, 0], np.arange(10) * 0.5)
    chosen = load_dataset(_settings(target="x", inputs=["y"], test_fraction=0.5), _serving(offline, CONTENT))
    assert (chosen.samples, chosen.test_samples, chosen.features) == (5, 5, 1)


def test_what_earlier_versions_have_kept_is_read(offline: DataSource) -> None:
    """They kept float32 as float64, and 2^53, to which other whole numbers were rounded, as a whole number."""
    content = io.BytesIO()
    columns = {"a b": [2**53, -(2**53)], "x": [float(np.float32(0.1)), 1e300], "target": [0, 1]}
    schema = pa.schema([("a b", pa.int64()), ("x", pa.float64()), ("target", pa.int64())])
    with pq.ParquetWriter(content, schema, compression="zstd", use_dictionary=False, write_statistics=False) as writer:
        writer.write_table(pa.table(columns, schema))
    kept = content.getvalue()
    dataset = load_dataset(_settings(kept, standardize=False), _serving(offline, kept))
    assert dataset.inputs.tolist() == [[2.0**53, float(np.float32(0.1))], [-(2.0**53), 1e300]]


def test_it_is_fetched_once_and_progress_is_told(folder: Path, offline: DataSource) -> None:
    asked: list[str] = []
    told: list[None] = []
    source = replace(_serving(offline, CONTENT, asked), on_progress=lambda: told.append(None))
    for seed in range(3):
        load_dataset(_settings(data_seed=seed), source)
    assert asked == [IDS[0]]
    assert len(told) == 2
    assert len(_kept(folder)) == 1


def test_a_file_that_was_damaged_is_fetched_again(folder: Path, offline: DataSource) -> None:
    asked: list[str] = []
    source = _serving(offline, CONTENT, asked)
    load_dataset(_settings(), source)
    [name] = _kept(folder)
    (folder / "uploads" / name).write_bytes(CONTENT[:-1])
    assert load_dataset(_settings(data_seed=1), source).samples == 10
    assert len(asked) == 2
    assert (folder / "uploads" / name).read_bytes() == CONTENT


def _cut_off(_: str) -> Iterator[bytes]:
    yield CONTENT[:50]
    raise DatasetUnavailable("deleted")


@pytest.mark.parametrize(
    ("fetch", "kind", "message"),
    [
        (lambda _: [CONTENT, b"more"], DatasetError, "not the one that the job is for"),
        (lambda _: [], DatasetError, "not the one that the job is for"),
        (_cut_off, DatasetUnavailable, "deleted"),
    ],
    ids=["other", "empty", "cut off"],
)
def test_nothing_else_is_kept(
    folder: Path,
    offline: DataSource,
    fetch: Callable[[str], Iterable[bytes]],
    kind: type[DatasetError],
    message: str,
) -> None:
    with pytest.raises(kind, match=message):
        load_dataset(_settings(), replace(offline, uploads=fetch))
    assert _kept(folder) == []


def test_without_a_store_there_are_none(offline: DataSource) -> None:
    with pytest.raises(DatasetUnavailable, match="this source has none"):
        load_dataset(_settings(), offline)
    with pytest.raises(DatasetUnavailable, match="a submitted job has both"):
        load_dataset(UploadDataset(dataset="flowers"), _serving(offline, CONTENT))


def test_those_used_last_stay(folder: Path, offline: DataSource, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [_content(10 + place) for place in range(3)]
    monkeypatch.setattr(uploads, "KEPT_BYTES", len(contents[0]) + len(contents[2]) + 1)
    for place in (0, 1, 0, 2):
        load_dataset(_settings(contents[place], IDS[place]), _serving(offline, contents[place]))
        for age, path in enumerate(
            sorted((folder / "uploads").glob("*.parquet"), key=lambda item: item.stat().st_mtime)
        ):
            os.utime(path, (1000 + age, 1000 + age))
    assert [name[:8] for name in _kept(folder)] == [IDS[0][:8], IDS[2][:8]]


def test_two_workers_at_once_fetch_it_once(offline: DataSource) -> None:
    asked: list[str] = []
    source = _serving(offline, CONTENT, asked)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda seed: uploads.read(_settings(data_seed=seed), source), range(4)))
    assert [dataset.samples for dataset in found] == [10] * 4
    assert len(asked) == 1


def test_errors_call_it_by_its_name(offline: DataSource) -> None:
    with pytest.raises(DatasetError, match="The dataset 'flowers': The table has no column 'z'"):
        load_dataset(_settings(target="z"), _serving(offline, CONTENT))
