"""What is shown says what there is, on light and dark pages, and does nothing that a name asks for."""

import math
from collections.abc import Mapping
from typing import Any

import ayla
import pytest
from ayla._lists import Listed
from ayla.models import ResponseModel
from ayla.notebook import html_of, text_of
from ayla.notebook.markup import AMBER, BLUE, GREEN, GREY, MOST_ROWS, RED, bar, page, paragraphs, table, text
from pydantic import Field

from tests.client.attempts import attempt, worker
from tests.client.fake_service import FakeService
from tests.notebooks.pages import Page, read

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table></div><h1>",
    "$\\href{javascript:alert(1)}{x}$",
    "' onmouseover='alert(1)",
    "&lt;b&gt;",
    "\u202egnp.exe",
    "a\x00b\x1b[31mc",
    "\ud800",
    "javascript:alert(1)",
    "x" * 100_000,
]


def job_named(name: str, **fields: Any) -> ayla.Job:
    counts = {"total": 40, "completed": 38, "diverged": 2}
    told = {"id": "9e6f2f5e-1", "name": name, "owner": name, "project": name, "tags": [name], "status_detail": name}
    error = {"type": name, "detail": name}
    return ayla.Job.model_validate(told | {"state": "failed", "trials": counts, "error": error} | fields)


def trial_labelled(label: str) -> ayla.Trial:
    fields: dict[str, Any] = {"id": label, "job_id": "j", "index": 0, "optimizer_index": 0, "label": label}
    summary = {"final_loss": 0.5, "notes": [label], "metrics": {label: {"final": 1.0}}}
    return ayla.Trial.model_validate(fields | {"optimizer": {}, "seed": 0, "state": "completed", "summary": summary})


def everything(name: str) -> list[Any]:
    """One of each kind that shows itself, with this name wherever it may stand."""
    job, trial = job_named(name), trial_labelled(name)
    tried = ayla.Attempt.model_validate(attempt(1, "lost", (name, name)) | {"worker": name})
    who = ayla.Worker.model_validate(worker(name, "busy", (name,)))
    catalogue = ayla.Catalogue(presets=({"name": name, "title": name},))
    fails = ayla.FieldError(pointer=name, detail=name)
    columns = ayla.Trajectory(name, {name: [0.5, None]})
    return [job, trial, tried, who, catalogue, fails, columns, Listed([job]), Listed([trial]), Listed([fails])]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_is_shown_as_text_whatever_it_is(name: str) -> None:
    for shown, plain in zip(everything(name), everything("plain"), strict=True):
        html = shown._repr_html_()
        page = read(html)
        assert [element for element, _ in page.elements] == [
            element for element, _ in read(plain._repr_html_()).elements
        ]
        assert not page.unclosed
        assert not {key for _, attributes in page.elements for key in attributes} & {"onerror", "onmouseover", "href"}
        html.encode()
        assert not {"\x00", "\x1b"} & set(html)
        assert len(html) < 20_000
        assert "tex2jax_ignore" in (page.elements[0][1]["class"] or "").split()


def test_colours_are_legible_on_white_and_on_black() -> None:
    greys = {"rgba(128,128,128,.35)", "rgba(128,128,128,.3)"}
    shown = [*everything("plain"), job_named("plain", state="running", error=None)]
    colours = set().union(*(read(one._repr_html_()).colours for one in shown))
    assert colours - greys <= {GREY, BLUE, GREEN, AMBER, RED}
    for colour in (GREY, BLUE, GREEN, AMBER, RED):
        light = _luminance(colour)
        assert 1.05 / (light + 0.05) >= 3, colour
        assert (light + 0.05) / 0.05 >= 3, colour


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_job_says_how_it_stands() -> None:
    times = {"created_at": "2026-01-02T03:04:05Z", "started_at": "2026-01-02T03:04:06Z"}
    ended = job_named(
        "digits", state="succeeded", error=None, status_detail=None, finished_at="2026-01-02T05:04:09Z", **times
    )
    said = _read(ended)
    for words in ("Job digits", "● succeeded", "40 (38 completed, 2 diverged)", "2026-01-02 03:04:05", "2:00:03"):
        assert words in said.text
    assert "progressbar" not in {attributes.get("role") for _, attributes in said.elements}

    counts = {"total": 40, "completed": 10, "running": 4, "queued": 26}
    going = {"state": "running", "progress": {"fraction": 0.25}, "trials": counts, "attempts": {"total": 3, "lost": 1}}
    running = _read(job_named("digits", error=None, status_detail="2 workers", **going))
    (shown,) = (attributes for _, attributes in running.elements if attributes.get("role") == "progressbar")
    assert shown["aria-valuenow"] == "25"
    assert "● running: 2 workers" in running.text
    assert "3 (1 lost)" in running.text


