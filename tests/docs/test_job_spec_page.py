"""The page of the job spec is what the models say now, and everything on it runs as it stands."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ayla
import pytest
from ayla.cli.specfile import read_spec
from ayla_service.http.examples import JOB_EXAMPLES
from ayla_spec import JobSpec, resolve

from tests.client.command import ayla_command
from tests.client.fake_service import FakeService
from tests.docs.blocks import CodeBlock, blocks_of
from tests.docs.job_spec_page import page

PAGE = Path(__file__).parents[2] / "docs" / "job-spec.md"


def test_the_committed_page_is_what_the_models_say() -> None:
    assert PAGE.read_text() == page(), "the job spec has changed: make job-spec"


def test_every_field_of_every_model_is_on_the_page_with_its_meaning() -> None:
    text = PAGE.read_text()
    schema = JobSpec.model_json_schema()
    for name, model in _models(schema):
        for field, described in model["properties"].items():
            assert f"| `{field}` |" in text, f"{name}.{field}"
            assert "const" in described or "description" in described, f"{name}.{field} has no description"
    assert not re.findall(r"^\| `\w+` \|.*\|  \|$", text, re.MULTILINE)


def _models(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "JobSpec", schema
    yield from ((name, model) for name, model in schema["$defs"].items() if "properties" in model)


def test_its_links_lead_somewhere() -> None:
    text = PAGE.read_text()
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= anchors


def _blocks(language: str) -> list[CodeBlock]:
    return [block for block in blocks_of(PAGE) if block.language == language]


@pytest.mark.parametrize("language", ["yaml", "json"])
def test_its_job_files_are_accepted_as_they_stand(tmp_path: Path, language: str) -> None:
    texts = [block.text for block in _blocks(language)]
    whole = [example["value"] for example in JOB_EXAMPLES.values()]
    file = tmp_path / f"job.{language}"
    for text in texts:
        file.write_text(text)
        result = ayla_command(FakeService(), "submit", "-f", str(file), "-q")
        assert result.exit_code == 0, result.stderr
    read = []
    for text in texts[-len(whole) :]:
        file.write_text(text)
        read.append(read_spec(str(file)))
    assert read == whole


def test_its_python_programs_submit_the_same_specs(monkeypatch: pytest.MonkeyPatch) -> None:
    for block, example in zip(_blocks("python"), JOB_EXAMPLES.values(), strict=True):
        service = FakeService()
        client = service.client()
        with monkeypatch.context() as patched:
            patched.setattr(ayla, "Client", lambda made=client: made)
            # The service that answers here runs nothing that has axes.
            patched.setattr(type(client.jobs), "best", lambda _, job: job)
            exec(block.text, {})
        (job,) = service.jobs.values()
        wanted = resolve(JobSpec.model_validate(example["value"]))
        assert job.resolved == wanted.model_dump(mode="json")
