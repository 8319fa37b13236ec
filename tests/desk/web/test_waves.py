"""Waves at the desk: consumed, listed, decided as a whole with exceptions, undone as a whole."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from desk.database import audit, schema, verdicts, waves
from desk.database.counts import exposures
from desk.database.engine import Database
from desk.errors import Conflict, Forbidden, NotFound, ReviewError, UnusableInput
from desk.feed.consume import Consumer
from desk.feed.upkeep import erase_old
from desk.readers import Reader
from desk.review.deciding.decide import ReadDecision
from desk.review.holdings import leave_waves
from desk.review.waves import WaveDecision
from desk.web.pages.waves import timeline
from schemas.alerts import Matched
from schemas.verdicts import VerdictGiven
from schemas.waves import WaveAlert
from schemas.wire import encode
from streams.kafka.topics import Names
from streams.outcomes import Arrival
from tests.desk.makers import a_wave
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.test_journeys import at_the_desk, sent
from tests.desk_databases import on_each_database
from tests.makers import NOON, a_verdict

NAMES = Names()


def withdrawn(reason: str, revision: int, **given: Any) -> WaveAlert:
    """A wave that its worker withdrew; but for `verdict` it names nobody."""
    kept: dict[str, Any] = (
        {} if reason == "verdict" else {"members": (), "pattern": (), "handle_pattern": None}
    )
    return a_wave(revision=revision, status="withdrawn", withdrawn_reason=reason, **kept, **given)


class Feed:
    """The desk's consumer, fed with one record after another."""

    def __init__(self, office: Office) -> None:
        self.consumer = Consumer(office.database, NAMES, office.desk.policy, office.clock)
        self.offset = 0

    async def take(self, topic: str, value: bytes | None, key: bytes = b"wave-1") -> None:
        arrival = Arrival(topic, 0, self.offset, key, value, timestamp=NOON.timestamp())
        self.offset += 1
        await self.consumer.apply([arrival])

    async def wave(self, wave: WaveAlert) -> None:
        await self.take(NAMES.waves, encode(wave), wave.wave_id.encode())


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def stored(database: Database, text: str) -> bool:
    """Whether a wave's row, or what it is found by, holds a text."""
    async with database.read() as connection:
        payloads = (await connection.execute(select(schema.waves.c.payload))).scalars()
        members = (await connection.execute(select(schema.wave_members.c.account))).scalars()
        return text.encode() in b"".join(payloads) or any(text in account for account in members)


async def decides(office: Office, reader: Reader, verdict: str = "not_mirror", **given: Any) -> str:
    """Somebody decides the wave as it stands; the batch."""
    view = await office.desk.open_wave(reader, "wave-1")
    decision = WaveDecision(view.wave.revision, verdict, "event-or-link", **given)
    return (await office.desk.decide_wave(reader, "wave-1", decision)).batch


async def state(office: Office, reader: Reader) -> str:
    return (await office.desk.open_wave(reader, "wave-1")).state


async def published(office: Office) -> list[VerdictGiven]:
    async with office.database.read() as connection:
        rows = await connection.execute(select(schema.outbox.c.value).order_by(schema.outbox.c.outbox_id))
        return [msgspec.json.decode(value, type=VerdictGiven) for value in rows.scalars()]


@on_each_database
async def test_topic_of_waves_read_again_leaves_the_last_revision_and_no_handle_of_who_left(
    office: Office,
) -> None:
    feed, amina = Feed(office), await office.hire("amina")
    for _ in range(2):
        await feed.wave(a_wave())
        await feed.wave(a_wave("a", "b", "c", "d", "e", "deleted", revision=2))
        await feed.wave(a_wave(revision=3))
        await feed.wave(a_wave("a", "b", "c", "d", "e", "deleted", revision=2))
    view = await office.desk.open_wave(amina, "wave-1")
    assert [member.account for member in view.wave.members] == [f"x:{name}" for name in "abcde"]
    assert not await stored(office.database, "deleted")
    await feed.wave(withdrawn("account-deleted", 4))
    assert not await stored(office.database, "nicole")
    with pytest.raises(NotFound):
        await office.desk.account_view(amina, "x:a")


