"""Enrols partitions of ``accounts.banned`` in several processes: distilling is most of a rebuild's work.

Each process enrols its partitions as a worker would, and reports each batch to the command's own process,
which alone keeps the bookmark. A batch that was enrolled but not reported is enrolled again by the next run,
which changes nothing.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import cast

from agents.enrol import Enrol
from cli.exit_codes import NotDone
from cli.maintain.rebuild.banned_topic import EnrolledBatch, read_partitions
from cli.running import awaited, through_outages
from streams.kafka.client import reader
from streams.settings import Settings
from streams.supervision.gc_tuning import collect_seldom


@dataclass(frozen=True, slots=True)
class Processes:
    """``count`` processes at most. ``opening`` opens the store in each: a function that can be pickled."""

    count: int
    settings: Settings
    opening: Callable[[], AbstractAsyncContextManager[Enrol]]

    def read(
        self,
        topic: str,
        ends: Mapping[int, int],
        done: Mapping[int, int],
        note: Callable[[EnrolledBatch], None],
    ) -> None:
        """Enrols partitions up to their ends, from where ``done`` ends, and notes each batch.

        Raises what a process raised, or ``NotDone`` if one was killed; the others are ended then.
        """
        with self._started(topic, _shares(ends, done, self.count), done) as working:
            while working:
                for process in cast(list[Connection], wait(working)):
                    try:
                        reported: EnrolledBatch | Exception | None = process.recv()
                    except EOFError:
                        raise NotDone("a process of the rebuild was killed; run it again to go on") from None
                    if isinstance(reported, Exception):
                        raise reported
                    if reported is None:
                        working.remove(process)
                    else:
                        note(reported)

    @contextmanager
    def _started(
        self, topic: str, shares: Sequence[Mapping[int, int]], done: Mapping[int, int]
    ) -> Iterator[list[Connection]]:
        spawning, processes, working = multiprocessing.get_context("spawn"), [], []
        try:
            for ends in shares:
                ours, theirs = spawning.Pipe(duplex=False)
                since = {partition: done[partition] for partition in ends if partition in done}
                process = spawning.Process(target=_work, args=(self, topic, ends, since, theirs), daemon=True)
                process.start()
                theirs.close()
                processes.append(process)
                working.append(ours)
            yield working
        finally:
            for process in processes:
                process.kill()  # a stopped one would not notice that it is to end
                process.join()


def _shares(ends: Mapping[int, int], done: Mapping[int, int], count: int) -> list[dict[int, int]]:
    """Each process's partitions with their ends: the longest first, to the process with least to read."""
    left = {partition: max(0, end - done.get(partition, 0)) for partition, end in ends.items()}
    shares: list[dict[int, int]] = [{} for _ in range(min(count, len(ends)))]
    for partition in sorted(ends, key=left.__getitem__, reverse=True):
        least = min(shares, key=lambda share: (sum(left[partition] for partition in share), len(share)))
        least[partition] = ends[partition]
    return shares


def _work(
    plan: Processes, topic: str, ends: Mapping[int, int], done: dict[int, int], reports: Connection
) -> None:
    """One process. Once the command's own process is gone, its next report fails, which ends it."""
    # Ctrl-C reaches the command's own process, which ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_seldom()

    def note(step: EnrolledBatch) -> None:
        done[step.partition] = step.offset
        reports.send(step)

    async def work() -> None:
        async with plan.opening() as enrol:
            with reader(plan.settings) as opened:
                await through_outages(
                    lambda: read_partitions(opened, topic, ends, done, enrol, note),
                    lambda: sum(done.values()),
                )

    ended: Exception | None = None
    try:
        awaited(work())
    except Exception as fault:
        ended = fault
    with suppress(BrokenPipeError):
        reports.send(ended)
