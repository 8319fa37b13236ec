"""Agents together: crowds, rights, two versions, the command line, faults of a store."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace as replace_fields

from agents.common import distil as distilling
from agents.common.alerts.compose import summary_of
from agents.common.queries.preview import Foreseen, Preview
from agents.common.queries.related import related
from agents.common.weighing import Weighing
from cli.inputs.input_files import InputLine, read_accounts, read_bans
from cli.inputs.row_ids import ROW_OF_ACCOUNTS, ROW_OF_BANS, by_number, within_run
from cli.offline.offline_scoring import Offline
from desk.web.compare import compare
from desk.web.languages import ENGLISH
from local.ports import LOOPBACK
from local.redis_cluster import RedisCluster
from report.waterfall.terminal import _circumstances
from samehand.account import Account as Distilled
from samehand.fingerprint.distil import Fingerprint, Keyer, distil
from samehand.frequency.rates import SIGN_UPS_A_DAY_UNKNOWN
from samehand.normalize.text.fold import FOLD_VERSION
from samehand.scoring.weights import Bands, Weights, default_weights
from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.accounts import Account, AccountBanned, AccountCreated, AccountEvent, Avatar, Basis
from schemas.alerts import NOT_QUOTED, MirrorAlert
from schemas.basis_rights import BasisRights, RightsTable
from schemas.decoding.dates import from_seconds
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.wire import Decoded, encode
from simulate.config import Config
from simulate.files import simulate_command
from simulate.population.people import Population
from simulate.sampling import seeded
from simulate.timeline.events import PlatformTopic
from simulate.timeline.records import banned, created
from simulate.timeline.stream import generate
from store.errors import StoreMismatch
from store.limits import SNAPSHOT_SECONDS
from store.redis import RedisEndpoint, RedisStore, Sizes, store_meta
from streams.outcomes import Outcome, Published
from tests.agents.conftest import Life, MakeLife, a_life, dead
from tests.agents.test_contenders import STRONG, WEAK, overlapping, redelivered, stand, tell
from tests.agents.test_waves import nicole
from tests.makers import NOON, a_ban, a_change, a_listed_account, a_reinstatement, a_sign_up, arrival
from tests.samehand.test_watchlist import settings_of_all_kinds
from tests.store.conftest import SMALL
from tests.trips import Trips, trips

# What is common: a raid makes nothing so, a week does, and what others hand out is from its first hour.


WEEK = timedelta(days=7)
RAID, WEEKS_CROWD, CROWD, FIRST_HOUR = 200, 500, 500, 120
BATCH = 100
NAME = "qorvetzan_bulletin"  # with a word that no list knows: a handle of common words never alerts alone

QUEUE_A_THOUSAND = 5
"""Alerts a thousand sign-ups: the least that a team of moderators is measured with (docs/quality.md)."""

DEFAULT_PICTURE = "f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6339c4e9c9b22"
CARRIER = "39.40.12.7"


async def enrol(life: Life, bans: Sequence[Record]) -> None:
    for first in range(0, len(bans), BATCH):
        await life.ban(*bans[first : first + BATCH])
    await life.relay()


async def sign_up(life: Life, accounts: Sequence[AccountCreated]) -> None:
    for first in range(0, len(accounts), BATCH):
        await life.tell(life.screen, *accounts[first : first + BATCH])


async def hour_passes(life: Life) -> None:
    """Counts are frozen, as a worker does it each hour."""
    life.seconds += 2 * 3_600.0
    assert await life.context.store.freeze(now=life.seconds)
    life.seconds += SNAPSHOT_SECONDS


def alerted(life: Life) -> set[str]:
    return {alert.account_id for alert in life.alerts}


def under_one_name(count: int, since: float) -> list[AccountCreated]:
    """Accounts of one name, each from a network of its own and a minute after the last."""
    return [
        a_sign_up(f"r{i}", handle=NAME, ip=f"39.{i // 250}.{i % 250}.9", at=from_seconds(since + 60.0 * i))
        for i in range(count)
    ]


async def test_a_raid_under_a_banned_name_alerts_on_each(life: Life) -> None:
    before = NOON - timedelta(days=9)
    await enrol(life, [a_ban("old", handle=NAME, at=before, banned_at=before)])
    raid = under_one_name(RAID, life.seconds - 20 * 3_600.0)
    for first in range(0, RAID, RAID // 4):
        await sign_up(life, raid[first : first + RAID // 4])
        await hour_passes(life)
    assert alerted(life) == {f"r{i}" for i in range(RAID)}


async def test_a_name_that_has_been_common_for_a_week_is(life: Life) -> None:
    await sign_up(life, under_one_name(WEEKS_CROWD, life.seconds - WEEK.total_seconds()))
    await hour_passes(life)
    shown: dict[str, Any] = {"handle": NAME, "email": "zarqa.desk@valley.example"}
    before = NOON - timedelta(days=9)
    await enrol(life, [a_ban("old", at=before, banned_at=before, **shown)])
    await sign_up(life, [a_sign_up("namesake", handle=NAME), a_sign_up("mirror", **shown)])
    [alert] = life.alerts
    assert alert.account_id == "mirror"
    shared = [line for line in alert.counter_evidence if line.level == "shared-by-many"]
    assert [line.signal for line in shared] == ["handle"]


def student(number: int, at: float) -> AccountCreated:
    """Somebody of a campus: own phone, name and mailbox; its network, mail domain and standard words."""
    return a_sign_up(
        f"s{number}",
        handle=f"{'bcdfghjklm'[number % 10]}{'aeiou'[number % 5]}rvan{number}",
        ip=f"39.40.12.{number % 250}",
        device_id=str(uuid5(NAMESPACE_OID, str(number))),
        email=f"{number}.mail@campus.example",
        bio="Proud member of Lincoln State University, class of 2027. Opinions are my own.",
        at=from_seconds(at),
    )


async def test_nobody_of_a_campus_is_accused_when_one_of_it_is_banned(life: Life) -> None:
    first = life.seconds - WEEK.total_seconds()
    await sign_up(life, [student(number, first + 3_600.0 * number) for number in range(120)])
    await hour_passes(life)
    await enrol(life, [structs.replace(a_ban(), account=student(7, first).account)])
    await life.relay()
    await sign_up(life, [student(500 + number, life.seconds + 60.0 * number) for number in range(30)])
    assert not alerted(life)


HANDED_OUT: Mapping[str, Account] = {
    "a new default picture": Account(account_id="", avatar=Avatar(pdq=DEFAULT_PICTURE, quality=92)),
    "a carrier's new address": Account(account_id="", ip=CARRIER),
}


@pytest.mark.parametrize("what", HANDED_OUT)
async def test_what_thousands_are_given_within_a_day_floods_no_queue(life: Life, what: str) -> None:
    """Twenty of those who have it are banned in its second hour, among bans of two years."""
    now = life.seconds
    rng, population = seeded(7, what), Population(7, CROWD)
    crowd = [_with_it(rng, population, what, now - 20 * 3_600.0 + 30.0 * number) for number in range(CROWD)]
    former = [banned(population.person(rng), now - 86_400.0 * (3 * i + 1), "spam") for i in range(200)]
    just_now = [
        structs.replace(
            ban,
            event_id=f"ban-{i}",
            account=_given(created(population.person(rng), 0.0).account, what),
            occurred_at=from_seconds(now - 19 * 3_600.0 + 90.0 * i),
            banned_at=from_seconds(now - 19 * 3_600.0 + 90.0 * i),
        )
        for i, ban in enumerate(former[:20])
    ]
    await sign_up(life, crowd[:FIRST_HOUR])
    await hour_passes(life)
    await enrol(life, [structs.replace(ban, expires_at=None) for ban in (*former[20:], *just_now)])
    await sign_up(life, crowd[FIRST_HOUR:])
    assert len(alerted(life)) <= QUEUE_A_THOUSAND * len(crowd) / 1_000


def _with_it(rng: Random, population: Population, what: str, at: float) -> AccountCreated:
    sign_up = created(population.person(rng), at)
    return structs.replace(sign_up, account=_given(sign_up.account, what))


def _given(account: Account, what: str) -> Account:
    handed_out = HANDED_OUT[what]
    return structs.replace(
        account, avatar=handed_out.avatar or account.avatar, ip=handed_out.ip or account.ip
    )


def profile(name: str, digit: str) -> dict[str, Any]:
    """A profile that its mirror takes up."""
    return {"handle": f"{name}_kandak{digit}", "email": f"{name}@valley.example"}


async def test_after_an_hour_of_standstill_a_return_weighs_what_it_weighed_live(make_life: MakeLife) -> None:
    life = make_life(late_ban_seconds=1e9)
    banned_at, back = NOON, NOON + timedelta(minutes=8)
    old = [banned_at - timedelta(days=n) for n in range(1, 121)]
    await enrol(life, [a_ban(f"old {n}", at=at, banned_at=at) for n, at in enumerate(old)])
    both = ("zufar", "gulbar")  # whose mirror is read at once, and whose later
    await enrol(life, [a_ban(name, at=banned_at, banned_at=banned_at, **profile(name, "")) for name in both])
    live, later = (a_sign_up(f"new {name}", at=back, **profile(name, "2")) for name in both)
    await sign_up(life, [live])
    # While nobody reads, an hour of many bans passes.
    since = [back + timedelta(seconds=60 + 20 * n) for n in range(150)]
    life.seconds += 3_600.0
    await enrol(life, [a_ban(f"since {n}", at=at, banned_at=at) for n, at in enumerate(since)])
    await sign_up(life, [later])
    told_live, told_later = life.alerts
    assert (told_live.account_id, told_later.account_id) == ("new zufar", "new gulbar")
    weights = [
        sum(line.weight for line in alert.evidence if line.signal == "timing")
        for alert in (told_live, told_later)
    ]
    assert weights[0] > 1.5
    assert weights[1] == pytest.approx(weights[0], abs=1e-9)


# What the rights of a ban's basis let alerts say, and whether there are any.


DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
FRONT = "Northern Valley Liberation Front"
SILENT = RightsTable({("pk", ""): BasisRights(may_alert=False), ("pk", "schedule i"): BasisRights()})
UNQUOTED = RightsTable({("pk", ""): BasisRights(may_be_quoted=False)})
ENTRY = WatchlistEntry(authority="PK", reference="N-7", aliases=(Alias(FRONT),))
MIRROR = a_sign_up("99", handle="um4r_media", device_id=DEVICE)
VOICE = a_sign_up("98", handle="northern_front", display_name=FRONT, bio=f"Voice of the {FRONT}")


def asked_by(authority: str, *programmes: str, account_id: str = "77") -> AccountBanned:
    basis = Basis(authority=authority, reference="N-7", programmes=programmes)
    return structs.replace(a_ban(account_id, handle="umar_media", device_id=DEVICE), basis=basis)


def a_listing(account_id: str) -> AccountBanned:
    ban = structs.replace(asked_by("PK", account_id=account_id), platform="watchlist", policy="watchlist")
    account = structs.replace(ban.account, handle=FRONT.replace(" ", "_"), display_name=FRONT, device_id=None)
    return structs.replace(ban, account=account, banned_at=None)


def counted(life: Life, name: str, kind: str) -> float:
    value = life.context.metrics.registry.get_sample_value(f"samehand_{name}_total", {"basis": kind})
    assert value is not None
    return value


async def test_ban_of_a_basis_that_may_not_alert_alerts_in_no_direction_and_is_counted(
    make_life: MakeLife,
) -> None:
    for ban, alerts in (
        (asked_by("PK", "Schedule II"), 0),
        (asked_by("PK"), 0),
        (asked_by("PK", "Schedule I"), 1),
        (asked_by("platform"), 1),
    ):
        forward, back = make_life(basis_rights=SILENT), make_life(basis_rights=SILENT)
        await forward.ban(ban)
        await forward.tell(forward.screen, MIRROR)
        await back.tell(back.remember, MIRROR)
        await back.ban(ban)
        for life in (forward, back):
            kind = "state" if ban.basis and ban.basis.authority == "PK" else "platform"
            assert len(life.alerts) == counted(life, "alerts_by_basis", kind) == alerts
            assert counted(life, "alerts_without_right", kind) == 1 - alerts


async def test_ban_that_may_not_alert_takes_no_place_from_another(make_life: MakeLife) -> None:
    life = make_life(basis_rights=SILENT, alerts_an_event=1)
    weaker = a_ban("78", handle="umar_medias", device_id=DEVICE, at=NOON - timedelta(days=1))
    await life.ban(asked_by("PK"), weaker)
    await life.tell(life.screen, MIRROR)
    assert [alert.matched.account_id for alert in life.alerts] == ["78"]


async def test_alert_is_marked_by_the_word_that_its_ban_rests_on(life: Life) -> None:
    for number, (authority, kind) in enumerate([("PK", "state"), ("platform", "platform")]):
        await life.ban(asked_by(authority, account_id=str(number)))
        await life.tell(life.screen, a_sign_up(f"9{number}", handle="um4r_media", device_id=DEVICE))
        assert {
            alert.matched.basis_kind for alert in life.alerts if alert.matched.account_id == str(number)
        } == {kind}


async def test_basis_that_may_not_be_quoted_is_in_no_alert_or_summary(make_life: MakeLife) -> None:
    life = make_life(basis_rights=UNQUOTED)
    await life.ban(asked_by("PK"))
    await life.tell(life.screen, MIRROR)
    (alert,) = life.alerts
    [ban] = await life.context.store.bans(["telegram:77"])
    assert ban is not None
    for matched in (alert.matched, summary_of(ban.facts, life.seconds, UNQUOTED).matched):
        assert (matched.basis, matched.basis_kind) == (None, "state")
    assert "umar_media" in {line.theirs for line in alert.evidence}  # the platform's own account


async def test_listed_name_that_may_not_be_quoted_is_in_no_word_of_its_alert(make_life: MakeLife) -> None:
    life = make_life(basis_rights=UNQUOTED)
    await life.ban(a_listing(ENTRY.unquoted_id(ENTRY.aliases[0])))
    await life.tell(life.screen, VOICE)
    (alert,) = life.alerts
    assert {(line.theirs, line.because) for line in alert.evidence} == {("", NOT_QUOTED)}
    assert alert.matched.basis_kind == "state"
    matched = encode(structs.replace(alert, evidence=(), counter_evidence=()))
    assert not any(word in matched for word in (b"PK", b"N-7", b"Liberation"))


async def test_listed_name_whose_id_quotes_its_listing_waits_for_the_next_import(make_life: MakeLife) -> None:
    life = make_life(basis_rights=UNQUOTED)
    await life.ban(a_listing(ENTRY.account_id(ENTRY.aliases[0])))
    await life.tell(life.screen, VOICE)
    assert life.alerts == []
    assert counted(life, "alerts_without_right", "state") == 1
    assert (await related("telegram:98", life.context)).related == ()


rights = st.builds(BasisRights, st.booleans(), st.booleans(), st.booleans())


@given(
    weights=settings_of_all_kinds(),
    table=st.dictionaries(st.sampled_from([("pk", ""), ("*", ""), ("platform", "")]), rights),
    policy=st.fixed_dictionaries(
        {
            "across_platforms": st.booleans(),
            "dated": st.booleans(),
            "shadow": st.booleans(),
            "quote_bio": st.booleans(),
            "alerts_an_event": st.sampled_from((1, 3)),
            "sample_share": st.sampled_from((0.0, 1.0)),
        }
    ),
    persons=st.booleans(),
    bio=st.sampled_from((None, "News of the day, every morning.")),
)
def test_no_name_of_a_list_alerts_alone_under_any_setting_in_any_direction(
    weights: Weights,
    table: dict[tuple[str, str], BasisRights],
    policy: dict[str, Any],
    persons: bool,
    bio: str | None,
) -> None:
    listing = a_listing(ENTRY.unquoted_id(ENTRY.aliases[0]))
    if persons:
        listing = structs.replace(listing, platform="watchlist-persons")
    profile: dict[str, Any] = {"handle": FRONT.replace(" ", "_"), "display_name": FRONT, "bio": bio}

    async def everything() -> None:
        life = a_life(weights, basis_rights=RightsTable(table), **policy)
        await life.tell(life.remember, a_sign_up("97", **profile))
        await life.ban(listing)
        await life.tell(life.screen, a_sign_up("98", **profile))
        await life.tell(life.changed, a_change("98", **profile))
        await life.tell(life.scan, a_listed_account("96", **profile))
        assert life.alerts == []
        foreseen = await Preview(life.context).foresee(Decoded(a_sign_up("95", **profile)))
        assert not isinstance(foreseen, Malformed)
        assert foreseen.alerts == ()

    asyncio.run(everything())


# Two versions of workers at once, as while they are upgraded one by one: other weights, or another fold.


SAME: dict[str, Any] = {"device_id": DEVICE, "phone": "+998971406283"}
BAN = a_ban("77", handle="umar_press", **SAME)
RETURN = a_sign_up("99", handle="umar_media_2", **SAME)
OTHERS: dict[str, Any] = {"device_id": "0b5c2e9a-33b7-4a51-9c6e-0f6b8f0d1a77", "phone": "+998935554433"}
OUT_OF_REACH = 1 - 2**-53
LATER_FOLD = FOLD_VERSION + 1


@pytest.fixture
def under(life: Life) -> Callable[[Bands], Life]:
    """Another worker on the same store, with the same weights under another name and other thresholds."""

    def build(bands: Bands) -> Life:
        weights = replace_fields(default_weights(), version="ours-2", bands=bands)
        return Life(replace(life.context, weighing=Weighing.by(weights)))

    return build


def told(*lives: Life) -> list[tuple[str, int, str, str]]:
    """What consumers hold of the pair once they have upserted by (alert, revision)."""
    alerts = [alert for one in lives for alert in one.alerts]
    assert len({alert.alert_id for alert in alerts}) == 1
    held = {alert.revision: alert for alert in alerts}
    return [(it.status, lives[0].number(it), it.band, it.weights_version) for _, it in sorted(held.items())]


async def test_what_one_told_the_other_does_not_tell_again(
    life: Life, under: Callable[[Bands], Life]
) -> None:
    other = under(Bands())
    await life.ban(BAN)
    await life.tell(life.screen, RETURN)
    await other.tell(other.screen, RETURN)  # its batch was not acknowledged before the partition moved
    await other.ban(BAN)
    assert told(life, other) == [("open", 1, "likely", default_weights().version)]


async def test_what_one_left_unconfirmed_the_other_tells_as_the_same_revision(
    life: Life, under: Callable[[Bands], Life]
) -> None:
    other = under(Bands())
    await life.ban(BAN)
    (claimed,) = await life.screen([arrival(RETURN)])  # and it ended before the broker confirmed
    assert isinstance(claimed, Published)
    await other.tell(other.screen, RETURN)
    life.heard += [alert for emit in claimed.emits if (alert := life.alert(emit)) is not None]
    assert [(it.alert_id, it.revision) for it in life.alerts] == [
        (it.alert_id, it.revision) for it in other.alerts
    ]
    assert told(life, other) == [("open", 1, "likely", "ours-2")]


async def test_a_band_that_rises_under_the_other_is_its_next_revision(
    life: Life, under: Callable[[Bands], Life]
) -> None:
    strict = under(Bands(likely=OUT_OF_REACH, possible=0.5))
    await life.ban(BAN)
    await strict.tell(strict.screen, RETURN)
    await life.tell(life.screen, RETURN)
    await strict.tell(strict.screen, RETURN)  # a band that falls is no news
    assert told(strict, life) == [
        ("open", 1, "possible", "ours-2"),
        ("open", 2, "likely", default_weights().version),
    ]


async def test_one_that_would_not_alert_withdraws_what_the_other_told_and_is_not_contradicted_for_good(
    life: Life, under: Callable[[Bands], Life]
) -> None:
    deaf = under(Bands(likely=OUT_OF_REACH, possible=OUT_OF_REACH))
    await life.ban(BAN)
    await life.tell(life.screen, RETURN)
    change = a_change("99", handle="umar_media_2", **SAME)
    await deaf.tell(deaf.changed, change)
    await deaf.relay()
    assert [(it.status, deaf.number(it)) for it in deaf.alerts] == [("withdrawn", 2)]
    await life.tell(life.changed, a_change("99", handle="umar_media_2", **SAME))
    assert [life.number(it) for it in life.alerts] == [1, 3]


def folded_otherwise(
    account: Distilled, keyer: Keyer, *, at: float | None, pepper_id: int = 0
) -> Fingerprint:
    """Distils as a later program would that reads a handle's words in another order."""
    words = "_".join(reversed((account.handle or "").split("_")))
    made = distil(replace(account, handle=words), keyer, at=at, pepper_id=pepper_id)
    return replace(made, fold_version=LATER_FOLD)


