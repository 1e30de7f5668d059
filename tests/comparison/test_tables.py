"""Tables of comparisons for papers: numbers with meaningful digits, hostile labels, and what each format says."""

import csv
import io
import math
import re
from typing import Any

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
    "\"quoted\", 'single', -- ``ticks``",
    "[4pt] * é ü ñ ß ø α Ω µ ± − ∞ ≤ 日本 🎉 ﬁ",
    "- no list",
]


OVER_SEEDS = ("median", "interval (covers)", "best", "seeds", "diverged")


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


def tables_of(client: TestClient, form: str, **body: Any) -> str:
    return text_of(client.post("/v1/comparisons", params={"format": form}, json=body), form)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def text_of(answer: Response, form: str) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPES[form]
    assert answer.headers["vary"].startswith("Accept")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    return answer.text


def test_what_a_job_says_as_markdown(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, [*CLEAR, (INF, -0.5)])
    found = tables(client, job_id, "markdown")
    assert "| optimizer | median | interval (covers) | best | seeds | diverged |\n| :-- | --: |" in found
    assert "| SGD lr=0.03 | 4.50 | 4.12 to 4.88 (96.1 %) | 4.00 | 9 | 1 |" in found


def hostile_job(client: TestClient, database: Database) -> str:
    """A job whose optimizers have the labels of somebody who means harm, and one of them AYLA on it."""
    settings: list[dict[str, Any]] = [{"name": "sgd", "learning_rate": 0.1, "label": label} for label in HOSTILE]
    settings.append({"name": "sgd", "learning_rate": 0.1, "label": "=ayla|&<b>\\", "ayla": {"n1": 1.0, "n2": 1.2}})
    ends = {one["label"]: float(place) for place, one in enumerate(settings)}
    return ended_job(client, database, ends, optimizers=settings, seeds=list(range(7)))


