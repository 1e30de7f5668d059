"""Compiled kernels are kept where nobody else can put any: looked at before a write, and no link is followed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ayla_core.native import build
from ayla_core.native.build import compiled
from ayla_core.native.cache import NoKernels, is_whole, keep, open_folder


def _shared(folder: Path) -> Path:
    folder.mkdir()
    folder.chmod(0o777)
    return folder


def _of_the_group(folder: Path) -> Path:
    folder.mkdir()
    folder.chmod(0o770)
    return folder


def _in_a_shared_one(folder: Path) -> Path:
    _shared(folder)
    inside = folder / "inside"
    inside.mkdir(mode=0o700)
    return inside


def _linked(folder: Path) -> Path:
    target = folder.with_name("elsewhere")
    target.mkdir(mode=0o700)
    folder.symlink_to(target)
    return folder


def _a_file(folder: Path) -> Path:
    folder.write_text("")
    return folder


def _of_another_user(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    os.chown(folder, 12345, -1)
    return folder


@pytest.mark.parametrize("made", [_shared, _of_the_group, _in_a_shared_one, _linked, _a_file, _of_another_user])
def test_nothing_is_written_into_a_folder_that_others_could_have_made(
    made: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(tmp_path / "kernels")
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.setenv("AYLA_CACHE_DIR", str(folder))
    monkeypatch.setattr(build, "_compile", lambda *_: pytest.fail("compiled"))
    monkeypatch.setattr(build, "_version", lambda _: "a compiler")
    monkeypatch.setattr("shutil.which", lambda _: "cc")
    with pytest.raises(NoKernels, match="AYLA_CACHE_DIR"):
        compiled("expressions", "f64")
    assert {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_is_made_is_this_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    open_folder(folder)
    open_folder(folder)
    assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent)} == {0o700}
    built, target = tmp_path / "kernels.so", folder / "expressions.so"
    built.write_bytes(b"a library")
    built.chmod(0o755)
    keep(built, target)
    assert is_whole(target)
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "expressions.so": 0o600,
        "expressions.sha256": 0o600,
    }


def test_a_folder_with_a_link_on_the_way_to_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    open_folder(tmp_path / "link" / "kernels")
    assert (tmp_path / "real" / "kernels").is_dir()


@pytest.mark.parametrize("name", ["expressions.so", "expressions.sha256"])
def test_a_link_in_place_of_a_file_is_neither_read_nor_written(tmp_path: Path, name: str) -> None:
    folder, victim, built = tmp_path / "kernels", tmp_path / "victim", tmp_path / "kernels.so"
    open_folder(folder)
    built.write_bytes(b"a library")
    keep(built, folder / "expressions.so")
    (folder / name).rename(victim)
    (folder / name).symlink_to(victim)
    content = victim.read_bytes()
    with pytest.raises(NoKernels, match="link"):
        is_whole(folder / "expressions.so")
    built.write_bytes(b"another")
    keep(built, folder / "expressions.so")
    assert victim.read_bytes() == content
    assert is_whole(folder / "expressions.so")


@pytest.mark.parametrize("name", ["expressions.so", "expressions.sha256"])
def test_a_file_that_others_can_write_is_not_read(tmp_path: Path, name: str) -> None:
    folder, built = tmp_path / "kernels", tmp_path / "kernels.so"
    open_folder(folder)
    built.write_bytes(b"a library")
    keep(built, folder / "expressions.so")
    (folder / name).chmod(0o666)
    with pytest.raises(NoKernels, match="written by others"):
        is_whole(folder / "expressions.so")


def test_the_compiler_gets_no_variable_that_may_hold_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = ("AYLA_DATABASE_URL", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "SOMETHING_ELSE")
    for name in secret:
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("CCACHE_DIR", "/ccache")
    said = build._run(["env"]).stdout
    assert "hush" not in said
    assert "CCACHE_DIR=/ccache" in said.splitlines()
    assert f"PATH={os.environ['PATH']}" in said.splitlines()