def test_a_job_of_now_and_text_in_place_of_html() -> None:
    job, printer = job_named("digits"), _Printer()
    job._repr_pretty_(printer, False)
    assert printer.said == str(job)


class _Printer:
    said = ""

    def text(self, said: str) -> None:
        self.said += said


def test_a_list_is_a_table_of_its_first_items() -> None:
    client = FakeService().client()
    job = client.jobs.submit(problem=ayla.preset("poly-adam"), seeds=range(40))
    trials = Listed(client.jobs.trials(job))
    said = _read(trials)
    assert len(trials) == 80
    assert sum(name == "tr" for name in [element for element, _ in said.elements]) == MOST_ROWS + 1
    assert "80 trials" in said.text
    assert f"… and {80 - MOST_ROWS} more rows." in said.text
    assert ">1 trial</caption>" in html_of(Listed(trials[:1]))
    assert isinstance(trials[2:4], Listed)
    assert trials[3] is [*trials][3]
    assert text_of(trials).count("\n") == MOST_ROWS
    assert text_of(trials).endswith("…")
    assert "There is nothing" in _read(Listed[ayla.Job]([])).text


def test_jobs_in_a_list_have_columns_for_what_some_have() -> None:
    plain: dict[str, Any] = {"owner": "ada", "project": None, "tags": [], "status_detail": None, "error": None}
    jobs = Listed([job_named("one", **plain), job_named("two", **plain | {"tags": ["paper"]})])
    said = _read(jobs)
    heads = [place for place, (name, _) in enumerate(said.elements) if name == "th"]
    assert len(heads) == len(["id", "name", "state", "trials", "owner", "tags"])
    assert "project" not in said.text
    assert "2 jobs" in said.text


class Key(ResponseModel):
    """An answer that has no view of its own."""

    id: str
    name: str
    key: str
    scopes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = Field(default_factory=dict)
    parts: tuple[ayla.FieldError, ...] = ()
    is_new: bool = True
    note: str | None = None


def test_every_other_answer_is_a_table_of_its_fields_without_secrets() -> None:
    parts = (ayla.FieldError(pointer="/a", detail="b"),) * 2
    key = Key(
        id="k1", name="ci", key="ayla_secret", scopes=("read", "submit"), settings={"a": {"b": 0.25}}, parts=parts
    )
    for said in (_read(key).text, text_of(key)):
        assert "ayla_secret" not in said
        for words in ("print(x.key)", "read, submit", "a: b: 0.25", "yes"):
            assert words in said
        assert "note" not in said
    assert "Key ci" in _read(key).text
    assert "ayla_secret" not in html_of(Listed([key]))
    assert "ayla_secret" not in text_of(Listed([key]))


def test_what_is_not_finite_and_what_is_too_much() -> None:
    assert text(math.inf) == "inf"
    assert text(None) == ""
    assert "width:0.0%" in bar(math.nan)
    assert "width:100.0%" in bar(7.0)
    many = paragraphs(str(number) for number in range(1000))
    assert many.count("<p") == MOST_ROWS + 1
    assert read(page(table("of <b>", ["<a>", "b"], [["c", 0.1]]))).text == "of <b><a>bc0.1"


def _read(shown: Any) -> Page:
    found = read(shown._repr_html_())
    assert not found.unclosed
    return found
