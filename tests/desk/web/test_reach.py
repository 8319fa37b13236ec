"""Who reads some policies alone sees, finds and counts nothing of the others, by any way."""

from __future__ import annotations

from typing import Any

import pytest

from desk.database.engine import Database, opened
from desk.database.filters import Filters
from desk.database.topics import summaries
from desk.database.topics.summaries import SummaryRow
from desk.review.deciding.decide import ReadDecision
from desk.review.draws import uniform
from desk.web.app import create_app
from schemas.alerts import Matched, OtherCandidate
from tests.desk.makers import a_reason
from tests.desk.people import A_POLICY, Office, an_office, with_shares
from tests.desk.web.test_journeys import Client, at_the_desk, decided, the_queue
from tests.desk.web.test_profiles import Platform
from tests.desk.web.test_related import Gate, like
from tests.desk.web.test_seal import OF_FAMILY, answers, signed_in, streams_end_at_once, urls

__all__ = ["streams_end_at_once", "urls"]

ROOT = "x:root"
CONFIRMED = ReadDecision("mirror", "several-traits", "spam")
WITHHELD = SummaryRow("summary", 1, "open", "x:banned-spam", "spam", 100, 9, 9, 1.0)


async def takes(office: Office, alert_id: str, policy: str | None, **given: Any) -> None:
    """An alert of a family that several policies banned members of, of which two came near."""
    near = [
        OtherCandidate(platform="x", account_id=f"banned-{of}", log_odds=1.0, probability=0.5, band="none")
        for of in ("spam", None)
    ]
    matched = Matched(platform="x", account_id=f"banned-{policy}", policy=policy, root_id=ROOT)
    lines = [a_reason("handle", 9.0, ours="umar", theirs="omar"), a_reason("name", 1.0, ours="Umar")]
    await office.receive(alert_id, matched=matched, reasons=lines, others=tuple(near), **given)


async def names(client: Client, user_id: str, *policies: str, everything: str = "") -> int:
    """A lead names the policies that somebody reads."""
    csrf = (await client.get("/api/v1/me")).json()["csrf"]
    answer = await client.post(
        f"/team/readers/{user_id}/policies",
        data={"policy": list(policies), "everything": everything, "csrf": csrf},
        follow_redirects=False,
    )
    return answer.status_code


async def user_id_of(client: Client) -> str:
    return str((await client.get("/api/v1/me")).json()["user_id"])


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_every_page_is_the_same_whatever_other_policies_hold(urls: tuple[str, str]) -> None:
    found = []
    for url in urls:
        async with opened(url) as database:
            office = an_office(database, profiles=Platform(), gate=Gate(like("new-alert-2")))
            bilal, chloe = await office.hire("bilal"), await office.hire("chloe", "lead")
            await office.desk.name_policies(chloe, bilal.user_id, ["hate", ""])
            await takes(office, "alert-0", "hate")
            await takes(office, "alert-1", None)
            if url == urls[1]:
                # The same sign-up, and the same family, by the bans of another team.
                await takes(office, "alert-2", "spam", account_id="new-alert-0")
                await takes(office, "alert-3", "spam", account_id="banned-hate")
                await takes(office, "alert-5", "hate", account_id="new-alert-1")
                await office.desk.move(chloe, ["alert-5"], "spam")
                # What the queue is narrowed by, too.
                elsewhere = Matched(platform="mastodon", account_id="b", policy="spam")
                await office.receive("alert-4", platform="mastodon", matched=elsewhere)
                [spam, *_] = await office.desk.queue(chloe, Filters(policy="spam"))
                await office.desk.decide(chloe, spam.read_id, CONFIRMED)
                async with database.begin() as connection:
                    await summaries.put(connection, WITHHELD)
            app = create_app(office.desk)
            async with signed_in(app, "bilal") as client:
                found.append({where: answer async for where, answer in answers(client, OF_FAMILY)})
    one, two = found
    told = {where: (one[where], two[where]) for where in one if one[where] != two[where]}
    assert not told, next(iter(told.items()))
    assert "alert-1" in one["GET /queue"][1]
    assert "banned-None" in one["GET /alerts/alert-0"][1]
    assert "banned-spam" not in one["GET /alerts/alert-0"][1], "an account that another policy banned"


