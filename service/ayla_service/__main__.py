"""``python -m ayla_service`` is the ``ayla-service`` command."""

from ayla_service.cli import main

main()
