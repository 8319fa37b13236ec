"""The stream: everything that happens on the simulated platform, in order of time.

Only the plan of evaded bans is held in memory, and what was decided to happen later; a million accounts pass
through one at a time.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from heapq import heappop, heappush, merge
from itertools import chain, count
from random import Random

from schemas.wire import encode
from simulate.config import Config, sample_config
from simulate.delays import DAY
from simulate.evasion.edits import EDIT_SETS
from simulate.evasion.lookalikes import INNOCENTS, relative
from simulate.population.languages import LANGUAGES
from simulate.population.people import Person, Population
from simulate.sampling import Weighted, between, one_of, seeded
from simulate.timeline import records
from simulate.timeline.channels import channel_events
from simulate.timeline.events import EventLabel, PlatformTopic, SimulatedEvent, Truth
from simulate.timeline.schedule import Return, plan


def random_bytes(rng: Random, good: bytes) -> bytes:
    return rng.randbytes(between(rng, 1, 200))


def truncated(rng: Random, good: bytes) -> bytes:
    return good[: between(rng, 1, len(good) - 2)]


def not_utf8(rng: Random, good: bytes) -> bytes:
    return good.replace(b'"platform"', b'"plat\xff\xfeform"', 1)


def no_id(rng: Random, good: bytes) -> bytes:
    return good.replace(b'"account_id"', b'"acount_id"', 1)


def wrong_type(rng: Random, good: bytes) -> bytes:
    return good.replace(b'"version":1', b'"version":[1]', 1)


def newer_version(rng: Random, good: bytes) -> bytes:
    return good.replace(b'"version":1', b'"version":97', 1)


def nested(rng: Random, good: bytes) -> bytes:
    depth = between(rng, 2_000, 20_000)
    return b"[" * depth + b"]" * depth


def not_an_object(rng: Random, good: bytes) -> bytes:
    return one_of(rng, (b"null", b"[]", b'"hello"', b"17", b"NaN", b"{}", b"<xml/>"))


SORTS: tuple[Callable[[Random, bytes], bytes], ...] = (
    truncated,
    random_bytes,
    no_id,
    not_utf8,
    wrong_type,
    newer_version,
    nested,
    not_an_object,
)
"""Each makes a malformed message, most of them out of a good one."""


def malformed(rng: Random, good: bytes) -> bytes:
    """A message no decoder may accept, out of a good ``AccountCreated``."""
    return one_of(rng, SORTS)(rng, good)


_RECENT_BANS = 500
"""Look-alikes are made beside one of the last bans: there, evidence of timing could mislead."""
_RESTING_DAYS = 45.0
"""A number is given to nobody for so long after its holder lost it: at least 45 days in the United States
(47 CFR 52.15(f)(1)(ii), as amended in 2018)."""
_RECENT_HOMES = 200
"""Relatives join somebody who signed up a short while ago."""
_SHARED_TABLET = 0.25
"""Share of relatives who use the same device."""
_DELETION_DAYS, _UPDATE_DAYS, _REINSTATEMENT_DAYS = 10.0, 7.0, 5.0
"""Mean days from a sign-up to its deletion or change, and from a ban to its end."""
_NEVER = float("inf")
_OLD_BANS_MEAN_DAYS, _OLDEST_DAYS = 120.0, 720.0
_ORDINARY = {language: EventLabel("ordinary", language) for language in LANGUAGES}


def generate(config: Config) -> Iterator[SimulatedEvent]:
    """All events in order of time; each event's label says what is true of it."""
    return merge(_Stream(config), channel_events(config), key=lambda event: event.at)


def sample(seed: int = 7, accounts: int = 2_000, *, ends_at: datetime) -> Iterator[SimulatedEvent]:
    """The sample's events in order of time, the last sign-ups just before ``ends_at``, with their labels."""
    return generate(sample_config(seed, accounts, ends_at))


