"""Job files that cannot be sent: one line each, exit code 2, and nothing reaches the service."""

import io
import json
from pathlib import Path
from typing import Any
from unittest import mock

import ayla
import pytest
from ayla._json import to_json
from ayla.cli.specfile import MAX_BYTES, read_spec
from hypothesis import given
from hypothesis import strategies as st

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
    "binary": ("name: !!binary aGk=", "no anchors, aliases or tags"),
    "tag": ("name: !!bool maybe", "no anchors, aliases or tags"),
    "large-integer": ("seeds: [" + "9" * 6000 + "]", "line 1, column 9: the number has too many digits"),
    "json-large-integer": ('{"a":\n  ' + "9" * 6000 + "}", "line 2, column 3: the number has too many digits"),
    "hexadecimal-beyond-floats": ("seeds: [0x" + "f" * 6000 + "]", "/seeds/0: the integer is too large"),
    "twice": (
        "budget: {steps: 3}\nname: a\nbudget: {steps: 5}",
        "line 3, column 1: the field 'budget' stands twice, first",
    ),
    "twice-inside": (
        "a:\n- b: {c: 1, d: 2,\n      'c': 3}",
        "line 3, column 7: the field 'c' stands twice, first in line 2;",
    ),
    "json-twice": ('{"a": [{"b": 1,\n "b": 2}]}', "line 2, column 2: the field 'b' stands twice, first in line 1;"),
    "json-twice-after-tabs": ('{\n\t"b": 1,\t"\\u0062": 2}', "line 2, column 10: the field 'b' stands twice"),
    "json-twice-unreadable-as-yaml": ('{"\x7f": 1, "\x7f": 2}', "is not a job spec: the field '\\x7f' stands twice"),
    "twice-and-no-json": ('{"a": 1, "a": 2} # YAML', "line 1, column 10: the field 'a' stands twice"),
    "number-as-name": ("start: {1: 2.0}", "line 1, column 9: the name of a field is text; put it in quotes"),
    "bool-as-name": ("true: 1", "line 1, column 1: the name of a field is text"),
    "null-as-name": ("~: 1", "line 1, column 1: the name of a field is text"),
    "list-as-name": ("? [a]\n: 1", "line 1, column 3: the name of a field is text"),
    "two-documents": ("a: 1\n---\nb: 2", "line 2, column 1: but found another document"),
    "tab": ("a:\n\tb: 1", "line 2, column 1: found character '\\t'"),
    "object": ("a: !!python/object:os.system x", "no anchors, aliases or tags"),
    "merge": ("a: &a {b: 1}\nc: {<<: *a}", "no anchors, aliases or tags"),
    "integer-beyond-floats": ("seeds: [" + "9" * 4000 + "]", "/seeds/0: the integer is too large"),
    "nested": ("[" * 20_000, "nested too deeply"),
    "nested-json": ("[" * 20_000 + "]" * 20_000, "nested too deeply"),
    "nested-a-little-less": ('{"a": ' + "[" * 50 + "]" * 50 + "}", "nested more than 32 levels"),
    "self-reference": ("a: &a [*a]", "no anchors, aliases or tags"),
    "alias-bomb": (BOMB, "no anchors, aliases or tags"),
    "surrogate": ('{"name": "\\ud800"}', "/name: '\\ud800' has half of a surrogate pair"),
    "surrogate-name": ('{"\\ud800": 1}', "'\\ud800' has half of a surrogate pair"),
    "yaml-surrogate": ('name: "\\ud800"', "half of a surrogate pair"),
    "yaml-1.1-line-end": (
        "name: x\n# once\u2028budget: {steps: 9}",
        "line 2, column 7: U+2028 ends no line",
    ),
    "yaml-1.1-fold": ('name: x\n\x85notes: "a"', "line 2, column 1: U+0085 ends no line"),
    "control-character": ("name: \x01", "neither JSON nor YAML"),
    "not-utf-8": (b"name: \xff", "Cannot read Standard input"),
    "too-large": (f"name: {'x' * MAX_BYTES}", "larger than 1048576 bytes"),
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
    file.write_bytes(b" " * (MAX_BYTES + 1))
    result = ayla_command(FakeService(), "submit", "-f", str(file))

    assert result.exit_code == 2
    assert result.stderr == f"Error: Cannot read {file}: it is larger than 1048576 bytes.\n"


@pytest.mark.parametrize("name", ["no-such-file.yaml", "."])
def test_a_file_that_cannot_be_read_is_one_line(name: str) -> None:
    result = ayla_command(FakeService(), "submit", "-f", name)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: Cannot read {name}: ")
    assert len(result.stderr.splitlines()) == 1


READ = {
    "0100": 100,
    "0o100": 64,
    "0x1F": 31,
    "+12": 12,
    "-007": -7,
    ".5e3": 500.0,
    "1e3": 1000.0,
    "1.": 1.0,
    "-.5": -0.5,
    "1_000": "1_000",
    "1:30": "1:30",
    "0b11": "0b11",
    "0o9": "0o9",
    "2026-01-01": "2026-01-01",
    "2026-01-01T12:00:00Z": "2026-01-01T12:00:00Z",
    "true": True,
    "FALSE": False,
    "yes": "yes",
    "No": "No",
    "on": "on",
    "y": "y",
    "null": None,
    "~": None,
    "": None,
    "=": "=",
    "'0100'": "0100",
}
"""What YAML 1.2 makes of plain words by its core schema (chapter 10.3.2), each with its type."""


def test_words_and_numbers_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("%YAML 1.2\n---\n" + "".join(f"a{place}: {word}\n" for place, word in enumerate(READ)))
    found = list(read_spec(str(file)).values())
    assert [(type(value), value) for value in found] == [(type(value), value) for value in READ.values()]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    ),
    st.sampled_from([None, "\t", 2]),
)
def test_json_is_read_as_it_is_written(document: object, indent: str | int | None) -> None:
    """Property: whatever JSON says comes out, and the same JSON inside of YAML says the same."""
    text = json.dumps({"a": document}, indent=indent)
    assert _read(text) == {"a": document}
    if indent != "\t" and "\\u" not in text and "\x7f" not in text:
        assert _read(text + " # YAML") == {"a": document}


def _read(text: str) -> dict[str, Any]:
    with mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()))):
        return read_spec("-")


def test_json_may_have_what_ended_lines_in_yaml_1_1(tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text('{"name": "a\u2028b\x85c\u2029"}', encoding="utf-8")
    assert read_spec(str(file)) == {"name": "a\u2028b\x85c\u2029"}


def test_a_byte_order_mark_is_no_part_of_a_job(tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_bytes(b'\xef\xbb\xbf{"name":\t"a"}')
    assert read_spec(str(file)) == {"name": "a"}


def test_two_keys_of_a_dict_that_json_writes_alike_are_refused() -> None:
    with pytest.raises(ayla.InvalidRequest, match="two keys are written as '1' in JSON") as caught:
        to_json({"a": [{1: 2, "1": 3}]})
    assert caught.value.pointer == "/a/0"


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
