"""Downloads from real servers on this machine: complete, cut off, damaged, from the second mirror, from none."""

import hashlib
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from ayla_core.datasets import DatasetUnavailable, DataSource, load_dataset, mnist
from ayla_core.datasets import download as downloads
from ayla_core.datasets.download import DownloadFailed, RemoteFile, fetch
from ayla_spec.datasets import FashionMnistDataset, MnistDataset

from tests.core.datasets.idx_files import packed, put, small_dataset
from tests.core.datasets.mirror import Asked, Mirror

StartMirror = Callable[..., Mirror]

CONTENT = bytes(range(256)) * 400
FILE = RemoteFile("data.gz", hashlib.md5(CONTENT).hexdigest())
PART = f"{FILE.name}.part"


def fetched(folder: Path, *mirrors: Mirror) -> bytes:
    return fetch(FILE, folder, [mirror.url for mirror in mirrors], timeout=5).read_bytes()


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@pytest.fixture
def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_file_is_fetched_once(folder: Path, start_mirror: StartMirror) -> None:
    mirror = start_mirror({FILE.name: CONTENT})
    target = folder / "new"
    assert fetched(target, mirror) == CONTENT
    assert fetched(target, mirror) == CONTENT
    assert mirror.asked == [Asked(FILE.name, None)]
    assert visible(target) == [FILE.name]


def test_what_was_cut_off_is_resumed(folder: Path, start_mirror: StartMirror) -> None:
    mirror = start_mirror({FILE.name: CONTENT}, cuts=1, cut_at=1000)
    with pytest.raises(DownloadFailed, match=mirror.url):
        fetched(folder, mirror)
    assert (folder / PART).read_bytes() == CONTENT[:1000]
    assert fetched(folder, mirror) == CONTENT
    assert mirror.asked[1:] == [Asked(FILE.name, "bytes=1000-")]
    assert not (folder / PART).exists()


def test_the_next_mirror_completes_what_was_cut_off(folder: Path, start_mirror: StartMirror) -> None:
    first = start_mirror({FILE.name: CONTENT}, cuts=1, cut_at=70_000)
    second = start_mirror({FILE.name: CONTENT})
    assert fetched(folder, first, second) == CONTENT
    assert second.asked == [Asked(FILE.name, "bytes=70000-")]


@pytest.mark.parametrize("options", [{"honours_range": False}, {"shift": 7}], ids=["ignored", "wrong part"])
def test_a_server_that_does_not_resume_starts_again(
    folder: Path, start_mirror: StartMirror, options: dict[str, int]
) -> None:
    (folder / PART).write_bytes(CONTENT[:5000])
    assert fetched(folder, start_mirror({FILE.name: CONTENT}, **options)) == CONTENT


@pytest.mark.parametrize("leftover", [b"x" * 5000, CONTENT, CONTENT + b"more"], ids=["other", "complete", "longer"])
def test_what_an_earlier_run_left_does_no_harm(folder: Path, start_mirror: StartMirror, leftover: bytes) -> None:
    (folder / PART).write_bytes(leftover)
    mirror = start_mirror({FILE.name: CONTENT})
    assert fetched(folder, mirror) == CONTENT
    assert [asked.range for asked in mirror.asked] == [f"bytes={len(leftover)}-", None]


def test_a_wrong_checksum_sends_to_the_second_mirror(folder: Path, start_mirror: StartMirror) -> None:
    wrong, right = start_mirror({FILE.name: CONTENT[::-1]}), start_mirror({FILE.name: CONTENT})
    assert fetched(folder, wrong, right) == CONTENT
    assert right.asked == [Asked(FILE.name, None)]


def test_every_mirror_is_named_with_its_reason(folder: Path, start_mirror: StartMirror, closed_port: int) -> None:
    wrong, empty = start_mirror({FILE.name: b"something else"}), start_mirror({})
    nobody = f"http://127.0.0.1:{closed_port}/"
    with pytest.raises(DownloadFailed) as failure:
        fetch(FILE, folder, [wrong.url, empty.url, nobody, "ftp://example.org/"], timeout=5)
    found = hashlib.md5(b"something else").hexdigest()
    expected = [
        (wrong.url, f"wrong checksum: MD5 {found} instead of {FILE.md5}"),
        (empty.url, "the server answered 404 Not Found"),
        (nobody, "Connection refused"),
        ("ftp://example.org/", "unsupported protocol"),
    ]
    for (url, reason), told in zip(expected, str(failure.value).split("; "), strict=True):
        assert told.startswith(f"{url}{FILE.name} (")
        assert reason in told
    assert visible(folder) == ["files"]


