"""What operators ask of a gate: /metrics and /health, on a port that callers need not reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from streams.telemetry.metrics import Metrics


def watching(meters: Metrics, facts: Callable[[], dict[str, str]], refresh: Callable[[], None]) -> Litestar:
    """``facts``: what is not well, by what it concerns. ``refresh`` brings gauges up to date.

    A gate that runs is live and ready, whatever is away: it is the one that answers `undecided`, and taken
    out of a balancer it could not even do that. What is away is told beside it.
    """

    @get("/metrics")
    async def metrics(request: Request[Any, Any, State]) -> Response[bytes]:
        refresh()
        body, kind = meters.negotiated(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": kind})

    @get("/health/live")
    async def live() -> Response[bytes]:
        return _json({"healthy": True, "faults": {}})

    @get("/health/ready")
    async def ready() -> Response[bytes]:
        return _json({"healthy": True, "faults": {name: why for name, why in facts().items() if why}})

    def fault(request: Request[Any, Any, State], error: Exception) -> Response[bytes]:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return Response(b"", status_code=status, media_type="text/plain")

    return Litestar(
        route_handlers=[metrics, live, ready],
        openapi_config=None,
        exception_handlers={Exception: fault},
        logging_config=None,
        debug=False,
    )


def _json(told: dict[str, Any]) -> Response[bytes]:
    return Response(msgspec.json.encode(told), media_type="application/json")
