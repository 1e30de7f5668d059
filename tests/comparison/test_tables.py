"""Tables of comparisons for papers: numbers with meaningful digits, hostile labels, and what each format says."""

import csv
import io
import math
import re
from typing import Any

import pytest
from ayla_service.comparison.schemas import ConfidenceInterval
from ayla_service.comparison.tables import latex_text, markdown
from ayla_service.comparison.tables.numbers import Number, Written, last_place
from ayla_service.db.session import Database
from fastapi.testclient import TestClient
from httpx2 import Response
from markdown_it import MarkdownIt

from tests.cases import each
from tests.comparison.test_api import AYLA, CLEAR, PLAIN, document_of, new_job
from tests.comparison.test_protocol import AYLA_ENDS, PLAIN_ENDS, SEEDS, ended_job
from tests.http.helpers import pointers, problem_of

INF = math.inf

MEDIA_TYPES = {
    "markdown": "text/markdown; charset=utf-8",
    "latex": "application/x-tex",
    "csv": "text/csv; charset=utf-8",
}

HOSTILE = [
    r"a_b & 50% # $x^2$ {c} ~ \ \\ \input{/etc/passwd}",
    r"| --- | a\|b \| `code` *em* __strong__ ~~gone~~",
    "<script>alert(1)</script><img src=x> &amp; <!-- -->",
    "[link](https://evil.example) ![x](y) https://evil.example www.evil.example",
    "=1+1;=cmd|' /C calc'!A0",
    '"quoted", \'single\', -- ``ticks``',
    "[4pt] * é ü ñ ß ø α Ω µ ± − ∞ ≤ 日本 🎉 ﬁ",
    "- no list",
]


def interval(low: float, high: float) -> ConfidenceInterval:
    return ConfidenceInterval.of(low, high, 0.97)


def test_a_number_has_as_many_digits_as_its_interval_makes_meaningful() -> None:
    cases = {
        (0.0948765, 0.0921, 0.0973): "0.0949",
        (2.2499912345, 2.2499911, 2.2499914): "2.2499912",
        (-6.54296, -6.6, -6.4): "-6.54",
        (621.0, 540.0, 700.0): "621",
        (1.25, -10.0, 30.0): "1.2",
        (3.2e-9, 1.1e-9, 8.0e-9): "3.2e-9",
        (1e-12, 1e-300, 5.0): "1.0e-12",
        (4.5, 4.0, INF): "4.50",
        (INF, 4.0, INF): "inf",
        (-INF, -INF, 0.25): "-inf",
        (0.5, 0.5, 0.5): "0.5",
        (0.0, -0.01, 0.01): "0.000",
        (1234567.0, 1.2e6, 1.3e6): "1.23e6",
        (9.996, 9.9, 10.1): "10.00",
    }
    for (median, low, high), shown in cases.items():
        written = Number(median, last_place(median, interval(low, high))).written()
        exponent = "" if written.exponent is None else f"e{written.exponent}"
        assert f"{written.sign}{written.digits}{exponent}" == shown, (median, low, high)
    assert Number(0.25, signed=True).written() == Written("+", "0.25")
    assert Number(0.0078125, digits=2).written() == Written("", "0.0078")
    assert Number(1e-5, digits=2).written() == Written("", "1", -5)
    assert Number(1.0, digits=2).written() == Written("", "1")


def tables(client: TestClient, job_id: str, form: str, **params: Any) -> str:
    answer = client.get(f"/v1/jobs/{job_id}/comparison", params={"format": form, **params})
    return text_of(answer, form)


def text_of(answer: Response, form: str) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPES[form]
    assert answer.headers["vary"].startswith("Accept")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    return answer.text


def test_what_a_job_says_as_markdown(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, [*CLEAR, (INF, -0.5)])
    found = tables(client, job_id, "markdown")
    print(found)
    assert "| optimizer | median | interval (covers) | best | seeds | diverged |\n| :-- | --: |" in found
    assert "| SGD lr=0.03 | 4.50 | 4.12 to 4.88 (96.1 %) | 4.00 | 9 | 1 |" in found