@dataclass(frozen=True, slots=True)
class Program:
    """A worker of one fold version, with a connection of its own to the store that it shares."""

    patch: pytest.MonkeyPatch
    life: Life
    store: RedisStore
    fold: int

    def runs(self) -> Life:
        """The worker, which from now on is the one that is heard."""
        self.patch.setattr(store_meta, "FOLD_VERSION", self.fold)
        self.patch.setattr(distilling, "distil", folded_otherwise if self.fold == LATER_FOLD else distil)
        return self.life

    async def starts(self) -> Life:
        """The worker, once the store has let it in."""
        life = self.runs()
        await self.store.open()
        return life


@pytest.fixture
async def programs(
    make_life: MakeLife, redis_url: str, store_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Program, Program]]:
    """The former and the next."""

    def build(fold: int) -> Program:
        store = RedisStore(
            RedisEndpoint(url=redis_url, deadline_seconds=20.0), prefix=store_prefix, identity=b"i" * 32
        )
        return Program(monkeypatch, Life(replace(make_life().context, store=store)), store, fold)

    both = build(FOLD_VERSION), build(LATER_FOLD)
    yield both
    for one in both:
        await one.store.close()


async def test_each_finds_the_mirrors_of_what_the_other_enrolled(programs: tuple[Program, Program]) -> None:
    """By all that folding does not touch: names that it reads otherwise match again after a rebuild."""
    former, later = programs
    await (await former.starts()).ban(BAN)
    life = await later.starts()
    await life.tell(life.screen, RETURN)
    await life.ban(a_ban("78", handle="nadia_press", **OTHERS))
    life = former.runs()
    await life.tell(life.screen, a_sign_up("98", handle="nadia_press2", **OTHERS))
    found = [
        (it.account_id, it.matched.account_id, it.fold_version) for one in programs for it in one.life.alerts
    ]
    assert sorted(found) == [("98", "78", FOLD_VERSION), ("99", "77", LATER_FOLD)]


