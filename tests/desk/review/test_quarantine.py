"""Which values are proposed for quarantine, what leads may decide, and what the topic is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import insert

from desk.database import audit, schema
from desk.database.decisions import quarantines as quarantine_rows
from desk.errors import Conflict, ReviewError, UnusableInput
from desk.readers import Reader
from desk.review import quarantine
from desk.review.quarantine import DISMISSALS_MIN, ValueFigures, view
from samehand.elapsed import DAY_SECONDS
from schemas.internal.quarantine import ValueQuarantined
from tests.desk.makers import a_reason
from tests.desk.people import Office
from tests.desk_databases import on_each_database

VALUE, AFTER_ROTATION = "ab" * 10, "cd" * 10
READERS = ("ana", "ben", "cem", "dee")


@pytest.fixture
async def lead(office: Office) -> Reader:
    return await office.hire("lena", "lead")


async def dismissed(
    office: Office,
    count: int = DISMISSALS_MIN,
    *,
    first: int = 0,
    readers: Iterable[str] = READERS,
    digests: tuple[str, ...] = (VALUE,),
    sampled: float | None = None,
    **given: Any,
) -> None:
    """So many alerts on accounts that share a value arrive, and readers in turn dismiss them blind."""
    names = list(readers)
    for number in range(first, first + count):
        line = a_reason("device", 3.0, value_digests=(digests,))
        alert_id = f"alert-{number}"
        await office.receive(alert_id, reasons=(line,), sampled=sampled)
        row = {
            "verdict_id": f"verdict-{alert_id}",
            "alert_id": alert_id,
            "revision": 1,
            "verdict": "not_mirror",
            "reason_code": "several-traits",
            "reviewer": names[number % len(names)],
            "decided_at": office.clock() - 1.0,
            "blind": True,
            "kind": "first",
            **given,
        }
        async with office.database.begin() as connection:
            await connection.execute(insert(schema.verdicts), [row])


async def proposed(office: Office) -> tuple[ValueFigures, ...]:
    async with office.database.read() as connection:
        return (await view(connection, now=office.clock())).proposals


async def decide(office: Office, reader: Reader, action: str, digest: str = VALUE, **given: Any) -> None:
    async with office.database.read() as connection:
        knowing = await quarantine_rows.newest(connection)
    async with office.desk.quarantining(reader, knowing=given.pop("knowing", knowing)) as review:
        await getattr(review, action)(digest, **{"reason": "a shop's device", **given})


async def told(office: Office) -> dict[str, ValueQuarantined]:
    async with office.database.read() as connection:
        return await quarantine.records(connection)


async def test_value_that_readers_agree_about_is_proposed_with_its_figures(office: Office) -> None:
    await dismissed(office)
    (value,) = await proposed(office)
    assert (value.digest, value.signal) == (VALUE, "device")
    assert (value.dismissals, value.mirrors, value.readers, value.most_by_one) == (16, 0, 4, 4)
    assert (value.accounts, value.bans) == (16, 1)
    assert value.precision_high < 0.2


@pytest.mark.parametrize(
    "given",
    [
        {"count": DISMISSALS_MIN - 1},
        {"readers": ("ana", "ben")},
        {"readers": ("ana", "ana", "ana", "ben", "cem")},  # most by one
        {"blind": False},
        {"kind": "elsewhere"},  # blind by the sender's word alone
        {"verdict": "unsure"},
        {"undone_at": 1.0},
        {"sampled": 0.5},  # below the bands: nobody was alerted by the value
    ],
)
async def test_value_without_enough_of_blind_agreement_is_not_proposed(
    office: Office, given: dict[str, Any]
) -> None:
    await dismissed(office, **{"count": 20, **given})
    assert await proposed(office) == ()


async def test_a_mirror_among_the_dismissals_counts_against_a_proposal(office: Office) -> None:
    await dismissed(office, 18)
    await dismissed(office, 1, first=18, verdict="mirror")
    assert await proposed(office) == ()  # 1 of 19: below .25
    await dismissed(office, 20, first=19)
    (value,) = await proposed(office)
    assert (value.dismissals, value.mirrors) == (38, 1)


async def test_lead_puts_a_value_in_quarantine_and_ends_it(office: Office, lead: Reader) -> None:
    await dismissed(office)
    await decide(office, lead, "put", days=30)
    assert await proposed(office) == ()
    (record,) = (await told(office)).values()
    assert (record.digest, record.by, record.reason) == (VALUE, lead.user_id, "a shop's device")
    assert record.until is not None
    assert record.until.timestamp() == office.clock() + 30 * DAY_SECONDS
    await decide(office, lead, "end")
    (ended,) = (await told(office)).values()
    assert ended.until is None
    assert ended.revision > record.revision
    assert await proposed(office) == ()  # verdicts before the decision count no more
    with pytest.raises(Conflict, match="not in quarantine"):
        await decide(office, lead, "end")
    async with office.database.read() as connection:
        lines = [it for it in await audit.lines(connection, after=0, limit=100) if it.subject == VALUE]
    assert [it.action for it in lines] == ["quarantine-put", "quarantine-ended"]


async def test_refused_value_is_told_to_nobody_and_proposed_by_new_dismissals_alone(
    office: Office, lead: Reader
) -> None:
    await dismissed(office)
    await decide(office, lead, "refuse")
    assert (await told(office), await proposed(office)) == ({}, ())
    await dismissed(office, first=100, decided_at=office.clock() + 60.0)
    (value,) = await proposed(office)
    assert value.dismissals == DISMISSALS_MIN


@on_each_database
async def test_values_that_cannot_be_proposed_take_no_place_of_one_that_can(
    office: Office, lead: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, often_right, agreed = ("12" * 10,), ("34" * 10,), ("56" * 10,)
    await dismissed(office, 20, digests=refused)
    await decide(office, lead, "refuse", *refused)
    later: dict[str, Any] = {"decided_at": office.clock() + 60.0}
    await dismissed(office, 20, first=20, digests=often_right, **later)
    await dismissed(office, 8, first=40, digests=often_right, verdict="mirror", **later)
    await dismissed(office, first=50, digests=agreed, **later)
    monkeypatch.setattr(quarantine, "PROPOSALS_MAX", 1)
    assert [value.digest for value in await proposed(office)] == [*agreed]


async def test_digest_under_a_new_pepper_follows_its_value(office: Office, lead: Reader) -> None:
    await dismissed(office)
    await decide(office, lead, "put", days=30)
    assert (await told(office)).keys() == {VALUE}
    await dismissed(office, 1, first=50, digests=(AFTER_ROTATION, VALUE))
    assert (await told(office)).keys() == {VALUE, AFTER_ROTATION}
    await dismissed(office, 20, first=60, digests=(AFTER_ROTATION,))
    assert await proposed(office) == ()  # it is in quarantine under its former digest


async def test_values_of_a_deleted_account_are_forgotten(office: Office) -> None:
    await dismissed(office)
    for number in range(4):
        gone: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": "account-deleted"}
        await office.receive(f"alert-{number}", revision=5, **gone)
    assert await proposed(office) == ()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reason": " "}, UnusableInput),
        ({"reason": "x" * 501}, UnusableInput),
        ({"days": 0}, UnusableInput),
        ({"days": 181}, UnusableInput),
        ({"knowing": 7}, Conflict),
        ({"digest": "ee" * 10}, Conflict),
    ],
)
async def test_decision_that_cannot_stand_is_refused(
    office: Office, lead: Reader, given: dict[str, Any], error: type[ReviewError]
) -> None:
    await dismissed(office)
    with pytest.raises(error):
        await decide(office, lead, "put", **{"days": 30, **given})
    assert await told(office) == {}
