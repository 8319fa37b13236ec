"""Families and waves: drawn, decided, cut and restored."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from desk.database import audit, reads, schema, verdicts, waves
from desk.database.counts import exposures
from desk.database.engine import Database
from desk.database.topics import outbox
from desk.errors import Conflict, Forbidden, NotFound, ReviewError, UnusableInput
from desk.feed.consume import Consumer
from desk.feed.upkeep import erase_old
from desk.readers import Reader
from desk.review.arrivals import Arrivals
from desk.review.deciding.decide import ReadDecision
from desk.review.finding import family
from desk.review.finding.family import FamilyView
from desk.review.holdings import leave_waves
from desk.review.waves import WaveDecision
from desk.web.pages.family import drawing
from schemas.alerts import Matched
from schemas.verdicts import VerdictGiven
from schemas.waves import WaveAlert
from schemas.wire import encode
from streams.kafka.topics import Names
from streams.outcomes import Arrival
from tests.desk.makers import a_reason, a_wave
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.client import at_the_desk, page_at, sent
from tests.desk_databases import on_each_database
from tests.makers import NOON, a_verdict

# A family drawn: who is linked to whom by which verdict, what waits at its edge, a link cut and restored.


def link_of(account: str, banned: str) -> str:
    return f"{account}-{banned}"


async def resembles(
    office: Office, account: str, banned: str, *, root: str | None = None, **given: Any
) -> str:
    """An alert on an account, a second after the last one."""
    office.clock.pass_(1.0)
    matched = Matched(
        platform="x", account_id=banned, policy="hate", root_id=root, generation=1 if root else 0
    )
    alert = {
        "detected_at": NOON + timedelta(seconds=office.clock() - NOON.timestamp()),
        "reasons": (a_reason("name", 2.0, ours=f"Name of {account}"), a_reason("device", 4.0)),
        **given,
    }
    return await office.receive(link_of(account, banned), account_id=account, matched=matched, **alert)


async def judged(office: Office, reader: Reader, account: str, banned: str, verdict: str = "mirror") -> None:
    """An alert arrives, and somebody decides it."""
    alert_id = await resembles(office, account, banned)
    await decides(office, reader, alert_id, verdict)


async def decides(office: Office, reader: Reader, alert_id: str, verdict: str = "mirror") -> None:
    opened = await office.desk.open(reader, alert_id)
    assert opened.read is not None
    decision = ReadDecision(verdict, "several-traits" if verdict == "mirror" else "common-name", "hate")
    await office.desk.decide(reader, opened.read.read_id, decision)
    await sent(office)


def drawn(view: FamilyView) -> list[str]:
    """The members in the order of the tree, each as deep as it stands, with the state of its link."""
    return [f"{'  ' * one.depth}{one.person.account_id} {one.state}" for one in view.members]


async def a_family(office: Office) -> tuple[Reader, Reader]:
    """A root, two of its mirrors, one of theirs, one that waits and one that was dismissed."""
    amina, chloe = await office.hire("amina"), await office.hire("chloe", "lead")
    await judged(office, amina, "a", "root")
    await judged(office, amina, "b", "root")
    await judged(office, amina, "c", "a")
    await judged(office, amina, "d", "root", "not_mirror")
    await resembles(office, "e", "c")
    return amina, chloe


TREE = ["root root", "  a mirror", "    c mirror", "      e waits", "  b mirror"]


@on_each_database
async def test_family_is_a_tree_by_the_verdicts_that_hold_from_whichever_member(office: Office) -> None:
    amina, _ = await a_family(office)
    for member in ("root", "a", "b", "c"):
        assert drawn(await office.desk.family(amina, f"x:{member}")) == TREE, member
    # What waits is of no family yet: it leads to the one that it may be of.
    [alone] = (await office.desk.family(amina, "x:e")).members
    assert [(one.state, one.banned.key) for one in alone.others] == [("waits", "x:c")]


async def test_link_is_cut_and_the_cut_undone_by_a_lead_alone(office: Office) -> None:
    amina, chloe = await a_family(office)
    desk, alert_id = office.desk, link_of("a", "root")
    with pytest.raises(Forbidden):
        await desk.restore(amina, alert_id)
    with pytest.raises(Conflict):
        await desk.restore(chloe, alert_id)  # nothing was taken back
    read_id = await desk.take_back(chloe, alert_id, "wrong-link")
    await sent(office)
    cut = ["root root", "  b mirror", "  a cut"]
    assert drawn(await desk.family(chloe, "x:root")) == cut
    assert drawn(await desk.family(chloe, "x:c")) == ["a root", "  c mirror", "    e waits"]
    # It stays cut, whatever workers publish next.
    await resembles(office, "a", "root", revision=2)
    assert drawn(await desk.family(chloe, "x:root")) == cut
    await desk.restore(chloe, alert_id)
    await sent(office)
    assert drawn(await desk.family(chloe, "x:root")) == TREE
    bilal = await office.hire("bilal")
    with pytest.raises(Conflict):  # the reading that was opened anew is over
        await desk.decide(bilal, read_id, ReadDecision("not_mirror", "common-name", "hate"))
    with pytest.raises(Conflict):
        await desk.restore(chloe, alert_id)
    async with office.database.read() as connection:
        lines = [line.action for line in await audit.about(connection, alert_id, 99)]
        given = [(one.kind, one.verdict) for one in await verdicts.of_alert(connection, alert_id)]
    assert [one for one in lines if one in ("taken-back", "restored")] == ["taken-back", "restored"]
    assert given == [("first", "mirror"), ("take-back", "unsure"), ("restored", "mirror")]


@on_each_database
async def test_of_two_who_restore_and_one_who_decides_anew_one_is_first(office: Office) -> None:
    _, chloe = await a_family(office)
    alert_id = link_of("a", "root")
    read_id = await office.desk.take_back(chloe, alert_id, "wrong-link")
    bilal = await office.hire("bilal")
    done = await asyncio.gather(
        office.desk.restore(chloe, alert_id),
        office.desk.decide(bilal, read_id, ReadDecision("not_mirror", "common-name", "hate")),
        office.desk.restore(chloe, alert_id),
        return_exceptions=True,
    )
    assert sum(isinstance(one, ReviewError) for one in done) == 2, done


async def test_account_of_several_links_stands_once_and_circles_end(office: Office) -> None:
    amina = await office.hire("amina")
    for account, banned in (("a", "root"), ("b", "root"), ("c", "a"), ("c", "b"), ("root", "c")):
        await judged(office, amina, account, banned)
    view = await office.desk.family(amina, "x:root")
    assert drawn(view) == drawn(await office.desk.family(amina, "x:c"))
    assert view.members[0].person.key == "x:root"
    assert sorted(one.person.account_id for one in view.members) == ["a", "b", "c", "root"]
    links = [link.alert_id for one in view.members for link in (one.link, *one.others) if link]
    assert sorted(links) == ["a-root", "b-root", "c-a", "c-b", "root-c"]
    assert drawing(view.members, mirrored=False).further


async def test_descent_that_alerts_alone_state_is_shown_as_such(office: Office) -> None:
    amina = await office.hire("amina")
    await resembles(office, "new", "mid", root="x:root")
    expected = ["root root", "  mid stated", "    new waits"]
    for member in ("root", "mid"):
        assert drawn(await office.desk.family(amina, f"x:{member}")) == expected
    async with at_the_desk(office, "bilal") as client:
        assert (await client.get("/families/x/nobody")).status_code == 404


async def test_what_is_hidden_of_an_account_is_drawn_as_if_it_waited(database: Database) -> None:
    """Whether it was confirmed or dismissed, and what that says of those below it."""
    shapes = []
    for verdict in ("mirror", "not_mirror"):
        office = an_office(database, with_shares(second_share=1.0))
        amina, bilal = await office.hire(f"amina-{verdict}"), await office.hire(f"bilal-{verdict}")
        root, a, c = f"{verdict}-root", f"{verdict}-a", f"{verdict}-c"
        await judged(office, amina, a, root, verdict)
        await judged(office, amina, a, f"{verdict}-other")  # tells of the same account
        await judged(office, amina, c, a)
        await decides(office, bilal, link_of(c, a))
        shapes.append(
            [
                [one.replace(verdict, "", 1) for one in drawn(await office.desk.family(bilal, f"x:{key}"))]
                for key in (root, a, c)
            ]
        )
        assert (await office.desk.family(bilal, f"x:{root}")).words_hidden
    assert shapes[0] == shapes[1]


async def test_evidence_is_that_of_the_decision_and_what_was_erased_is_said(office: Office) -> None:
    amina = await office.hire("amina")
    await judged(office, amina, "a", "root")
    # A later revision speaks otherwise: it is not what was decided.
    await resembles(office, "a", "root", revision=2, band="possible", reasons=(a_reason("bio", 3.0),))
    [_, member] = (await office.desk.family(amina, "x:root")).members
    assert member.link is not None
    assert ([one.signal for one in member.link.traits], member.link.band) == (["device", "name"], "likely")
    assert (member.person.name, member.link.erased_at) == ("Name of a", None)
    told: dict[str, Any] = {
        "status": "withdrawn",
        "withdrawn_reason": "account-deleted",
        "withdrawn_at": NOON,
    }
    await resembles(office, "a", "root", revision=3, reasons=(a_reason("device"),), **told)
    page = await page_at(office, "/families/x/root", "chloe", "lead")
    assert "What it quoted was erased" in page
    assert "one of the two accounts was deleted" in page
    assert "Name of a" not in page


async def test_more_accounts_than_can_be_drawn_are_said_to_be_left_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    amina, _ = await a_family(office)
    assert not (await office.desk.family(amina, "x:root")).more
    monkeypatch.setattr(family, "ACCOUNTS_MAX", 4)
    view = await office.desk.family(amina, "x:root")
    assert (drawn(view), view.more) == (["root root", "  a mirror", "    c mirror", "  b mirror"], True)
    async with at_the_desk(office, "bilal") as client:
        assert "Not all are shown" in (await client.get("/families/x/root")).text


class Nesting(HTMLParser):
    """How deep each item of the list stands, and whether every tag that opens is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.items: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "li" and (named.get("id") or "").startswith("account-"):
            self.items[str(named["id"])] = self.open.count("ul") - 1
        if tag in ("ul", "li"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "li"):
            assert self.open.pop() == tag