async def test_a_former_one_runs_on_and_starts_no_more_once_the_next_has_enrolled(
    programs: tuple[Program, Program],
) -> None:
    former, later = programs
    await former.starts()
    await (await later.starts()).ban(BAN)
    life = former.runs()
    await life.tell(life.screen, RETURN)
    assert [it.account_id for it in life.alerts] == ["99"]
    with pytest.raises(StoreMismatch, match=f"fold version {LATER_FOLD}; this program reads versions"):
        await former.starts()


async def test_a_ban_that_a_former_one_enrols_after_the_rebuild_is_noted(
    programs: tuple[Program, Program],
) -> None:
    """Or the program after the next would take the store for one that holds nothing of it."""
    former, later = programs
    await (await former.starts()).ban(a_ban("76", handle="abu_hamza"))
    await (await later.starts()).ban(BAN)
    await later.store.note_rebuilt()
    assert (await later.store.figures()).fold_versions == (LATER_FOLD,)
    await former.runs().ban(a_ban("79", handle="umar_press"))
    assert (await later.store.figures()).fold_versions == (FOLD_VERSION, LATER_FOLD)


# The command line and a worker's agents on Redis say the same of the same accounts.


TOLERANCE = 1e-9  # nats: floating point alone
TOLD_AT_ONCE = 200

