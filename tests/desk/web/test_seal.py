"""Nobody learns what they must not know yet, nor what is not theirs to read."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.schema import SummaryRow
from desk.database.topics import outbox, summaries
from desk.profiles.source import Profile
from desk.readers import Reader
from desk.review.deciding.decide import DecisionMade, ReadDecision
from desk.review.draws import uniform
from desk.review.policy import Policy
from local.postgres import EmbeddedPostgres
from schemas.alerts import Matched, OtherCandidate, without_quotes
from schemas.appeals import AppealMade, AppealTaken
from streams.serving.token_bucket import Rates
from tests.desk.makers import a_reason, a_rival, a_wave
from tests.desk.people import A_POLICY, Office, an_office, with_shares
from tests.desk.review.test_evidence import act, an_action
from tests.desk.web.client import Client, at_the_desk, browsing, decided, sign_in, the_queue
from tests.desk.web.test_alert import OURS, Gate, Platform, like
from tests.desk_databases import opened_migrated
from tests.makers import NOON

# Who is still to read an alert is answered the same, whatever others said of it and whatever its score is.
#
# Two desks differ in nothing but what must not be known yet. The same person walks every page, answer, stream
# and filter of both: each route that the application registers, so that a new one is walked as well.


ALERTS: Final = ("alert-0", "alert-1", "alert-2", "alert-3")
FAMILY: Final = Matched(platform="x", account_id="banned", policy="hate", root_id="x:root")

Places = dict[str, tuple[str, ...]]


def places(*alerts: str, reads: int) -> Places:
    """What stands in an address for what is in braces, of a story with so many reads."""
    return {
        "alert_id": alerts,
        "read_id": tuple(map(str, range(1, reads + 1))),
        "request_id": ("1",),
        "platform": ("x",),
        "account_id": ("banned", "new-alert-1"),
        "user_id": ("nobody",),
        "wave_id": ("wave-1",),
    }


ALONE: Final = places("alert-1", "alert-2", reads=3)  # of each the last is one too many in most stories
OF_FAMILY: Final = places(*ALERTS, reads=5)  # a family of four, and the second reading of one

# Of what two desks differ in, one value of each: what finds an alert of one by it finds none of the other.
DECIDED: Final = ("verdict=mirror", "reason=several-traits", "taken=yes")
#: By address, what it is asked with beside nothing.
ASKED_WITH: Final[dict[str, tuple[str, ...]]] = {
    "/statement": ("account=x:new-alert-1&event=e-1",),
    "/next": ("kind=second", "band=possible", "policy=hate&direction=forward"),
    "/queue/live": ("since=0", "since=1", "kind=second"),
    "/find": tuple(f"q={query}" for query in ("umar", "omar", "ALERT-1", "x:ban")),
    "/decided": (*DECIDED, "verdict=mirror&taken=no&policy=hate&from=2026-11-24&to=2026-11-24"),
    "/selection": ("read=1.2.3", "all=1&policy=hate"),
}
#: It shows with every filter what the queue holds; the others ask the same of it.
FILTERED: Final = ("/queue",)
FILTERS: Final = (
    *(f"kind={kind}" for kind in ("first", "second", "appeal", "dispute")),
    *("band=likely", "policy=hate&direction=forward", "order=oldest", "order=newest"),
)
#: What is sent to an address that changes something. Each is tried on every alert and every read that stands
#: in its address.
SENT: Final[dict[str, dict[str, Any]]] = {
    "/api/v1/me/uncovered": {},
    "/alerts/{alert_id:str}/restore": {},
    "/api/v1/reads/{read_id:int}/claim": {},
    "/alerts/{alert_id:str}/case": {"purpose": "curiosity"},
    "/alerts/{alert_id:str}/take-back": {"reason_code": "curiosity"},
    "/alerts/{alert_id:str}/notes": {"text": "a note of the reader's own"},
    "/reads/{read_id:int}/skip": {},
    "/related/accounts/{platform:str}/{account_id:path}": {"purpose": "appeal"},
    "/readers/{user_id:str}/policies": {"policy": "hate"},
    "/requests/{request_id:int}/files": {"alert_id": "alert-1"},
}
#: Addresses that are left out, and why. A route that is in none of these tables fails the walk.
LEFT_OUT: Final[dict[str, str]] = {
    "/figures": "sums over everybody's verdicts",
    "/api/v1/appeals": "is for gates, which sign what they send",
    "/reads/{read_id:int}/decide": "is how a reader speaks",
    "/selection": "as above; it is walked as a page",
    "/undo/{batch:str}": "as above",
    "/waves/{wave_id:str}/decide": "as above",
    "/waves/{wave_id:str}/take-back": "as above",
    "/waves/{wave_id:str}/restore": "as above",
    "/requests": "nobody who decides sees requests",
    "/requests/{request_id:int}": "as above",
    "/requests/{request_id:int}/{step:str}": "as above",
    "/sign-in": "tells nothing of an alert",
    "/sign-in/oidc": "as above",
    "/sign-in/oidc/callback": "as above",
    "/sign-out": "as above",
    "/link/{token:str}": "as above",
    "/view": "changes one's own view; it is walked as a page",
}


@dataclass(frozen=True)
class World:
    """One of the two desks: what was said of its alerts is `other`, or what they weigh."""

    office: Office
    people: dict[str, Reader]
    other: bool = False
    other_score: bool = False

    @property
    def speaker(self) -> Reader:
        """Who reads first."""
        return self.people["ana" if self.other else "amina"]

    async def receive(self, alert_id: str = "alert-1", **given: Any) -> None:
        """An alert arrives, and a wave that its account is in."""
        await self.office.receive_wave(a_wave("new-alert-1", "new-alert-2", "banned", "b", "c"))
        lines = [
            a_reason("handle", 4.0 if self.other_score else 9.0, ours="umar", theirs="omar"),
            a_reason("name", -1.0, ours="Umar", theirs="Omar", level="part" if self.other_score else "same"),
            a_reason("device", 0.5, ours="•••", theirs="•••", explained=self.other_score),
        ]
        weighed: dict[str, Any] = {}
        if self.other_score:
            lines.append(a_reason("rule", -0.5, because="Names alone."))
            weighed = {"probability": 0.6, "band": "possible"}
        rivals = ("household", "stranger") if self.other_score else ("copier",)
        weighed["rivals"] = tuple(a_rival(name, 1 / len(rivals)) for name in rivals)
        if given.get("withdrawn_reason") == "account-banned":
            lines = list(map(without_quotes, lines))  # as workers do
        await self.office.receive(alert_id, matched=FAMILY, reasons=lines, **weighed, **given)

    async def says(
        self, verdict: str, *, who: Reader | None = None, alert_id: str = "alert-1", family: bool = False
    ) -> DecisionMade:
        """Somebody who took it decides, and writes a note. It can be undone still."""
        reader = who or self.speaker
        [waiting] = [
            one for one in await self.office.desk.queue(reader, Filters()) if one.alert_id == alert_id
        ]
        note = "surely the same hand" if self.other else "nothing alike but the name"
        reason = "several-traits" if verdict == "mirror" else "common-name"
        decision = ReadDecision(verdict, reason, "hate", note if reader is self.speaker else "", family)
        return await self.office.desk.decide(reader, waiting.read_id, decision)

    async def sent(self) -> None:
        """What was decided is on its way."""
        async with self.office.database.begin() as connection:
            await outbox.take(connection, now=self.office.clock() + 60, again_before=0, limit=99)

    async def contested(self, alert_id: str = "alert-1") -> None:
        """Its holder appeals."""
        made = AppealMade(appeal_id="c-1", alert_id=alert_id, words="I am somebody else.")
        assert isinstance(await self.office.desk.take_appeal(made), AppealTaken)

    async def withdrawn(self, revision: int, alert_id: str = "alert-1", reason: str = "verdict") -> None:
        """Workers follow a dismissal, or the platform's own ban."""
        told = {"status": "withdrawn", "withdrawn_reason": reason, "withdrawn_at": NOON}
        await self.receive(alert_id, revision=revision, **told)


