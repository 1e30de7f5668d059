"""What is written on the command line and how output looks: settings, spans, tables, curves, pictures."""

import base64
import io
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from ayla.cli import output
from ayla.cli.expiry import moment, span
from ayla.cli.overrides import changed, changes, merged
from ayla.cli.pictures import PictureProtocol, picture_protocol, picture_text
from ayla.cli.progress import curve_text
from ayla.cli.session import Session
from ayla.cli.sparkline import sparkline
from ayla.cli.uploads import upload_progress
from ayla.errors import InvalidRequest
from rich.console import Console

from tests.client.fake_service import FakeTime

SPEC = {"name": "a", "optimizers": [{"name": "sgd", "learning_rate": 0.1}], "budget": {"steps": 10}}


def test_settings_change_fields_lists_and_what_is_not_there_yet() -> None:
    settings = ["budget.steps=100", "optimizers.0.learning_rate=5e-2", "seeds=[0,1]", "record.every=2", "name="]
    assert changed(SPEC, settings) == {
        "optimizers": [{"name": "sgd", "learning_rate": 0.05}],
        "budget": {"steps": 100},
        "seeds": [0, 1],
        "record": {"every": 2},
    }
    assert SPEC["name"] == "a"
    assert changed(SPEC, ["name=yes", "optimizers.0.ayla={n1: 1, n2: 2}"])["name"] == "yes"


def test_a_patch_has_a_whole_list_and_asks_for_the_spec_only_then() -> None:
    def never() -> dict[str, Any]:
        raise AssertionError

    assert changes(["budget.steps=1", "name=null"], never) == {"budget": {"steps": 1}, "name": None}
    assert changes(["optimizers.0.momentum=0.9"], lambda: SPEC) == {
        "optimizers": [{"name": "sgd", "learning_rate": 0.1, "momentum": 0.9}]
    }
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": 3}}) == {"a": {"c": 2, "d": 3}}


@pytest.mark.parametrize("setting", ["budget", "=1", "a..b=1", "optimizers.1.name=x", "seeds.0=1"])
def test_a_setting_that_leads_nowhere_is_refused(setting: str) -> None:
    with pytest.raises(typer.BadParameter):
        changed(SPEC, [setting])


def test_a_value_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="neither JSON nor YAML"):
        changed(SPEC, ["seeds=[0"])


def test_spans_and_moments() -> None:
    assert [span(text, "--x") for text in ("30s", "15m", "12h", "90d", "2w")] == [
        timedelta(seconds=30),
        timedelta(minutes=15),
        timedelta(hours=12),
        timedelta(days=90),
        timedelta(weeks=2),
    ]
    assert moment("2027-01-31", "--x") == datetime(2027, 1, 31, tzinfo=UTC)
    assert moment("2027-01-31T10:00+02:00", "--x") == datetime(2027, 1, 31, 8, tzinfo=UTC)
    assert timedelta(0) < moment("1h", "--x") - datetime.now(UTC) <= timedelta(hours=1)
    for wrong in ("90", "d", "soon", "2027-13-01"):
        with pytest.raises(typer.BadParameter):
            moment(wrong, "--x")


ROWS = [["id", "name", "owner", "note", "n"], ["a1b2", "A long name of a job", "", "something", "5"]]


def test_tables_are_whole_where_output_is_no_terminal() -> None:
    assert output.fitted_table(ROWS, left=4) == [
        "id    name                  owner  note       n",
        "a1b2  A long name of a job         something  5",
    ]


@pytest.mark.parametrize("width", [30, 34, 40])
def test_tables_fit_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(output, "terminal_width", lambda: width)
    lines = output.fitted_table(ROWS, left=4)

    assert max(map(len, lines)) <= width
    assert "owner" not in lines[0]
    assert lines[1].startswith("a1b2  A lon")
    assert lines[1].endswith("5")


def test_explanations_go_on_in_lines_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "terminal_width", lambda: 40)
    rows = [["a", "meaning"], ["x", "It is one of those things that take long to explain."]]

    assert output.explained_table(rows) == [
        "a  meaning",
        "x  It is one of those things that take",
        "   long to explain.",
    ]


def test_values_are_written_for_people() -> None:
    told = {1e6: "1000000", 0.1 + 0.2: "0.3", True: "yes", ("a", 2): "a, 2", 1e-30: "1e-30"}
    assert {value: output.cell_text(value) for value in told} == told
    assert output.property_lines({"a": None, "b": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}) == [
        "b  2026-01-02 03:04:05 UTC"
    ]
    assert [output.size_text(size) for size in (12, 1500, 2.5e9)] == ["12 B", "1.5 kB", "2.5 GB"]


