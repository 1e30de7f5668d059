"""Writes what was found: JSON for machines, Markdown and a figure for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measure import machine
from measure.findings import Curve, Findings, Goal, Row, Table

FIGURES = Path("docs") / "figures"


@dataclass(frozen=True, slots=True)
class Report:
    """One page, and the results behind it.

    Attributes:
        results: file of the results, below the root.
        page: file of the page, below the root.
        title: of the page.
        introduction: what holds for all of its sections.
    """

    results: Path
    page: Path
    title: str
    introduction: str


CORE = Report(
    Path("benchmarks") / "results" / "core.json",
    Path("docs") / "benchmarks.md",
    "Benchmarks",
    "`.venv/bin/python benchmarks/core.py` measures all of this and writes this page; do not edit it. Values with × "
    "are ratios of times taken side by side in one run, so they say more than the absolute times, which are this "
    "machine's. Each time is the best of several rounds. What the engine does beyond a plain loop (AYLA's scale, "
    "recording, the best loss) is included.",
)
_HEADER = "| what | measured | goal | met | absolute |\n|---|---:|---:|:---:|---|"


def section(title: str, command: str, taken: float, findings: Findings) -> dict[str, Any]:
    """What is kept of a section: each has its own machine and date, as one may be measured elsewhere."""
    rows = [asdict(row) | {"met": row.met} for row in findings.rows]
    return {
        "title": title,
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(taken, 1),
        "machine": machine.description(),
        **asdict(findings),
        "rows": rows,
    }


def write(root: Path, measured: Mapping[str, Mapping[str, Any]], order: Sequence[str], report: Report = CORE) -> None:
    """Put measured sections in place of earlier ones, and make the page and the figure anew."""
    results_file, page_file = root / report.results, root / report.page
    kept = json.loads(results_file.read_text()) if results_file.exists() else {}
    # What comes from JSON and what was just measured then look alike.
    whole = json.loads(json.dumps(kept | dict(measured)))
    results = {name: whole[name] for name in order if name in whole}
    for path in (results_file, page_file):
        path.parent.mkdir(parents=True, exist_ok=True)
    results_file.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    for item in results.values():
        if item["curve"] is not None:
            draw(Curve(**item["curve"]), root / FIGURES)
    page_file.write_text(page(results, report))


# ---- Markdown --------------------------------------------------------------------------------------------------------


def page(results: Mapping[str, Mapping[str, Any]], report: Report = CORE) -> str:
    """The whole page."""
    machines = [item["machine"] for item in results.values()]
    about = _table(("", "this machine"), list(machines[0].items())) if machines else "Nothing has been measured yet."
    parts = [f"# {report.title}", report.introduction, about]
    for item in results.values():
        parts += _section(item, elsewhere=item["machine"] != machines[0])
    return "\n\n".join(parts) + "\n"


def _section(item: Mapping[str, Any], *, elsewhere: bool) -> list[str]:
    parts = [f"## {item['title']}", f"`{item['command']}`, {item['date'][:10]}, {item['seconds']:.0f} s"]
    if elsewhere:
        parts.append("On another machine: " + ", ".join(f"{key} {value}" for key, value in item["machine"].items()))
    parts += item["remarks"]
    parts.append("\n".join([_HEADER, *(line(_row(row)) for row in item["rows"])]))
    parts += [table(Table(**kept)) for kept in item["tables"]]
    if item["curve"] is not None:
        parts.append(f"![time per run-step against runs at once](figures/{item['curve']['name']}.png)")
    return parts


def _row(kept: Mapping[str, Any]) -> Row:
    fields = {name: value for name, value in kept.items() if name != "met"}
    return Row(**fields | {"goal": Goal(**kept["goal"]) if kept["goal"] else None})


def line(row: Row) -> str:
    """A row of the table."""
    met = {None: "", True: "yes", False: "**no**"}[row.met]
    goal = "" if row.goal is None else f"{'≥' if row.goal.at_least else '≤'} {number(row.goal.bound)} {row.unit}"
    value = "–" if row.value is None else f"{number(row.value)} {row.unit}"
    return f"| {row.what} | {value} | {goal} | {met} | {row.note} |"


def number(value: float) -> str:
    """Three digits, thousands apart."""
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 1000 else f"{value:.3g}"


def _table(columns: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    head = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return "\n".join([*head, *(f"| {' | '.join(str(cell) for cell in cells)} |" for cells in lines)])


def table(found: Table) -> str:
    """A table of plain numbers, below its title if it has one."""
    lines = _table(found.columns, found.lines)
    return f"{found.title}:\n\n{lines}" if found.title else lines


# ---- figure ----------------------------------------------------------------------------------------------------------


def draw(curve: Curve, folder: Path) -> None:
    """The ratios against the number of runs, with the goal as a point."""
    import matplotlib as mpl  # only whoever writes the page needs it

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    axes.plot(curve.trials, curve.ratios, marker="o", label="measured")
    axes.plot([curve.goal_trials], [curve.goal_ratio], marker="v", linestyle="none", label="goal: at most")
    axes.set_xscale("log", base=2)
    axes.set_xticks(curve.trials, [str(count) for count in curve.trials])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("runs at once")
    axes.set_ylabel("time per run-step over one alone")
    axes.legend(frameon=False)
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{curve.name}.png", dpi=150, metadata={"Software": None})
    pyplot.close(figure)