Story = Callable[[World], Awaitable[None]]


async def a_second_reading(world: World) -> None:
    await world.receive()
    await world.says("not_mirror" if world.other else "mirror")
    await world.sent()
    if world.other:
        await world.withdrawn(2)
    else:
        await act(world.office, an_action())


async def a_second_reading_of_what_is_unsure(world: World) -> None:
    await world.receive()
    await world.says("unsure" if world.other else "mirror")
    await world.sent()


async def a_second_reading_that_is_decided_and_can_be_undone(world: World) -> None:
    await a_second_reading(world)
    await world.says("mirror", who=world.people["bilal"])


async def a_dispute(world: World) -> None:
    await world.receive()
    await world.says("not_mirror" if world.other else "mirror")
    await world.sent()
    if world.other:
        await world.withdrawn(2)
    await world.says("mirror" if world.other else "not_mirror", who=world.people["dana"])
    await world.sent()
    if world.other:
        await world.receive(revision=3)
    else:
        await world.withdrawn(2)


async def an_appeal(world: World) -> None:
    await world.receive()
    await world.says("not_mirror" if world.other else "mirror")
    await world.sent()
    if world.other:
        await world.withdrawn(2)
    await world.office.desk.take_back(world.people["chloe"], "alert-1", "appeal")
    if world.other:
        await world.receive(revision=3)


