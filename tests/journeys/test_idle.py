"""A worker with nothing to do says next to nothing and opens no connection; its first lines name its page."""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.ports import LOOPBACK
from tests.journeys.conftest import Platform

pytestmark = pytest.mark.journey

IDLE_SECONDS = 20.0  # four looks at the topics' ids, ten at the store
LINES_A_MINUTE = 2
SETTLED_SECONDS = 6.0  # the first look at the ids opens the connection that all others use
FIRST_LINES = 3


def connections(*ports: int) -> set[tuple[int, int]]:
    """Every connection with these ports as (port, the other's port), those that ended a minute ago too.

    The kernel remembers an ended one for that long, so none is too short to be seen.
    """
    pairs = set[tuple[int, int]]()
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        here, there = (int(address.rpartition(":")[2], 16) for address in line.split()[1:3])
        pairs |= {(port, other) for port, other in ((here, there), (there, here)) if port in ports and other}
    return pairs


def test_an_idle_worker_is_quiet(tmp_path: Path, broker: str, redis_url: str) -> None:
    platform = Platform(tmp_path, broker, redis_url)
    ports = [urlsplit("//" + it.rpartition("//")[2]).port or 0 for it in (broker, redis_url)]
    try:
        platform.open()
        time.sleep(SETTLED_SECONDS)
        said, known = len(platform.log.read_text("utf-8").splitlines()), connections(*ports)
        time.sleep(IDLE_SECONDS)
        lines = platform.log.read_text("utf-8").splitlines()[said:]
        opened = connections(*ports) - known
        assert len(lines) <= LINES_A_MINUTE, lines
        assert opened == set()
        assert known, "connections are seen at all"
    finally:
        platform.close()


def test_the_first_lines_name_the_overviews_address(tmp_path: Path, broker: str, redis_url: str) -> None:
    platform = Platform(tmp_path, broker, redis_url)
    try:
        platform.open()
        first = [json.loads(line) for line in platform.log.read_text("utf-8").splitlines()[:FIRST_LINES]]
        assert f"http://{LOOPBACK}:{platform.port.number}/" in [line.get("overview") for line in first]
    finally:
        platform.close()
