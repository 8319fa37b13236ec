"""Two versions of workers at once, as while they are upgraded one by one: other weights, or another fold.

What docs/howto/keep.md promises of that, on one store, record by record.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from msgspec.structs import replace as replace_fields

from agents.common import converters
from agents.common.decisions.weights_in_force import WeightsInForce
from samehand.account import Account
from samehand.fingerprint.distil import Fingerprint, Keyer, distil
from samehand.normalize.text.fold import FOLD_VERSION
from samehand.scoring.weights import Bands, default_weights
from store.errors import StoreMismatch
from store.redis import RedisEndpoint, RedisStore, store_meta
from streams.outcomes import Published
from tests.agents.conftest import Life, MakeLife
from tests.makers import a_ban, a_change, a_sign_up, arrival

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
SAME: dict[str, Any] = {"device_id": DEVICE, "phone": "+998971406283"}
BAN = a_ban("77", handle="umar_media", **SAME)
MIRROR = a_sign_up("99", handle="umar_media_2", **SAME)
OTHERS: dict[str, Any] = {"device_id": "0b5c2e9a-33b7-4a51-9c6e-0f6b8f0d1a77", "phone": "+998935554433"}
OUT_OF_REACH = 1 - 1e-13
LATER_FOLD = FOLD_VERSION + 1


@pytest.fixture
def under(life: Life) -> Callable[[Bands], Life]:
    """Another worker on the same store, with the same weights under another name and other thresholds."""

    def build(bands: Bands) -> Life:
        weights = replace_fields(default_weights(), version="ours-2", bands=bands)
        return Life(replace(life.context, weights=WeightsInForce(weights)))

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
    await life.tell(life.screen, MIRROR)
    await other.tell(other.screen, MIRROR)  # its batch was not acknowledged before the partition moved
    await other.ban(BAN)
    assert told(life, other) == [("open", 1, "likely", default_weights().version)]


async def test_what_one_left_unconfirmed_the_other_tells_as_the_same_revision(
    life: Life, under: Callable[[Bands], Life]
) -> None:
    other = under(Bands())
    await life.ban(BAN)
    (claimed,) = await life.screen([arrival(MIRROR)])  # and it ended before the broker confirmed
    assert isinstance(claimed, Published)
    await other.tell(other.screen, MIRROR)
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
    await strict.tell(strict.screen, MIRROR)
    await life.tell(life.screen, MIRROR)
    await strict.tell(strict.screen, MIRROR)  # a band that falls is no news
    assert told(strict, life) == [
        ("open", 1, "possible", "ours-2"),
        ("open", 2, "likely", default_weights().version),
    ]


async def test_one_that_would_not_alert_withdraws_what_the_other_told_and_is_not_contradicted_for_good(
    life: Life, under: Callable[[Bands], Life]
) -> None:
    deaf = under(Bands(likely=OUT_OF_REACH, possible=OUT_OF_REACH))
    await life.ban(BAN)
    await life.tell(life.screen, MIRROR)
    change = a_change("99", handle="umar_media_2", **SAME)
    await deaf.tell(deaf.changed, change)
    await deaf.relay()
    assert [(it.status, deaf.number(it)) for it in deaf.alerts] == [("withdrawn", 2)]
    await life.tell(life.changed, a_change("99", handle="umar_media_2", **SAME))
    assert [life.number(it) for it in life.alerts] == [1, 3]


def folded_otherwise(account: Account, keyer: Keyer, *, at: float | None, pepper_id: int = 0) -> Fingerprint:
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
        self.patch.setattr(converters, "distil", folded_otherwise if self.fold == LATER_FOLD else distil)
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
    await life.tell(life.screen, MIRROR)
    await life.ban(a_ban("78", handle="nadia_press", **OTHERS))
    life = former.runs()
    await life.tell(life.screen, a_sign_up("98", handle="nadia_press2", **OTHERS))
    found = [
        (it.account_id, it.matched.account_id, it.fold_version) for one in programs for it in one.life.alerts
    ]
    assert sorted(found) == [("98", "78", FOLD_VERSION), ("99", "77", LATER_FOLD)]


async def test_both_tell_a_pair_once(programs: tuple[Program, Program]) -> None:
    former, later = programs
    life = await former.starts()
    await life.ban(BAN)
    await life.tell(life.screen, MIRROR)
    life = await later.starts()
    await life.tell(life.screen, MIRROR)
    await life.ban(BAN)
    assert [(it.account_id, life.number(it)) for one in programs for it in one.life.alerts] == [("99", 1)]


async def test_a_former_one_runs_on_and_starts_no_more_once_the_next_has_enrolled(
    programs: tuple[Program, Program],
) -> None:
    former, later = programs
    await former.starts()
    await (await later.starts()).ban(BAN)
    life = former.runs()
    await life.tell(life.screen, MIRROR)
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
