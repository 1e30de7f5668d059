"""One message to one receiver: signed, to the address that was checked, within its time, and nothing followed."""

import base64
import hashlib
import hmac
import itertools
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
import trustme
from ayla_service.webhooks.networks import Address, PrivateHosts
from ayla_service.webhooks.sending import Reply, Sender
from ayla_service.webhooks.signing import new_secret, signature_headers
from ayla_service.webhooks.target_policy import TargetPolicy
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from tests.waiting import PATIENCE_SECONDS
from tests.webhooks.receiving import HERE, Answer, Receiver, nobody, raw_receiver

NAME = "hooks.example.test"
BODY = b'{"type":"webhook.test"}'

LOCAL = TargetPolicy(PrivateHosts.of(["127.0.0.0/8"]))


def send(
    url: str, *, seconds: float = 5.0, policy: TargetPolicy = LOCAL, context: ssl.SSLContext | None = None
) -> Reply:
    return Sender(policy, seconds, context).send(url, {"webhook-id": "1"}, BODY)


def named(*addresses: str) -> tuple[TargetPolicy, list[str]]:
    """A policy for which the name, which is listed, has these addresses one after the other; and who asked for it."""
    asked: list[str] = []

    def resolve(host: str, _: float) -> list[Address]:
        asked.append(host)
        return [ip_address(address) for address in addresses[min(len(asked), len(addresses)) - 1].split()]

    return TargetPolicy(PrivateHosts.of([NAME]), resolve), asked


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """What a sender checks certificates with: as by default, and this authority besides."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def presenting(authority: trustme.CA, *names: str, **options: datetime) -> ssl.SSLContext:
    """The side of a receiver with a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)  # type: ignore[arg-type]
    return context


def test_a_message_arrives_as_it_was_written() -> None:
    with Receiver(Answer(200)) as receiver:
        assert send(receiver.url) == Reply(200, None)
    (received,) = receiver.received
    assert (received.path, received.body) == ("/hook?from=ayla", BODY)
    assert received.headers["host"] == f"{HERE}:{receiver.port}"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"].startswith("ayla-service/")
    assert received.headers["webhook-id"] == "1"


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_success_is_received(status: int) -> None:
    with Receiver(Answer(status)) as receiver:
        assert send(receiver.url).is_received


@pytest.mark.parametrize("status", [400, 401, 404, 410, 418, 500, 503])
def test_anything_else_is_not(status: int) -> None:
    with Receiver(Answer(status)) as receiver:
        assert send(receiver.url) == Reply(status, f"The receiver answered {status}.")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with Receiver() as other, Receiver(Answer(status, {"Location": other.url})) as receiver:
        reply = send(receiver.url)
        assert (reply.status, reply.is_received) == (status, False)
        assert "redirects are not followed" in str(reply.error)
        assert other.received == []


@pytest.mark.parametrize(("value", "seconds"), [("120", 120.0), ("0", 0.0), ("1000000", None), ("soon", None)])
def test_a_receiver_may_ask_to_be_left_alone(value: str, seconds: float | None) -> None:
    with Receiver(Answer(503, {"Retry-After": value})) as receiver:
        assert send(receiver.url).retry_after == seconds


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy, Receiver() as receiver:
        for variable in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(variable, f"http://{HERE}:{proxy.port}")
        assert send(receiver.url).is_received
        assert proxy.received == []


