"""What the kernel tells of a process."""

from __future__ import annotations

import os
import time

from bench.running.scene import cpu_seconds, resident_bytes


def test_work_is_counted_and_waiting_is_not() -> None:
    before = cpu_seconds(os.getpid())
    while time.process_time() < before + 0.1:
        pass
    worked = cpu_seconds(os.getpid())
    time.sleep(0.2)
    assert worked - before >= 0.08
    assert cpu_seconds(os.getpid()) - worked < 0.1


def test_memory_is_counted_in_bytes() -> None:
    assert 1 << 20 < resident_bytes(os.getpid()) < 1 << 36