async def an_appeal_after_the_platform_acted(world: World) -> None:
    """The alert quotes nothing any more, and its evidence is shown as decided."""
    await world.receive()
    await world.says("mirror" if world.other else "not_mirror")
    await world.sent()
    if world.other:
        await world.withdrawn(2, reason="account-banned")
    await world.office.desk.take_back(world.people["chloe"], "alert-1", "appeal")


async def what_its_holder_contests(world: World) -> None:
    await world.receive()
    await world.says("mirror")
    await world.sent()
    if world.other:
        await world.withdrawn(2, reason="account-banned")
    await world.contested()


async def one_of_a_family_by_one_key_is_contested(world: World) -> None:
    for alert_id in ALERTS:
        await world.receive(alert_id)
    await world.says("mirror", family=True)
    await world.sent()
    second = min(ALERTS, key=lambda alert_id: uniform(A_POLICY.key, "second", alert_id))
    if world.other:
        await world.contested(next(alert_id for alert_id in ALERTS if alert_id != second))


async def what_was_undone(world: World) -> None:
    await world.receive()
    said = await world.says("not_mirror" if world.other else "mirror")
    await world.office.desk.undo(world.speaker, said.batch)
    world.office.clock.pass_(121)  # it is in nobody's hands any more


async def a_family_by_one_key(world: World) -> None:
    for alert_id in ALERTS:
        await world.receive(alert_id)
    await world.says("not_mirror" if world.other else "mirror", family=True)
    await world.sent()
    if world.other:
        for alert_id in ALERTS:
            await world.withdrawn(2, alert_id)


def _one_of_the_family() -> float:
    """The share by which one alert of the family alone is read a second time."""
    least, next_, *_ = sorted(uniform(A_POLICY.key, "second", alert_id) for alert_id in ALERTS)
    return (least + next_) / 2


SECOND: Final = with_shares(second_share=1.0)
# A lead walks where a lead is answered otherwise: a second reading, a dispute, an appeal, a family.
STORIES: Final[dict[str, tuple[Story, Policy, tuple[str, ...]]]] = {
    "second": (a_second_reading, SECOND, ("bilal", "chloe")),
    "second, blind": (a_second_reading, with_shares(second_share=1.0, blind_share=1.0), ("bilal",)),
    "second of unsure": (a_second_reading_of_what_is_unsure, SECOND, ("bilal",)),
    "second, undoable": (a_second_reading_that_is_decided_and_can_be_undone, SECOND, ("bilal",)),
    "dispute": (a_dispute, SECOND, ("bilal", "chloe")),
    "appeal": (an_appeal, A_POLICY, ("bilal",)),
    "appeal after a ban": (an_appeal_after_the_platform_acted, A_POLICY, ("bilal",)),
    "appeal after a ban, blind": (
        an_appeal_after_the_platform_acted,
        with_shares(blind_share=1.0),
        ("bilal",),
    ),
    "contested": (what_its_holder_contests, A_POLICY, ("bilal", "chloe")),
    "contested, blind": (what_its_holder_contests, with_shares(blind_share=1.0), ("bilal",)),
    "undone": (what_was_undone, A_POLICY, ("bilal",)),
    "family": (a_family_by_one_key, with_shares(second_share=_one_of_the_family()), ("bilal", "chloe")),
    "family, contested": (
        one_of_a_family_by_one_key_is_contested,
        with_shares(second_share=_one_of_the_family()),
        ("bilal",),
    ),
}


@pytest.fixture
def urls(request: pytest.FixtureRequest, database_url: str, tables: Path, tmp_path: Path) -> tuple[str, str]:
    """The addresses of two empty databases of a kind."""
    if database_url.startswith("sqlite"):
        other = tmp_path / "other.db"
        for path in (database_url.removeprefix("sqlite:///"), other):
            shutil.copy(tables, path)
        return database_url, f"sqlite:///{other}"
    server: EmbeddedPostgres = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_tables")
    one, two = (server.make(f"desk_{secrets.token_hex(6)}", template=template) for _ in range(2))
    return one, two


