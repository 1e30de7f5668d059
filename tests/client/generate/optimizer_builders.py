"""The builders of optimizers, from the schemas of openapi.json: a function for each, with its settings."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

_HEAD = '''"""The optimizers, and AYLA on top of any of them. Generated from openapi.json by `make client`.

All take the settings of ``CommonSettings`` beside their own. In place of any number an axis can stand:
``adam(log(1e-4, 0.1, 4))``. As in torch the learning rate may be called ``lr``, and two decay rates be ``betas``.

``ayla`` and ``ayla.builders`` offer what ``__all__`` names here.
"""

from typing import Unpack

from ayla._json import JSONObject
from ayla.builders.axes import Number
from ayla.builders.habits import Betas, two_betas
from ayla.builders.settings import CommonSettings, optimizer, transform

__all__ = [{names}]
'''
_BETAS = ("beta1", "beta2")


def text(contract: Path) -> str:
    """The module."""
    schemas: dict[str, Schema] = json.loads(contract.read_text())["components"]["schemas"]
    listed = schemas["JobSpec"]["properties"]["optimizers"]["anyOf"][0]["items"]["discriminator"]["mapping"]
    found = {name: schemas[reference.rpartition("/")[2]] for name, reference in listed.items()}
    names = ", ".join(f'"{name}"' for name in sorted([*found, "transform"]))
    common = set.intersection(*({*schema["properties"]} for schema in found.values()))
    functions = ["\n".join(_function(name, schema, common)) for name, schema in found.items()]
    return "\n\n".join([_HEAD.format(names=names), *functions]) + "\n"


def _function(name: str, schema: Schema, common: set[str]) -> Iterator[str]:
    own = {setting: part for setting, part in schema["properties"].items() if setting not in common}
    has_betas = {*_BETAS} <= own.keys()
    yield f"def {name}("
    yield "    learning_rate: Number | None = None,\n    *,\n    lr: Number | None = None,"
    for setting, part in own.items():
        yield f"    {setting}: {_type(part)} | None = None,"
    yield from ["    betas: Betas | None = None,"] if has_betas else []
    yield "    **common: Unpack[CommonSettings],\n) -> JSONObject:"
    yield from _docstring(schema, own, has_betas=has_betas)
    single = ", ".join(f'"{one}": {one}' for one in own if not has_betas or one not in _BETAS)
    pair = f'**two_betas("{name}", beta1, beta2, betas)' if has_betas else ""
    yield f'    return optimizer("{name}", learning_rate, lr, {{{", ".join(filter(None, [pair, single]))}}}, common)\n'


def _type(part: Schema) -> str:
    return "bool" if part.get("type") == "boolean" else "Number"


def _docstring(schema: Schema, own: Mapping[str, Schema], *, has_betas: bool) -> Iterator[str]:
    summary = schema["description"].split("; with AYLA")[0].rstrip(".") + "."
    yield textwrap.fill(f'"""{summary}', 116, initial_indent="    ", subsequent_indent="    ")
    yield "\n    Args:"
    yield "        learning_rate: step size, above 0; for each update."
    yield "        lr: the same, as torch calls it."
    for setting, part in own.items():
        said = part["description"].rstrip(".")
        words = f"{setting}: {said[:1].lower()}{said[1:]}; service default {_number(part['default'])}."
        yield textwrap.fill(words, 116, initial_indent=" " * 8, subsequent_indent=" " * 12)
    yield from ["        betas: beta1 and beta2 as a pair, as torch has them."] if has_betas else []
    yield "        common: see ``CommonSettings``.\n"
    yield "    Raises:\n        TypeError: there is no learning rate, or a setting that this optimizer does not have."
    yield '    """'


def _number(value: object) -> str:
    """A default as people write it: 1e-8, 0.9, False."""
    return re.sub(r"e-0", "e-", f"{value:g}") if isinstance(value, float) else str(value)