async def test_page_has_the_tree_as_a_nested_list_and_cuts_by_a_form(office: Office) -> None:
    await a_family(office)
    await resembles(
        office, "<b>\u202eevil", "b", reasons=(a_reason("name", 2.0, ours="</svg><script>\u202e"),)
    )
    async with at_the_desk(office, "omar", "auditor") as client:
        page = (await client.get("/families/x/c")).text
        assert "/take-back" not in page
    async with at_the_desk(office, "lena", "lead") as client:
        page = (await client.get("/families/x/c")).text
        nesting = Nesting()
        nesting.feed(page)
        assert (list(nesting.items.values()), nesting.open) == ([0, 1, 2, 3, 1, 2], [])
        assert ("<script>\u202e" in page, "\u202e" in page, " style=" in page) == (False, False, False)
        csrf = client.headers["X-CSRF-Token"]
        form = {"csrf": csrf, "reason_code": "wrong-link", "next": "/families/x/root"}
        for action, says in (("take-back", "Undo the cut"), ("restore", "Cut this link")):
            page = (await client.get("/families/x/root")).text
            assert f'action="/alerts/a-root/{action}"' in page
            answer = await client.post(f"/alerts/a-root/{action}", data=form, follow_redirects=False)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/families/x/root")
            await sent(office)
            assert says in (await client.get("/families/x/root")).text
        answer = await client.post(
            "/alerts/b-root/take-back", data=form | {"next": "//evil.example"}, follow_redirects=False
        )
        assert answer.headers["Location"] == "/queue"
        assert "Undo taking it back" in (await client.get("/alerts/b-root")).text
        restored = [await client.submit("/alerts/b-root/restore") for _ in range(2)]
        assert [one.status_code for one in restored] == [303, 409]
        assert "Undo taking it back" not in (await client.get("/alerts/b-root")).text