class _Stream:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._people = Population(config.seed, config.accounts + config.further_bans, config.languages)
        self._edits = EDIT_SETS[config.edits]
        self._rng = seeded(config.seed, "stream")
        self._case_rng = seeded(config.seed, "people of cases")
        self._cases = deque(plan(config))
        self._next_case = self._cases[0].first_at if self._cases else _NEVER
        shares = {**self._config.innocent_shares, "relative": self._config.household_share}
        rest = 1.0 - sum(shares.values())
        if rest < 0:
            raise ValueError("the shares of look-alikes and households exceed all sign-ups")
        self._kinds = Weighted(["ordinary", *shares], [rest, *shares.values()])
        self._later: list[tuple[float, int, SimulatedEvent]] = []
        self._order = count()
        self._bans: deque[Person] = deque(maxlen=_RECENT_BANS)
        self._banned_at: dict[str, float] = {}
        self._reinstated: list[tuple[float, str, Person]] = []
        self._homes: deque[Person] = deque(maxlen=_RECENT_HOMES)

    def __iter__(self) -> Iterator[SimulatedEvent]:
        config, rng = self._config, self._rng
        ordinary = config.accounts - sum(case.sign_ups for case in self._cases)
        sign_ups = ordered_times(rng, config.start_seconds, config.end_seconds, max(0, ordinary))
        older = config.further_bans // 2  # than the stream; the others fall within it
        bans = chain(
            times_before(rng, config.start_seconds, older),
            ordered_times(
                seeded(config.seed, "bans"),
                config.start_seconds,
                config.end_seconds,
                config.further_bans - older,
            ),
        )
        next_sign_up, next_ban = next(sign_ups, _NEVER), next(bans, _NEVER)
        while True:
            now = min(next_sign_up, next_ban)
            yield from self._until(now)
            if now == _NEVER:
                return
            if now == next_sign_up:
                yield self._sign_up(now)
                next_sign_up = next(sign_ups, _NEVER)
            else:
                person = self._people.person(self._rng)
                if self._rng.random() < self._config.reinstated_share and self._reinstate(now, person):
                    self._ban(now, person, "lifted")
                else:
                    self._bans.append(person)
                    self._ban(now, person, "banned")
                next_ban = next(bans, _NEVER)

    def _until(self, now: float) -> Iterator[SimulatedEvent]:
        """What was decided before and is due; cases begin as their time comes."""
        while True:
            due = self._later[0][0] if self._later else _NEVER
            if self._next_case <= due and self._next_case <= now and self._cases:
                case = self._cases.popleft()
                rng, people = self._case_rng, self._people
                needs = frozenset[str]().union(*(case_return.strategy.needs for case_return in case.returns))
                banned = people.person(rng)
                while banned.handle is None:
                    banned = people.person(rng)
                banned = people.equipped(rng, banned, needs)
                if case.signed_up_at is not None:
                    self._publish(self._created(case.signed_up_at, banned, _ORDINARY[banned.language]))
                self._ban(case.banned_at, banned, "banned")
                if case.first_at == case.banned_at:
                    self._bans.append(banned)
                for case_return in case.returns:
                    self._return(case_return, banned, case.banned_at)
                self._next_case = self._cases[0].first_at if self._cases else _NEVER
            elif due <= now and self._later:
                yield heappop(self._later)[2]
            else:
                return

    def _publish(self, event: SimulatedEvent) -> None:
        heappush(self._later, (event.at, next(self._order), event))

    def _within(self, at: float) -> bool:
        return at <= self._config.end_seconds

    # Sign-ups

    def _sign_up(self, now: float) -> SimulatedEvent:
        if self._reinstated and self._reinstated[0][0] < now:
            _, key, person = heappop(self._reinstated)
            second = self._people.second_account(self._rng, person)
            return self._created(now, second, EventLabel("reinstated", second.language, resembles=key))
        kind = self._kinds.pick(self._rng)
        if kind in INNOCENTS:
            at_rest = _RESTING_DAYS * DAY if kind == "recycled_phone" else 0.0
            resembled = [banned for banned in self._bans if now - self._banned_at[banned.key] >= at_rest]
            if resembled:
                banned = one_of(self._rng, resembled)
                person = INNOCENTS[kind](self._people, self._edits, banned, self._rng)
                return self._created(now, person, EventLabel(kind, person.language, resembles=banned.key))
        if kind == "relative" and self._homes:
            person = relative(self._people, one_of(self._rng, self._homes), self._rng, _SHARED_TABLET)
        else:
            person = self._people.person(self._rng)
        if person.network == "home":
            self._homes.append(person)
        rng, config = self._rng, self._config
        label = _ORDINARY[person.language]
        if rng.random() < config.update_share:
            at = now + rng.expovariate(1 / (_UPDATE_DAYS * DAY))
            if self._within(at):
                record = records.updated(self._people.changed(rng, person), at)
                self._publish(SimulatedEvent(at, PlatformTopic.UPDATED, person.key, record, label))
        elif rng.random() < config.deletion_share:
            at = now + rng.expovariate(1 / (_DELETION_DAYS * DAY))
            if self._within(at):
                self._publish(
                    SimulatedEvent(at, PlatformTopic.DELETED, person.key, records.deleted(person, at), label)
                )
        return self._created(now, person, _ORDINARY[person.language])

    def _created(self, now: float, person: Person, label: EventLabel) -> SimulatedEvent:
        """A sign-up, which now and then a broken producer sends once more, garbled."""
        record = records.created(person, now)
        if self._rng.random() < self._config.malformed_share:
            broken = malformed(self._rng, encode(record))
            event = SimulatedEvent(
                now, PlatformTopic.CREATED, person.key, broken, EventLabel("malformed", person.language)
            )
            self._publish(event)
        return SimulatedEvent(now, PlatformTopic.CREATED, person.key, record, label)

    # Bans

    def _ban(self, now: float, person: Person, kind: str) -> None:
        self._banned_at[person.key] = now
        record = records.banned(person, now, records.POLICIES.pick(self._rng))
        self._publish(
            SimulatedEvent(now, PlatformTopic.BANNED, person.key, record, EventLabel(kind, person.language))
        )

    def _reinstate(self, now: float, person: Person) -> bool:
        """Returns whether the appeal is granted in time; then the same person may open a second account."""
        at = max(now, self._config.start_seconds) + self._rng.expovariate(1 / (_REINSTATEMENT_DAYS * DAY))
        if not self._within(at):
            return False
        record = records.reinstated(person, at)
        self._publish(
            SimulatedEvent(
                at, PlatformTopic.REINSTATED, person.key, record, EventLabel("lifted", person.language)
            )
        )
        heappush(self._reinstated, (at, person.key, person))
        return True

    # Evaders

    def _return(self, case_return: Return, banned: Person, banned_at: float) -> None:
        rng = self._case_rng
        mirror = case_return.strategy.mirror(self._people, self._edits, banned, rng)
        truth = Truth(
            *(mirror.platform, mirror.account_id, banned.platform, banned.account_id),
            *(case_return.strategy.number, case_return.way, banned_at, case_return.at),
        )
        label = EventLabel("mirror", mirror.language, truth)
        if case_return.way != "update":
            self._publish(self._created(case_return.at, mirror, label))
            return
        before = self._people.before(rng, mirror, banned)
        self._publish(self._created(case_return.signed_up_at, before, _ORDINARY[before.language]))
        self._publish(
            SimulatedEvent(
                case_return.at,
                PlatformTopic.UPDATED,
                mirror.key,
                records.updated(mirror, case_return.at),
                label,
            )
        )


def ordered_times(rng: Random, start: float, end: float, size: int) -> Iterator[float]:
    """``size`` moments between start and end, uniform and ascending, without holding them.

    The smallest of n uniform draws is 1 - u ** (1/n); what is left is n - 1 draws over the rest.
    """
    now = start
    for left in range(size, 0, -1):
        now += (end - now) * (1.0 - rng.random() ** (1.0 / left))
        yield now


def times_before(rng: Random, start: float, size: int) -> Iterator[float]:
    """``size`` ascending moments before ``start``: recent ones more often, none older than two years."""
    ages = (min(rng.expovariate(1 / _OLD_BANS_MEAN_DAYS), _OLDEST_DAYS) for _ in range(size))
    for days in sorted(ages, reverse=True):
        yield start - days * DAY
