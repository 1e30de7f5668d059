"""The looks of the figures as a module of the dashboard: ``python -m tests.web.palette``, or ``make palette``."""

import json
import sys

from ayla_service.figures.data import FEW_NAMED, MOST_NAMED
from ayla_service.figures.looks import LOOKS, OTHERS, Look, look_of
from ayla_service.figures.style import DIVERGED

_HEAD = """\
// Written by `make palette` from the looks of the service's figures; a test holds it against them.

/** @typedef {{ colour: string, dash: number[], marker: string, hollow: boolean, marked: boolean }} Look */
"""


def module() -> str:
    """The text of ``clients/web/ayla_web/charts/palette.js``."""
    looks = ",\n".join(f"  {json.dumps(_look(look_of(place)))}" for place in range(LOOKS))
    return "\n".join(
        (
            _HEAD,
            "/** Look of an optimizer by its place in its job, again and again. @type {readonly Look[]} */",
            f"export const LOOKS = [\n{looks},\n];\n",
            "/** Colour of those that have no look of their own: where there are too many, all but the best few. */",
            f"export const OTHERS = {json.dumps(OTHERS)};\n",
            "/** Settings that all have a look; of more, the best few have. */",
            f"export const MOST_NAMED = {MOST_NAMED};\nexport const FEW_NAMED = {FEW_NAMED};\n",
            "/** Colour of what diverged, where it is no optimizer's own. */",
            f"export const DIVERGED = {json.dumps(DIVERGED)};\n",
        )
    )


def _look(look: Look) -> dict[str, object]:
    dash = [] if look.dashes == "-" else list(look.dashes[1])
    return {
        "colour": look.colour,
        "dash": dash,
        "marker": look.marker,
        "hollow": look.hollow,
        "marked": look.always_marked,
    }


if __name__ == "__main__":
    sys.stdout.write(module())
