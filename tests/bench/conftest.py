"""Benches without their processes: each would load the whole program again, for work of a moment."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bench.quality import at_size
from bench.real import scenes
from bench.running import filled


class Threads(ThreadPoolExecutor):
    """Threads in the place of processes; what is handed over must still be what processes can be handed."""

    def __init__(self, workers: int, mp_context: object = None) -> None:
        super().__init__(workers)

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        return super().submit(_handed_over, pickle.dumps((work, given, named)))


def _handed_over(given: bytes) -> Any:
    work, arguments, named = pickle.loads(given)
    return pickle.loads(pickle.dumps(work(*arguments, **named)))


@pytest.fixture(autouse=True)
def in_one_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With an empty cache of what is kept between runs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for module in (filled, at_size, scenes):
        monkeypatch.setattr(module, "ProcessPoolExecutor", Threads)