# One story on PostgreSQL walks each page and each change once more, so that every statement runs on both.
@pytest.mark.parametrize(
    ("database_url", "name"),
    [*(("sqlite", name) for name in STORIES), ("postgresql", "family, contested")],
    indirect=["database_url"],
)
async def test_who_is_still_to_read_is_answered_the_same_whatever_others_said(
    urls: tuple[str, str], name: str
) -> None:
    story, policy, readers = STORIES[name]
    walks = [await walked(url, story, policy, readers, other=url == urls[1]) for url in urls]
    for reader in readers:
        one, two = (walk[reader] for walk in walks)
        assert one.keys() == two.keys()
        told = {where: (one[where], two[where]) for where in one if one[where] != two[where]}
        assert not told, (reader, _first_difference(told))
    one, two = (walk["omar"] for walk in walks)
    assert one["GET /alerts/alert-1"] != two["GET /alerts/alert-1"], "an auditor sees what differs"


BLIND: Final = with_shares(blind_share=1.0, second_share=1.0)


async def a_first_reading(world: World) -> None:
    await world.receive()
    await world.receive("alert-2", revision=2)


async def a_first_reading_that_is_decided_and_can_be_undone(world: World) -> None:
    await world.receive()
    await world.says("mirror", who=world.people["bilal"])


async def a_blind_appeal_after_the_platform_acted(world: World) -> None:
    await world.receive()
    await world.says("mirror")
    await world.sent()
    await world.withdrawn(2, reason="account-banned")
    await world.office.desk.take_back(world.people["chloe"], "alert-1", "appeal")


SCORED: Final[dict[str, tuple[Story, Policy]]] = {
    "first": (a_first_reading, BLIND),
    "first, undoable": (a_first_reading_that_is_decided_and_can_be_undone, BLIND),
    "second": (a_second_reading, BLIND),
    "appeal after a ban": (a_blind_appeal_after_the_platform_acted, BLIND),
    "contested": (what_its_holder_contests, with_shares(blind_share=1.0)),
}


@pytest.mark.parametrize("name", SCORED)
async def test_who_is_to_read_blind_is_answered_the_same_whatever_the_score(
    urls: tuple[str, str], name: str
) -> None:
    story, policy = SCORED[name]
    walks = [await walked(url, story, policy, ("bilal",), other_score=url == urls[1]) for url in urls]
    one, two = (walk["bilal"] for walk in walks)
    told = {where: (one[where], two[where]) for where in one if one[where] != two[where]}
    assert not told, _first_difference(told)
    one, two = (walk["omar"] for walk in walks)
    assert one["GET /alerts/alert-1"] != two["GET /alerts/alert-1"], "an auditor sees what differs"


Answers = dict[str, tuple[int, str]]


async def walked(
    url: str, story: Story, policy: Policy, readers: tuple[str, ...], **differs: bool
) -> dict[str, Answers]:
    """What each of some people and an auditor are answered everywhere, once a story has happened."""
    async with opened_migrated(url) as database:
        # In one of the two worlds the platform acted on what was said.
        platform = Platform(Profile("gone") if differs.get("other") else OURS)
        gate = Gate(like("new-alert-2"), standing="banned" if differs.get("other") else "remembered")
        office = an_office(database, policy, profiles=platform, gate=gate)
        people = {name: await office.hire(name) for name in ("amina", "ana", "bilal")}
        people |= {name: await office.hire(name, "lead") for name in ("chloe", "dana")}
        people["omar"] = await office.hire("omar", "auditor")
        await story(World(office, people, **differs))
        found = {}
        for name in ("omar", *readers):
            async with signed_in(office, people[name]) as client:
                if name == "omar":
                    page = await client.get("/alerts/alert-1")
                    found[name] = {"GET /alerts/alert-1": (page.status_code, page.text)}
                else:
                    there = OF_FAMILY if "family" in story.__name__ else ALONE
                    found[name] = {where: answer async for where, answer in answers(client, there)}
        return found


@asynccontextmanager
async def signed_in(office: Office, reader: Reader) -> AsyncIterator[Client]:
    """Somebody at the desk who may ask as often as they like."""
    async with browsing(office) as client:
        client.app.state.rates = Rates(burst=1e9)
        await sign_in(client, office, reader.user_id)
        yield client


