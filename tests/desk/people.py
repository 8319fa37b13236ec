"""Readers, and a desk with alerts on it, in which a test states only what matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry

from desk.access.passwords import checked
from desk.access.sign_in import add_user
from desk.database.engine import Database
from desk.profiles.kept import KeptPictures
from desk.profiles.source import ProfileSource
from desk.readers import Reader
from desk.related import GateClient
from desk.review.arrivals import Arrivals
from desk.review.policy import Policy
from desk.settings import DeskSettings, load
from desk.telemetry import DeskMetrics
from desk.web.desk import Desk
from schemas.alerts import EvidenceLine
from schemas.waves import WaveAlert
from tests.desk.makers import an_alert
from tests.makers import NOON

PASSWORD = "correct horse battery"


@cache
def kept() -> str:
    """What the database has of `PASSWORD`: hashed once."""
    return checked(PASSWORD)


@dataclass
class Clock:
    """Unix seconds that pass when a test says so."""

    at: float = field(default_factory=NOON.timestamp)

    def __call__(self) -> float:
        return self.at

    def pass_(self, seconds: float) -> None:
        """Lets time go by."""
        self.at += seconds


A_POLICY = Policy(key=b"k" * 32, blind_share=0.0, second_share=0.0)


@dataclass
class Office:
    """An open desk with a clock of the test's own."""

    desk: Desk
    clock: Clock

    @property
    def database(self) -> Database:
        """The open database."""
        return self.desk.database

    async def hire(self, name: str, role: str = "moderator") -> Reader:
        """Somebody who signs in with `PASSWORD`."""
        async with self.database.begin() as connection:
            user_id = await add_user(connection, name, role, password=kept(), now=self.clock())
        return Reader(user_id, name[:2].upper(), role)

    async def team(self) -> tuple[Reader, Reader, Reader]:
        """Two who read, and one who leads."""
        return await self.hire("amina"), await self.hire("bilal"), await self.hire("chloe", "lead")

    async def receive(
        self,
        alert_id: str = "alert-1",
        *,
        sampled: float | None = None,
        reasons: Sequence[EvidenceLine] = (),
        **given: Any,
    ) -> str:
        """An alert arrives; its id."""
        fields = {"alert_id": alert_id, "account_id": f"new-{alert_id}", **given}
        alert = an_alert(*reasons, **fields)
        async with self.database.begin() as connection:
            await Arrivals(connection, self.desk.policy, self.clock()).take_alert(alert, sampled=sampled)
        return alert_id

    async def receive_wave(self, wave: WaveAlert) -> None:
        """A wave arrives."""
        async with self.database.begin() as connection:
            await Arrivals(connection, self.desk.policy, self.clock()).take_wave(wave)


def an_office(
    database: Database,
    policy: Policy = A_POLICY,
    *,
    profiles: ProfileSource | None = None,
    gate: GateClient | None = None,
    **environment: str,
) -> Office:
    """A desk over a database; nothing is blind and nobody reads second unless a test says so."""
    clock, metrics = Clock(), DeskMetrics(CollectorRegistry())
    settings = load(environment) if environment else _shipped_settings()
    kept = None if profiles is None else KeptPictures(profiles, clock)
    if kept is not None:
        database.erased = kept.empty
    return Office(Desk(database, settings, policy, clock, metrics, profiles=kept, gate=gate), clock)


@cache
def _shipped_settings() -> DeskSettings:
    return load({})


def with_shares(**shares: float) -> Policy:
    """A policy with other shares."""
    return replace(A_POLICY, **shares)  # type: ignore[arg-type]  # all of these are floats
