"""Pass-through: a worker's delivery and decoding with no store and no alert.

What reading a record costs before anybody looks at it: the floor that a worker's full job is held against.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from schemas.malformed import Malformed
from schemas.wire import decode_created
from streams.faust_app.app import WorkerApp, register
from streams.faust_app.process import run_worker
from streams.kafka.topics import names
from streams.outcomes import NOTHING, Arrival, Dead, Outcome
from streams.settings import load
from streams.telemetry import logs
from streams.telemetry.metrics import Metrics


async def decoded(arrivals: Sequence[Arrival]) -> list[Outcome]:
    """Nothing to say of what can be read, a dead letter of the rest."""
    now = time.time()
    found = [decode_created(arrival.value, now=max(now, arrival.timestamp)) for arrival in arrivals]
    return [Dead(it.reason, it.path, it.detail) if isinstance(it, Malformed) else NOTHING for it in found]


def main() -> int:
    """Runs until a signal ends it."""
    settings = load()
    logs.configure(settings.log_level)
    created = names(settings).created
    app = WorkerApp(settings, Metrics(CollectorRegistry(), topics=[created]))
    register(app, "pass", created, decoded)
    return run_worker(app)


if __name__ == "__main__":
    sys.exit(main())
