"""What is asked of the broker and of a store that may hang, and what is counted."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ayla_service.observability import metrics
from ayla_service.observability.broker_check import broker_fault
from ayla_service.observability.disk_gauges import DiskCollector
from ayla_service.observability.store_gauges import StoreCollector, StoreGauges
from ayla_service.observability.timeouts import CallTimedOut, CallWithTimeout
from ayla_service.states import AttemptOutcome

from tests.servers.process import free_port
from tests.servers.redis import RedisServer
from tests.waiting import PATIENCE_SECONDS

LATER = "; workers look by their timer"


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """A server that says one thing to everybody, or nothing; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.recv(1000)
                if answer is not None:
                    connection.sendall(answer)
                    return
                connection.recv(1000)  # until the other side gives up

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(PATIENCE_SECONDS)


def test_a_redis_that_answers_has_no_fault() -> None:
    with RedisServer.own() as server:
        assert broker_fault(server.url) is None
        wrong = f"redis://:hush@127.0.0.1:{server.port}/0"
        assert broker_fault(wrong) == f"refuses the password at 127.0.0.1:{server.port}{LATER}"
        none = f"redis://127.0.0.1:{server.port}/0"
        assert broker_fault(none) == f"asks for a password at 127.0.0.1:{server.port}{LATER}"


def test_a_redis_that_stands_still_is_told_within_a_moment() -> None:
    with RedisServer.own() as server:
        server.freeze()
        try:
            assert broker_fault(server.url) == f"does not answer at 127.0.0.1:{server.port}{LATER}"
        finally:
            server.thaw()
        assert broker_fault(server.url) is None


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"+PONG\r\n", None),
        (
            b"-LOADING Redis is loading the dataset in memory\r\n",
            "refuses at {}: LOADING Redis is loading the dataset in memory",
        ),
        (
            b"-DENIED Redis is running in protected mode because no password is set. In this mode ...\r\n",
            "refuses at {}: DENIED Redis is running in protected mode because no password is set",
        ),
        (b"-ERR " + b"x" * 900 + b"\r\n", "refuses at {}: ERR " + "x" * 196),
        (b"", "does not answer at {}"),
        (None, "does not answer at {}"),
    ],
)
def test_only_a_broker_that_says_so_is_fine(answer: bytes | None, fault: str | None) -> None:
    with answering(answer) as port:
        found = broker_fault(f"redis://127.0.0.1:{port}")
    assert found == (None if fault is None else f"{fault.format(f'127.0.0.1:{port}')}{LATER}")


@pytest.mark.parametrize("scheme", ["redis", "rediss", "amqp"])
def test_a_broker_that_is_not_there_is_told_without_its_password(scheme: str) -> None:
    port = free_port()
    found = broker_fault(f"{scheme}://me:hush@127.0.0.1:{port}/0")
    assert found == f"does not answer at 127.0.0.1:{port}{LATER}"


def test_behind_other_protocols_a_connection_is_enough() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert broker_fault(f"amqp://me:hush@127.0.0.1:{server.getsockname()[1]}//") is None


def test_of_several_brokers_one_is_enough() -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}"
    with answering(b"+PONG\r\n") as port:
        assert broker_fault(f"{nowhere};redis://127.0.0.1:{port}") is None


def test_an_address_that_makes_no_sense_is_told() -> None:
    assert broker_fault("redis://here:port/0") == f"its address makes no sense{LATER}"


def test_whoever_asks_gets_the_answer_or_the_error() -> None:
    assert CallWithTimeout(lambda: 7, 10.0)() == 7
    with pytest.raises(ZeroDivisionError):
        CallWithTimeout(lambda: 1 // 0, 10.0)()


def test_a_question_that_hangs_is_asked_once_until_it_ends() -> None:
    asked, go_on = [], threading.Event()

    def ask() -> int:
        asked.append(1)
        go_on.wait(PATIENCE_SECONDS)
        return len(asked)

    call = CallWithTimeout(ask, 0.01)
    for _ in range(3):
        with pytest.raises(CallTimedOut):
            call()
    assert len(asked) == 1
    go_on.set()
    assert CallWithTimeout(ask, 10.0)() == 2


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def test_every_event_has_its_number() -> None:
    names = {
        ("ayla_claims_total", ("device", "cuda")): 1,
        ("ayla_shards_claimed_total", None): 3,
        ("ayla_attempts_total", ("outcome", "succeeded")): 1,
        ("ayla_attempts_total", ("outcome", "lost")): 2,
        ("ayla_lease_expiries_total", None): 2,
        ("ayla_steps_total", None): 100,
        ("ayla_training_seconds_total", None): 0.5,
        ("ayla_checkpoint_bytes_count", None): 2,
        ("ayla_checkpoint_bytes_sum", None): 3000,
        ("ayla_checkpoint_seconds_count", None): 1,
        ("ayla_writes_refused_total", None): 1,
        ("ayla_store_write_seconds_count", None): 1,
        ("ayla_http_requests_total", ("method", "other")): 1,
    }

    def read() -> list[float]:
        rest = {"route": "/x", "status": "200"}
        return [
            value(name, **(dict([label]) if label else {}), **(rest if name.startswith("ayla_http") else {}))
            for name, label in names
        ]

    before = read()
    metrics.work_claimed("cuda", shards=3)
    metrics.attempt_ended(AttemptOutcome.SUCCEEDED)
    metrics.leases_expired(2)
    metrics.steps_stored(100, 0.5)
    metrics.checkpoint_packed(1000, 0.01)
    metrics.checkpoint_packed(2000)
    metrics.write_refused()
    metrics.request_answered("BREW", "/x", 200, 0.1)
    with metrics.store_write():
        pass
    with pytest.raises(ZeroDivisionError), metrics.store_write():
        raise ZeroDivisionError
    assert [after - old for after, old in zip(read(), before, strict=True)] == list(names.values())


def test_every_way_an_attempt_can_end_is_counted_from_the_start() -> None:
    shown = {
        sample.labels["outcome"]
        for family in metrics.REGISTRY.collect()
        for sample in family.samples
        if sample.name == "ayla_attempts_total"
    }
    assert shown == set(AttemptOutcome) - {AttemptOutcome.RUNNING}


def test_a_store_that_raises_anything_costs_only_its_gauges() -> None:
    def read() -> StoreGauges:
        raise ValueError("hush")

    [family] = StoreCollector(read).collect()
    assert [(sample.name, sample.value) for sample in family.samples] == [("ayla_store_up", 0.0)]


def test_the_disk_of_a_folder_is_that_of_the_nearest_one_that_exists(tmp_path: Path) -> None:
    free, size = DiskCollector({"data": tmp_path / "not" / "yet", "none": Path("x" * 300)}).collect()
    [here] = size.samples
    assert (here.name, here.labels) == ("ayla_disk_size_bytes", {"folder": "data"})
    assert here.value == shutil.disk_usage(tmp_path).total
    [left] = free.samples
    assert 0 < left.value <= here.value