async def test_drawing_turns_round_where_it_is_read_from_the_right(office: Office) -> None:
    amina, _ = await a_family(office)
    members = (await office.desk.family(amina, "x:root")).members
    one, two = (drawing(members, mirrored=mirrored) for mirrored in (False, True))
    assert [box.top for box in one.boxes] == [box.top for box in two.boxes]
    assert [box.left + mirror.left + 208 for box, mirror in zip(one.boxes, two.boxes, strict=True)] == [
        one.width
    ] * 5
    assert len({(box.left, box.top) for box in one.boxes}) == 5


LIFTED: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": "reinstated"}


async def lifts(office: Office, *pairs: tuple[str, str], revision: int = 5, **given: Any) -> None:
    """A ban is lifted: its alerts, or those that are about its account, are withdrawn."""
    for account, banned in pairs:
        office.clock.pass_(1.0)
        now = NOON + timedelta(seconds=office.clock() - NOON.timestamp())
        await resembles(office, account, banned, revision=revision, withdrawn_at=now, **LIFTED | given)


async def test_verdict_of_a_ban_links_until_somebody_decides_and_never_again(office: Office) -> None:
    chloe = await office.hire("chloe", "lead")
    alert_id = await resembles(office, "a", "root")
    by_ban = replace(
        a_verdict(alert_id, "mirror"),
        verdict_id=f"ban-{alert_id}",
        given_by="ban",
        decided_at=NOON + timedelta(days=9),  # by a clock that is ahead
    )

    async def told(*given: VerdictGiven) -> list[str]:
        async with office.database.begin() as connection:
            for one in given:
                assert one.verdict_id is not None
                arrivals = Arrivals(connection, office.desk.policy, office.clock())
                await arrivals.take_verdict(one, one.verdict_id)
        return drawn(await office.desk.family(chloe, "x:root"))

    linked, cut = ["root root", "  a mirror"], ["root root", "  a cut"]
    assert await told(by_ban) == linked
    await office.desk.take_back(chloe, alert_id, "wrong-link")
    await sent(office)
    assert await told(by_ban, replace(by_ban, verdict_id="ban-of-another-store")) == cut
    await office.desk.restore(chloe, alert_id)
    await sent(office)
    assert await told(by_ban) == linked
    dismissed = replace(a_verdict(alert_id, "not_mirror"), verdict_id="elsewhere")
    other = await resembles(office, "b", "root")
    of_other = (replace(dismissed, alert_id=other), replace(by_ban, alert_id=other, verdict_id="ban-b"))
    assert await told(*of_other) == linked