Pairs = dict[tuple[str, str], MirrorAlert]


@pytest.mark.journey
async def test_both_find_the_same_pairs_with_the_same_odds(
    make_life: MakeLife, tmp_path: Path, redis_url: str, store_prefix: str
) -> None:
    simulate_command(11, 400, tmp_path)
    now = time.time()
    bans = list(read_bans(tmp_path / "bans.jsonl", now=now, platform="x"))
    accounts = list(read_accounts(tmp_path / "accounts.jsonl", now=now, platform="x"))
    run = Offline(now=now, first_day=True, sign_ups_a_day=SIGN_UPS_A_DAY_UNKNOWN)
    await run.enrol(bans)
    await run.screen(accounts)
    offline = by_pair(run.scored.alerts)

    store = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=20.0), prefix=store_prefix, identity=b"i" * 32
    )
    await store.open()
    made = make_life(late_ban_seconds=400_000 * 3_600.0)
    life = replace(made, context=replace(made.context, store=store, now=lambda: now), seconds=now)
    for agent, lines, row in ((life.enrol, bans, ROW_OF_BANS), (life.screen, accounts, ROW_OF_ACCOUNTS)):
        events = list(readable(lines, row))
        for first in range(0, len(events), TOLD_AT_ONCE):
            await life.tell(agent, *events[first : first + TOLD_AT_ONCE])
    await store.close()
    live = by_pair([by_number(alert) for alert in life.alerts])

    assert live.keys() == offline.keys() != set()
    assert {pair: alert.band for pair, alert in live.items()} == {
        pair: alert.band for pair, alert in offline.items()
    }
    assert {pair: alert.log_odds for pair, alert in live.items()} == pytest.approx(
        {pair: alert.log_odds for pair, alert in offline.items()}, abs=TOLERANCE, rel=0.0
    )