@on_each_database
async def test_record_without_a_value_forgets_the_wave_and_keeps_the_verdict(office: Office) -> None:
    feed, amina = Feed(office), await office.hire("amina")
    await feed.wave(a_wave())
    await decides(office, amina, exceptions=["x:b"])
    await feed.take(NAMES.waves, None)
    with pytest.raises(NotFound):
        await office.desk.open_wave(amina, "wave-1")
    async with office.database.read() as connection:
        [verdict] = await verdicts.of_alert(connection, "wave-1")
        kept = await waves.exceptions_of(connection, [verdict.verdict_id])
    assert kept == {verdict.verdict_id: ["x:b"]}


@on_each_database
async def test_wave_that_changed_long_ago_is_forgotten_by_age(office: Office) -> None:
    await Feed(office).wave(a_wave())
    for seconds, there in ((0.0, True), (2.0, False)):
        async with office.database.begin() as connection:
            await erase_old(connection, keep_seconds=1.0, now=office.clock() + seconds)
            assert (await waves.find(connection, "wave-1") is not None) is there


@on_each_database
async def test_erased_account_leaves_its_waves_at_once(office: Office) -> None:
    await Feed(office).wave(a_wave("a", "b", "c", "d", "e", "erased"))
    async with office.database.begin() as connection:
        await leave_waves(connection, "x:erased")
    assert not await stored(office.database, "erased")
    assert await stored(office.database, "nicole_a")


@on_each_database
async def test_verdict_with_exceptions_is_published_audited_and_undone_as_a_whole(office: Office) -> None:
    feed, amina, bilal = Feed(office), await office.hire("amina"), await office.hire("bilal")
    await feed.wave(a_wave())
    batch = await decides(office, amina, "mirror", exceptions=["x:b"])
    [sent_out] = await published(office)
    assert (sent_out.alert_id, sent_out.verdict, sent_out.revision) == ("wave-1", "mirror", 1)
    assert sent_out.exceptions == ("x:b",)
    async with office.database.read() as connection:
        line = (await audit.about(connection, "wave-1", 9))[-1]
    detail = json.loads(line.detail)
    assert (line.action, detail["exceptions"], detail["members"]) == ("decided", ["x:b"], 5)
    with pytest.raises(Conflict, match="decided") as refused:
        await decides(office, bilal)
    assert refused.value.initials == "A"
    assert await office.desk.undo(amina, batch) == ()
    assert await published(office) == []
    assert await state(office, bilal) == "waiting"
    await decides(office, amina)


@on_each_database
async def test_verdict_taken_back_after_it_was_sent_waits_for_others_until_it_is_restored(
    office: Office,
) -> None:
    feed, amina = Feed(office), await office.hire("amina")
    chloe, bilal = await office.hire("chloe", "lead"), await office.hire("bilal")
    await feed.wave(a_wave())
    batch = await decides(office, amina, exceptions=["x:b"])
    await sent(office)
    await feed.wave(withdrawn("verdict", 2))
    with pytest.raises(ReviewError, match="on its way"):
        await office.desk.undo(amina, batch)
    with pytest.raises(Forbidden):
        await office.desk.take_wave_back(amina, "wave-1", "wrong")
    await office.desk.take_wave_back(chloe, "wave-1", "wrong")
    assert await state(office, bilal) == "waiting"
    with pytest.raises(Forbidden, match="a second time"):
        await decides(office, amina)
    await office.desk.restore_wave(chloe, "wave-1")
    assert await state(office, bilal) == "decided"
    records = await published(office)
    assert [(record.verdict, record.exceptions) for record in records] == [
        ("not_mirror", ("x:b",)),
        ("unsure", ()),
        ("not_mirror", ("x:b",)),
    ]
    with pytest.raises(Conflict):
        await office.desk.restore_wave(chloe, "wave-1")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"revision": 1}, Conflict),
        ({"verdict": "guilty"}, UnusableInput),
        ({"reason_code": ""}, UnusableInput),
        ({"exceptions": ["x:stranger"]}, UnusableInput),
        ({"exceptions": [f"x:{name}" for name in "abcde"]}, UnusableInput),
        ({"exceptions": [f"x:{number}" for number in range(101)]}, UnusableInput),
    ],
)
async def test_decision_that_does_not_fit_the_wave_is_refused(
    office: Office, given: dict[str, Any], refusal: type[ReviewError]
) -> None:
    feed, amina = Feed(office), await office.hire("amina")
    await feed.wave(a_wave(revision=2))
    decision = WaveDecision(**{"revision": 2, "verdict": "mirror", "reason_code": "one-hand", **given})
    with pytest.raises(refusal):
        await office.desk.decide_wave(amina, "wave-1", decision)
    assert await state(office, amina) == "waiting"