async def test_cut_is_sent_again_to_workers_that_know_no_more_of_it(office: Office) -> None:
    _, chloe = await a_family(office)
    await office.desk.take_back(chloe, link_of("a", "root"), "wrong-link")
    await sent(office)
    late = office.clock() + 2 * 86_400.0

    async def hears_of_a_ban(alert_id: str) -> list[str]:
        """The verdicts that wait to be sent."""
        by_ban = replace(a_verdict(alert_id, "mirror"), verdict_id=f"ban-{alert_id}", given_by="ban")
        async with office.database.begin() as connection:
            arrivals = Arrivals(connection, office.desk.policy, late)
            await arrivals.take_verdict(by_ban, f"ban-{alert_id}")
            rows = await outbox.take(connection, now=late, again_before=0.0, limit=9)
        return [json.loads(row.value)["verdict"] for row in rows]

    async with office.database.begin() as connection:
        rows = await outbox.take(connection, now=late, again_before=late, limit=9)
        await outbox.sent(connection, [row.outbox_id for row in rows], now=office.clock())
        await outbox.sweep(connection, before=late)  # a day later
    assert await hears_of_a_ban(link_of("a", "root")) == ["unsure"]
    assert await hears_of_a_ban(link_of("a", "root")) == [], "the first is still on its way"
    assert await hears_of_a_ban(link_of("b", "root")) == [], "it agrees"


async def test_alert_that_returns_after_its_account_was_reinstated_waits_for_a_reader(office: Office) -> None:
    alert_id = await resembles(office, "a", "root", revision=1)
    by_ban = replace(a_verdict(alert_id, "mirror"), verdict_id=f"ban-{alert_id}", given_by="ban")
    async with office.database.begin() as connection:
        arrivals = Arrivals(connection, office.desk.policy, office.clock())
        await arrivals.take_verdict(by_ban, f"ban-{alert_id}")
    await lifts(office, ("a", "root"), revision=2)
    await resembles(office, "a", "root", revision=3)
    async with office.database.read() as connection:
        states = [it.state for it in await reads.of_alert(connection, alert_id)]
    assert states[-1] == "open", "a ban decided it, and is no more"
    assert states.count("open") == 1


# Waves at the desk: consumed, listed, decided as a whole with exceptions, undone as a whole.

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


async def stored(database: Database, text: str) -> bool:
    """Whether a wave's row, or what it is found by, holds a text."""
    async with database.read() as connection:
        payloads = (await connection.execute(select(schema.waves.c.payload))).scalars()
        members = (await connection.execute(select(schema.wave_members.c.account))).scalars()
        return text.encode() in b"".join(payloads) or any(text in account for account in members)


async def decides_wave(office: Office, reader: Reader, verdict: str = "not_mirror", **given: Any) -> str:
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


async def test_record_without_a_value_forgets_the_wave_and_keeps_the_verdict(office: Office) -> None:
    feed, amina = Feed(office), await office.hire("amina")
    await feed.wave(a_wave())
    await decides_wave(office, amina, exceptions=["x:b"])
    await feed.take(NAMES.waves, None)
    with pytest.raises(NotFound):
        await office.desk.open_wave(amina, "wave-1")
    async with office.database.read() as connection:
        [verdict] = await verdicts.of_alert(connection, "wave-1")
        kept = await waves.exceptions_of(connection, [verdict.verdict_id])
    assert kept == {verdict.verdict_id: ["x:b"]}