def readable(lines: Iterable[InputLine[Any]], row: str) -> Iterable[AccountEvent]:
    return (
        within_run(line.outcome, row, named=line.named)
        for line in lines
        if not isinstance(line.outcome, Malformed)
    )


def by_pair(alerts: Sequence[MirrorAlert]) -> Pairs:
    return {(alert.key, alert.matched.key): alert for alert in alerts}


# What an alert says in several places does not contradict itself: a hundred alerts are read.


ALERTS = 100
CONFIG = Config(seed=27, accounts=270, mirror_share=0.5, bans=40, start=NOON + timedelta(days=1))
DAY_ONLY_EVERY = 3
"""Of bans: one in so many says its date alone."""


async def published(life: Life, agent: Any, value: Record) -> None:
    """What comes of an event, and of the bans that it enrols."""
    outcomes = await agent([replace(arrival(value), timestamp=life.seconds)])
    await life.publish(agent, outcomes)
    for outcome in outcomes if agent is life.enrol else ():
        for emit in outcome.emits if isinstance(outcome, Published) else ():
            if emit.topic == life.context.topics.enrolled:
                told = await life.lookback([replace(arrival(emit.value), timestamp=life.seconds)])
                await life.publish(life.lookback, told)


def dated(value: Record, number: int) -> Record:
    """Some bans with their date alone, in the zone of whoever wrote them."""
    if not isinstance(value, AccountBanned) or value.banned_at is None or number % DAY_ONLY_EVERY:
        return value
    day = value.banned_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return structs.replace(value, banned_at=day)