def cells_of(text: str) -> tuple[list[list[list[str]]], str]:
    """The tables of a Markdown text row by row, as a reader sees them, and the HTML that it becomes."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    found: list[list[list[str]]] = []
    for token in parser.parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and found and token.level > 3:
            assert {one.type for one in token.children or ()} <= {"text", "text_special"}, token.content
            found[-1][-1].append("".join(one.content for one in token.children or ()))
    return found, parser.render(text)


def test_hostile_labels_are_themselves_in_markdown(client: TestClient, database: Database) -> None:
    text = tables(client, hostile_job(client, database), "markdown", baseline=HOSTILE[0])
    (optimizers, pairs), html = cells_of(text)
    assert [row[0] for row in optimizers[1:]] == [*HOSTILE, "=ayla|&<b>\\"]
    assert {len(row) for row in optimizers} == {len(optimizers[0])}
    assert {row[1] for row in pairs[1:]} == {HOSTILE[0]}
    assert {len(row) for row in pairs} == {len(pairs[0])}
    assert set(re.findall(r"<(\w+)", html)) <= {"p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    assert not re.search(r"(?<!\\)https?://|www\.", text, re.IGNORECASE)
    for begins in ("- no list", "1. no list", "+ x", "# x", "> x", "=== x", "---"):
        assert cells_of(markdown.escaped(begins))[1].startswith("<p>"), begins


def test_hostile_labels_are_themselves_in_csv(client: TestClient, database: Database) -> None:
    text = tables(client, hostile_job(client, database), "csv")
    rows = rows_of(text)
    labels = [row["label"] for row in rows if row["row"] == "optimizer"]
    assert labels[4] == "'=1+1;'=cmd|' /C calc'!A0"
    assert labels[7] == "'- no list"
    assert [*labels[:4], *labels[5:7]] == [*HOSTILE[:4], *HOSTILE[5:7]]
    assert all(not field.startswith(("=", "@", "+")) for row in rows for field in row.values())


def test_latex_is_whole_and_hostile_labels_cannot_leave_it(client: TestClient, database: Database) -> None:
    text = tables(client, hostile_job(client, database), "latex", baseline=HOSTILE[0])
    assert text.isascii()
    require_latex(text)
    assert r"a\_b \& 50\% \# \$x\textasciicircum{}2\$ \{c\} \textasciitilde{} \textbackslash{}" in text
    assert r"[4pt] * \'{e} \"{u} \~{n} \ss{} \o{} $\alpha$ $\Omega$ $\mu$ $\pm$ $-$ $\infty$ $\le$" in text
    assert r"\texttt{U+65E5}\texttt{U+672C} \texttt{U+1F389} fi" in text
    assert latex_text.escaped("a--b - ḝ x\ty") == r"a-{}-b - \u{\c{e}} x y"


def require_latex(text: str) -> None:
    """Braces and environments are balanced, only known commands stand in it, and rows have as many cells as columns."""
    code = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert not re.search(r"(?<!\\)[%#~^_](?!\{-?\d|\\circ)", code)
    plain = re.sub(r"\\[{}$&%#_]", "", code)
    depth = 0
    for brace in re.findall(r"[{}]", plain):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert plain.count("$") % 2 == 0
    known = (
        "begin|end|centering|caption|label|footnotesize|setlength|tabcolsep|toprule|midrule|bottomrule|par|smallskip"
    )
    letters = "textbackslash|textasciitilde|textasciicircum|texttt|infty|times|alpha|mu|Omega|pm|le|ss|o|linewidth"
    assert set(re.findall(r"\\([A-Za-z]+)", plain)) <= set(
        f"{known}|{letters}|linewidth|raggedright|tabularnewline|textendash".split("|")
    )
    assert re.findall(r"\\begin\{(\w+)\}", code) == [
        name for _ in range(code.count(r"\begin{table}")) for name in ("table", "tabular", "minipage")
    ]
    for columns, body in re.findall(r"\\begin\{tabular\}\{([^\n]+)\}\n(.+?)\\end\{tabular\}", plain, re.DOTALL):
        count = len(re.sub(r"p\{0.15\\linewidth\}", "p", columns))
        rows = [line for line in body.splitlines() if line.endswith((r"\\", r"\tabularnewline"))]
        assert [row.count("&") for row in rows] == [count - 1] * len(rows)
        assert not any(row.startswith(("[", "*")) for row in rows)


def test_arms_of_a_protocol_are_rows_with_what_was_selected(client: TestClient, database: Database) -> None:
    job_id = ended_job(client, database, {**PLAIN_ENDS, **AYLA_ENDS})
    body = {"job_ids": [job_id], "protocol": SEEDS}
    found, _ = cells_of(tables_of(client, "markdown", **body))
    optimizers, pairs = found
    assert optimizers[0] == [
        "arm",
        "selected",
        "settings",
        *("median", "interval (covers)", "best", "seeds", "diverged"),
    ]
    assert [row[:3] for row in optimizers[1:]] == [
        ["SGD", "SGD lr=0.02", "3"],
        ["AYLA-SGD", "AYLA-SGD lr=0.01 N1=1 N2=1.2", "6"],
    ]
    assert pairs[1][-1] == "better; with unequal budgets (6 settings of AYLA-SGD, 3 of SGD)"
    rows = rows_of(tables_of(client, "csv", **body))
    assert [(row["row"], row["label"], row["selected"], row["settings"]) for row in rows[:2]] == [
        ("arm", "SGD", "SGD lr=0.02", "3"),
        ("arm", "AYLA-SGD", "AYLA-SGD lr=0.01 N1=1 N2=1.2", "6"),
    ]
    assert "With unequal budgets" in rows[2]["statement"]
    assert "With equal budgets of 3 settings each" in rows[2]["statement"]


def test_several_problems_have_rows_each_and_rows_over_all(client: TestClient, database: Database) -> None:
    losses = [(2.0 + seed / 64, 1.0 + 2.0 * (seed % 2)) for seed in range(10)]
    jobs = [new_job(client, database, losses, budget={"steps": 10 + number}) for number in range(5)]
    answer = document_of(client.post("/v1/comparisons", json={"job_ids": jobs}))
    (optimizers, pairs, over), _ = cells_of(tables_of(client, "markdown", job_ids=jobs))
    assert [row[:2] for row in optimizers[1:3]] == [["x**4 - 3*x**3 + 2, 10 steps", label] for label in (PLAIN, AYLA)]
    assert [row[0] for row in pairs[1:]] == [
        *(f"x**4 - 3*x**3 + 2, {10 + n} steps" for n in range(5)),
        "over 5 problems",
    ]
    assert over[1][:3] == [AYLA, PLAIN, "0.50"]
    require_latex(tables_of(client, "latex", job_ids=jobs))
    rows = rows_of(tables_of(client, "csv", job_ids=jobs))
    assert [row["row"] for row in rows] == [*["optimizer"] * 10, *["pair"] * 6, "improvement", "interquartile_mean"]
    _require_every_digit(rows, answer)


def _require_every_digit(rows: list[dict[str, str]], answer: dict[str, Any]) -> None:
    """The numbers of the CSV are those of the JSON, bit for bit."""
    settings = [one for problem in answer["problems"] for one in problem["optimizers"]]
    for row, one in zip(rows, settings, strict=False):
        value, within = one["value"], one["value"]["interval"]
        assert [float(row[name]) for name in ("value", "best", "low", "high", "coverage")] == [
            *(value["median"], value["min"], within["low"], within["high"], within["coverage"])
        ]
        assert (row["label"], row["seeds"], row["runs"]) == (one["label"], str(one["seeds"]), str(one["runs"]))
    pairs = [*(pair for problem in answer["problems"] for pair in problem["pairs"]), *answer["pairs"]]
    for row, pair in zip(rows[len(settings) :], pairs, strict=False):
        assert [float(row[name]) for name in ("wins", "losses", "ties", "value", "p_value", "p_adjusted")] == [
            *(pair["wins"], pair["losses"], pair["ties"], pair["median_difference"]),
            *(pair["sign_test"]["p_value"], pair["sign_test"]["adjusted"]),
        ]
        assert (row["family"], row["outcome"], row["statement"]) == (pair["family"], pair["outcome"], pair["verdict"])
    (over,) = answer["aggregates"]
    assert float(rows[-1]["low"]) == over["interquartile_mean"]["interval"]["low"]
    assert float(rows[-2]["high"]) == over["improvement"]["interval"]["high"]


def test_what_is_infinite_and_what_is_not_recorded_are_told_apart(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, [(INF, 1.0), (INF, INF), (INF, 2.0), *[(3.0, INF)] * 4])
    (optimizers, pairs), _ = cells_of(tables(client, job_id, "markdown"))
    assert [row[1:] for row in optimizers[1:]] == [
        ["3", "3 to ∞ (98.4 %)", "3", "7", "3"],
        ["∞", "1 to ∞ (98.4 %)", "1", "7", "5"],
    ]
    assert pairs[1][3:5] == ["+∞", "−∞ to +∞ (96.9 %)"]
    assert "$-\\infty$ to $+\\infty$ (96.9 \\%)" in tables(client, job_id, "latex")
    rows = rows_of(tables(client, job_id, "csv"))
    assert [(row["value"], row["high"]) for row in rows[:2]] == [("3.0", "inf"), ("inf", "inf")]
    assert (rows[2]["value"], rows[2]["low"]) == ("inf", "-inf")
    (optimizers, pairs), html = cells_of(tables(client, job_id, "markdown", metric="test_loss"))
    assert optimizers[1][1:4] == ["not recorded", "–", "–"]
    assert pairs[1][-1] == "no statement"
    assert "an expression has no data; ask for final_loss" in html
    reached = cells_of(tables(client, job_id, "markdown", metric="steps_to_target", target=2.5))[0][0]
    assert [row[-1] for row in reached] == ["reached", "0 of 7", "2 of 7"]


@each(
    ("accept", "form"),
    [
        ({"Accept": "text/markdown"}, "markdown"),
        ({"Accept": "application/x-tex, */*;q=0.1"}, "latex"),
        ({"Accept": "text/csv"}, "csv"),
    ],
)
def test_the_format_is_chosen_by_the_accept_header_too(
    client: TestClient, job_id: str, accept: dict[str, str], form: str
) -> None:
    text = text_of(client.get(f"/v1/jobs/{job_id}/comparison", headers=accept), form)
    assert text == tables(client, job_id, form)
    body = {"job_ids": [job_id]}
    assert text_of(client.post("/v1/comparisons", json=body, headers=accept), form) == text


def test_json_is_what_everybody_else_gets(client: TestClient, job_id: str) -> None:
    path = f"/v1/jobs/{job_id}/comparison"
    for headers in ({}, {"Accept": "text/html, */*;q=0.8"}, {"Accept": "application/json"}):
        assert document_of(client.get(path, headers=headers))["job_id"] == job_id
    problem = problem_of(client.get(path, headers={"Accept": "image/png"}), 406, "not-acceptable")
    assert "text/markdown, application/x-tex or text/csv" in problem["detail"]
    assert pointers(problem_of(client.get(f"{path}?format=word"), 422, "invalid-request")) == ["/format"]


def test_the_same_results_make_the_same_bytes(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, CLEAR)
    for form in MEDIA_TYPES:
        assert tables(client, job_id, form) == tables(client, job_id, form)