async def answers(client: Client, there: Places) -> AsyncIterator[tuple[str, tuple[int, str]]]:
    """What every route answers to whoever is signed in; those that change something last."""
    # Of one's own: the token, the id, and the ids of what one decided.
    own = re.compile(rf"{re.escape(client.headers['X-CSRF-Token'])}|\b[0-9a-f]{{32}}\b")
    for where in addresses(client.app, "GET", there):
        answer = await client.get(where, follow_redirects=False)
        await fetched(client)
        told = f"{answer.headers.get('Location', '')}{answer.text}"
        yield f"GET {where}", (answer.status_code, own.sub("", told))
    for where, body in changes(client.app, there):
        if where.startswith("/api"):
            answer = await client.post(where, json=body)
        else:
            answer = await client.submit(where, **body)
        told = f"{answer.headers.get('Location', '')}{answer.text}"
        yield f"POST {where} {body}", (answer.status_code, own.sub("", told))


async def fetched(client: Client) -> None:
    """Waits for the pictures that a page began to fetch."""
    kept = client.office.desk.profiles
    if kept is not None:
        await asyncio.gather(*kept._fetching)


def routes(app: Litestar, method: str) -> Iterator[str]:
    """Every address that the application answers, but of its own files."""
    for route in app.routes:
        own_files = route.path.startswith("/static")
        if isinstance(route, HTTPRoute) and method in route.methods and not own_files:
            yield route.path


def addresses(app: Litestar, method: str, there: Places) -> Iterator[str]:
    """Every address, with everything in the place of what is in braces, and with each filter."""
    for path in routes(app, method):
        if path in LEFT_OUT and path not in ("/view", "/selection"):
            continue
        for where in filled(path, there):
            yield where
            for query in (*ASKED_WITH.get(path, ()), *(FILTERS if path in FILTERED else ())):
                yield f"{where}?{query}"


