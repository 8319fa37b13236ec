"""Where a worker's processor time goes at its full job, by part.

py-spy samples a real ``samehand worker`` while it reads events off a filled topic; a sample
counts where its thread held the interpreter. The mind is Python here, whose functions have names; compiled
it is a smaller share. A share is of all samples; a *part* is the innermost function of ours on the stack.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench.running.crowd import sign_ups
from bench.running.filled import SEED, environment, filled
from bench.running.scene import BROKERS, SOURCES, WORKER, Scene
from schemas.wire import encode

GOAL_SHARE: Final = 0.15

Stack = tuple[str, ...]

_WARM_UP: Final = 500
_SAMPLES_A_SECOND: Final = 200
_SECONDS_MAX: Final = 300


def sampled(bans: int, events: int) -> dict[Stack, int]:
    """Samples by stack, outermost frame first; a frame is ``function (file)``."""
    own = filled(bans)
    records = sign_ups(SEED, bans, own.originals, _WARM_UP + events, at=time.time())
    pairs = [(record.key.encode(), encode(record)) for record in records]
    with (
        tempfile.TemporaryDirectory() as folder,
        BROKERS["embedded"]() as broker,
        own.server() as server,
        Scene(broker.address, environment(server.url, own.pepper, bans)) as scene,
    ):
        created, folded = scene.topics.created, Path(folder) / "folded"
        # Machine code has no frames that py-spy could name.
        worker = scene.start(WORKER, SOURCES)
        scene.hold([worker], pairs[:_WARM_UP], pairs[_WARM_UP:])
        worker.thaw()
        spy = subprocess.Popen(
            [
                *(str(_spy()), "record", "--pid", str(worker.pid), "--gil"),
                *("--format", "raw", "--output", str(folded)),
                *("--rate", str(_SAMPLES_A_SECOND), "--duration", str(_SECONDS_MAX)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            scene.until_committed(created, len(pairs))
        finally:
            spy.send_signal(signal.SIGINT)
            _, said = spy.communicate(timeout=60)
        if not folded.exists():
            raise RuntimeError(f"py-spy could not sample a process of ours: {said.decode(errors='replace')}")
        return read_folded(folded.read_text("utf-8"))


def installed() -> bool:
    return _spy().exists()


def _spy() -> Path:
    return Path(sys.executable).with_name("py-spy")


def read_folded(text: str) -> dict[Stack, int]:
    """Lines of ``frame;frame;… count`` as py-spy writes them; lines of one function are one."""
    stacks = Counter[Stack]()
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        stacks[tuple(_named(frame) for frame in frames.split(";"))] += int(count)
    return dict(stacks)


def _named(frame: str) -> str:
    """``function (file)`` of ``function (path:line)``, the path from the last folder that says something."""
    function, _, place = frame.partition(" (")
    path = place.rstrip(")").rpartition(":")[0] or place.rstrip(")")
    return f"{function} ({path.split('site-packages/')[-1]})"


def shares(stacks: Mapping[Stack, int], parts: Mapping[str, str]) -> dict[str, float]:
    """The share of samples of each part: named by the innermost frame that begins so; the rest is ``""``."""
    found = Counter[str]()
    for stack, count in stacks.items():
        found[_part(stack, parts)] += count
    total = found.total() or 1
    return {name: count / total for name, count in found.most_common()}


def _part(stack: Stack, parts: Mapping[str, str]) -> str:
    for frame in reversed(stack):
        place = frame.partition(" (")[2]
        for start, name in parts.items():
            if place.startswith(start):
                return name
    return ""


def alone(stacks: Mapping[Stack, int]) -> dict[str, float]:
    """The share of samples with each frame innermost."""
    found = Counter[str]()
    for stack, count in stacks.items():
        found[stack[-1]] += count
    total = found.total() or 1
    return {name: count / total for name, count in found.most_common()}


PARTS: Final = {
    "samehand/fingerprint/distil.py": "packing and unpacking records",
    "samehand/": "the mind: distilling, keys, comparing",
    "store/": "the store's client",
    "redis/": "the store's client",
    "agents/": "agents",
    "schemas/": "decoding and encoding",
    "streams/": "delivery",
    "faust/": "Faust",
    "mode/": "Faust",
    "aiokafka/": "the Kafka client",
    "prometheus_client/": "metrics",
    "structlog/": "logging",
}
"""What a sample is counted as: the innermost frame whose path begins so."""

REST: Final = "the rest (interpreter, event loop)"


def table(stacks: Mapping[Stack, int]) -> str:
    told = shares(stacks, PARTS)
    return "\n".join(
        (
            "| where the worker's processor time goes | share |",
            "|---|---|",
            *(f"| {name or REST} | {share:.1%} |" for name, share in told.items()),
        )
    )


def summary(stacks: Mapping[Stack, int]) -> str:
    """What could be spared, as far as the samples tell: no function by itself is the job."""
    name, share = next(iter(alone(stacks).items()), ("nothing", 0.0))
    return (
        f"* the largest single cost, the innermost function alone: {name}, {share:.1%} "
        f"(goal: none above {GOAL_SHARE:.0%})"
    )
