"""What a whole reproduction writes: figures, pages, tables and the specs of its jobs."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from ayla.reproduce.sections import worded
from typer.testing import Result

from tests.client.fake_service import FakeService
from tests.client.reproduction_run import SMALL, document, reproduce

FIGURES = [
    "fig01-steps-on-loss",
    "fig02-position-sgd",
    "fig03-effective-learning-rate",
    "fig04-steps-on-loss-adam",
    "fig05-position-adam",
    "fig06-error-curve-a",
    "fig07-fit-curve-a-150",
    "fig08-fit-curve-a-400",
    "fig09-error-curve-b",
    "fig10-fit-curve-b",
    "fig11-accuracy-sgd",
    "fig12-accuracy-adam",
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeService, Path, Result]:
    service, folder = FakeService(), tmp_path_factory.mktemp("report") / "inner"
    return service, folder, reproduce(service, folder, "--quick")


def test_the_presets_run_as_they_are_and_the_curves_on_ten_seeds_beside_the_papers(
    whole: tuple[FakeService, Path, Result],
) -> None:
    service, _, result = whole
    specs = {job.submitted["name"]: job.submitted for job in service.jobs.values()}

    assert result.exit_code == 0
    for name in SMALL:
        assert {*specs[name]} == {"name", "tags", "problem"}
    for name in ("curve-a-seeds", "curve-b-seeds"):
        assert specs[name]["seeds"] == [*range(43, 53)]
    assert not {*range(53, 63)} & {42, *specs["curve-a-seeds"]["seeds"]}
    assert specs["curve-rates"]["seeds"] == [*range(42, 63)]


def test_mnist_runs_at_the_papers_rates_with_both_losses_and_both_orders(
    whole: tuple[FakeService, Path, Result],
) -> None:
    service, _, _ = whole
    jobs = {job.submitted["name"]: job.resolved for job in service.jobs.values()}
    lengths = {name: job["budget"]["steps"] // 1875 for name, job in jobs.items() if name.startswith("mnist")}

    assert lengths == {
        "mnist-probe": 0,
        "mnist-sgd": 100,
        "mnist-sgd-mse": 20,
        "mnist-sgd-rates": 20,
        "mnist-sgd-mse-rates": 20,
        "mnist-adam-0.0001": 10,
        "mnist-adam-0.0001-mse": 10,
        "mnist-adam-0.0002": 30,
        "mnist-adam-0.0002-mse": 20,
        "mnist-adam-rates": 20,
        "mnist-adam-mse-rates": 20,
    }
    assert jobs["mnist-sgd-mse"]["problem"] == {**jobs["mnist-sgd"]["problem"], "loss": "mse-softmax"}
    exponents = [each["ayla"] and (each["ayla"]["n1"], each["ayla"]["n2"]) for each in jobs["mnist-sgd"]["optimizers"]]
    assert exponents == [None, (1.5, 1.0), (1.0, 1.5)] * 2


def test_every_figure_of_the_paper_is_a_png_an_svg_and_a_pdf(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    controls = ["beyond-rates-poly-sgd", "beyond-rates-mnist-adam", "beyond-exponents-curve-a", "beyond-mse-mnist-sgd"]
    for stem in [*FIGURES, "beyond-seeds-curve-a", "beyond-seeds-curve-b", *controls]:
        assert (folder / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (folder / f"{stem}.svg").read_text(encoding="utf-8")[:2000]
        assert (folder / f"{stem}.pdf").read_bytes().startswith(b"%PDF")


def test_the_html_page_needs_no_other_file_and_the_latex_page_is_ascii(
    whole: tuple[FakeService, Path, Result],
) -> None:
    _, folder, _ = whole
    page = (folder / "report.html").read_text(encoding="utf-8")
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    latex = (folder / "report.tex").read_text(encoding="ascii")

    assert len(re.findall("<img", page)) == len([*folder.glob("*.svg")])
    assert all(address.startswith(("data:image/svg+xml;base64,", "#")) for address in addresses)
    assert {address[1:] for address in addresses if address.startswith("#")} <= {*re.findall(r' id="([^"]*)"', page)}
    assert "(U+" not in latex
    for name in re.findall(r"\\includegraphics\[[^]]*\]\{([^}]*)\}", latex):
        assert (folder / name).is_file()


def test_the_folder_has_the_spec_of_every_job_as_it_was_submitted(whole: tuple[FakeService, Path, Result]) -> None:
    service, folder, _ = whole
    for job in service.jobs.values():
        written = json.loads((folder / "jobs" / f"{job.submitted['name']}.json").read_text(encoding="utf-8"))
        assert written == {name: value for name, value in job.submitted.items() if name != "tags"}


def test_a_quick_run_says_so_and_measures_nothing_beyond_its_epochs(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    claims = {claim["id"]: claim for claim in document(folder)["claims"]}

    assert "**This is a quick run**" in (folder / "report.md").read_text(encoding="utf-8")
    assert claims["mnist-sgd-0.0001-mse-softmax-plain-end"]["verdict"] == "not measured"
    assert claims["mnist-sgd-0.0001-cross-entropy-plain-end"]["verdict"] != "not measured"


def test_the_page_embeds_only_files_that_are_there(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    page = (folder / "report.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", page)

    assert {f"{stem}.png" for stem in FIGURES} <= set(links)
    assert all((folder / link).is_file() for link in links)


def test_every_table_of_the_page_is_straight(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    page = (folder / "report.md").read_text(encoding="utf-8")
    tables = re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE)

    assert len(tables) > 20
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


def test_how_to_repeat_it_stands_as_it_is_in_a_shell_and_fits_a_page(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    blocks = re.findall(r"```sh\n(.*?)```", (folder / "report.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    of_mnist = next(block for block in blocks if "jobs/mnist-sgd.json" in block)
    of_curve = next(block for block in blocks if "jobs/curve-b.json" in block)

    for block in blocks:
        assert max(map(len, block.splitlines())) <= 88
        assert subprocess.run(["sh", "-n"], input=block, text=True, check=False).returncode == 0
    for trial in ("$PLAIN", "$AYLA"):
        assert f"ayla metrics {trial} --csv\n" in of_mnist
        assert f"ayla trajectory {trial} --csv\nayla trials predictions {trial}\n" in of_curve
    assert "make paper FRESH=1 QUICK=1\n" in blocks
    assert "ayla reproduce --fresh --quick --output report-again\n" in blocks


def test_both_curves_name_the_job_of_their_controls(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    page = (folder / "report.md").read_text(encoding="utf-8")
    lists = [line for line in page.splitlines() if line.startswith("The jobs of this section: ")]

    assert ["`curve-rates`" in line for line in lists] == [False, False, True, True, False, False]
    assert ["mse-rates`" in line for line in lists] == [False, False, False, False, True, True]


def test_a_claim_in_several_sections_is_one_and_each_row_names_its_map(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    page = (folder / "report.md").read_text(encoding="utf-8")
    claims = document(folder)["claims"]
    checked = [claim for claim in claims if claim["verdict"] != "not applicable"]

    assert f"\n\n{len({claim['claim'] for claim in checked})} claims of the paper's section 3, " in page
    assert f"of {len(checked)} checks " in page
    for name in SMALL:
        assert f"| N1 and N2 need no grid search. | {name} |" in page


def test_each_loss_of_mnist_has_its_own_control(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    for claim in document(folder)["claims"]:
        if claim["experiment"] == "mnist-adam":
            loss = "MSE of the softmax" if "mse" in claim["id"] else "cross-entropy"
            assert claim["control"]["label"].startswith("Adam lr=")
            assert claim["control"]["label"].endswith(loss)


def test_the_captions_of_what_goes_beyond_the_paper_differ(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    titles = [figure["title"] for figure in document(folder)["figures"] if figure["file"].startswith("beyond")]

    assert len(titles) == len({*titles}) == 16


def test_the_page_has_no_words_of_the_api(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    page = (folder / "report.md").read_text(encoding="utf-8")

    for word in ("ayla.n2", "confirm_seeds", "of this answer", "| seconds |", "-0.0000"):
        assert word not in page


def test_the_page_tells_of_exponents_that_had_no_effect(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    page = (folder / "report.md").read_text(encoding="utf-8")
    (told,) = re.findall(
        r"^- (.*): N2 had no effect, as the loss was above 1 in size on no step\.$", page, re.MULTILINE
    )

    assert told == "AYLA-Adam lr=0.005 N1=1.8 N2=0.9"


def test_page_data_and_terminal_tell_the_same_verdicts(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, result = whole
    page = (folder / "report.md").read_text(encoding="utf-8")
    claims = document(folder)["claims"]

    assert len(claims) == len({claim["id"] for claim in claims}) == 69
    for claim in claims:
        assert claim["verdict"] in {"reproduced", "partly", "not reproduced", "not measured"}
        reading = f" ({claim['reading']})" if claim["reading"] else ""
        assert f"**{claim['verdict']}** — {claim['claim']}{reading} {claim['note']}" in page
        assert re.search(rf"^{claim['verdict']} .*{re.escape(claim['claim'])}", result.stdout, flags=re.MULTILINE)
    assert f"Report: {folder / 'report.html'}" in result.stdout


def test_what_goes_beyond_the_paper_says_so(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    studies = document(folder)["other_seeds"]

    assert (folder / "report.md").read_text(encoding="utf-8").count("### Beyond the paper: on other seeds") == 2
    assert [study["name"] for study in studies] == ["curve-a", "curve-b"]
    for study in studies:
        for pair in study["comparison"]["pairs"]:
            assert (pair["wins"], pair["count"], pair["outcome"]) == (10, 10, "better")
            assert f"- {worded(pair['verdict'])}\n" in (folder / "report.md").read_text(encoding="utf-8")


def test_the_terminal_ends_with_the_services_words_on_what_goes_beyond_the_paper(
    whole: tuple[FakeService, Path, Result],
) -> None:
    _, folder, result = whole
    told = [line for line in result.stdout.splitlines() if line.startswith("On other seeds: ")]
    comparisons = [study["comparison"] for study in document(folder)["other_seeds"]]

    assert told == [
        f"On other seeds: {name} over 10 seeds: {statement}"
        for name, comparison in zip(("curve-a", "curve-b"), comparisons, strict=True)
        for statement in (*(pair["verdict"] for pair in comparison["pairs"]), *comparison["notes"])
    ]
    assert "ended lower than Adam lr=0.01 on 10 of 10 seeds: unlikely to be chance" in told[0]
    assert "0.0039 after Holm's correction for the 2 tests over seeds of this answer" in told[0]


def test_the_same_trajectories_give_the_same_figures(whole: tuple[FakeService, Path, Result], tmp_path: Path) -> None:
    _, folder, _ = whole
    reproduce(FakeService(), tmp_path, "poly-sgd")
    figures = [*tmp_path.glob("fig*")]

    assert len(figures) == 9
    for path in figures:
        assert path.read_bytes() == (folder / path.name).read_bytes()