async def test_wave_of_which_no_account_can_be_shown_is_decided_by_nobody(office: Office) -> None:
    feed, amina = Feed(office), await office.hire("amina")
    await feed.wave(a_wave())
    async with office.database.begin() as connection:
        await connection.execute(update(schema.waves).values(payload=b"{}"))  # of a later version
    assert not (await office.desk.open_wave(amina, "wave-1")).may_decide
    with pytest.raises(Conflict, match="cannot read"):
        await decides(office, amina)


async def test_verdict_given_elsewhere_decides_the_wave_here_with_its_exceptions(office: Office) -> None:
    feed, amina = Feed(office), await office.hire("amina")
    await feed.wave(a_wave())
    elsewhere = msgspec.structs.replace(
        a_verdict("wave-1", "mirror"), verdict_id="v", decided_at=NOON, exceptions=("x:b",)
    )
    for _ in range(2):
        await feed.take(NAMES.verdicts, encode(elsewhere))
    view = await office.desk.open_wave(amina, "wave-1")
    assert view.decided is not None
    assert (view.state, view.decided.exceptions) == ("decided", ("x:b",))


async def test_unsure_reader_leaves_the_wave_to_others(office: Office) -> None:
    feed, amina, bilal = Feed(office), await office.hire("amina"), await office.hire("bilal")
    await feed.wave(a_wave())
    await decides(office, amina, "unsure")
    assert await office.desk.waves(amina, "waiting") == []
    assert [line.wave_id for line in await office.desk.waves(bilal, "waiting")] == ["wave-1"]


@on_each_database
async def test_list_pages_through_waves_of_one_moment_without_loss(office: Office) -> None:
    feed, amina = Feed(office), await office.hire("amina")
    for number in range(5):
        await feed.wave(a_wave(wave_id=f"wave-{number}"))
    await feed.wave(withdrawn("merged", 2, wave_id="wave-0", merged_into="wave-1"))
    found, before, after = [], None, ""
    while page := await office.desk.waves(amina, None, limit=2, before=before, after_wave=after):
        found += [line.wave_id for line in page]
        before, after = page[-1].began_at, page[-1].wave_id
    assert found == [f"wave-{number}" for number in (4, 3, 2, 1, 0)]
    assert [line.wave_id for line in await office.desk.waves(amina, "withdrawn")] == ["wave-0"]


@on_each_database
async def test_reader_of_named_policies_reads_waves_only_with_the_policy_of_none(office: Office) -> None:
    feed, amina, chloe = Feed(office), await office.hire("amina"), await office.hire("chloe", "lead")
    await feed.wave(a_wave())
    for policies, reads in ((["hate"], False), (["hate", ""], True), ([], False), (None, True)):
        await office.desk.name_policies(chloe, amina.user_id, policies)
        assert bool(await office.desk.waves(amina, "waiting")) is reads
        async with office.database.read() as connection:
            assert await waves.waiting(connection, amina.user_id) == (1 if reads else None)
        if reads:
            assert (await office.desk.account_view(amina, "x:a")).waves
            continue
        for refused in (
            office.desk.open_wave(amina, "wave-1"),
            office.desk.account_view(amina, "x:a"),
            office.desk.decide_wave(amina, "wave-1", WaveDecision(1, "mirror", "one-hand")),
        ):
            with pytest.raises(NotFound):
                await refused