async def test_wave_that_changed_long_ago_is_forgotten_by_age(office: Office) -> None:
    await Feed(office).wave(a_wave())
    for seconds, there in ((0.0, True), (2.0, False)):
        async with office.database.begin() as connection:
            await erase_old(connection, keep_seconds=1.0, now=office.clock() + seconds)
            assert (await waves.find(connection, "wave-1") is not None) is there


async def test_erased_account_leaves_its_waves_at_once(office: Office) -> None:
    await Feed(office).wave(a_wave("a", "b", "c", "d", "e", "erased"))
    async with office.database.begin() as connection:
        await leave_waves(connection, "x:erased")
    assert not await stored(office.database, "erased")
    assert await stored(office.database, "nicole_a")


async def test_verdict_with_exceptions_is_published_audited_and_undone_as_a_whole(office: Office) -> None:
    feed, amina, bilal = Feed(office), await office.hire("amina"), await office.hire("bilal")
    await feed.wave(a_wave())
    batch = await decides_wave(office, amina, "mirror", exceptions=["x:b"])
    [sent_out] = await published(office)
    assert (sent_out.alert_id, sent_out.verdict, sent_out.revision) == ("wave-1", "mirror", 1)
    assert sent_out.exceptions == ("x:b",)
    async with office.database.read() as connection:
        line = (await audit.about(connection, "wave-1", 9))[-1]
    detail = json.loads(line.detail)
    assert (line.action, detail["exceptions"], detail["members"]) == ("decided", ["x:b"], 5)
    with pytest.raises(Conflict, match="decided") as refused:
        await decides_wave(office, bilal)
    assert refused.value.initials == "A"
    assert await office.desk.undo(amina, batch) == ()
    assert await published(office) == []
    assert await state(office, bilal) == "waiting"
    await decides_wave(office, amina)


@on_each_database
async def test_verdict_taken_back_after_it_was_sent_waits_for_others_until_it_is_restored(
    office: Office,
) -> None:
    feed, amina = Feed(office), await office.hire("amina")
    chloe, bilal = await office.hire("chloe", "lead"), await office.hire("bilal")
    await feed.wave(a_wave())
    batch = await decides_wave(office, amina, exceptions=["x:b"])
    await sent(office)
    await feed.wave(withdrawn("verdict", 2))
    with pytest.raises(ReviewError, match="on its way"):
        await office.desk.undo(amina, batch)
    with pytest.raises(Forbidden):
        await office.desk.take_wave_back(amina, "wave-1", "wrong")
    await office.desk.take_wave_back(chloe, "wave-1", "wrong")
    assert await state(office, bilal) == "waiting"
    with pytest.raises(Forbidden, match="a second time"):
        await decides_wave(office, amina)
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
        await decides_wave(office, amina)


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
    await decides_wave(office, amina, "unsure")
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
    for policies, may_read in ((["hate"], False), (["hate", ""], True), ([], False), (None, True)):
        await office.desk.name_policies(chloe, amina.user_id, policies)
        assert bool(await office.desk.waves(amina, "waiting")) is may_read
        async with office.database.read() as connection:
            assert await waves.waiting(connection, amina.user_id) == (1 if may_read else None)
        if may_read:
            assert (await office.desk.account_view(amina, "x:a")).waves
            continue
        for refused in (
            office.desk.open_wave(amina, "wave-1"),
            office.desk.account_view(amina, "x:a"),
            office.desk.decide_wave(amina, "wave-1", WaveDecision(1, "mirror", "one-hand")),
        ):
            with pytest.raises(NotFound):
                await refused


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
        assert (await client.get("/accounts/x/a")).status_code == 200
        csrf = client.headers["X-CSRF-Token"]
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
        view = await office.desk.open_wave(client.reader, "wave-1")
        assert (view.state, view.verdicts[0].exceptions) == ("decided", ("x:b", "x:c"))
        undone = await client.post(
            f"/undo/{where.partition('=')[2]}", data={"csrf": csrf}, follow_redirects=False
        )
        assert undone.headers["Location"] == "/waves"
        again = {"chosen": "mirror/one-hand", "revision": "1", "exception": "x:b"}
        assert (await client.submit("/waves/wave-1/decide", **again)).status_code == 303
        assert "after the verdict" in (await client.get("/waves/wave-1")).text
        taken = {"csrf": csrf, "reason_code": "wrong-verdict"}
        await client.post("/waves/wave-1/take-back", data=taken, follow_redirects=False)
        assert 'action="/waves/wave-1/restore"' in (await client.get("/waves/wave-1")).text
