"""Logs as JSON lines, ours and those of Faust, mode, aiokafka and aiohttp alike.

What we log are addresses, counts, stages and codes; no value of a record. Libraries are less careful: they
may quote a record at debug level, and at `info` they log each connection and each of their parts that starts.
So they are held at `warning` however low our own level is, and exceptions are logged by type and place, since
a message may quote what it failed on.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterable, MutableMapping
from typing import IO, Any, Final

import structlog
from structlog.typing import Processor

from streams.telemetry.repeats import Repeats

OURS: Final = "samehand"
"""Our own loggers are below this name. Faust's services log under the names of the modules that subclass
them, so a module of ours does not mean a line of ours.
"""

_EMPTY: Final = (
    ("kafka.admin._groups", "Unable to decode member_"),
    ("kafka.net.selector", "blocking the event loop"),
)
"""Warnings that warn of nothing, by logger and words. kafka-python cannot read what Faust's members tell each
other, and quotes all of it, a kilobyte a member, whenever a group with members is asked about. And it warns
of each step of its own loop that took a tenth of a second, as on any busy machine.
"""

_ATTEMPTS: Final = (
    ("kafka.net.manager", "Connection failed"),
    ("kafka.net.manager", "Bootstrap"),
    ("kafka.net.connection", "Connection lost"),
    ("kafka.net.connection", "Request timed out"),
    ("kafka.net.transport", "socket disconnected"),
    ("kafka.net.transport", "Abort"),
    ("kafka.net.transport", "network data"),
    ("kafka.cluster", "Metadata refresh"),
    ("kafka.cluster", "No node available"),
    ("kafka.consumer.fetcher", "Fetch to node"),
    ("kafka.producer.sender", "Error sending produce request"),
)
"""Lines of kafka-python on each attempt to reach a broker that is away, several a second. The caller gets an
exception (`streams.kafka.client.translated`), and logs it once.
"""

_REFUSALS: Final = ("Handshake failed", "Authentication", "Authorization")
"""Of these its exception does not tell, and no broker comes back from them by itself."""

_FRAMES_MAX: Final = 12  # the place of a fault, not a whole event loop's stack


def configure(level: str = "info", stream: IO[str] | None = None) -> None:
    """Send every log to `stream`, by default standard error, as one JSON object a line.

    `level` is that of our own lines; those of libraries are logged from the higher of it and `warning` on.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        tell_fault,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    handler.addFilter(_says_something)
    handler.addFilter(Repeats().says)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    ours = logging.getLogger(OURS)
    ours.setLevel(level.upper())
    root.setLevel(max(logging.WARNING, ours.level))
    # Every logger but ours: some bring a level or a handler, or were switched off by others.
    for name in list(logging.Logger.manager.loggerDict):
        if name == OURS or name.startswith(f"{OURS}."):
            continue
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.NOTSET)
        library.disabled = False


def _says_something(record: logging.LogRecord) -> bool:
    if _is_one_of(_EMPTY, record):
        return False
    if not _is_one_of(_ATTEMPTS, record):
        return True
    return "Connection failed" in str(record.msg) and any(
        refusal in record.getMessage() for refusal in _REFUSALS
    )


def _is_one_of(known: Iterable[tuple[str, str]], record: logging.LogRecord) -> bool:
    return any(record.name == name and words in str(record.msg) for name, words in known)


def tell_fault(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by the exception's type and where it was raised; its message may quote a record."""
    fault = event.pop("exc_info", None)
    if isinstance(fault, tuple):
        fault = fault[1]
    elif fault and not isinstance(fault, BaseException):
        fault = sys.exc_info()[1]
    if isinstance(fault, BaseException):
        frames = traceback.extract_tb(fault.__traceback__)[-_FRAMES_MAX:]
        event["fault"] = type(fault).__name__
        event["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event