def test_the_connection_goes_to_the_address_that_was_checked_whatever_the_name_has_become(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: a name that is harmless when it is checked, and leads inside when it is connected to."""
    policy, asked = named("127.0.0.1", "127.0.0.2")
    monkeypatch.setattr(socket, "getaddrinfo", None)  # nobody looks a name up a second time
    with Receiver() as checked, Receiver(host="127.0.0.2", port=checked.port) as inside:
        assert send(f"http://{NAME}:{checked.port}/hook", policy=policy).is_received
    assert (len(checked.received), len(inside.received)) == (1, 0)
    assert checked.received[0].headers["host"] == f"{NAME}:{checked.port}"
    assert asked == [NAME]


def test_a_name_is_checked_anew_for_every_message() -> None:
    policy, asked = named(HERE, "169.254.169.254")
    with Receiver() as receiver:
        url = f"http://{NAME}:{receiver.port}/hook"
        assert send(url, policy=policy).is_received
        refused = send(url, policy=policy)
    assert refused.status is None
    assert "private" in str(refused.error)
    assert asked == [NAME, NAME]
    assert len(receiver.received) == 1


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    with Receiver() as receiver:
        policy, _ = named("127.0.0.3 127.0.0.1")
        assert send(f"http://{NAME}:{receiver.port}/hook", policy=policy).is_received
        policy, _ = named("127.0.0.3 127.0.0.2 127.0.0.4 127.0.0.5 127.0.0.1")
        assert not send(f"http://{NAME}:{receiver.port}/hook", policy=policy).is_received, "not for ever"


def test_certificates_are_checked_for_the_name_and_not_for_the_address(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    policy, _ = named(HERE)
    tls = presenting(authority, NAME)
    asked_for: list[str | None] = []
    tls.sni_callback = lambda _connection, name, _context: asked_for.append(name)
    with Receiver(tls=tls) as receiver:
        assert send(f"https://{NAME}:{receiver.port}/hook", policy=policy, context=trusting) == Reply(204, None)
    assert asked_for == [NAME]
    assert receiver.received[0].body == BODY


def test_a_certificate_for_the_address_itself_is_fine(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    with Receiver(tls=presenting(authority, HERE)) as receiver:
        assert send(receiver.url, context=trusting).is_received


@pytest.fixture(params=["another name", "expired", "unknown authority"])
def untrusted(request: pytest.FixtureRequest, authority: trustme.CA) -> ssl.SSLContext:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    untrusted: dict[str, Callable[[], ssl.SSLContext]] = {
        "another name": lambda: presenting(authority, "other.example.test"),
        "expired": lambda: presenting(authority, NAME, not_before=past, not_after=past.replace(year=2021)),
        "unknown authority": lambda: presenting(trustme.CA(), NAME),
    }
    return untrusted[request.param]()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nothing_is_sent_to_who_cannot_show_a_valid_certificate(
    untrusted: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    policy, _ = named(HERE)
    with Receiver(tls=untrusted) as receiver:
        reply = send(f"https://{NAME}:{receiver.port}/hook", policy=policy, context=trusting)
    assert str(reply.error).startswith("The receiver's certificate is not valid: ")
    assert receiver.received == []


def test_the_systems_authorities_are_asked_by_default(authority: trustme.CA) -> None:
    policy, _ = named(HERE)
    with Receiver(tls=presenting(authority, NAME)) as receiver:
        assert "certificate is not valid" in str(send(f"https://{NAME}:{receiver.port}/hook", policy=policy).error)


def test_who_does_not_speak_tls_is_told_of() -> None:
    with raw_receiver(lambda connection: connection.sendall(b"220 mail.example.test ESMTP\r\n")) as url:
        assert send(url.replace("http:", "https:")).error == "No encrypted connection could be made to the receiver."


def test_who_refuses_the_connection_is_told_of() -> None:
    assert send(nobody()) == Reply(None, "The receiver refused the connection.")


def drip(connection: socket.socket) -> None:
    """Answer a byte at a time, so that no single wait is a long one."""
    connection.recv(65536)
    for byte in itertools.chain(b"HTTP/1.1 200 OK\r\nX-Padding: ", itertools.repeat(b"x"[0])):
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


def stay_silent(connection: socket.socket) -> None:
    """Read for as long as the sender keeps the connection."""
    while connection.recv(65536):
        pass


@pytest.mark.parametrize("behaviour", [stay_silent, drip], ids=["silent", "slow"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_who_takes_too_long_is_cut_off(behaviour: Callable[[socket.socket], None], scheme: str) -> None:
    with raw_receiver(behaviour) as url:
        reply = send(url.replace("http", scheme), seconds=0.2)
    assert reply.status is None
    assert reply.error is not None


def talk(answer: bytes) -> Callable[[socket.socket], None]:
    """Read the request and answer these bytes."""

    def behaviour(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return behaviour


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff\x00",
        b"HTTP/1.1 2",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nX-Padding: " + b"x" * 1000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000 + b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_an_answer_that_is_none_is_told_of(answer: bytes) -> None:
    with raw_receiver(talk(answer)) as url:
        reply = send(url)
    assert reply.status is None
    assert reply.error in (
        "The receiver's answer was not HTTP, or broke off.",
        "The connection broke off before there was an answer.",
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbroken",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nbad",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nLocation: http://127.0.0.1/\r\n\r\n",
    ],
)
def test_the_status_alone_decides(answer: bytes) -> None:
    with raw_receiver(talk(answer)) as url:
        assert send(url) == Reply(200, None)


def test_a_body_without_end_is_not_read() -> None:
    sent = 0

    def endless(connection: socket.socket) -> None:
        nonlocal sent
        connection.recv(65536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        connection.sendall(b"HTTP/1.1 500 No\r\n\r\n")
        while sent < 100_000_000:
            sent += connection.send(b"x" * 4096)

    with raw_receiver(endless) as url:
        assert send(url) == Reply(500, "The receiver answered 500.")
    assert sent < 10_000_000


def test_a_body_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ayla_service.webhooks.sending._BODY_SECONDS", 0.05)

    def silent(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        connection.recv(1)  # until the sender closes the connection

    with raw_receiver(silent) as url:
        assert send(url, seconds=PATIENCE_SECONDS) == Reply(200, None)


@pytest.fixture
def keys() -> list[str]:
    return [new_secret(), new_secret()]


def test_every_secret_signs_so_that_the_standards_library_verifies_it(keys: list[str]) -> None:
    headers = signature_headers("9f1c", datetime.now(UTC), BODY, keys)
    for key in keys:
        assert Verifier(key).verify(BODY, headers) == {"type": "webhook.test"}
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret()).verify(BODY, headers)


def test_a_signature_is_the_one_that_the_standard_describes() -> None:
    """Computed here from the words of the specification, with the values of its own examples."""
    secret, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", datetime.fromtimestamp(1_614_265_330, UTC)
    headers = signature_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', [secret])
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_are_long_random_and_written_as_the_standard_has_it(keys: list[str]) -> None:
    assert len(set(keys)) == 2
    for key in keys:
        assert key.startswith("whsec_")
        assert len(base64.b64decode(key.removeprefix("whsec_"), validate=True)) == 32