@pytest.fixture
async def alerts(make_life: MakeLife) -> list[MirrorAlert]:
    life = make_life(logged=False)
    agents = {
        PlatformTopic.CREATED: life.screen,
        PlatformTopic.UPDATED: life.changed,
        PlatformTopic.BANNED: life.enrol,
    }
    for number, event in enumerate(generate(CONFIG)):
        if event.topic in agents and isinstance(event.value, Record):
            life.seconds = event.at
            await published(life, agents[event.topic], dated(event.value, number))
        if len(life.alerts) >= ALERTS:
            break
    found = life.alerts
    assert len(found) >= ALERTS
    return found


def contradictions(alert: MirrorAlert) -> Iterator[str]:
    """What two places of an alert say otherwise of one fact."""
    lines = {line.signal: line for line in (*alert.evidence, *alert.counter_evidence)}
    since = alert.seconds_since_ban
    if (timing := lines.get("timing")) is not None and since is not None:
        # A rival that explains the moment is named behind it.
        told = re.sub(r"^The account was made (.*?) the ban\..*$", r"\1", timing.because)
        page = ENGLISH.since(since)
        if told == "within a second of":
            told = "less than a day from"  # which the page says of both
        if page not in told:
            yield f"the page says {page}, the sentence {timing.because}"
        if page != "less than a day" and told.split()[-1] != ("before" if since < 0 else "after"):
            yield f"{since} seconds since the ban, and {timing.because}"
        if f"made {told} the ban" not in next(iter(_circumstances(alert))):
            yield f"a terminal says {list(_circumstances(alert))}, the sentence {timing.because}"
    found = ENGLISH.gettext(alert.direction)
    if "before" in found or "after" in found:
        yield f"{alert.direction} is how it was found, and reads as when the account was made: {found}"
    email = lines.get("email")
    if email is not None and "different providers" in email.because:
        ours, theirs = (side.partition("@")[2] for side in (email.ours, email.theirs))
        if ours == theirs:
            yield f"{email.ours} and {email.theirs}: {email.because}"
    for line in lines.values():
        compared = compare(line.signal, alert.platform, line.ours, line.theirs)
        for side, other, read in (
            (line.ours, line.theirs, compared.ours_read),
            (line.theirs, line.ours, compared.theirs_read),
        ):
            if (
                read
                and side.isascii()
                and side.isalpha()
                and read not in re.findall(r"[^\W_]+", other.casefold())
            ):
                yield f"{side} reads as {read}"