def changes(app: Litestar, there: Places) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every address that changes something, with what is sent there; the reader speaks at none of them."""
    known = set(routes(app, "POST"))
    unknown = known - SENT.keys() - LEFT_OUT.keys()
    assert not unknown, f"say in this file what is sent to {unknown}"
    for path, body in SENT.items():
        assert path in known, path
        for where in filled(path, there):
            yield where, body


def filled(path: str, there: Places) -> list[str]:
    """An address with everything in the place of what is in braces."""
    names = re.findall(r"{(\w+):\w+}", path)
    assert all(name in there for name in names), f"say in this file what stands in {path}"
    pattern = re.sub(r"{(\w+):\w+}", r"{\1}", path)
    return [
        pattern.format(**dict(zip(names, values, strict=True)))
        for values in product(*(there[name] for name in names))
    ]


def _first_difference(told: dict[str, tuple[tuple[int, str], tuple[int, str]]]) -> str:
    where, (one, two) = next(iter(told.items()))
    if one[0] != two[0]:
        return f"{len(told)} differ, first {where}: {one} or {two}"
    place = next((at for at, pair in enumerate(zip(one[1], two[1], strict=False)) if pair[0] != pair[1]), 0)
    near = slice(max(0, place - 80), place + 80)
    return f"{len(told)} differ, first {where}: …{one[1][near]}… or …{two[1][near]}…"


# Who reads some policies alone sees, finds and counts nothing of the others, by any way.

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
    answer = await client.submit(f"/readers/{user_id}/policies", policy=list(policies), everything=everything)
    return answer.status_code


async def test_every_page_is_the_same_whatever_other_policies_hold(urls: tuple[str, str]) -> None:
    found = []
    for url in urls:
        async with opened_migrated(url) as database:
            office = an_office(database, profiles=Platform(), gate=Gate(like("new-alert-2")))
            bilal, chloe = await office.hire("bilal"), await office.hire("chloe", "lead")
            await office.desk.name_policies(chloe, bilal.user_id, ["hate", ""])
            await takes(office, "alert-0", "hate")
            await takes(office, "alert-1", None)
            if url == urls[1]:
                # The same sign-up, and the same family, by the bans of another team.
                await takes(office, "alert-2", "spam", account_id="new-alert-0")
                await takes(office, "alert-3", "spam", account_id="banned-hate")
                await takes(office, "alert-5", "spam", account_id="new-alert-1")
                # What the queue is narrowed by, too.
                elsewhere = Matched(platform="mastodon", account_id="b", policy="spam")
                await office.receive("alert-4", platform="mastodon", matched=elsewhere)
                [spam, *_] = await office.desk.queue(chloe, Filters(policy="spam"))
                await office.desk.decide(chloe, spam.read_id, CONFIRMED)
                async with database.begin() as connection:
                    await summaries.put(connection, WITHHELD)
            async with signed_in(office, bilal) as client:
                found.append({where: answer async for where, answer in answers(client, OF_FAMILY)})
    one, two = found
    told = {where: (one[where], two[where]) for where in one if one[where] != two[where]}
    assert not told, next(iter(told.items()))
    assert "alert-1" in one["GET /queue"][1]
    assert "banned-None" in one["GET /alerts/alert-0"][1]
    assert "banned-spam" not in one["GET /alerts/alert-0"][1], "an account that another policy banned"


async def test_reader_takes_counts_and_opens_the_named_policies_alone(office: Office) -> None:
    async with at_the_desk(office, "chloe", "lead") as lead, at_the_desk(office, "bilal") as client:
        for number, policy in enumerate(("hate", "spam", "spam", None)):
            await takes(office, f"alert-{number}", policy)
        assert len(await the_queue(client)) == 4
        assert await names(lead, client.reader.user_id, "hate") == 303
        [waiting] = await the_queue(client)
        assert waiting["policy"] == "hate"
        assert len(await the_queue(lead)) == 4
        hidden = next(one for one in await the_queue(lead) if one["policy"] == "spam")
        assert (await client.get(f"/alerts/{hidden['alert_id']}")).status_code == 404
        assert (await client.post(f"/api/v1/reads/{hidden['read_id']}/claim")).status_code == 404
        assert '<option value="spam"' not in (await client.get("/queue")).text
        await decided(client, waiting["read_id"])
        assert (await client.get("/next", follow_redirects=False)).headers["Location"] == "/queue"
        page = (await lead.get("/readers")).text
        assert "Who reads what" in page
        assert 'value="hate" checked' in page
        assert await names(lead, client.reader.user_id) == 303
        assert await the_queue(client) == [], "who reads no policy reads nothing"
        assert await names(lead, client.reader.user_id, everything="1") == 303
        assert len(await the_queue(client)) == 3


async def test_undoing_leaves_what_one_may_not_read_any_more_in_nobodys_hands(office: Office) -> None:
    bilal, chloe = await office.hire("bilal"), await office.hire("chloe", "lead")
    for number, policy in enumerate(("hate", "spam")):
        await takes(office, f"alert-{number}", policy)
    made = await office.desk.decide_together(bilal, [1, 2], CONFIRMED)
    await office.desk.name_policies(chloe, bilal.user_id, ["hate"])
    await office.desk.undo(bilal, made.batch)
    shown = await office.desk.queue(chloe, Filters())
    assert {(one.alert_id, one.claimed_by) for one in shown} == {("alert-0", "bilal"), ("alert-1", "")}


async def test_family_is_decided_within_the_named_policies(office: Office) -> None:
    async with at_the_desk(office, "chloe", "lead") as lead, at_the_desk(office, "bilal") as client:
        for number, policy in enumerate(("hate", "hate", "spam")):
            await takes(office, f"alert-{number}", policy)
        await names(lead, client.reader.user_id, "hate")
        [waiting, *_] = await the_queue(client)
        await decided(client, waiting["read_id"], family="1")
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


async def test_policies_to_choose_from_are_those_of_alerts_and_those_that_are_named(office: Office) -> None:
    bilal, chloe = await office.hire("bilal"), await office.hire("chloe", "lead")
    await takes(office, "alert-0", "spam")
    await office.desk.name_policies(chloe, bilal.user_id, ["hate", ""])
    people, choices = await office.desk.reader_policies(chloe)
    assert [(one.name, one.policies) for one in people] == [("bilal", ("", "hate"))]
    assert choices == ["hate", "spam"]


async def test_moderator_names_nobodys_policies_and_role_frees(office: Office) -> None:
    await takes(office, "alert-0", "spam")
    async with at_the_desk(office, "chloe", "lead") as lead, at_the_desk(office, "bilal") as client:
        assert await names(client, client.reader.user_id, "hate") == 403
        assert await names(lead, lead.reader.user_id, "hate") == 303
        assert len(await the_queue(lead)) == 1, "leads read everything"
        assert await names(lead, "nobody", "hate") == 404
        assert await names(lead, client.reader.user_id, "a b") == 400
