"""Where a worker's processor time goes at its full job: a flame graph, and the shares of what it is spent on.

``python -m bench.flames [--bans 100000] [--events 4000] [--out docs/performance/worker.svg] [--folded
FILE]``. py-spy samples a real ``samehand worker`` while it reads events off a filled topic; a sample
counts where its thread held the interpreter. The mind is Python here, whose functions have names; compiled
it is a smaller share. A share is of all samples; a *part* is the innermost function of ours on the stack.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from bench.flame_svg import Stack, drawn
from bench.running.crowd import sign_ups
from bench.running.filled import SEED, environment, filled
from bench.running.scene import BROKERS, PASSING, PLAIN, SOURCES, WORKER, Scene
from bench.worker import BANS, EVENTS
from schemas.wire import encode

GOAL_SHARE: Final = 0.15

_WARM_UP: Final = 500
_SAMPLES_A_SECOND: Final = 200
_SECONDS_MAX: Final = 300
_PROGRAMS: Final = {"worker": WORKER, "plain": PLAIN, "passing": PASSING}


def sampled(bans: int, events: int, program: str = "worker") -> dict[Stack, int]:
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
        scene.publish(created, pairs[:_WARM_UP])
        # Machine code has no frames that py-spy could name.
        worker = scene.start(_PROGRAMS[program], SOURCES)
        scene.until_committed(created, _WARM_UP)
        worker.freeze()
        scene.publish(created, pairs[_WARM_UP:])
        worker.thaw()
        spy = subprocess.Popen(
            _command(worker.pid, folded), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
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
    """Whether py-spy is there."""
    return _spy().exists()


def _spy() -> Path:
    return Path(sys.executable).with_name("py-spy")


def _command(pid: int, folded: Path) -> list[str]:
    what = ["record", "--pid", str(pid), "--format", "raw", "--output", str(folded), "--gil"]
    return [str(_spy()), *what, "--rate", str(_SAMPLES_A_SECOND), "--duration", str(_SECONDS_MAX)]


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


def inclusive(stacks: Mapping[Stack, int]) -> dict[str, float]:
    """The share of samples with each frame anywhere on the stack."""
    found = Counter[str]()
    for stack, count in stacks.items():
        for frame in set(stack):
            found[frame] += count
    total = sum(stacks.values()) or 1
    return {name: count / total for name, count in found.most_common()}


def alone(stacks: Mapping[Stack, int]) -> dict[str, float]:
    """The share of samples with each frame innermost."""
    found = Counter[str]()
    for stack, count in stacks.items():
        found[stack[-1]] += count
    total = found.total() or 1
    return {name: count / total for name, count in found.most_common()}


def lines(told: Mapping[str, float], most: int) -> Iterable[str]:
    """The largest, for people."""
    return (f"{share:6.1%}  {name}" for name, share in list(told.items())[:most])


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


def graph(stacks: Mapping[Stack, int], bans: int, program: str = "worker") -> str:
    """The flame graph as SVG."""
    return drawn(stacks, f"samehand {program} at {bans:,} bans, {sum(stacks.values()):,} samples")


def table(stacks: Mapping[Stack, int]) -> str:
    """For people."""
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


def main() -> None:
    """Prints the largest shares, writes the graph."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=BANS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--program", choices=sorted(_PROGRAMS), default="worker")
    parser.add_argument("--svg", type=Path, help="where the graph goes")
    chosen = parser.parse_args()
    stacks = sampled(chosen.bans, chosen.events, chosen.program)
    if chosen.svg:
        chosen.svg.write_text(graph(stacks, chosen.bans, chosen.program), "utf-8")
    print(table(stacks), "", summary(stacks), "", sep="\n")
    print("innermost:", *lines(alone(stacks), 12), sep="\n")


if __name__ == "__main__":
    main()