def test_a_curve_is_logarithmic_where_it_spans_a_decade() -> None:
    decades = sparkline([10.0**-power for power in range(8)], 8)
    flat, line = sparkline([3.0, 3.0], 8), sparkline([5.0, 4.0, 3.0, 2.0], 4)
    assert decades is not None
    assert (decades.text, decades.scale, decades.first, decades.low) == ("█▇▆▅▄▃▂▁", "log", 1.0, 1e-7)
    assert flat is not None
    assert line is not None
    assert (flat.text, line.text, line.scale) == ("▅▅", "█▆▃▁", "linear")
    negative = sparkline([-1e-9, -100.0], 8)
    assert negative is not None
    assert negative.scale == "linear"


def test_a_curve_shows_where_it_is_not_finite() -> None:
    diverged = sparkline([1.0, 2.0, math.inf, math.nan], 4)
    assert diverged is not None
    assert diverged.text == "▁█××"
    assert math.isnan(diverged.last)
    assert sparkline([math.nan], 4) is None
    assert sparkline([], 4) is None


def test_a_curve_is_as_wide_as_there_is_room() -> None:
    for count in (1, 5, 20, 21, 1999):
        curve = sparkline([float(value) for value in range(count)], 20)
        assert curve is not None
        assert len(curve.text) == min(count, 20)
    text = curve_text([100.0, 10.0, 1.0])
    assert text == "lowest loss █▅▁ 100 to 1 (log scale, over time)"
    assert curve_text([]) == ""


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"KITTY_WINDOW_ID": "1", "TERM": "xterm-256color"}, "kitty"),
        ({"TERM_PROGRAM": "ghostty"}, "kitty"),
        ({"TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"LC_TERMINAL": "iTerm2"}, "iterm2"),
        ({"TERM": "xterm-256color"}, None),
        ({"KITTY_WINDOW_ID": "1", "TMUX": "/tmp/tmux"}, None),
        ({"TERM_PROGRAM": "iTerm.app", "TERM": "screen-256color"}, None),
        ({}, None),
    ],
)
def test_terminals_that_show_pictures_are_known(environment: dict[str, str], protocol: str | None) -> None:
    assert picture_protocol(environment) == protocol


def test_a_picture_is_written_whole_in_both_protocols() -> None:
    png = bytes(range(256)) * 40
    kitty = picture_text(png, PictureProtocol.KITTY, 80)
    pieces = re.findall("\x1b_G([^;]*);([^\x1b]*)\x1b\\\\", kitty)
    assert base64.b64decode("".join(data for _, data in pieces)) == png
    assert all(len(data) <= 4096 for _, data in pieces)
    assert [keys.rpartition("m=")[2] for keys, _ in pieces] == [*"1" * (len(pieces) - 1), "0"]
    iterm = re.fullmatch("\x1b]1337;File=([^:]*):([^\a]*)\a", picture_text(png, PictureProtocol.ITERM2, 80))
    assert iterm is not None
    assert base64.b64decode(iterm[2]) == png
    assert "width=80" in iterm[1]


def test_an_upload_says_how_far_it_is_every_ten_seconds() -> None:
    time, said = FakeTime(), io.StringIO()
    session = Session(clock=time.clock, messages=Console(file=said, width=200))
    with upload_progress(session, "big.csv", quiet=False) as sent:
        for second in range(35):
            time.now = float(second)
            sent(second * 10**6, 35 * 10**6)

    assert said.getvalue().splitlines() == [
        "big.csv: 10 MB of 35 MB (29%) sent",
        "big.csv: 20 MB of 35 MB (57%) sent",
        "big.csv: 30 MB of 35 MB (86%) sent",
    ]


def test_an_upload_has_a_bar_on_a_terminal_and_nothing_where_it_is_quiet() -> None:
    terminal = io.StringIO()
    session = Session(messages=Console(file=terminal, force_terminal=True, width=100))
    with upload_progress(session, "big.csv", quiet=True) as sent:
        sent(1, 2)
    assert terminal.getvalue() == ""
    with upload_progress(session, "big.csv", quiet=False) as sent:
        sent(10**6, 10**6)
    assert "1.0/1.0 MB" in terminal.getvalue()