async def test_reader_takes_counts_and_opens_the_named_policies_alone(database: Database) -> None:
    office = an_office(database)
    async with at_the_desk(office, "chloe", "lead") as lead, at_the_desk(office, "bilal") as client:
        for number, policy in enumerate(("hate", "spam", "spam", None)):
            await takes(office, f"alert-{number}", policy)
        assert len(await the_queue(client)) == 4
        assert await names(lead, await user_id_of(client), "hate") == 303
        [waiting] = await the_queue(client)
        assert waiting["policy"] == "hate"
        assert len(await the_queue(lead)) == 4
        hidden = next(one for one in await the_queue(lead) if one["policy"] == "spam")
        assert (await client.get(f"/alerts/{hidden['alert_id']}")).status_code == 404
        assert (await client.get(f"/api/v1/alerts/{hidden['alert_id']}")).status_code == 404
        assert (await client.post(f"/api/v1/reads/{hidden['read_id']}/claim")).status_code == 404
        assert '<option value="spam"' not in (await client.get("/queue")).text
        await decided(client, waiting["read_id"])
        assert (await client.get("/next", follow_redirects=False)).headers["Location"] == "/queue"
        page = (await lead.get("/team")).text
        assert "Who reads what" in page
        assert 'value="hate" checked' in page
        assert await names(lead, await user_id_of(client)) == 303
        assert await the_queue(client) == [], "who reads no policy reads nothing"
        assert await names(lead, await user_id_of(client), everything="1") == 303
        assert len(await the_queue(client)) == 3


async def test_undoing_leaves_what_one_may_not_read_any_more_in_nobodys_hands(database: Database) -> None:
    office = an_office(database)
    bilal, chloe = await office.hire("bilal"), await office.hire("chloe", "lead")
    for number, policy in enumerate(("hate", "spam")):
        await takes(office, f"alert-{number}", policy)
    made = await office.desk.decide_together(bilal, [1, 2], CONFIRMED)
    await office.desk.name_policies(chloe, bilal.user_id, ["hate"])
    await office.desk.undo(bilal, made.batch)
    shown = await office.desk.queue(chloe, Filters())
    assert {(one.alert_id, one.claimed_by) for one in shown} == {("alert-0", "B"), ("alert-1", "")}


async def test_family_is_decided_within_the_named_policies(database: Database) -> None:
    office = an_office(database)
    async with at_the_desk(office, "chloe", "lead") as lead, at_the_desk(office, "bilal") as client:
        for number, policy in enumerate(("hate", "hate", "spam")):
            await takes(office, f"alert-{number}", policy)
        await names(lead, await user_id_of(client), "hate")
        [waiting, *_] = await the_queue(client)
        await decided(client, waiting["read_id"], family=True)
        assert [one["policy"] for one in await the_queue(lead)] == ["spam"]


async def test_reading_of_another_policy_hides_nothing_of_ones_own(database: Database) -> None:
    # One key decides an alert of each policy; the other team's is to be read again, which says nothing here.
    spam, hate = sorted(
        ("alert-0", "alert-1"), key=lambda alert_id: uniform(A_POLICY.key, "second", alert_id)
    )
    share = (uniform(A_POLICY.key, "second", spam) + uniform(A_POLICY.key, "second", hate)) / 2
    office = an_office(database, with_shares(second_share=share))
    bilal, chloe = await office.hire("bilal"), await office.hire("chloe", "lead")
    await takes(office, spam, "spam")
    await takes(office, hate, "hate")
    together = [one.read_id for one in await office.desk.queue(chloe, Filters())]
    await office.desk.decide_together(chloe, together, CONFIRMED)
    assert (await office.desk.open(bilal, hate)).words_hidden
    await office.desk.name_policies(chloe, bilal.user_id, ["hate"])
    shown = await office.desk.open(bilal, hate)
    assert (shown.words_hidden, [one.verdict for one in shown.said]) == (False, ["mirror"])
    await office.desk.name_policies(chloe, bilal.user_id, ["hate", "spam"])
    assert (await office.desk.open(bilal, hate)).words_hidden


async def test_exercise_is_set_for_readers_of_its_policy(database: Database) -> None:
    office = an_office(database)
    chloe, bilal = await office.hire("chloe", "lead"), await office.hire("bilal")
    await office.hire("amina")
    await office.desk.name_policies(chloe, bilal.user_id, ["hate"])
    await takes(office, "alert-0", "spam")
    assert await office.desk.set_golden(chloe, "alert-0", "mirror") == 1


async def test_moderator_names_nobodys_policies_and_role_frees(database: Database) -> None:
    office = an_office(database)
    await takes(office, "alert-0", "spam")
    async with at_the_desk(office, "chloe", "lead") as lead, at_the_desk(office, "bilal") as client:
        assert await names(client, await user_id_of(client), "hate") == 403
        assert await names(lead, await user_id_of(lead), "hate") == 303
        assert len(await the_queue(lead)) == 1, "leads read everything"
        assert await names(lead, "nobody", "hate") == 404
        assert await names(lead, await user_id_of(client), "a b") == 400
