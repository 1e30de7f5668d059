"""``python -m tests.containers.pin_images`` or ``make pin-images``: name the base images by their digests, to the byte.

Asks the registry for the digest that each tag has now, and writes it behind the tag in docker-compose.yml and the
Dockerfiles. Run again, it writes the newer ones. Needs Docker with buildx, and its registry.
"""

import json
import re
import subprocess
import sys

from tests.containers.pages import ROOT

FILES = (ROOT / "docker-compose.yml", *sorted(ROOT.glob("*/Dockerfile")))

_NAMED = re.compile(r"^(\s*image: |FROM )([a-z0-9][\w./:-]*:[\w.-]+)(@sha256:[0-9a-f]{64})?(?=\s|$)", re.MULTILINE)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def main() -> int:
    """Write the digests; returns 1, with nothing written, if the registry does not tell one."""
    try:
        texts = {path: pinned(path.read_text()) for path in FILES}
    except LookupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path, text in texts.items():
        path.write_text(text)
    return 0


def pinned(text: str) -> str:
    """A file with the digest of now behind every image that has a tag; those of ours have none.

    Raises:
        LookupError: if the registry does not tell a digest.
    """
    return _NAMED.sub(lambda found: f"{found[1]}{found[2]}@{_digest(found[2])}", text)


def _digest(image: str) -> str:
    # As JSON: buildx gives no part of it by itself.
    command = ["docker", "buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", image]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _of(asked.stdout)
    if asked.returncode != 0 or not _DIGEST.fullmatch(found):
        raise LookupError(f"{image}: {asked.stderr.strip() or asked.stdout.strip()}")
    return found


def _of(manifest: str) -> str:
    """The digest of a manifest or of an index of several."""
    try:
        return str(json.loads(manifest)["digest"])
    except (ValueError, KeyError, TypeError):
        return ""


if __name__ == "__main__":
    sys.exit(main())