async def test_a_hundred_alerts_do_not_contradict_themselves(alerts: list[MirrorAlert]) -> None:
    assert {one.direction for one in alerts} >= {"forward", "lookback"}
    assert any(one.direction == "forward" and (one.seconds_since_ban or 0) < 86_400 for one in alerts)
    whole_days = [one for one in alerts if one.seconds_since_ban and one.seconds_since_ban % 86_400 == 0]
    assert whole_days, "some bans have a date alone"
    said = [told for alert in alerts for told in contradictions(alert)]
    assert not said, (len(said), said[:5])


# What a stranger types costs a field, never the sign-up and never the ban.


TYPED: list[tuple[str, Any, str]] = [
    ("user_agent", "Mozilla/5.0 " + "x" * 1_024, "too-long"),
    ("ip", ", ".join(f"203.0.113.{n}" for n in range(9)), "too-long"),
    ("ip", "203.0.113.24, 10.0.0.1", "unreadable"),
    ("ip", "nope", "unreadable"),
    ("phone", "x", "unreadable"),
    ("payment_token", "tok_1\n", "bad-format"),
    ("bio", "half \ud83d an emoji", "lone-surrogate"),
    ("bio", "x" * 10_001, "too-long"),
    ("links", ["https://a.example/"] * 51, "too-many"),
    ("referrer", 7, "wrong-type"),
    ("avatar", {"pdq": "0f" * 32}, "incomplete"),
    ("email_hmac", "A7" * 10, "bad-format"),
]


def typed(record: Record, **fields: Any) -> bytes:
    """The message of a record whose account holds other values."""
    message = json.loads(encode(record))
    message["account"] |= fields
    return json.dumps(message).encode()


@pytest.mark.parametrize(("field", "value", "reason"), TYPED)
async def test_a_sign_up_is_looked_up_by_what_is_left_of_it(
    life: Life, field: str, value: object, reason: str
) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    event = typed(a_sign_up("99", handle="umar_media_2", device_id=DEVICE), **{field: value})
    (outcome,) = await life.tell(life.screen, event)
    assert isinstance(outcome, Published)
    (alert,) = life.alerts
    assert alert.band == "likely"
    assert {(it.side, it.field) for it in alert.not_read} == {("account", field)}
    assert reason in {it.reason for it in alert.not_read}
    counted = life.context.metrics.exposition().decode()
    assert f'fields_unusable_total{{field="{field}",reason="{reason}",topic=' in counted


async def test_a_ban_without_a_usable_date_queue_or_policy_is_a_ban(life: Life) -> None:
    message = json.loads(encode(a_ban("77", handle="umar_media", device_id=DEVICE)))
    message |= {"banned_at": "yesterday", "queue": "two words", "policy": 7, "basis": {"authority": "?"}}
    message["account"]["payment_token"] = "tok_1\n"
    await life.ban(json.dumps(message).encode())
    await life.tell(life.screen, a_sign_up("99", handle="umar_media", device_id=DEVICE))
    (alert,) = life.alerts
    assert (alert.queue, alert.matched.policy) == (None, None)
    assert alert.matched.basis == Basis(authority="unreadable"), "which has no right but the least"
    assert "timing" not in {line.signal for line in (*alert.evidence, *alert.counter_evidence)}
    # The queue and the policy are no evidence; the others would have been.
    unread = {(it.side, it.field, it.reason) for it in alert.not_read}
    assert unread == {("matched", "banned_at", "bad-date"), ("matched", "payment_token", "bad-format")}


