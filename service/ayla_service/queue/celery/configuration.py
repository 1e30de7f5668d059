"""Settings of Celery, each with its reason; docs/queue.md has the same at length."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from kombu import Queue

TASK = "ayla.work"
"""The one task: claim what is best in the store, and run it."""

QUEUES: Mapping[str, str] = MappingProxyType({device: f"ayla.{device}" for device in ("auto", "cpu", "cuda")})
"""Queue by device kind; a worker listens to those it can serve."""

EXPIRY_SECONDS = 60
"""How long a wake-up is worth anything; the work it was sent for is found by a timer long before."""

BROKER_SECONDS = 2.0
"""Longest wait for an answer of the broker."""

_TRANSIENT = 1


def configuration(broker_url: str) -> dict[str, Any]:
    """Celery's settings for this broker."""
    return {**_MESSAGES, **_WORKER, **_CONNECTION, "broker_url": broker_url, **_transport(broker_url)}


def publisher_options(broker_url: str) -> dict[str, Any]:
    """Options for connections that only send: they may give up where a listening one has to be patient."""
    if _is_redis(broker_url):
        return {}
    # Without them a publisher would wait without end for a RabbitMQ that stands still.
    return {"read_timeout": BROKER_SECONDS, "write_timeout": BROKER_SECONDS}


_MESSAGES: dict[str, Any] = {
    # Acknowledged when the task begins. Late, a broker sends a long task a second time while the first still runs.
    "task_acks_late": False,
    # A message that died with its worker is not sent again: the lease tells what was lost, and a poisonous shard would
    # take down one worker after another.
    "task_reject_on_worker_lost": False,
    # Results and errors are in the store.
    "task_ignore_result": True,
    "result_backend": "disabled://",
    # Only what is declared here: a misspelt name would make a queue that nobody listens to.
    "task_create_missing_queues": False,
    "task_queues": tuple(Queue(name, routing_key=name) for name in QUEUES.values()),
    # Messages go past exchanges, straight to the queue of their name; Celery declares one all the same.
    "task_default_exchange": "ayla",
    "task_default_queue": QUEUES["auto"],
    # A wake-up need not outlive the broker: not written to a disk.
    "task_default_delivery_mode": _TRANSIENT,
    # JSON only. Pickle would run whatever someone puts into the queue.
    "accept_content": ["json"],
    "task_serializer": "json",
    # One try. The publisher has its own rule for a broker that is away.
    "task_publish_retry": False,
    # Workers send events when somebody asks for them (--task-events, celery control enable_events, Flower). That a
    # message was sent says nothing: it may be lost, or find no work.
    "task_send_sent_event": False,
    "worker_send_task_events": False,
}

_WORKER: dict[str, Any] = {
    # Processes started anew: one that has computed with torch must not be forked, and CUDA cannot be used after a fork.
    "worker_pool": "prefork",
    "worker_pool_start_method": "spawn",
    # One for each GPU or group of cores; the main process computes nothing.
    "worker_concurrency": 1,
    # How long a child may take to start, without its preparation: with the default, 4 s, a busy machine kills it.
    "worker_proc_alive_timeout": 60.0,
    # No message in reserve while one is worked on: it would wait here while another worker idles.
    "worker_prefetch_multiplier": 1,
    # The loss of a connection says nothing about the computation, whose lease lives in the store.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    # Would prefetch less after a lost connection and more again later; with one message there is nothing to reduce.
    "worker_enable_prefetch_count_reduction": False,
    # celery inspect and celery control; whoever reaches the broker may use them.
    "worker_enable_remote_control": True,
    # celery control pool_restart: children end after their task, and others take their places.
    "worker_pool_restarts": True,
    # There is one task and no limit to its rate.
    "worker_disable_rate_limits": True,
    # The log is ours.
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
}

_CONNECTION: dict[str, Any] = {
    # A worker without its broker works by its timer and never gives up to get it back; 100 tries would end it.
    "broker_connection_retry": True,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # A channel error (say, a Redis that still loads its data) is as passing as a lost connection.
    "broker_channel_error_retry": True,
    # An address that answers nothing costs no more than this.
    "broker_connection_timeout": BROKER_SECONDS,
    # For events and control commands, which need two at a time; the publisher keeps a connection of its own.
    "broker_pool_limit": 4,
}


def _transport(broker_url: str) -> dict[str, Any]:
    """Settings that only one kind of broker understands."""
    return _REDIS if _is_redis(broker_url) else _RABBITMQ


def _is_redis(broker_url: str) -> bool:
    return broker_url.startswith("redis")


_REDIS: dict[str, Any] = {
    # Takes the next message only when the slot is free; other brokers do not know it.
    "worker_disable_prefetch": True,
    "broker_transport_options": {
        # After this a message that nobody acknowledged is sent again. Ours are acknowledged at once.
        "visibility_timeout": 300,
        # A Redis that stands still is given up after this.
        "socket_timeout": BROKER_SECONDS,
        "socket_connect_timeout": BROKER_SECONDS,
        # Lets the system notice a peer that is gone without a word.
        "socket_keepalive": True,
        # How often a listening connection is checked; with the default, 25 s, a frozen Redis goes unnoticed for 50 s.
        "health_check_interval": 5,
        # One list for each queue, as the order of work is the store's; the default makes four.
        "priority_steps": [0],
    },
}

_RABBITMQ: dict[str, Any] = {
    # How often both sides say that they live; a peer that is gone is noticed after two.
    "broker_heartbeat": 10,
    # Asks RabbitMQ for the queues' type at each start, for delays that we do not use.
    "worker_detect_quorum_queues": False,
    "broker_transport_options": {},
}
