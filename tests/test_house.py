"""The house rules that a linter does not know: names are used once, files stay short."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIDES = {"service": ("service", "worker", "migrations", "clients/torch"), "client": ("clients/python",)}
MOST_LINES = 350


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def test_no_two_classes_of_a_side_have_the_same_name() -> None:
    """The client has models of the service's answers under their own names; within a side a name is one thing."""
    for side, folders in SIDES.items():
        places = defaultdict(list)
        for path in modules(*folders):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(str(path.relative_to(ROOT)))
        assert {name: found for name, found in places.items() if len(found) > 1} == {}, side


def test_files_stay_short() -> None:
    lengths = {path: len(path.read_text().splitlines()) for folders in SIDES.values() for path in modules(*folders)}
    del lengths[ROOT / "migrations/ayla_migrations/versions/0004_teams.py"]  # of the past
    assert {str(path): lines for path, lines in lengths.items() if lines > MOST_LINES} == {}
