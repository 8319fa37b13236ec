"""The worker: everything wired in one place, from settings to a running process."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import structlog
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from agents.enrol import Enrol
from agents.expunge import Expunge
from agents.forget import Forget
from agents.house import OPERATIONS, House, Rules
from agents.judge import Judge
from agents.lookback import Lookback
from agents.opening import peppers_of, store_of
from agents.screen import Screen
from agents.tending import Tending
from samehand.normal.fold import FOLD_VERSION
from samehand.weights import Bands, Weights, default_weights
from schemas.malformed import REASONS
from store.pepper import Peppers
from streams import logs
from streams.app import WorkerApp, register
from streams.clock import SystemClock
from streams.epochs import EpochTopic, known_epoch
from streams.errors import BrokerRefused, BrokerUnavailable, SettingsError
from streams.meters import Meters
from streams.settings import Settings
from streams.topics import Names, names
from streams.worker import EXIT_BROKER, run_worker

log = structlog.get_logger("samehand.worker")


def run(settings: Settings) -> int:
    """Runs a worker until it is told to stop; its exit code. Blocks, and owns signals.

    Raises:
        SettingsError: a file that the settings name cannot be used.
    """
    logs.configure(settings.log_level)
    peppers = peppers_of(settings)
    try:
        epoch = known_epoch(settings)
    except (BrokerUnavailable, BrokerRefused) as fault:
        # Without it an emptied store would look like a new one, and every account like nobody's mirror.
        log.critical("no broker", why=str(fault))
        return EXIT_BROKER
    house = house_of(settings, peppers, epoch)
    tending = Tending(house, SystemClock(), EpochTopic(settings), epoch)
    app = WorkerApp(settings, house.meters, store=lambda: tending.fault)
    staff(app, house)

    async def tend() -> None:
        try:
            await tending.run()
        except Exception as fault:
            app.fail("store", fault)

    app.task(tend)
    return run_worker(app)


def house_of(settings: Settings, peppers: Peppers, epoch: str = "") -> House:
    """What the agents are given; ``epoch`` is the store's as it is known from outside the store."""
    called = names(settings)
    return House(
        store=store_of(settings, peppers, known_epoch=epoch),
        keyers=peppers.keyers,
        weights=weights_of(settings),
        topics=called,
        meters=Meters(
            CollectorRegistry(),
            topics=consumed(called),
            reasons=REASONS,
            operations=OPERATIONS,
            build={
                "version": version("samehand"),
                "fold_version": str(FOLD_VERSION),
                "weights_version": default_weights().version,
            },
        ),
        now=SystemClock().now,
        rules=Rules(
            allowlist=_allowlist(settings.allowlist),
            across_platforms=settings.cross_platform,
            shadow=settings.shadow,
        ),
    )


def staff(app: WorkerApp, house: House) -> None:
    """Puts each agent on its topic."""
    called = house.topics
    created, updated = Screen(house), Screen(house, "update")
    lookback, expunge = Lookback(house), Expunge(house)
    register(app, "screen-created", called.created, created, after=created.confirm)
    register(app, "screen-updated", called.updated, updated, after=updated.confirm)
    register(app, "enrol", called.banned, Enrol(house))
    register(app, "lookback", called.enrolled, lookback, after=lookback.confirm)
    register(app, "expunge", called.reinstated, expunge, after=expunge.confirm)
    register(app, "judge", called.verdicts, Judge(house))
    register(app, "forget", called.deleted, Forget(house))


def consumed(called: Names) -> tuple[str, ...]:
    """The topics that a worker reads."""
    return (
        called.created,
        called.updated,
        called.banned,
        called.enrolled,
        called.reinstated,
        called.verdicts,
        called.deleted,
    )


def weights_of(settings: Settings) -> Weights:
    """The shipped weights under the operator's thresholds."""
    return replace(
        default_weights(),
        bands=Bands(settings.likely, settings.possible),
        policy_bands={name: Bands(it.likely, it.possible) for name, it in settings.bands.items()},
    )


def _allowlist(path: Path | None) -> frozenset[str]:
    """Account keys, one a line; ``#`` begins a comment."""
    if path is None:
        return frozenset()
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError({"SAMEHAND_ALLOWLIST": f"cannot be read ({type(fault).__name__})"}) from fault
    return frozenset(key for line in lines if (key := line.partition("#")[0].strip()))