async def test_a_ban_whose_end_cannot_be_read_is_a_dead_letter(life: Life) -> None:
    message = json.loads(encode(a_ban("77", handle="umar_media")))
    message["expires_at"] = "in a year"
    assert dead(await life.tell(life.enrol, json.dumps(message).encode())) == ["bad-date"]


async def test_a_reinstatement_with_too_long_a_reason_lifts_the_ban(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media"))
    message = json.loads(encode(a_reinstatement("77"))) | {"reason": "x" * 2_000}
    assert dead(await life.tell(life.expunge, json.dumps(message).encode())) == []
    assert await life.context.store.bans(["telegram:77"]) == [None]


# How many round trips to Redis an event waits for, one after the other, on whatever Redis there is.

MANY = 50


@pytest.fixture(params=["one server", "cluster"])
async def lived(request: pytest.FixtureRequest, life: Life, store_prefix: str) -> AsyncIterator[Life]:
    """Agents on a Redis, which have handled some events of every kind already."""
    if request.param == "one server":
        there = {"url": request.getfixturevalue("redis_url")}
    else:
        nodes: RedisCluster = request.getfixturevalue("cluster")
        there = {"cluster": tuple((LOOPBACK, node.port) for node in nodes.nodes)}
    store = RedisStore(
        RedisEndpoint(deadline_seconds=10.0, **there),
        prefix=store_prefix,
        identity=b"i" * 32,
        sizes=Sizes(**SMALL),
    )
    await store.open()
    lived = Life(replace(life.context, store=store))
    await lived.ban(a_ban(handle="umar_media", device_id=DEVICE))
    for _ in range(2):
        for many in (1, MANY):
            await lived.tell(
                lived.screen, *(a_sign_up(handle=f"umar_media_{n}", device_id=DEVICE) for n in range(many))
            )
    yield lived
    await store.close()


def batches_of(lived: Life) -> tuple[int, ...]:
    """Sizes of batches; to a Cluster a batch sends a command a tag, more than it has connections."""
    return (1, MANY) if lived_on_one_server(lived) else (1,)


def only(counted: Trips, most: int) -> None:
    """Fails with what was sent if there were more trips."""
    assert counted.waited <= most, "\n".join(counted.sent)


async def test_an_event_without_an_alert_waits_for_three_trips(lived: Life) -> None:
    for many in batches_of(lived):
        events = [a_sign_up(handle=f"umar_kitchen_{n}") for n in range(many)]
        with trips() as counted:
            outcomes = await lived.tell(lived.screen, *events)
        assert not any(isinstance(it, Published) for it in outcomes)
        only(counted, 3 if lived_on_one_server(lived) else 4)


async def test_an_alert_waits_for_six_more_and_its_confirmation_for_two(lived: Life) -> None:
    for many in batches_of(lived):
        # On a day of its own each: together they would be a wave, which takes some trips more.
        events = [
            a_sign_up(handle=f"umar_media_{n}", device_id=DEVICE, at=NOON - timedelta(days=2 * n + 2))
            for n in range(many)
        ]
        with trips() as counted:
            outcomes: list[Outcome] = await lived.screen([arrival(event) for event in events])
        assert any(isinstance(it, Published) for it in outcomes)
        only(counted, 9)
        with trips() as counted:
            await lived.publish(lived.screen, outcomes)
        only(counted, 2)


@pytest.mark.parametrize("step", ["withdraw", "confirm"])
async def test_on_redis_too_the_second_half_of_superseding_is_repeated(lived: Life, step: str) -> None:
    (alike,) = {alert.matched.account_id for alert in lived.alerts}  # whose alert would hide the weaker one
    await tell(lived, a_reinstatement(alike))
    await overlapping(lived, step)
    assert stand(lived)[STRONG] == "open"
    await redelivered(lived)
    assert {of: how for of, how in stand(lived).items() if of in (WEAK, STRONG)} == {
        WEAK: "superseded",
        STRONG: "open",
    }


async def test_a_question_waits_for_one_trip_more_only_where_company_exists(lived: Life) -> None:
    preview, one = Preview(lived.context), lived_on_one_server(lived)
    alone = Decoded(a_sign_up("alone", handle="quiet_reader"))
    await preview.foresee(alone)
    with trips() as counted:
        await preview.foresee(alone)
    only(counted, 3 if one else 4)
    await lived.tell(lived.screen, *(nicole(number) for number in range(6)))
    with trips() as counted:
        foreseen = await preview.foresee(Decoded(nicole(7)))
    assert isinstance(foreseen, Foreseen)
    assert foreseen.wave
    only(counted, 4 if one else 5)


def lived_on_one_server(lived: Life) -> bool:
    """Whether one server holds all of the store."""
    store = lived.context.store
    assert isinstance(store, RedisStore)
    return not store.shards.client.is_cluster
