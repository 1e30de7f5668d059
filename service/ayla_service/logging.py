"""Logging of every process: structlog events to standard error."""

import logging
import os
import sys
from types import TracebackType

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from ayla_service.settings import Settings

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logging(settings: Settings) -> None:
    """Send structlog events and the standard library's warnings to standard error, as the settings say."""
    _configure(settings.log_level, for_people=_is_read_by_people(settings))


def report_failed_start(program: str, reason: str) -> None:
    """Say on standard error why a process cannot start.

    Args:
        program: as it is called.
        reason: a sentence that says what to do.
    """
    # The settings themselves may be what is wrong.
    if os.environ.get("AYLA_LOG_FORMAT") == "json":
        _configure("info", for_people=False)
        structlog.get_logger("ayla_service").error("cannot start", program=program, reason=reason)
    else:
        sys.stderr.write(f"{program}: {reason}\n")


def _configure(log_level: str, *, for_people: bool) -> None:
    level = logging.getLevelNamesMapping()[log_level.upper()]
    renderers = _for_people() if for_people else _for_machines()
    structlog.configure(
        processors=[*_SHARED, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_of_others(renderers))
    for earlier in [each for each in logging.root.handlers if isinstance(each.formatter, ProcessorFormatter)]:
        logging.root.removeHandler(earlier)
    logging.root.addHandler(handler)
    logging.root.setLevel(max(level, logging.WARNING))
    logging.captureWarnings(not for_people)
    sys.excepthook = sys.__excepthook__ if for_people else _log_the_end


def _of_others(renderers: list[Processor]) -> ProcessorFormatter:
    """The same lines for what libraries log by the standard library."""
    own = [structlog.stdlib.add_logger_name, *_SHARED]
    return ProcessorFormatter(foreign_pre_chain=own, processors=[ProcessorFormatter.remove_processors_meta, *renderers])


def _log_the_end(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """In place of the interpreter's own text about an error that ends the process."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    structlog.get_logger("ayla_service").critical("process ends by an error", exc_info=(kind, error, traceback))


def _is_read_by_people(settings: Settings) -> bool:
    return sys.stderr.isatty() if settings.log_format == "auto" else settings.log_format == "console"


# Both show where an error came from, but not the local variables there, as the defaults of structlog would: they hold
# what users sent and the URL of the store with its password.


def _for_people() -> list[Processor]:
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


def _for_machines() -> list[Processor]:
    tracebacks = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    return [tracebacks, structlog.processors.JSONRenderer()]
