"""AYLA in several processes that train one network: its loss is the mean over them (gloo, two processes, CPU)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.drop_in.ranks import RANKS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each rank wrote down."""
    folder = tmp_path_factory.mktemp("ranks")
    command = [sys.executable, "-m", "tests.drop_in.ranks"]
    started = [
        subprocess.Popen([*command, str(rank), str(RANKS), str(folder)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for rank in range(RANKS)
    ]
    errors = [process.communicate(timeout=600)[1] for process in started]
    assert [process.returncode for process in started] == [0] * RANKS, "\n".join(errors)
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(RANKS)]


def test_with_a_process_group_the_ranks_do_what_one_process_does_with_the_mean_loss(found: list[Any]) -> None:
    for way in ("replicated", "resumed"):
        for rank in found:
            assert rank[way]["scales"] == pytest.approx(rank["together"]["scales"], rel=1e-9), way
            assert rank[way]["parameters"] == pytest.approx(rank["together"]["parameters"], rel=1e-7, abs=1e-9), way
        assert found[0][way]["parameters"] == found[1][way]["parameters"], way


def test_without_one_the_parameters_part(found: list[Any]) -> None:
    first, second = (rank["apart"]["parameters"] for rank in found)
    assert max(abs(mine - theirs) for mine, theirs in zip(first, second, strict=True)) > 1e-3


def test_parameters_that_are_shared_out_need_one(found: list[Any]) -> None:
    for rank in found:
        assert "process_group=" in rank["refusal"]


def test_memories_are_shared_out_like_their_parameters(found: list[Any]) -> None:
    for rank in found:
        assert rank["resumed"]["kinds"] == ["DTensor", "int"]
        assert rank["resumed"]["capped"] == found[0]["resumed"]["capped"]
