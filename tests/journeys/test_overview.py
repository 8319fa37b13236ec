"""The overview beside a real worker's metrics: there from the start, and never in the way of a stop."""

from __future__ import annotations

from pathlib import Path
from urllib.request import urlopen

import pytest

from local.ports import LOOPBACK
from streams.supervision.exit_codes import EXIT_OK
from tests.journeys.conftest import Platform

pytestmark = pytest.mark.journey


def test_a_worker_stops_gracefully_while_somebody_watches(
    tmp_path: Path, broker: str, redis_url: str
) -> None:
    platform = Platform(tmp_path, broker, redis_url)
    try:
        platform.open()
        assert "<title>samehand: overview</title>" in platform.page("/")
        address = f"http://{LOOPBACK}:{platform.port.number}/overview/stream"
        with urlopen(address, timeout=30.0) as watching:
            assert watching.readline() == b"event: overview\n"
            platform.worker.stop(60.0)
            assert platform.worker.exit_code == EXIT_OK
    finally:
        platform.close()
