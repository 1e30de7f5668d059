"""While a cell waits for a job, one bar in its output shows how far it is."""

import asyncio
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import ayla
import pytest
from ayla._watched import watched

from tests.client.fake_service import FakeService

NOBODY: Callable[[ayla.Job], None] | None = None


class Notebook:
    """Stands in for IPython with a kernel, and remembers what was shown."""

    def __init__(self, patch: pytest.MonkeyPatch, *, kernel: bool = True) -> None:
        self.calls: list[tuple[dict[str, str], dict[str, Any]]] = []
        module, displays = ModuleType("IPython"), ModuleType("IPython.display")
        shell = SimpleNamespace(kernel=object()) if kernel else SimpleNamespace()
        module.get_ipython = lambda: shell  # type: ignore[attr-defined]
        displays.display = lambda bundle, **how: self.calls.append((bundle, how))  # type: ignore[attr-defined]
        patch.setitem(sys.modules, "IPython", module)
        patch.setitem(sys.modules, "IPython.display", displays)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    return Notebook(monkeypatch)


def test_one_bar_moves_until_the_job_has_ended(notebook: Notebook) -> None:
    client = FakeService().client()
    seen: list[str] = []
    job = client.jobs.submit(problem=ayla.preset("poly-sgd"), name="<saddle>")
    client.jobs.wait(job, on_progress=lambda job: seen.append(job.state))
    bundles = [bundle for bundle, _ in notebook.calls]
    assert seen == ["queued", "running", "succeeded"]
    assert ['aria-valuenow="0"' in bundles[0]["text/html"], "50%" in bundles[1]["text/html"]] == [True, True]
    assert "&lt;saddle&gt;" in bundles[-1]["text/html"]
    assert "succeeded" in bundles[-1]["text/plain"]
    assert [how["update"] for _, how in notebook.calls] == [False, True, True]
    assert len({how["display_id"] for _, how in notebook.calls}) == 1
    assert all(how["raw"] for _, how in notebook.calls)


def test_a_wait_that_is_awaited_has_its_bar_too(notebook: Notebook) -> None:
    async def wait() -> None:
        async with ayla.AsyncClient("http://service.test", transport=FakeService().transport) as client:
            await (await client.jobs.submit(problem=ayla.preset("poly-sgd"))).wait(poll=0.001)

    asyncio.run(wait())
    assert "succeeded" in notebook.calls[-1][0]["text/plain"]


def test_the_same_is_not_shown_twice(notebook: Notebook) -> None:
    service = FakeService()
    client = service.client()
    job = client.jobs.submit(problem=ayla.preset("poly-sgd"))
    with watched(NOBODY, shown=None) as tell:
        assert tell is not None
        tell(job)
        tell(job)
    assert len(notebook.calls) == 1


def test_a_job_that_failed_says_why(notebook: Notebook) -> None:
    client = FakeService(outcomes={"broken": "failed"}).client()
    with pytest.raises(ayla.JobFailed):
        client.jobs.wait(client.jobs.submit(problem=ayla.preset("poly-sgd"), name="broken"))
    assert "The worker ran out of memory." in notebook.calls[-1][0]["text/html"]


@pytest.mark.parametrize("leaving", [KeyboardInterrupt, "timeout"])
def test_who_stops_waiting_is_told_that_the_job_goes_on(notebook: Notebook, leaving: object) -> None:
    client = FakeService().client()
    job = client.jobs.submit(problem=ayla.preset("poly-sgd"))
    error = ayla.WaitTimeout(job, 1.0) if leaving == "timeout" else KeyboardInterrupt()
    with pytest.raises(type(error)):
        _watch(job, error)
    assert "the job goes on" in notebook.calls[-1][0]["text/html"]


def _watch(job: ayla.Job, error: BaseException) -> None:
    with watched(NOBODY, shown=None) as tell:
        assert tell is not None
        tell(job)
        raise error


def test_there_is_no_bar_outside_a_notebook_or_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(NOBODY, shown=None) as tell:
        assert tell is None
    terminal = Notebook(monkeypatch, kernel=False)
    client = FakeService().client()
    client.jobs.wait(client.jobs.submit(problem=ayla.preset("poly-sgd")))
    notebook = Notebook(monkeypatch)
    with watched(NOBODY, shown=False) as tell:
        assert tell is None
    client.jobs.wait(client.jobs.submit(problem=ayla.preset("poly-sgd")), show_progress=False)
    assert terminal.calls == notebook.calls == []
