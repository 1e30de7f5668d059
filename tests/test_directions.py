"""What each package pulls in when it is imported, seen from a fresh interpreter."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("ayla_spec", {"torch", "scipy", "sqlalchemy", "fastapi", "ayla_service"}),
        ("ayla_data.csv_file", {"torch", "pydantic", "sqlalchemy", "fastapi", "ayla_spec", "ayla_service"}),
        ("ayla_torch", {"pydantic", "ayla_spec", "ayla_data", "ayla_core", "ayla_service", "ayla"}),
        ("ayla_core.engine", {"sqlalchemy", "fastapi", "ayla_service", "ayla_worker"}),
        ("ayla_service.app", {"torch", "ayla_core", "ayla_worker", "celery", "matplotlib"}),
        ("ayla_service.cli", {"torch", "ayla_core", "ayla_worker", "celery"}),
        ("ayla_worker.runner", {"fastapi", "ayla"}),
        ("ayla", {"torch", "numpy", "pandas", "matplotlib", "typer", "rich", "ayla_spec", "ayla_service"}),
    ],
)
def test_a_package_imports_only_what_its_place_allows(module: str, forbidden: set[str]) -> None:
    code = f"import sys, {module}; print('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in result.stdout.splitlines()}
    assert loaded & forbidden == set()
