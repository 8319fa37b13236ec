"""A family drawn: who is linked to whom by which verdict, what waits at its edge, a link cut and restored."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace

from desk.database import audit, reads, verdicts
from desk.database.engine import Database
from desk.database.topics import outbox
from desk.errors import Conflict, Forbidden, NotFound, ReviewError
from desk.readers import Reader
from desk.review.arrivals import Arrivals
from desk.review.deciding.decide import ReadDecision
from desk.review.finding import family, family_reviews
from desk.review.finding.family import FamilyView
from desk.web.pages.family import drawing
from schemas.alerts import Matched
from schemas.verdicts import VerdictGiven
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.test_journeys import at_the_desk, sent
from tests.desk_databases import on_each_database
from tests.makers import NOON, a_verdict


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
async def test_family_is_a_tree_by_the_verdicts_that_hold_from_whichever_member(database: Database) -> None:
    office = an_office(database)
    amina, _ = await a_family(office)
    for member in ("root", "a", "b", "c"):
        assert drawn(await office.desk.family(amina, f"x:{member}")) == TREE, member
    # What waits is of no family yet: it leads to the one that it may be of.
    [alone] = (await office.desk.family(amina, "x:e")).members
    assert [(one.state, one.banned.key) for one in alone.others] == [("waits", "x:c")]


async def test_link_is_cut_and_the_cut_undone_by_a_lead_alone(database: Database) -> None:
    office = an_office(database)
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
    async with database.read() as connection:
        lines = [line.action for line in await audit.about(connection, alert_id, 99)]
        given = [(one.kind, one.verdict) for one in await verdicts.of_alert(connection, alert_id)]
    assert [one for one in lines if one in ("taken-back", "restored")] == ["taken-back", "restored"]
    assert given == [("first", "mirror"), ("take-back", "unsure"), ("restored", "mirror")]


@on_each_database
async def test_of_two_who_restore_and_one_who_decides_anew_one_is_first(database: Database) -> None:
    office = an_office(database)
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


async def test_account_of_several_links_stands_once_and_circles_end(database: Database) -> None:
    office = an_office(database)
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


async def test_descent_that_alerts_alone_state_is_shown_as_such(database: Database) -> None:
    office = an_office(database)
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


async def test_evidence_is_that_of_the_decision_and_what_was_erased_is_said(database: Database) -> None:
    office = an_office(database)
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
    async with at_the_desk(office, "chloe", "lead") as client:
        page = (await client.get("/families/x/root")).text
    assert "What it quoted was erased" in page
    assert "one of the two accounts was deleted" in page
    assert "Name of a" not in page


async def test_more_accounts_than_can_be_drawn_are_said_to_be_left_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = an_office(database)
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


async def test_page_has_the_tree_as_a_nested_list_and_cuts_by_a_form(database: Database) -> None:
    office = an_office(database)
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
        csrf = (await client.get("/api/v1/me")).json()["csrf"]
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
        restored = [await client.post("/api/v1/alerts/b-root/restore") for _ in range(2)]
        assert [one.status_code for one in restored] == [204, 409]
        assert "Undo taking it back" not in (await client.get("/alerts/b-root")).text


async def test_drawing_turns_round_where_it_is_read_from_the_right(database: Database) -> None:
    office = an_office(database)
    amina, _ = await a_family(office)
    members = (await office.desk.family(amina, "x:root")).members
    one, two = (drawing(members, mirrored=mirrored) for mirrored in (False, True))
    assert [box.top for box in one.boxes] == [box.top for box in two.boxes]
    assert [box.left + mirror.left + 208 for box, mirror in zip(one.boxes, two.boxes, strict=True)] == [
        one.width
    ] * 5
    assert len({(box.left, box.top) for box in one.boxes}) == 5


LIFTED: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": "reinstated", "lifted": "matched"}


async def lifts(office: Office, *pairs: tuple[str, str], revision: int = 5, **given: Any) -> None:
    """A ban is lifted: its alerts, or those that are about its account, are withdrawn."""
    for account, banned in pairs:
        office.clock.pass_(1.0)
        now = NOON + timedelta(seconds=office.clock() - NOON.timestamp())
        await resembles(office, account, banned, revision=revision, withdrawn_at=now, **LIFTED | given)


async def to_review(office: Office, reader: Reader) -> dict[str, list[str]]:
    """The descendants of each lifted ban that waits for a review."""
    opened, _ = await office.desk.family_reviews(reader)
    return {one.person.account_id: [it.person.account_id for it in one.descendants] for one in opened}


@on_each_database
async def test_lifted_ancestor_is_one_review_that_a_lead_closes_and_opens_again(database: Database) -> None:
    office = an_office(database)
    amina, chloe = await a_family(office)
    desk = office.desk
    await lifts(office, ("b", "root"), ("a", "root"))
    await lifts(office, ("a", "root"))  # a repeat
    await lifts(office, ("d", "root"))  # on which nobody is linked
    await lifts(office, ("e", "c"))  # on which nobody is decided
    await lifts(office, ("c", "a"), lifted="account")  # the mirror's own ban, not that of its ancestor
    assert await to_review(office, chloe) == {"root": ["a", "b", "c"]}
    with pytest.raises(Forbidden):
        await desk.family_reviews(amina)
    with pytest.raises(Forbidden):
        await desk.close_family_review(amina, "x:root", "looked-at-all")
    with pytest.raises(NotFound):
        await desk.close_family_review(chloe, "x:a", "looked-at-all")
    await desk.close_family_review(chloe, "x:root", "looked-at-all")
    with pytest.raises(Conflict):
        await desk.close_family_review(chloe, "x:root", "looked-at-all")
    await resembles(office, "b", "root", revision=6, withdrawn_at=NOON, **LIFTED)  # what came late of it
    assert await to_review(office, chloe) == {}
    await desk.reopen_family_review(chloe, "x:root")
    with pytest.raises(Conflict):
        await desk.reopen_family_review(chloe, "x:root")
    assert list(await to_review(office, chloe)) == ["root"]
    await desk.close_family_review(chloe, "x:root", "looked-at-all")
    await lifts(office, ("a", "root"), revision=9)  # it was banned again, and that ban was lifted too
    assert list(await to_review(office, chloe)) == ["root"]
    async with database.read() as connection:
        lines = [line.action for line in await audit.about(connection, "x:root", 9)]
    assert lines == ["family-reviewed", "family-reopened", "family-reviewed"]


async def test_review_is_closed_by_nobody_who_may_not_know_of_it_yet(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, chloe = await office.hire("amina"), await office.hire("chloe", "lead")
    await resembles(office, "a", "root")
    opened = await office.desk.open(amina, link_of("a", "root"))
    assert opened.read is not None
    await office.desk.decide(amina, opened.read.read_id, ReadDecision("mirror", "several-traits", "hate"))
    await sent(office)
    await resembles(office, "b", "root")
    await lifts(office, ("b", "root"))
    assert await office.desk.family_reviews(chloe) == ([], [])
    with pytest.raises(NotFound):
        await office.desk.close_family_review(chloe, "x:root", "looked-at-all")


@on_each_database
async def test_verdict_of_a_ban_links_until_somebody_decides_and_never_again(database: Database) -> None:
    office = an_office(database)
    chloe = await office.hire("chloe", "lead")
    alert_id = await resembles(office, "a", "root")
    by_ban = replace(
        a_verdict(alert_id, "mirror"),
        verdict_id=f"ban-{alert_id}",
        given_by="ban",
        decided_at=NOON + timedelta(days=9),  # by a clock that is ahead
    )

    async def told(*given: VerdictGiven) -> list[str]:
        async with database.begin() as connection:
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


async def test_page_of_reviews_closes_and_undoes_by_forms(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = an_office(database)
    amina, _ = await a_family(office)
    await judged(office, amina, "<b>\u202eevil", "e")
    await lifts(office, ("a", "root"), ("<b>\u202eevil", "e"))
    async with at_the_desk(office, "bilal") as client:
        assert (await client.get("/family-reviews")).status_code == 403
    async with at_the_desk(office, "omar", "auditor") as client:
        page = (await client.get("/family-reviews")).text
        assert "/close/" not in page
        assert "\u202e" not in page
        assert '"/family-reviews"' in (await client.get("/queue")).text
    async with at_the_desk(office, "lena", "lead") as client:
        csrf = (await client.get("/api/v1/me")).json()["csrf"]
        where = "/family-reviews/close/x/root"
        page = (await client.get("/family-reviews")).text
        assert f'action="{where}"' in page
        assert ("/accounts/x/b" in page, '"/families/x/root">…' in page) == (True, False)
        monkeypatch.setattr(family_reviews, "DESCENDANTS_MAX", 1)
        page = (await client.get("/family-reviews")).text
        assert ("/accounts/x/b" in page, '"/families/x/root">…' in page) == (False, True)
        refused = await client.post(where, data={"csrf": csrf, "reason_code": "no good words"})
        assert refused.status_code == 400
        closed = await client.post(where, data={"csrf": csrf, "reason_code": "looked-at-all"})
        assert "looked-at-all" in closed.text
        again = await client.post(where.replace("close", "reopen"), data={"csrf": csrf})
        assert "looked-at-all" not in again.text
        assert f'action="{where}"' in again.text


async def test_cut_is_sent_again_to_workers_that_know_no_more_of_it(database: Database) -> None:
    office = an_office(database)
    _, chloe = await a_family(office)
    await office.desk.take_back(chloe, link_of("a", "root"), "wrong-link")
    await sent(office)
    late = office.clock() + 2 * 86_400.0

    async def hears_of_a_ban(alert_id: str) -> list[str]:
        """The verdicts that wait to be sent."""
        by_ban = replace(a_verdict(alert_id, "mirror"), verdict_id=f"ban-{alert_id}", given_by="ban")
        async with database.begin() as connection:
            arrivals = Arrivals(connection, office.desk.policy, late)
            await arrivals.take_verdict(by_ban, f"ban-{alert_id}")
            rows = await outbox.take(connection, now=late, again_before=0.0, limit=9)
        return [json.loads(row.value)["verdict"] for row in rows]

    async with database.begin() as connection:
        rows = await outbox.take(connection, now=late, again_before=late, limit=9)
        await outbox.sent(connection, [row.outbox_id for row in rows], now=office.clock())
        await outbox.sweep(connection, before=late)  # a day later
    assert await hears_of_a_ban(link_of("a", "root")) == ["unsure"]
    assert await hears_of_a_ban(link_of("a", "root")) == [], "the first is still on its way"
    assert await hears_of_a_ban(link_of("b", "root")) == [], "it agrees"


async def test_alert_that_returns_after_its_account_was_reinstated_waits_for_a_reader(
    database: Database,
) -> None:
    office = an_office(database)
    alert_id = await resembles(office, "a", "root", revision=1)
    by_ban = replace(a_verdict(alert_id, "mirror"), verdict_id=f"ban-{alert_id}", given_by="ban")
    async with database.begin() as connection:
        arrivals = Arrivals(connection, office.desk.policy, office.clock())
        await arrivals.take_verdict(by_ban, f"ban-{alert_id}")
    await lifts(office, ("a", "root"), revision=2, lifted="account")
    await resembles(office, "a", "root", revision=3)
    async with database.read() as connection:
        states = [it.state for it in await reads.of_alert(connection, alert_id)]
    assert states[-1] == "open", "a ban decided it, and is no more"
    assert states.count("open") == 1
