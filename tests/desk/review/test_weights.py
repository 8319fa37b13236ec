"""Weights are tried, put in force and taken back by a lead, one decision after the other."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from desk.database import audit
from desk.database.decisions import weights as rows
from desk.database.engine import Database
from desk.errors import Conflict, ReviewError, UnusableInput
from desk.readers import Reader
from desk.review.audit.chain import Chain
from desk.review.weighing import weights
from desk.review.weighing.adopted import in_force
from desk.review.weighing.weights import WeightsStatus, adjustment_in, tables
from schemas.internal.weights import WeightsAdopted
from schemas.wire import encode
from tests.desk.people import Office, an_office
from tests.desk.weighing import (
    SHIPPED,
    adopted,
    decided,
    holding,
    learned,
    published,
    put_in_force,
    rolled_back,
    tried,
)
from tests.desk_databases import on_each_database

HOSTILE = "\N{RIGHT-TO-LEFT OVERRIDE}<b>" + "\N{WAVING HAND SIGN}" * 496


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


@pytest.fixture
async def lead(office: Office) -> Reader:
    return await office.hire("lena", "lead")


def version_in_force(office: Office, held: WeightsStatus) -> str:
    return tables(office.desk.base, held).live.version


async def lines(office: Office) -> list[Any]:
    async with office.database.read() as connection:
        return list(await audit.lines(connection, 0, 1_000))


async def test_what_is_in_shadow_weighs_nothing_until_it_is_put_in_force(
    office: Office, lead: Reader
) -> None:
    table = learned("one", device=0.5)
    await tried(office, lead, table)
    held = await holding(office)
    made = tables(office.desk.base, held)
    assert (made.live, made.shadow) == (SHIPPED, table)
    await put_in_force(office, lead)
    held = await holding(office)
    made = tables(office.desk.base, held)
    assert (made.live, made.shadow) == (table, None)
    assert held.trial is None
    assert (decided(held.live).number, decided(held.shadow).number) == (2, 3)


async def test_rolling_back_goes_a_step_further_each_time_and_ends_at_the_base(
    office: Office, lead: Reader
) -> None:
    for version in ("one", "two", "three"):
        base = tables(office.desk.base, await holding(office)).live
        await adopted(office, lead, learned(version, base, device=0.9))
    seen = []
    for _ in range(3):
        await rolled_back(office, lead)
        seen.append(version_in_force(office, await holding(office)))
    assert seen == ["two", "one", SHIPPED.version]
    with pytest.raises(Conflict, match="nothing adopted is in force"):
        await rolled_back(office, lead)
    await adopted(office, lead, learned("four"))
    await rolled_back(office, lead)
    held = await holding(office)
    assert (version_in_force(office, held), held.adopted) == (SHIPPED.version, None)


async def test_a_table_waits_in_shadow_for_as_long_as_the_settings_say(office: Office, lead: Reader) -> None:
    await tried(office, lead, learned())
    office.clock.pass_(24 * 3_600 - 1)
    with pytest.raises(Conflict, match="for long enough"):
        await put_in_force(office, lead, shadow_hours=24.0)
    office.clock.pass_(1)
    await put_in_force(office, lead, shadow_hours=24.0)
    assert version_in_force(office, await holding(office)) == "learned-1"


async def test_one_table_is_tried_at_a_time(office: Office, lead: Reader) -> None:
    await tried(office, lead, learned("one"))
    with pytest.raises(Conflict, match="in shadow already"):
        await tried(office, lead, learned("two"))
    async with office.desk.deciding(lead, knowing=1) as review:
        await review.end_trial()
    await tried(office, lead, learned("two"))
    assert decided((await holding(office)).trial).version == "two"


async def test_what_was_learnt_on_a_table_that_is_in_force_no_more_is_not_put_in_force(
    office: Office, lead: Reader
) -> None:
    await adopted(office, lead, learned("one"))
    await tried(office, lead, learned("two"))
    await rolled_back(office, lead)
    with pytest.raises(Conflict, match="in force no more"):
        await put_in_force(office, lead)
    upgraded = Office(
        replace_base(office, replace(SHIPPED, version="next")), office.clock
    )  # of a release with another table
    with pytest.raises(Conflict, match="in force no more"):
        await put_in_force(upgraded, lead)
    assert version_in_force(upgraded, await holding(upgraded)) == "next"


async def test_after_an_upgrade_one_press_leads_to_the_new_table_past_all_that_was_learnt_on_the_old_one(
    office: Office, lead: Reader
) -> None:
    await adopted(office, lead, learned("one"))
    await adopted(office, lead, learned("two", learned("one")))
    upgraded = Office(replace_base(office, replace(SHIPPED, version="next")), office.clock)
    await rolled_back(upgraded, lead)
    held = await holding(upgraded)
    assert (decided(held.live).version, weights.record_of(decided(held.live)).adjustment) == ("next", None)


def replace_base(office: Office, base: Any) -> Any:
    desk = office.desk
    return type(desk)(desk.database, desk.settings, desk.policy, desk.now, desk.metrics, base)


@on_each_database
async def test_of_two_leads_who_decide_at_once_one_is_told_whose_decision_was_first(
    office: Office, lead: Reader
) -> None:
    other = await office.hire("omar", "lead")
    await adopted(office, lead, learned("one"))
    knowing = (await holding(office)).newest

    async def back(reader: Reader) -> str:
        try:
            async with office.desk.deciding(reader, knowing=knowing) as review:
                await review.roll_back()
        except Conflict as fault:
            return fault.initials
        return "done"

    said = await asyncio.gather(back(lead), back(other), back(lead))
    assert said.count("done") == 1
    first = "L" if said[1] != "done" else "O"
    assert [one for one in said if one != "done"] == [first, first]
    assert (await holding(office)).newest == knowing + 1


async def test_a_reason_is_needed_and_is_kept_as_it_was_written(office: Office, lead: Reader) -> None:
    for reason in ("", " \n ", "\0", "a\0b", "x" * 501):
        with pytest.raises(UnusableInput):
            async with office.desk.deciding(lead, knowing=0) as review:
                await review.try_in_shadow(learned(), reason=reason, figures={})
    async with office.desk.deciding(lead, knowing=0) as review:
        await review.try_in_shadow(learned(), reason=HOSTILE, figures={"labels": 40})
    assert len(HOSTILE) == 500
    assert decided((await holding(office)).trial).reason == HOSTILE
    *_, line = await lines(office)
    detail = msgspec.json.decode(line.detail)
    assert (line.action, line.subject, line.actor) == ("weights-tried", "learned-1", lead.user_id)
    assert detail == {
        "number": 1,
        "stage": "shadow",
        "base": SHIPPED.version,
        "reason": audit.digest_of(HOSTILE),
        "labels": 40,
    }


async def test_every_decision_is_in_the_audit_and_the_chain_holds(office: Office, lead: Reader) -> None:
    await adopted(office, lead, learned("one"))
    await rolled_back(office, lead)
    await tried(office, lead, learned("two"))
    async with office.desk.deciding(lead, knowing=5) as review:
        await review.end_trial()
    told = await lines(office)
    assert [(line.action, line.subject) for line in told[1:]] == [  # after who was added
        ("weights-tried", "one"),
        ("weights-adopted", "one"),
        ("weights-trial-ended", "one"),
        ("weights-rolled-back", SHIPPED.version),
        ("weights-tried", "two"),
        ("weights-trial-ended", "two"),
    ]
    chain = Chain()
    chain.follow(told)
    assert (chain.broken, chain.number) == (None, 7)


async def test_a_desk_that_was_restored_says_again_what_it_knows(office: Office, lead: Reader) -> None:
    await adopted(office, lead, learned("one"))
    async with office.database.begin() as connection:
        await rows.see(connection, "live", 9, "unheard-of", now=office.clock())
        await rows.see(connection, "shadow", 8, "tried-later", now=office.clock())
    held = await holding(office)
    assert held.elsewhere == ("live", "shadow")
    async with office.desk.deciding(lead, knowing=held.newest) as review:
        await review.say_again()
    held = await holding(office)
    assert (decided(held.live).number, decided(held.shadow).number) == (10, 11)
    assert (version_in_force(office, held), held.trial) == ("one", None)
    await rolled_back(office, lead)
    assert version_in_force(office, await holding(office)) == SHIPPED.version
    with pytest.raises(Conflict, match="nothing that this desk does not know"):
        async with office.desk.deciding(lead, knowing=12) as review:
            await review.say_again()


@pytest.mark.parametrize("number", [weights.NUMBER_MAX, weights.NUMBER_MAX - 1, weights.AHEAD_MAX + 1])
async def test_a_number_on_the_topic_that_no_desk_counted_to_is_not_counted_on_from(
    office: Office, lead: Reader, number: int
) -> None:
    """Else the next decisions were the last ones, and a topic that is made anew would not help."""
    async with office.database.begin() as connection:
        await rows.see(connection, "live", number, "", now=office.clock())
    for errand in (tried(office, lead, learned()), said_again(office, lead)):
        with pytest.raises(Conflict, match="made anew"):
            await errand
    async with office.database.begin() as connection:
        await rows.see(connection, "live", weights.AHEAD_MAX - 1, "", now=office.clock())
    await tried(office, lead, learned())
    assert (await holding(office)).newest == weights.AHEAD_MAX


async def said_again(office: Office, lead: Reader) -> None:
    knowing = (await holding(office)).newest
    async with office.desk.deciding(lead, knowing=knowing) as review:
        await review.say_again()


async def test_what_workers_would_refuse_is_not_decided(office: Office, lead: Reader) -> None:
    for table in (learned("v" * 65), learned(device=11.0), replace(learned(), slope=11.0)):
        with pytest.raises(Conflict, match="beyond what workers take"):
            await tried(office, lead, table)
    assert (await holding(office)).newest == 0


async def test_a_clock_that_is_set_back_decides_nothing(office: Office, lead: Reader) -> None:
    await adopted(office, lead, learned("one"))
    office.clock.pass_(-10 * 86_400.0)
    await rolled_back(office, lead)
    held = await holding(office)
    assert (version_in_force(office, held), held.newest) == (SHIPPED.version, 4)
    async with office.database.read() as connection:
        assert [row.number for row in await rows.history(connection, 2)] == [4, 3]


async def test_a_decision_is_the_record_that_travels(office: Office, lead: Reader) -> None:
    table = learned("one", device=0.5)
    await adopted(office, lead, table)
    held = await holding(office)
    record = weights.record_of(decided(held.live))
    again = msgspec.json.decode(encode(record), type=WeightsAdopted)
    assert in_force(SHIPPED, again.adjustment) == table
    assert weights.record_of(decided(held.shadow)) == WeightsAdopted(stage="shadow", number=3)
    assert adjustment_in(held.shadow) is None
    assert not isinstance(again, ReviewError)


async def test_what_no_worker_was_told_of_was_not_in_shadow(office: Office, lead: Reader) -> None:
    """Kafka was away for the whole trial: nobody counted by it."""
    await tried(office, lead, learned(handle=0.9))
    async with office.database.begin() as connection:
        await rows.see(connection, "shadow", 0, "", now=office.clock())
    with pytest.raises(Conflict, match="no worker has counted by it"):
        await put_in_force(office, lead)
    await published(office)
    await put_in_force(office, lead)
