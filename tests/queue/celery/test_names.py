"""What is used of Celery and kombu is what they document, and nothing of them is replaced."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]

DOCUMENTED = {
    "celery": {"Celery", "Task", "bootsteps"},
    "celery.exceptions": {"SoftTimeLimitExceeded"},
    "celery.signals": {
        "celeryd_after_setup",
        "celeryd_init",
        "setup_logging",
        "worker_process_init",
        "worker_process_shutdown",
        "worker_shutdown",
    },
    "celery.worker.control": {"inspect_command"},
    "kombu": {"Connection", "Queue"},
}
"""Names of the API reference and the user guide of Celery 5.7 and kombu 5.7: applications and tasks, "Signals",
"Extensions and Bootsteps", and "Writing your own remote control commands" of the guide on workers."""


def sources() -> Iterator[Path]:
    for folder in ("service", "worker", "migrations", "clients"):
        yield from (ROOT / folder).rglob("*.py")


def imported() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_theirs(node.module):
                found.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if _is_theirs(alias.name):
                        found.setdefault(alias.name, set()).add("*")
    return found


def _is_theirs(module: str | None) -> bool:
    return str(module).partition(".")[0] in {"celery", "kombu", "billiard", "vine", "amqp"}


def test_only_documented_names_are_imported() -> None:
    assert imported() == DOCUMENTED
