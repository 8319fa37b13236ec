"""Logs as JSON lines, ours and those of Faust, mode, aiokafka and aiohttp alike.

What we log are addresses, counts, stages and codes; no value of a record. Libraries are less careful: they
may quote a record at debug level, so they are held at `info` however low our own level is, and their
exceptions are told by type and place, since a message may quote what it failed on.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import IO, Any, Final

import structlog
from structlog.typing import Processor

_THEIRS: Final = (
    "faust",
    "mode",
    "aiokafka",
    "aiohttp",
    "asyncio",
    "kafka",
    "redis",
    "opentelemetry",
    "urllib3",
)
_FRAMES_MAX: Final = 12  # the place of a fault, not a whole event loop's stack


def configure(level: str = "info", stream: IO[str] | None = None) -> None:
    """Send every log to `stream`, by default standard error, as one JSON object a line."""
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
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _THEIRS:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(max(logging.INFO, root.level))


def tell_fault(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by the exception's type and where it was raised; its message may quote a record."""
    info = event.pop("exc_info", None)
    fault = _fault_of(info)
    if fault is not None:
        frames = traceback.extract_tb(fault.__traceback__)[-_FRAMES_MAX:]
        event["fault"] = type(fault).__name__
        event["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _fault_of(info: Any) -> BaseException | None:
    if isinstance(info, BaseException):
        return info
    if isinstance(info, tuple):
        return info[1] if isinstance(info[1], BaseException) else None
    return sys.exc_info()[1] if info else None
