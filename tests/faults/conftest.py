"""An undisturbed run to hold every disturbed one against, and the table of them all.

The quick ones run by themselves; `SAMEHAND_FAULTS=all` (`make test-faults`) adds those marked ``thorough``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.apache import ApacheKafka
from schemas.alerts import MirrorAlert
from store.pepper.pepper import write_pepper_file
from tests.faults.scene import Final, Scene, Worker
from tests.faults.stream import Stream, the_stream
from tests.faults.table import Row, Table

EVERYTHING = os.environ.get("SAMEHAND_FAULTS") == "all"
KILLS = int(os.environ.get("SAMEHAND_FAULTS_KILLS", "20" if EVERYTHING else "3"))

HERE = Path(__file__).parent

_table = Table()
_began = time.monotonic()


def pytest_configure(config: pytest.Config) -> None:
    """One marker more."""
    config.addinivalue_line("markers", "thorough: a fault that `make test-faults QUICK=1` leaves out")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what takes long, unless everything was asked for."""
    if EVERYTHING:
        return
    left_out = [item for item in items if item.get_closest_marker("thorough")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table, once."""
    if _table.rows:
        terminalreporter.write_line("")
        for line in _table.lines():
            terminalreporter.write_line(line)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A run that left nothing out and found nothing wrong is what docs/faults.md shows."""
    options = session.config.option
    narrowed = options.keyword or options.markexpr or session.testsfailed or hasattr(options, "fates")
    whole = not narrowed and [Path(argument).resolve() for argument in session.config.args] == [HERE]
    if EVERYTHING and whole and exitstatus == pytest.ExitCode.OK:
        _table.publish(session.testscollected, time.monotonic() - _began, datetime.now(UTC).date())


@dataclass(frozen=True, slots=True)
class Expected:
    """The stream, and what an undisturbed run makes of it."""

    stream: Stream
    final: Final

    def begun(self, scene: Scene, *odd: str, part: int = 3) -> Worker:
        """A worker in the middle of the stream: one in ``part`` of its alerts is out."""
        scene.publish_all(self.stream)
        worker = scene.start(*odd)
        scene.until_alerts(len(self.final) // part)
        return worker

    def goes_on(self, fault: str, scene: Scene, said: int, repeats_max: int) -> float:
        """Judges when all is settled after a fault; the seconds until more than ``said`` alerts were out."""
        pause = scene.until_alerts(said + 1)
        self.judge(fault, scene, pause, pause + scene.until_settled(), repeats_max)
        return pause

    def judge(
        self,
        fault: str,
        scene: Scene,
        pause: float | None,
        recovered: float | None,
        repeats_max: int,
        letters: int = 0,
        gone: frozenset[str] = frozenset(),
    ) -> None:
        """Nothing lost, nothing different, no more said twice than may be; a line of the table.

        ``gone``: accounts of the wave that were deleted.
        """
        final, repeated, crowd = scene.final(), scene.repeats(), self.stream.crowd - gone
        waves = scene.waves_in_the_end(crowd)
        lost = sorted(self.final.keys() - final.keys()) + sorted(crowd.difference(*waves))
        differing = [key for key, alert in final.items() if self.final.get(key) != alert]
        _table.add(Row(fault, len(lost), len(differing) + (waves != [crowd]), repeated, pause, recovered))
        assert lost == []
        assert waves == [crowd]
        assert differing == [], [_fields_apart(final[key], self.final.get(key)) for key in differing[:1]]
        assert repeated <= repeats_max
        assert scene.letters() == letters


def _fields_apart(one: MirrorAlert, other: MirrorAlert | None) -> dict[str, tuple[object, object]]:
    """What differs between two alerts, by field."""
    names = MirrorAlert.__struct_fields__
    return {
        name: (mine, its)
        for name in names
        if (mine := getattr(one, name)) != (its := getattr(other, name, None))
    }


@pytest.fixture(scope="session")
def fault_table() -> Table:
    """For what fits into no verdict of :class:`Expected`."""
    return _table


@pytest.fixture(scope="session")
def pepper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One secret for all runs, or masked values would differ."""
    path = tmp_path_factory.mktemp("pepper") / "pepper"
    write_pepper_file(path)
    return path


@pytest.fixture(scope="session")
def expected(apache_kafka: ApacheKafka, tmp_path_factory: pytest.TempPathFactory, pepper: Path) -> Expected:
    """An undisturbed run, which finds every pair that was planted and says nothing twice."""
    stream = the_stream(datetime.now(UTC).replace(microsecond=0))
    scene = Scene(apache_kafka.address, tmp_path_factory.mktemp("undisturbed"), pepper)
    try:
        scene.publish_all(stream)
        scene.start()
        scene.until_alerts(1)
        recovered = scene.until_settled()
        found = {(alert.key, alert.matched.key) for alert in scene.alerts()}
        assert found == stream.pairs
        assert scene.waves_in_the_end(stream.crowd) == [stream.crowd]
        _table.add(Row("none", 0, 0, scene.repeats(), None, recovered))
        assert scene.repeats() == 0
        return Expected(stream, scene.final())
    finally:
        scene.close()


@pytest.fixture
def scene(apache_kafka: ApacheKafka, tmp_path: Path, pepper: Path, expected: Expected) -> Iterator[Scene]:
    """A run of this test alone, on the shared broker."""
    made = Scene(apache_kafka.address, tmp_path, pepper)
    yield made
    made.close()
