"""Pictures in a terminal: whether it can show them, and how they are written to it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from enum import StrEnum

_CHUNK = 4096
"""Characters of one escape sequence of the kitty protocol, at most."""


class PictureProtocol(StrEnum):
    """How a picture is written to a terminal.

    ``kitty``: the graphics protocol of kitty, which Ghostty, Konsole and WezTerm know too.
    ``iterm2``: the inline images of iTerm2, which VS Code, mintty and Tabby know too.
    """

    KITTY = "kitty"
    ITERM2 = "iterm2"


_BY_PROGRAM = {
    "ghostty": PictureProtocol.KITTY,
    "iTerm.app": PictureProtocol.ITERM2,
    "WezTerm": PictureProtocol.ITERM2,
    "mintty": PictureProtocol.ITERM2,
}
"""By TERM_PROGRAM."""


def picture_protocol(environment: Mapping[str, str]) -> PictureProtocol | None:
    """How the terminal shows pictures; None where it is not known to.

    Within tmux and screen nothing is known: they pass on no pictures unless they are told to.
    """
    if environment.get("TMUX") or environment.get("TERM", "").startswith(("screen", "tmux")):
        return None
    if environment.get("KITTY_WINDOW_ID") or environment.get("TERM") in {"xterm-kitty", "xterm-ghostty"}:
        return PictureProtocol.KITTY
    if environment.get("KONSOLE_VERSION", "") >= "220400":
        return PictureProtocol.KITTY
    if environment.get("LC_TERMINAL") == "iTerm2":
        return PictureProtocol.ITERM2
    return _BY_PROGRAM.get(environment.get("TERM_PROGRAM", ""))


def picture_text(png: bytes, protocol: PictureProtocol, columns: int) -> str:
    """What is written to the terminal to have it show a picture; the line that is written next is below it.

    Args:
        png: the picture, as a PNG file.
        protocol: that of the terminal.
        columns: how wide the picture is there; its height follows.
    """
    return "".join(_kitty(png, columns) if protocol is PictureProtocol.KITTY else _iterm2(png, columns))


def _kitty(png: bytes, columns: int) -> Iterator[str]:
    """f=100: it is PNG; a=T: show it at once; c: columns; q=2: answer nothing; m=1: more follows."""
    encoded = base64.b64encode(png).decode()
    chunks = [encoded[start : start + _CHUNK] for start in range(0, len(encoded), _CHUNK)]
    for index, chunk in enumerate(chunks):
        keys = f"f=100,a=T,c={columns},q=2," if index == 0 else ""
        yield f"\x1b_G{keys}m={int(index < len(chunks) - 1)};{chunk}\x1b\\"


def _iterm2(png: bytes, columns: int) -> Iterator[str]:
    encoded = base64.b64encode(png).decode()
    yield f"\x1b]1337;File=inline=1;size={len(png)};width={columns};preserveAspectRatio=1:{encoded}\a"
