"""Job files that cannot be sent: one line each, exit code 2, and nothing reaches the service."""

from pathlib import Path

import pytest
from ayla.cli.specfile import LARGEST

from tests.client.command import ayla_command
from tests.client.fake_service import FakeService

PROBLEM = "problem: {type: expression, expression: x, start: {x: %s}}"
BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
)

BAD_FILES = {
    "nan": ('{"problem": {"start": {"x": NaN}}}', "/problem/start/x: nan is not a finite number"),
    "yaml-nan": (PROBLEM % ".nan", "/problem/start/x: nan is not a finite number"),
    "yaml-inf": (PROBLEM % "1e999", "/problem/start/x: inf is not a finite number"),
    "date": ("tags: [a]\nname: 2024-01-01", "line 2, column 7: a date has to be in quotes"),
    "no-date": ("name: 2024-13-45", "line 1, column 7: a date has to be in quotes"),
    "binary": ("name: !!binary aGk=", "no anchors, aliases or tags"),
    "tag": ("name: !!bool maybe", "no anchors, aliases or tags"),
    "large-integer": ("seeds: [" + "9" * 6000 + "]", "Cannot read Standard input"),
    "integer-beyond-floats": ("seeds: [" + "9" * 4000 + "]", "/seeds/0: the integer is too large"),
    "nested": ("[" * 20_000, "nested too deeply"),
    "nested-json": ("[" * 20_000 + "]" * 20_000, "nested too deeply"),
    "nested-a-little-less": ('{"a": ' + "[" * 50 + "]" * 50 + "}", "nested more than 32 levels"),
    "self-reference": ("a: &a [*a]", "no anchors, aliases or tags"),
    "alias-bomb": (BOMB, "no anchors, aliases or tags"),
    "surrogate": ('{"name": "\\ud800"}', "/name: '\\ud800' has half of a surrogate pair"),
    "surrogate-name": ('{"\\ud800": 1}', "'\\ud800' has half of a surrogate pair"),
    "yaml-surrogate": ('name: "\\ud800"', "half of a surrogate pair"),
    "control-character": ("name: \x01", "neither JSON nor YAML"),
    "not-utf-8": (b"name: \xff", "Cannot read Standard input"),
    "too-large": (f"name: {'x' * LARGEST}", "larger than 1048576 bytes"),
}


@pytest.mark.parametrize(("text", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_job_file_is_one_line_and_a_usage_error(text: str | bytes, message: str) -> None:
    service = FakeService()
    result = ayla_command(service, "submit", "-f", "-", text=text)

    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert isinstance(result.exception, SystemExit)
    assert service.requests == []


def test_a_file_is_bounded_like_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_bytes(b" " * (LARGEST + 1))
    result = ayla_command(FakeService(), "submit", "-f", str(file))

    assert result.exit_code == 2
    assert result.stderr == f"Error: Cannot read {file}: it is larger than 1048576 bytes.\n"


@pytest.mark.parametrize("name", ["no-such-file.yaml", "."])
def test_a_file_that_cannot_be_read_is_one_line(name: str) -> None:
    result = ayla_command(FakeService(), "submit", "-f", name)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: Cannot read {name}: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["'2024-01-01'", '"a & b *c !d"'])
def test_quotes_make_text_of_everything(name: str) -> None:
    service = FakeService()
    result = ayla_command(service, "submit", "-q", text=f"name: {name}\nproblem: {{type: preset, preset: poly-sgd}}")

    assert result.exit_code == 0
    assert service.jobs["job-0"].submitted["name"] == name[1:-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--api-key", "sécret", "ls"], "api_key: it must be printable ASCII"),
        (["show", ""], "id: it cannot be empty"),
        (["submit", "--preset", "poly-sgd", "--idempotency-key", "a\nb"], "idempotency_key: it must be"),
        (["submit", "--preset", "poly-sgd", "--name", "\udcff"], "/name: "),
        (["ls", "--tag", "\udcff"], "cannot be written"),
    ],
)
def test_an_argument_that_cannot_be_sent_is_a_usage_error(arguments: list[str], message: str) -> None:
    service = FakeService()
    result = ayla_command(service, *arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert "sécret" not in result.stderr
    assert service.requests == []
