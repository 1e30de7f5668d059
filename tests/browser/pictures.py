"""Pictures of every view of the dashboard in both themes, and the strip of the README: ``make pictures``.

They are of a service with keys and a worker, which computes the jobs that are shown; no run gives the same bytes again.
Somebody has to look at them before they are committed.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import ayla
from ayla_service.db.migrate import upgrade
from ayla_service.db.session import Database
from ayla_service.states import Role
from PIL import Image
from playwright.sync_api import Page

from tests.browser.chromium import Visit, launched, shown, wait_for
from tests.factories import colleague
from tests.keyring import make_key
from tests.system.processes import service

FOLDER = Path(__file__).parents[2] / "docs" / "figures" / "dashboard"
THEMES = ("light", "dark")
SIZE = {"width": 1280, "height": 860}
STRIP = (("queue", "light"), ("job", "dark"), ("verdict", "light"), ("sweep", "dark"))
"""What the strip shows, row by row in two columns."""

_COLOURS = 256
_STRIP_WIDTH, _GAP, _EDGE = 632, 12, (214, 214, 206)
_SEEDS = range(7)
_N1_AND_N2 = ayla.linear(0.5, 2.0, 24)


def main(folder: Path = FOLDER) -> None:
    """Write all pictures into a folder."""
    with tempfile.TemporaryDirectory() as temporary, launched() as browser:
        key = _keys(Path(temporary))
        with service(Path(temporary), lease_seconds=30) as running:
            camera = _Camera(Visit(browser, running.url, viewport=SIZE), folder)
            with ayla.Client(running.url, api_key=key) as client:
                _photograph(camera, client, key)
    _strip(folder)


def _keys(folder: Path) -> str:
    """A store with three members and keys; the key of the first."""
    path = folder / "data" / "ayla.db"
    path.parent.mkdir(parents=True)
    store = Database(f"sqlite:///{path}")
    upgrade(store)
    ada = colleague(store, "Ada", Role.ADMIN)
    make_key(store, colleague(store, "Grace"), name="notebook")
    make_key(store, colleague(store, "Emmy", Role.VIEWER), name="wall display")
    key = make_key(store, ada, name="dashboard")
    store.dispose()
    return key


class _Camera:
    """Takes pictures of one tab."""

    def __init__(self, visit: Visit, folder: Path) -> None:
        self.site, self._folder = visit.site, folder
        self.page: Page = visit.open("/")

    def take(self, name: str, path: str | None = None, text: str = "") -> None:
        """A picture of a view in each theme, once it says a text and all of it is read."""
        if path is not None:
            self.page.goto(f"{self.site}{path}")
        shown(self.page, text)
        wait_for(self.page, "!document.querySelector('.loading, .stale, [aria-busy=true], .notice')")
        for theme in THEMES:
            self.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            wait_for(self.page, f"document.documentElement.dataset.theme === '{theme}'")
            self.page.wait_for_timeout(400)  # charts are drawn in the frame after
            _save(Image.open(BytesIO(self.page.screenshot())), self._folder / f"{name}-{theme}.png")


def _photograph(camera: _Camera, client: ayla.Client, key: str) -> None:
    page = camera.page
    camera.take("sign-in", text="API key")
    page.get_by_label("API key").fill(key)
    page.keyboard.press("Enter")
    camera.take("start", text="Run all four")
    page.get_by_role("button", name="Run all four").click()
    wait_for(page, "document.querySelectorAll('.state[data-state=succeeded]').length === 4")
    wait_for(page, "document.querySelectorAll('.chart canvas').length === 4")
    camera.take("started", text="Go to the queue")
    digits, sweep = _study(client), _sweep(client)
    camera.take("job", f"/jobs/{digits}", "Test acc.")
    camera.take("job-of-a-sweep", f"/jobs/{sweep}", "median and quartiles")
    camera.take("verdict", f"/jobs/{digits}/verdict", "Paired differences")
    camera.take("sweep", f"/jobs/{sweep}/sweep", "Best settings")
    camera.take("new", f"/new?from={digits}", "Ready to run")
    with _queued(client):
        page.goto(f"{camera.site}/")
        wait_for(page, "document.querySelector('.job-row .state[data-state=running]')")
        camera.take("queue", text="Digits: width 128")
        camera.take("jobs", "/jobs", "Digits: width 64")
    camera.take("team", "/team", "wall display")


def _digits(width: int, batch_size: int) -> dict[str, object]:
    model = {"name": "mlp", "hidden": [width]}
    return {"type": "dataset", "dataset": {"name": "digits"}, "model": model, "batch_size": batch_size}


def _study(client: ayla.Client) -> str:
    """Five optimizers on seven seeds."""
    exponents = ayla.transform(n1=1.5, n2=1.0)
    job = client.jobs.submit(
        problem=_digits(32, 32),
        optimizers=[
            ayla.adamw(0.001),
            ayla.adamw(0.001, ayla=exponents),
            ayla.lion(0.0001),
            ayla.sgd(0.1, momentum=0.9),
            ayla.sgd(0.1, momentum=0.9, ayla=exponents),
        ],
        budget={"epochs": 30},
        seeds=_SEEDS,
        name="Digits: five optimizers, seven seeds",
        project="paper",
        tags=["digits"],
    )
    return str(client.jobs.wait(job).id)


def _sweep(client: ayla.Client) -> str:
    """Exponents of AYLA beside a tuned Adam, with the curves of the best."""
    arms = [
        ayla.adam(ayla.log(0.001, 0.1, 24), label="Adam"),
        ayla.adam(0.01, ayla=ayla.transform(n1=_N1_AND_N2, n2=_N1_AND_N2), label="AYLA-Adam"),
    ]
    job = client.jobs.submit(
        problem=ayla.preset("poly-adam", start="random"),
        optimizers=arms,
        budget=200,
        seeds=range(9),
        record={"trajectories": "best"},
        name="N1 and N2 beside a tuned Adam",
        project="paper",
    )
    client.jobs.wait(job)
    for again in client.jobs.list(search="again"):
        client.jobs.wait(again)
    return str(job.id)


@contextmanager
def _queued(client: ayla.Client) -> Iterator[None]:
    """More jobs than run at once, while a picture is taken."""
    jobs = [
        client.jobs.submit(
            problem=_digits(width, 16),
            optimizers=[ayla.adamw(0.001), ayla.adamw(0.001, ayla=ayla.transform(n1=1.5, n2=1.0))],
            budget={"epochs": 400},
            seeds=range(5),
            name=f"Digits: width {width}",
            priority=priority,
            tags=["widths"],
        )
        for width, priority in ((64, "normal"), (128, "low"), (192, "normal"))
    ]
    yield
    for job in jobs:
        client.jobs.cancel(job)


def _save(picture: Image.Image, path: Path) -> None:
    """With few colours, chosen so that rare ones are kept: the marks and lines, which mean something."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = picture.convert("RGB")
    flat = whole.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    flat.save(path, optimize=True)


def _strip(folder: Path) -> None:
    """Four pictures as one, above the fold of the README."""
    height = round(_STRIP_WIDTH * 0.64)
    strip = Image.new("RGB", (2 * _STRIP_WIDTH + _GAP, 2 * height + _GAP), _EDGE)
    for place, (name, theme) in enumerate(STRIP):
        picture = Image.open(folder / f"{name}-{theme}.png").convert("RGB")
        whole = _STRIP_WIDTH, round(_STRIP_WIDTH * picture.height / picture.width)
        small = picture.resize(whole, Image.Resampling.LANCZOS)
        row, column = divmod(place, 2)
        strip.paste(small.crop((0, 0, _STRIP_WIDTH, height)), (column * (_STRIP_WIDTH + _GAP), row * (height + _GAP)))
    _save(strip, folder / "strip.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