@on_each_database
async def test_banned_member_is_marked_unless_that_tells_a_second_reader_the_verdict(
    database: Database,
) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    feed, chloe = Feed(office), await office.hire("chloe", "lead")
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    members = a_wave().members
    told = tuple(msgspec.structs.replace(it, banned=it.account in ("x:a", "x:d")) for it in members)
    await feed.wave(a_wave(members=told))
    await office.receive("alert-1", account_id="a", matched=Matched(platform="x", account_id="old"))
    opened = await office.desk.open(amina, "alert-1")
    assert opened.read is not None
    await office.desk.decide(amina, opened.read.read_id, ReadDecision("mirror", "several-traits", "hate"))
    await sent(office)
    await office.receive("alert-2", account_id="new", matched=Matched(platform="x", account_id="a"))
    await office.receive("alert-3", account_id="b", matched=Matched(platform="x", account_id="old"))
    withdrawal: dict[str, Any] = {"revision": 2, "status": "withdrawn", "withdrawn_at": NOON}
    banned: dict[str, Any] = {"account_id": "b", "matched": Matched(platform="x", account_id="old")}
    await office.receive("alert-3", withdrawn_reason="account-banned", **banned, **withdrawal)
    lifted = Matched(platform="x", account_id="c")
    await office.receive("alert-4", matched=lifted, withdrawn_reason="reinstated", **withdrawal)
    assert (await office.desk.open_wave(amina, "wave-1")).banned == ("x:a", "x:b", "x:d")
    view = await office.desk.open_wave(bilal, "wave-1")
    assert view.banned == ("x:b", "x:d")
    assert [member.account for member in view.wave.members if member.banned] == ["x:d"]
    async with database.read() as connection:
        assert (await exposures.of(connection, bilal.user_id, 1))[0].opened == 1
    assert chloe.may("settle")


async def test_page_of_a_wave_shows_hostile_handles_written_out_and_decides_by_its_form(
    office: Office,
) -> None:
    feed = Feed(office)
    hostile = a_wave("a", "b", "c", "d", "<script>\u202egnp", handle_pattern="nicole_*\u202e")
    await feed.wave(hostile)
    await feed.wave(a_wave(wave_id="../sign-out?x=<b>"))
    async with at_the_desk(office, "chloe", "lead") as client:
        queue = await client.get("/queue")
        assert "<strong>2</strong>" in queue.text
        listed = (await client.get("/waves")).text
        assert "/waves/..%2Fsign-out%3Fx%3D%3Cb%3E" in listed
        page = (await client.get("/waves/wave-1")).text
        assert "<script>\u202e" not in page
        assert "&lt;script&gt;&lt;U+202E&gt;gnp" in page
        assert "<rect" in page
        assert (await client.get("/accounts/x/a")).status_code == 200
        csrf = (await client.get("/api/v1/me")).json()["csrf"]
        form = {
            "chosen": "not_mirror/event-or-link",
            "revision": "1",
            "exception": ["x:b", "x:c"],
            "csrf": csrf,
        }
        made = await client.post("/waves/wave-1/decide", data=form, follow_redirects=False)
        where = made.headers["Location"]
        assert where.startswith("/waves?undo=")
        assert 'class="undo"' in (await client.get(where)).text
        view = (await client.get("/api/v1/waves/wave-1")).json()
        assert (view["state"], view["verdicts"][0]["exceptions"]) == ("decided", ["x:b", "x:c"])
        undone = await client.post(
            f"/undo/{where.partition('=')[2]}", data={"csrf": csrf}, follow_redirects=False
        )
        assert undone.headers["Location"] == "/waves"
        body = {"revision": 1, "verdict": "mirror", "reason_code": "one-hand", "exceptions": ["x:b"]}
        assert (await client.post("/api/v1/waves/wave-1/verdict", json=body)).status_code == 201
        assert "after the verdict" in (await client.get("/waves/wave-1")).text
        taken = {"csrf": csrf, "reason_code": "wrong-verdict"}
        await client.post("/waves/wave-1/take-back", data=taken, follow_redirects=False)
        assert 'action="/waves/wave-1/restore"' in (await client.get("/waves/wave-1")).text


@pytest.mark.parametrize("mirrored", [False, True])
def test_timeline_of_many_moments_stands_for_each_of_them(mirrored: bool) -> None:
    drawn = timeline([NOON.timestamp() + minute**2 for minute in range(500)], mirrored=mirrored)
    assert drawn is not None
    assert sum(bar.count for bar in drawn.bars) == 500
    assert all(0 <= bar.left < drawn.width and 0 <= bar.top < drawn.height for bar in drawn.bars)
    alone = timeline([1.0, 1.0], mirrored=mirrored)
    assert alone is not None
    assert [bar.count for bar in alone.bars] == [2]
    assert timeline([], mirrored=mirrored) is None
