"""The line between a main process and its children."""

import os
import subprocess
import sys
import threading
from multiprocessing.connection import Client

import pytest
from ayla_worker.line import VARIABLE, ChildEnd, NodeEnd, NodeState

from tests.waiting import PATIENCE_SECONDS, wait_until


@pytest.fixture(autouse=True)
def _own_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")


def test_a_child_knows_the_state_from_its_start_and_every_change() -> None:
    node = NodeEnd()
    told: list[NodeState] = []
    node.tell(devices=("auto", "cpu"))
    child = ChildEnd("here:1:abc", told.append, lambda: None)
    assert child.devices() == ("auto", "cpu")
    wait_until(lambda: node.names() == ["here:1:abc"], "its name")
    node.tell(listening=True)
    node.tell(stopping=True)
    wait_until(lambda: told and told[-1].stopping, "the last change")
    assert told[-1] == NodeState(listening=True, stopping=True, devices=("auto", "cpu"))


CHILD = """
from ayla_worker.line import ChildEnd
import threading
ended = threading.Event()
ChildEnd("child", lambda state: print(state.listening, flush=True), ended.set)
ended.wait()
"""

NODE = """
import subprocess, sys
from ayla_worker.line import NodeEnd
node = NodeEnd()
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
while node.names() != ["child"]:
    pass
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_each_end_hears_of_the_others_death() -> None:
    command = [sys.executable, "-c", NODE, CHILD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = {process.stdout.readline().strip(), process.stdout.readline().strip()}
        assert "False" in lines
        process.kill()
        # The child holds the pipe as well; it ends when the line does.
        assert process.stdout.read() == ""
    node, ended = NodeEnd(), threading.Event()
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.DEVNULL)
    wait_until(lambda: node.names() == ["child"], "its name")
    child.kill()
    child.wait()
    wait_until(lambda: node.names() == [], "its end")
    assert not ended.is_set()


def test_whoever_has_no_key_is_not_listened_to() -> None:
    node = NodeEnd()
    port = int(os.environ[VARIABLE].partition(":")[0])
    with pytest.raises((OSError, EOFError, Exception)):  # how it is refused is the library's
        Client(("127.0.0.1", port), authkey=b"wrong")
    child = ChildEnd("mine", lambda _: None, lambda: None)
    wait_until(lambda: node.names() == ["mine"], "a child with the key")
    assert child.state == NodeState()
    assert PATIENCE_SECONDS > 0