def test_a_silent_server_is_left_after_the_timeout(folder: Path, start_mirror: StartMirror) -> None:
    answer = Event()
    silent, right = start_mirror({FILE.name: CONTENT}, hold=answer), start_mirror({FILE.name: CONTENT})
    target = fetch(FILE, folder, [silent.url, right.url], timeout=1)
    answer.set()
    assert target.read_bytes() == CONTENT


def test_an_endless_file_is_given_up(folder: Path, start_mirror: StartMirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_BYTES", 50_000)
    with pytest.raises(DownloadFailed, match="more than 50000 bytes"):
        fetched(folder, start_mirror({FILE.name: CONTENT}))
    assert visible(folder) == ["files"]


def test_a_download_that_takes_too_long_is_left_to_be_resumed(
    folder: Path, start_mirror: StartMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "MAX_SECONDS", 0.0)
    with pytest.raises(DownloadFailed, match="longer than 0 s"):
        fetched(folder, start_mirror({FILE.name: CONTENT}))
    assert CONTENT.startswith((folder / PART).read_bytes())


def test_two_workers_at_once_fetch_one_file(folder: Path, start_mirror: StartMirror) -> None:
    answer = Event()
    mirror = start_mirror({FILE.name: CONTENT}, hold=answer)
    with ThreadPoolExecutor(4) as workers:
        results = [workers.submit(fetched, folder, mirror) for _ in range(4)]
        answer.set()
        assert [result.result() for result in results] == [CONTENT] * 4
    assert len(mirror.asked) == 1


def test_a_folder_that_cannot_be_made_is_named(folder: Path, start_mirror: StartMirror) -> None:
    (folder / "mnist").write_text("a file where the folder should be")
    with pytest.raises(DownloadFailed, match="mnist cannot be written"):
        fetched(folder / "mnist", start_mirror({FILE.name: CONTENT}))


@pytest.fixture
def small_mnist(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Four small files, whose checksums stand in for those of MNIST."""
    contents = packed(small_dataset())
    checksums = tuple(hashlib.md5(content).hexdigest() for content in contents.values())
    monkeypatch.setitem(mnist.PACKED_MD5, "mnist", checksums)
    return contents


def source(folder: Path, mirrors: Sequence[str]) -> DataSource:
    return DataSource(folder, {"mnist": mirrors, "fashion-mnist": mirrors}, timeout_seconds=5)


def test_mnist_is_downloaded_and_found_the_next_time(
    folder: Path, start_mirror: StartMirror, small_mnist: dict[str, bytes]
) -> None:
    mirror = start_mirror(small_mnist)
    dataset = load_dataset(MnistDataset(), source(folder, [mirror.url]))
    assert (dataset.samples, dataset.test_samples) == (20, 10)
    assert [asked.name for asked in mirror.asked] == list(small_mnist)
    assert load_dataset(MnistDataset(), source(folder, [])) is dataset


def test_only_missing_files_are_downloaded(
    folder: Path, start_mirror: StartMirror, small_mnist: dict[str, bytes]
) -> None:
    missing = "t10k-labels-idx1-ubyte.gz"
    put(folder / "mnist", {name: content for name, content in small_mnist.items() if name != missing})
    mirror = start_mirror(small_mnist)
    assert load_dataset(MnistDataset(), source(folder, [mirror.url])).test_samples == 10
    assert [asked.name for asked in mirror.asked] == [missing]


def test_without_a_network_the_error_says_what_to_do(folder: Path, closed_port: int) -> None:
    nobody = f"http://127.0.0.1:{closed_port}/"
    with pytest.raises(DatasetUnavailable) as refusal:
        load_dataset(FashionMnistDataset(), source(folder, [nobody]))
    message = str(refusal.value)
    assert f"Downloading failed: {nobody}train-images-idx3-ubyte.gz (" in message
    assert "Connection refused" in message
    assert "Put train-images-idx3-ubyte.gz, " in message
    assert f"into {folder / 'fashion-mnist'}" in message
    assert "AYLA_FASHION_MNIST_MIRRORS" in message
    assert "AYLA_DATASETS_DIR" in message


def test_without_mirrors_the_error_says_so(folder: Path) -> None:
    with pytest.raises(DatasetUnavailable, match="no mirrors are set"):
        load_dataset(MnistDataset(), DataSource(folder))
