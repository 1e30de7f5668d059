"""nginx with TLS before the API, by deploy/nginx.conf."""

import http.client
import json
import ssl
import subprocess
import time
from pathlib import Path

from tests.containers.engine import docker
from tests.containers.installation import PROJECT, Answer, Installation, eventually, free_port
from tests.containers.jobs import SHORT, computing, long_job, state, submit, succeeded
from tests.containers.pages import ROOT, behind_a_proxy

NGINX = "nginx:1.28"

_NAME = "ayla.example"
_CSV = {"Content-Type": "text/csv"}
_CONTAINER = f"{PROJECT}-nginx"
_UPLOAD_BYTES = 3_000_000  # more than nginx takes by itself


class Skipped(Exception):
    """A check that cannot be made here; the message says why."""


def proxy(installation: Installation) -> str:
    """Through nginx a page of the service's own origin may submit, events arrive at once, and large files pass.

    Raises:
        Skipped: if there is no image of nginx.
    """
    if subprocess.run(["docker", "image", "inspect", NGINX], capture_output=True, check=False).returncode:
        pulled = subprocess.run(["docker", "pull", NGINX], capture_output=True, text=True, check=False)
        if pulled.returncode:
            raise Skipped(f"no image {NGINX}: {pulled.stderr.strip()[:200]}")
    installation.configure(behind_a_proxy())
    installation.must("docker compose up --detach")
    eventually(installation.is_ready, "/readyz is ready")
    port = free_port()
    _start(installation, port)
    try:
        return _checks(installation, port)
    finally:
        docker("rm", "--force", _CONTAINER)


def _start(installation: Installation, port: int) -> None:
    folder = installation.folder / "nginx"
    folder.mkdir()
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace(":8642;", f":{installation.port};")
    (folder / "ayla.conf").write_text(text)
    _certificate(folder)
    docker(
        *("run", "--detach", "--name", _CONTAINER, "--network=host"),
        *("--volume", f"{folder}:/etc/nginx/conf.d:ro", "--volume", f"{folder}:/etc/ssl/{_NAME}:ro", NGINX),
    )
    eventually(lambda: _answers(port), "nginx answers")


def _certificate(folder: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={_NAME}"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, capture_output=True, check=True)


def _checks(installation: Installation, port: int) -> str:
    page = {"Origin": f"https://{_NAME}:{port}", "Sec-Fetch-Site": "same-origin"}
    status, answer = _ask(installation, port, "POST", "/v1/jobs", json.dumps(SHORT).encode(), page)
    assert status == 202, answer
    foreign = {"Origin": "https://elsewhere.example"}
    assert _ask(installation, port, "POST", "/v1/jobs", json.dumps(SHORT).encode(), foreign)[0] == 403
    assert _ask(installation, port, "GET", "/metrics")[0] == 404
    rows = b"a,b\n" + b"0.125,0.25\n" * (_UPLOAD_BYTES // 11)
    status, answer = _ask(installation, port, "POST", "/v1/datasets?name=large&format=csv", rows, _CSV)
    assert status == 201, answer
    return f"own origin accepted, another refused, {len(rows) / 1e6:.0f} MB uploaded, {_events(installation, port)}"


def _events(installation: Installation, port: int) -> str:
    """Events of a job arrive while it is being computed."""
    job = submit(installation, long_job(installation))
    computing(installation, job)
    begun = time.monotonic()
    connection = _connection(port)
    connection.request("GET", f"/v1/jobs/{job}/events", headers=_headers(installation, port))
    first = connection.getresponse().readline()
    took = time.monotonic() - begun
    assert first.strip(), "the stream is empty"
    assert state(installation, job) == "running", f"the first event came after {took:.1f} s, when the job had ended"
    connection.close()
    succeeded(installation, job)
    return f"first event after {took:.2f} s"


def _ask(
    installation: Installation,
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    more: dict[str, str] | None = None,
) -> Answer:
    connection = _connection(port)
    connection.request(method, path, body, {**_headers(installation, port), **(more or {})})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content[:1000]


def _headers(installation: Installation, port: int) -> dict[str, str]:
    kinds = {"Host": f"{_NAME}:{port}", "Content-Type": "application/json"}
    return {**kinds, "Authorization": f"Bearer {installation.key}"}


def _connection(port: int) -> http.client.HTTPSConnection:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # a certificate of a moment ago, on this machine
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)


def _answers(port: int) -> bool:
    try:
        connection = _connection(port)
        connection.request("GET", "/healthz", headers={"Host": _NAME})
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
