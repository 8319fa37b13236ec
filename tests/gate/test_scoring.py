"""What the gate answers about an account: scores, relatives, questions, alone and together."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace as dataclass_replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from structlog.testing import capture_logs

from agents.common.queries.preview import Foreseen
from gate.answers import Score, scored
from gate.keys import UnusableKeys, new_key
from gate.questions import DAY_SECONDS, FOLLOW_SECONDS, SAMPLE_MAX, Questions
from gate.related import ASKED_MAX, READERS_MAX, ReaderLimit
from gate.together import Together
from gate.variations import FORGOTTEN_SECONDS, SETS_MAX, USUAL, Variations
from schemas import examples
from schemas.alerts import NOTICE, MirrorAlert
from schemas.internal.related import RelatedAsked
from schemas.record import Record
from schemas.wire import Decoded, decode_related_asked, encode
from simulate.config import Config
from simulate.timeline.events import PlatformTopic
from simulate.timeline.stream import generate
from store.errors import StoreUnavailable
from store.memory.store import MemoryStore
from streams.errors import BrokerUnavailable, Transient
from streams.outcomes import Published
from tests.agents.conftest import Life
from tests.agents.crowds import CROWDS, Crowd, people
from tests.agents.test_waves import nicole
from tests.gate.conftest import Caller, MakeCaller, MakeLife
from tests.house import ROOT
from tests.makers import NOON, a_ban, a_deletion, a_sign_up, arrival
from tests.patience import patient
from tests.tables import for_each
from tests.ticks import Ticks

# An account is scored as it signs up: in time, whatever is away, and telling no more than one may know.


DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
BAN = a_ban("banned-77077", handle="umar_media", display_name="Umar Media", device_id=DEVICE)
MIRROR = a_sign_up("99", handle="um4r_media_2", device_id=DEVICE)


@pytest.fixture
async def banned(caller: Caller) -> Caller:
    """A gate to a context in which one account is banned."""
    await caller.life.ban(BAN)
    return caller


async def test_a_mirror_is_a_match_with_the_alert_that_would_be_raised(banned: Caller) -> None:
    told = await banned.score(MIRROR, "score", "alerts")
    assert (told["outcome"], told["band"], told["notice"]) == ("match", "likely", NOTICE)
    (alert,) = told["alerts"]
    assert (alert["matched"]["account_id"], alert["account_id"]) == ("banned-77077", "99")
    assert told["weights_version"] == banned.life.context.weighing.weights.version
    assert banned.life.heard == [], "nothing is published"
    assert banned.metric("samehand_gate_outcomes_total", outcome="match", reason="") == 1


async def test_an_account_like_nobody_is_no_match(banned: Caller) -> None:
    told = await banned.score(a_sign_up("98", handle="wholly_fresh"), "score", "alerts")
    assert (told["outcome"], told["alerts"], told["reasons"]) == ("no_match", [], [])


async def test_who_may_not_see_alerts_is_told_nothing_of_the_banned_account(banned: Caller) -> None:
    told = await banned.score(MIRROR, "score")
    assert (told["outcome"], told["band"], told["alerts"]) == ("match", "likely", [])
    assert {"signal", "level", "weight", "explained"} == set(told["reasons"][0])
    assert {"device", "handle"} <= {line["signal"] for line in told["reasons"]}
    for value in ("77077", "umar_media", "Umar", "violent-extremism", "extremism"):
        assert value not in json.dumps(told)


async def test_account_like_an_open_wave_is_shown_it_by_the_rights_of_its_key(caller: Caller) -> None:
    life = caller.life
    await life.tell(life.screen, *(nicole(number) for number in range(4)))
    assert (await caller.score(nicole(5)))["wave"] is None, "four are no wave"
    await life.tell(life.screen, *(nicole(number) for number in range(4, 8)))
    told = await caller.score(nicole(9), "score", "alerts")
    [wave_id] = await life.context.store.wave_ids(["telegram:n0"])
    assert (told["outcome"], told["wave"]["wave_id"], told["wave"]["members"]) == ("no_match", wave_id, 8)
    assert told["wave"]["handle_pattern"] == "nicole_*"
    assert {"bio", "contact"} <= {line["signal"] for line in told["wave"]["pattern"]}
    told = await caller.score(nicole(9))
    assert {name for name, value in told["wave"].items() if value} == {"pattern"}
    assert "nicole" not in json.dumps(told)
    assert (await caller.score(a_sign_up("s", ip="203.0.113.77", handle="tobias")))["wave"] is None
    assert await life.context.store.wave_ids(["telegram:n9"]) == [None], "nothing is noted"


@pytest.mark.parametrize("crowd", CROWDS)
async def test_seventh_of_people_who_belong_together_meets_no_wave(caller: Caller, crowd: Crowd) -> None:
    *six, seventh = people(crowd, 7)
    await caller.life.tell(caller.life.screen, *six)
    assert (await caller.score(seventh))["wave"] is None


async def test_the_store_is_not_written(banned: Caller) -> None:
    await banned.score(MIRROR)
    figures = await banned.life.context.store.figures()
    assert (figures.remembered, figures.unjudged) == (0, 0)


async def test_a_store_that_is_away_leaves_it_undecided(
    banned: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("Redis cannot be reached")

    monkeypatch.setattr(MemoryStore, "bans_like", away)
    told = await banned.score(MIRROR)
    assert (told["outcome"], told["reason"], told["alerts"]) == ("undecided", "store-away", [])
    assert banned.metric("samehand_gate_outcomes_total", outcome="undecided", reason="store-away") == 1


async def test_a_store_that_is_known_to_be_away_is_not_asked(banned: Caller) -> None:
    banned.scoring.store_fault = lambda: "Redis cannot be reached"
    assert (await banned.score(MIRROR))["reason"] == "store-away"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A store that answers once the event is set."""
    goes_on, bans_like = asyncio.Event(), MemoryStore.bans_like

    async def waits(*given: Any, **named: Any) -> Any:
        await goes_on.wait()
        return await bans_like(*given, **named)

    monkeypatch.setattr(MemoryStore, "bans_like", waits)
    return goes_on


@pytest.mark.usefixtures("slow")
async def test_past_the_callers_deadline_it_is_undecided(banned: Caller) -> None:
    told = await banned.score(MIRROR, Samehand_Deadline_Ms="20")
    assert (told["outcome"], told["reason"]) == ("undecided", "deadline")


async def test_an_answer_that_nothing_waited_for_counts_only_within_the_deadline(
    banned: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that computes until the deadline has passed gives the loop no turn to break it off in."""
    now, bans_like = [100.0], MemoryStore.bans_like

    async def computes(*given: Any, **named: Any) -> Any:
        now[0] += 6.0
        return await bans_like(*given, **named)

    monkeypatch.setattr(MemoryStore, "bans_like", computes)
    banned.scoring.ticks = lambda: now[0]
    told = await banned.scoring(encode(MIRROR), 5_000, sees_alerts=False)
    assert isinstance(told, Score)
    assert (told.outcome, told.reason, told.took_ms) == ("undecided", "deadline", 6_000)


async def test_what_a_request_waited_before_it_was_read_is_of_its_deadline(banned: Caller) -> None:
    scoring, raw = banned.scoring, encode(MIRROR)
    inside = await scoring(raw, 5_000, sees_alerts=False, began=scoring.ticks() - 1)
    past = await scoring(raw, 5_000, sees_alerts=False, began=scoring.ticks() - 6)
    assert isinstance(inside, Score)
    assert inside.outcome == "match"
    assert isinstance(past, Score)
    assert (past.outcome, past.reason) == ("undecided", "deadline")
    assert past.took_ms >= 6_000


async def test_more_calls_than_can_be_answered_are_undecided_at_once(
    banned: Caller, slow: asyncio.Event
) -> None:
    banned.scoring.at_once = 2
    banned.key("score")
    waiting = [asyncio.ensure_future(banned.score(MIRROR)) for _ in range(2)]
    async with asyncio.timeout(patient(60)):
        while banned.scoring.busy < 2:  # noqa: ASYNC110  # both have begun; nobody tells when
            await asyncio.sleep(0)
    assert (await banned.score(MIRROR))["reason"] == "overloaded"
    slow.set()
    assert [told["outcome"] for told in await asyncio.gather(*waiting)] == ["match", "match"]
    assert (await banned.score(MIRROR))["outcome"] == "match", "and then it is as before"


async def test_a_defect_of_ours_leaves_it_undecided_and_the_log_without_a_value(
    banned: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise ValueError("um4r_media_2")

    monkeypatch.setattr(MemoryStore, "facts", fails)
    told = await banned.score(MIRROR)
    assert (told["outcome"], told["reason"]) == ("undecided", "unprocessable")


@pytest.mark.parametrize("given", ["0", "-1", "20000", "1.5", "soon", "\u0661", "1" * 5000])
async def test_a_deadline_that_is_none_is_refused_by_name(banned: Caller, given: str) -> None:
    answer = await banned.client.post(
        "/v1/score",
        content=b"{}",
        headers={
            b"authorization": f"Bearer {banned.key('score')}".encode(),
            b"samehand-deadline-ms": given.encode(),
        },
    )
    told = answer.json()
    assert (answer.status_code, told["reason"], told["path"]) == (400, "bad-deadline", "samehand-deadline-ms")


@pytest.mark.parametrize(
    ("body", "reason", "path"),
    [
        (b"", "empty", "$"),
        (b"{", "not-json", "$"),
        (b"[]", "wrong-type", "$"),
        (b'"\xff"', "not-utf8", "$"),
        (b"[" * 100_000, "nested-too-deep", "$"),
        (b'{"version": 2}', "unknown-version", "$.version"),
        (
            b'{"version": 1, "occurred_at": "2026-11-24T12:00:00Z", "platform": "x"}',
            "missing-field",
            "$.account",
        ),
    ],
    ids=lambda it: str(it)[:20],
)
async def test_what_is_no_account_is_refused_with_path_and_reason(
    banned: Caller, body: bytes, reason: str, path: str
) -> None:
    answer = await banned.post("/v1/score", body, "score")
    told = answer.json()
    assert (answer.status_code, told["reason"], told["path"]) == (400, reason, path)


async def test_a_field_that_cannot_be_used_costs_itself_alone(banned: Caller) -> None:
    event = a_sign_up("99", handle="um4r_media_2", device_id=DEVICE)
    raw = json.loads(json.dumps({"event_id": "e", "version": 1, "platform": "telegram"}))
    raw |= {"occurred_at": event.occurred_at.isoformat()}
    raw["account"] = {"account_id": "99", "handle": "um4r_media_2", "device_id": DEVICE, "locale": 7}
    told = await banned.score(json.dumps(raw).encode(), "score", "alerts")
    assert told["outcome"] == "match"


async def test_a_body_beyond_a_mebibyte_is_not_read(banned: Caller) -> None:
    answer = await banned.post("/v1/score", b" " * (1024 * 1024 + 1), "score")
    assert (answer.status_code, answer.json()["reason"]) == (413, "too-large")


async def test_who_tries_values_until_nothing_matches_is_counted(banned: Caller) -> None:
    for turn in range(9):
        await banned.score(a_sign_up("99", handle=f"um4r_media_{turn}", device_id=DEVICE))
    await banned.score(a_sign_up("98", handle="another"))
    assert banned.metric("samehand_gate_variations_total") == 9 - 5


async def test_who_names_another_account_each_time_is_counted_by_the_ban_that_matches(banned: Caller) -> None:
    for number in range(9):
        mirror = a_sign_up(str(number), handle=f"um4r_media_{number}", device_id=DEVICE)
        assert (await banned.score(mirror))["outcome"] == "match"
        await banned.score(a_sign_up(f"stranger-{number}", handle=f"wholly_fresh_{number}"))
    assert banned.metric("samehand_gate_variations_total") == 9 - 5


async def test_the_call_that_the_docs_show_is_answered_as_they_show(caller: Caller) -> None:
    text = (ROOT / "docs" / "gate.md").read_text("utf-8")
    [body] = re.findall(r"/v1/score .* -d '([^']*)'", text)
    await caller.life.ban(a_ban("77", handle="umar_media", device_id=DEVICE, email="umar@example.org"))
    told = await caller.score(body.encode())
    [shown] = [json.loads(it) for it in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    assert (told["outcome"], told.keys(), told["notice"]) == ("match", shown.keys(), shown["notice"])


# What an answer tells to whom.


def test_reasons_come_by_weight_without_a_word_of_either_account() -> None:
    alert = examples.ALERT
    told = scored(Foreseen((alert,)), "w", 1.0, sees_alerts=False)
    assert told.alerts == ()
    weights = [line.weight for line in told.reasons]
    assert weights == sorted(weights, reverse=True)
    assert len(weights) == len(alert.evidence) + len(alert.counter_evidence)
    for line in alert.evidence:
        assert not line.theirs or line.theirs not in str(told)


def test_it_tells_what_else_it_could_be_to_a_tenth() -> None:
    rivals = (replace(examples.ALERT.rivals[0], takes=0.7449),)
    explained = replace(examples.ALERT.evidence[0], explained=True)
    alert = replace(examples.ALERT, rivals=rivals, evidence=(explained, *examples.ALERT.evidence[1:]))
    told = scored(Foreseen((alert,)), "w", 1.0, sees_alerts=False)
    assert [(it.name, it.takes, it.covers) for it in told.rivals] == [("copier", 0.7, ("handle",))]
    assert [line.signal for line in told.reasons if line.explained] == [explained.signal]
    assert scored(Foreseen(), "w", 1.0, sees_alerts=True).rivals == ()


# Many values of few accounts are counted, and nothing of them is kept.


def asked(variations: Variations, account: str, handles: range, at: float = 0.0) -> None:
    for number in handles:
        variations.note(a_sign_up(account, handle=f"umar_{number}"), at)


def test_the_same_values_are_no_other_ones_however_often() -> None:
    variations = Variations()
    for _ in range(50):
        asked(variations, "99", range(1))
    assert variations.total == 0


def test_a_flood_counts_to_its_end_and_is_not_kept_whole() -> None:
    variations = Variations()
    asked(variations, "99", range(1_000))
    assert variations.total == 1_000 - USUAL
    assert max(len(it.digests) for it in variations._asked.values()) == SETS_MAX


def test_many_accounts_with_one_set_of_values_each_are_a_platform() -> None:
    variations = Variations(accounts_max=100)
    for number in range(1_000):
        asked(variations, str(number), range(1))
    assert variations.total == 0
    assert len(variations._asked) == 100


def test_an_hour_later_it_begins_anew() -> None:
    variations = Variations()
    asked(variations, "99", range(USUAL))
    asked(variations, "99", range(USUAL, 2 * USUAL), FORGOTTEN_SECONDS + 1)
    assert variations.total == 0


def test_no_value_is_kept() -> None:
    variations = Variations()
    asked(variations, "account-99", range(3))
    assert "99" not in repr(variations) or "umar" not in repr(variations)
    assert "umar" not in repr(variations._asked)


# Calls that come while others are answered are answered together, and each has its own answer.


Batches = list[list[int]]


class Answers:
    """Answers a number with its square once it is let; notes what it is asked together."""

    def __init__(self) -> None:
        self.batches: Batches = []
        self.let = asyncio.Event()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        """One answer a number."""
        self.batches.append(list(numbers))
        await self.let.wait()
        return [number * number for number in numbers]


async def begun(*calls: Any) -> list[asyncio.Task[Any]]:
    """Calls that wait for their answers."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_the_first_begins_at_once_and_the_others_wait_for_it() -> None:
    answers = Answers()
    together = Together(answers)
    first = await begun(together(1))
    others = await begun(*(together(number) for number in (2, 3, 4)))
    assert answers.batches == [[1]]
    answers.let.set()
    assert await asyncio.gather(*first, *others) == [1, 4, 9, 16]
    assert answers.batches == [[1], [2, 3, 4]]


async def test_who_stops_waiting_is_not_asked_about() -> None:
    answers = Answers()
    together = Together(answers)
    (first,) = await begun(together(1))
    second, third = await begun(together(2), together(3))
    second.cancel()
    await asyncio.wait([second])
    answers.let.set()
    assert [await first, await third] == [1, 9]
    assert answers.batches == [[1], [3]]


async def test_a_batch_that_nobody_waits_for_gives_way() -> None:
    answers = Answers()
    together = Together(answers, 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await together(1)
    answers.let.set()
    async with asyncio.timeout(patient(60)):
        assert await together(2) == 4
    assert answers.batches == [[1], [2]]


async def test_an_outage_is_everybodys_and_is_not_tried_again() -> None:
    asked = []

    async def away(numbers: Sequence[int]) -> list[int]:
        asked.append(list(numbers))
        raise StoreUnavailable("Redis cannot be reached")

    together = Together(away)
    told = await asyncio.gather(*(together(number) for number in range(3)), return_exceptions=True)
    assert [type(it) for it in told] == [StoreUnavailable] * 3
    assert sum(map(len, asked)) == 3


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),  # turns of the loop before the call comes
            st.none() | st.integers(0, 5),  # after how many it stops waiting
            st.booleans(),  # whether our logic fails on it
        ),
        max_size=40,
    ),
    st.integers(0, 4),
    st.integers(1, 9),
)
def test_whoever_comes_and_goes_when_each_is_told_its_own(
    calls: list[tuple[int, int | None, bool]], turns_a_batch: int, together_max: int
) -> None:
    faulty = {number for number, (_, _, fails) in enumerate(calls) if fails}
    running = 0

    async def answer(numbers: Sequence[int]) -> list[int]:
        nonlocal running
        running += 1
        try:
            assert running == 1, "one batch at a time"
            assert len(numbers) <= together_max
            for _ in range(turns_a_batch):
                await asyncio.sleep(0)
            if faulty & set(numbers):
                raise KeyError
            return [number * 7 for number in numbers]
        finally:
            running -= 1

    async def story() -> list[int | BaseException]:
        together = Together(answer, together_max)

        async def call(number: int, comes: int, goes: int | None) -> int:
            for _ in range(comes):
                await asyncio.sleep(0)
            mine = asyncio.ensure_future(together(number))
            if goes is not None:
                for _ in range(goes):
                    await asyncio.sleep(0)
                mine.cancel()
            return await mine

        async with asyncio.timeout(patient(60)):
            return await asyncio.gather(
                *(call(number, comes, goes) for number, (comes, goes, _) in enumerate(calls)),
                return_exceptions=True,
            )

    for number, told in enumerate(asyncio.run(story())):
        if isinstance(told, asyncio.CancelledError):
            assert calls[number][1] is not None
        elif isinstance(told, KeyError):
            assert number in faulty
        else:
            assert told == number * 7
            assert number not in faulty


async def test_many_at_once_are_told_what_each_would_be_told_alone(caller: Caller) -> None:
    devices = [f"6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2{number}" for number in range(9)]
    for number in range(6):
        await caller.life.ban(a_ban(f"{number}", handle=f"umar_media_{number}", device_id=devices[number]))
    events = [a_sign_up(f"9{n}", handle=f"um4r_media_{n % 9}", device_id=devices[n % 9]) for n in range(40)]
    caller.key("score", "alerts")
    alone = [await caller.score(event, "score", "alerts") for event in events]
    batches = Counter[int]()
    bans_like = MemoryStore.bans_like

    async def counted(store: MemoryStore, queries: Any, **named: Any) -> Any:
        batches[len(queries)] += 1
        await asyncio.sleep(0)  # as a store that is elsewhere
        return await bans_like(store, queries, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryStore, "bans_like", counted)
        at_once = await asyncio.gather(*(caller.score(event, "score", "alerts") for event in events))
    assert {json.dumps(told["alerts"]) for told in alone} != {"[]"}
    assert [told | {"took_ms": 0} for told in at_once] == [told | {"took_ms": 0} for told in alone]
    assert max(batches) > 1, "they were asked about together"


# Who asks about thousands of people once each shows in the figures of its key.


def figures(clock: Ticks, known: Sequence[str] = (), fault: Exception | None = None) -> Questions:
    async def remembers(accounts: Sequence[str]) -> list[bool]:
        if fault is not None:
            raise fault
        return [account in known for account in accounts]

    return Questions(remembers, clock, random.Random(7))


async def told(questions: Questions) -> list[Any]:
    with capture_logs() as lines:
        await questions.tell()
    return lines


async def test_five_thousand_questions_about_as_many_people_show_by_the_day(caller: Caller) -> None:
    questions = Questions(caller.scoring.preview.remembers, lambda: caller.life.seconds)
    caller.scoring.questions = questions
    key = caller.key("score", rate="1000/s")
    for number in range(120):
        answer = await caller.post("/v1/score", a_sign_up(str(number), handle=f"somebody{number}"), key=key)
        assert answer.status_code == 200
    caller.life.seconds += FOLLOW_SECONDS
    assert caller.scoring.variations.total == 0, "no alarm rings"
    [line] = await told(questions)
    assert line["key"] == "score-1000-s"
    assert (line["scores"], line["match_share"], line["sampled"]) == (120, 0.0, SAMPLE_MAX)
    assert line["never_followed_share"] == 1.0
    assert "somebody" not in str(line)


async def test_share_that_no_event_followed_is_of_questions_of_any_hour() -> None:
    clock = Ticks()
    questions = figures(clock, [f"app:{number}" for number in range(0, 50_000, 4)])
    for number in range(50_000):
        questions.note("sign-up", f"app:{number}", matched=number % 10 == 0)
        clock.now += 1.0
    clock.now += FOLLOW_SECONDS
    [line] = await told(questions)
    assert (line["scores"], line["match_share"]) == (50_000, 0.1)
    assert line["sampled"] == SAMPLE_MAX
    assert 0.6 < line["never_followed_share"] < 0.9
    assert await told(questions) == [], "the next day begins with none"


async def test_questions_too_young_for_an_event_are_left_out() -> None:
    clock = Ticks()
    questions = figures(clock)
    questions.note("sign-up", "app:1", matched=False)
    [line] = await told(questions)
    assert (line["scores"], line["sampled"], line["never_followed_share"]) == (1, 0, None)


@for_each("fault", [Transient("away"), StoreUnavailable("away"), TimeoutError(), ValueError()])
async def test_store_that_is_away_costs_one_figure(fault: Exception) -> None:
    clock = Ticks()
    questions = figures(clock, fault=fault)
    questions.note("sign-up", "app:1", matched=True)
    clock.now += FOLLOW_SECONDS
    questions.note("web", "app:2", matched=False)
    lines = [line for line in await told(questions) if "key" in line]
    assert [(line["match_share"], line["never_followed_share"]) for line in lines] == [
        (1.0, None),
        (0.0, None),
    ]


async def test_a_day_that_is_broken_off_is_told_when_the_gate_ends() -> None:
    clock = Ticks()
    questions = figures(clock)
    questions.note("sign-up", "app:1", matched=True)

    class Ended(Exception):
        pass

    async def sleep(seconds: float) -> None:
        assert seconds == DAY_SECONDS
        raise Ended

    with capture_logs() as lines, pytest.raises(Ended):
        await questions.run(sleep)
    assert [line["key"] for line in lines] == ["sign-up"]


# Who is like an account: told only to whom it may be, noted before, and sixty times an hour.


MAIL = "umar.media.77@posteo.example"
HOUR = 3_600.0


def question(account_id: str = "99", **more: str) -> bytes:
    asked = {"platform": "telegram", "account_id": account_id, "purpose": "coordination", "reader": "u-1"}
    return json.dumps({**asked, **more}).encode()


@pytest.fixture
async def known(caller: Caller) -> Caller:
    """A ban, its mirror, an account that shares the mailbox of both much later, and a stranger."""
    life = caller.life
    await life.ban(a_ban("77", handle="umar_media", email=MAIL, device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="um4r_media_2", email=MAIL, device_id=DEVICE))
    late = NOON + timedelta(minutes=90)
    await life.tell(life.screen, a_sign_up("98", handle="salma_kitchen", device_id=DEVICE, at=late))
    await life.tell(life.screen, a_sign_up("97", handle="wholly_fresh", at=late))
    return caller


async def answered(caller: Caller, body: bytes) -> dict[str, Any]:
    answer = await caller.post("/v1/related", body, "related")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), answer.text
    told: dict[str, Any] = json.loads(answer.content)
    return told


@pytest.mark.parametrize(
    ("account_id", "standing", "related"),
    [
        ("99", "remembered", {"77": "banned", "98": "remembered"}),
        ("77", "banned", {"99": "remembered", "98": "remembered"}),
        ("97", "remembered", {}),
        ("404", "unknown", {}),
    ],
)
async def test_known_account_is_told_beside_who_shares_a_trait(
    known: Caller, account_id: str, standing: str, related: dict[str, str]
) -> None:
    told = await answered(known, question(account_id))
    assert told["standing"] == standing
    assert {one["account_id"]: one["standing"] for one in told["related"]} == related
    for one in told["related"]:
        assert "device" in one["agrees"]
        assert set(one) == {"platform", "account_id", "standing", "agrees", "probability"}
    chances = [one["probability"] for one in told["related"]]
    assert chances == sorted(chances, reverse=True)
    for value in (DEVICE, "umar", "salma", "posteo"):
        assert value not in json.dumps(told)


async def test_account_banned_since_is_told_once_and_a_deleted_one_no_more(known: Caller) -> None:
    await known.life.ban(
        a_ban("98", handle="salma_kitchen", device_id=DEVICE, at=NOON + timedelta(minutes=95))
    )
    await known.life.tell(known.life.forget, a_deletion("99", at=NOON + timedelta(minutes=100)))
    told = await answered(known, question("77"))
    assert [(one["account_id"], one["standing"]) for one in told["related"]] == [("98", "banned")]


async def test_question_is_on_kafka_before_its_answer_and_without_it_there_is_none(known: Caller) -> None:
    await answered(known, question("99", purpose="appeal"))
    (emit,) = known.broker.taken
    assert (emit.topic, emit.key) == ("t.gate.audit", b"telegram:99")
    read = decode_related_asked(emit.value, now=known.life.seconds)
    assert isinstance(read, Decoded)
    assert read.record == RelatedAsked(
        platform="telegram",
        account_id="99",
        purpose="appeal",
        reader="u-1",
        asked_at=datetime.fromtimestamp(known.life.seconds, UTC),
        asked_by="related-1000-s",
    )
    known.broker.fails = lambda emit: BrokerUnavailable("away")
    answer = await known.post("/v1/related", question(), "related")
    assert (answer.status_code, answer.json()["reason"]) == (503, "kafka-away")
    assert answer.headers["Retry-After"] == "5"


async def test_key_that_scores_is_refused_however_its_file_was_written(known: Caller) -> None:
    for may in ("score", "alerts", "verdicts"):
        assert (await known.post("/v1/related", question(), may)).status_code == 403
    with pytest.raises(UnusableKeys, match="make two"):
        new_key(known.keys_file, "both", frozenset({"score", "related"}), 1.0, datetime.now(UTC))
    text = known.key("related", rate="7/s")
    known.keys_file.write_text(known.keys_file.read_text().replace('"related"', '"related", "score"'))
    known.life.seconds += 2
    answer = await known.post("/v1/related", question(), key=text)
    assert (answer.status_code, answer.json()["reason"]) == (403, "not-allowed")
    assert known.broker.taken == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        question(purpose="curiosity"),
        question(purpose=""),
        question(reader=""),
        question(""),
        b"[]",
    ],
)
async def test_question_without_purpose_or_reader_is_refused_and_noted_nowhere(
    known: Caller, body: bytes
) -> None:
    assert (await known.post("/v1/related", body, "related")).status_code == 400
    assert known.broker.taken == []


async def test_reader_who_asks_too_often_waits_and_another_does_not(known: Caller) -> None:
    for _ in range(ASKED_MAX):
        await answered(known, question())
    answer = await known.post("/v1/related", question(), "related")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    await answered(known, question(reader="u-2"))
    assert len(known.broker.taken) == ASKED_MAX + 1
    known.life.seconds += HOUR
    await answered(known, question())


async def test_store_that_is_away_is_said(known: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*given: object, **named: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(MemoryStore, "bans", away)
    answer = await known.post("/v1/related", question(), "related")
    assert (answer.status_code, answer.json()["reason"]) == (503, "store-away")


def test_names_made_up_under_a_key_shut_nobody_out_and_reach_no_other_key() -> None:
    limit = ReaderLimit()
    for _ in range(ASKED_MAX):
        limit.count("other desk", "lead", 0.0)
        limit.count("desk", "lead", 0.0)
    for number in range(READERS_MAX):
        limit.count("desk", f"name-{number}", 60.0)
    assert limit.wait_seconds("desk", "one more", 60.0) == 0
    assert limit.wait_seconds("desk", "lead", 60.0) == 0, "who asked least recently is forgotten"
    assert limit.wait_seconds("other desk", "lead", 60.0) == HOUR - 60
    assert len(limit.asked["desk"]) == READERS_MAX


async def test_question_that_kafka_did_not_confirm_does_not_count(known: Caller) -> None:
    known.broker.fails = lambda emit: BrokerUnavailable("away")
    for _ in range(ASKED_MAX + 1):
        answer = await known.post("/v1/related", question(), "related")
        assert (answer.status_code, answer.json()["reason"]) == (503, "kafka-away")


# Hundreds of accounts: what the gate says of each before, the stream says of it afterwards.


CONFIG = Config(seed=18, accounts=400, mirror_share=0.2, start=NOON + timedelta(days=1))
RANK = {"none": 0, "possible": 1, "likely": 2}


async def streamed(life: Life, agent: Any, event: Record | bytes | None) -> list[MirrorAlert]:
    """What the stream tells of one event."""
    before = len(life.heard)
    outcomes = await agent([dataclass_replace(arrival(event), timestamp=life.seconds)])
    await life.publish(agent, outcomes)
    if agent is life.enrol:
        for emit in outcomes[0].emits if isinstance(outcomes[0], Published) else ():
            if emit.topic == life.context.topics.enrolled:
                await streamed(life, life.lookback, emit.value)
    return [it for it in life.heard[before:] if isinstance(it, MirrorAlert)]


async def test_gate_and_stream_say_the_same_of_every_account(
    make_caller: MakeCaller, make_life: MakeLife
) -> None:
    life = make_life(logged=False)
    caller = await make_caller(life)
    key = caller.key("score", "alerts", rate="1000000/s")
    agents = {
        PlatformTopic.CREATED: life.screen,
        PlatformTopic.UPDATED: life.changed,
        PlatformTopic.DELETED: life.forget,
        PlatformTopic.BANNED: life.enrol,
        PlatformTopic.REINSTATED: life.expunge,
    }
    told: dict[str, int] = {}
    asked = matches = 0
    for event in generate(CONFIG):
        assert isinstance(event.value, Record)
        life.seconds = event.at
        foreseen: list[MirrorAlert] = []
        if event.topic is PlatformTopic.CREATED:
            answer = await caller.post("/v1/score", encode(event.value), key=key)
            said = json.loads(answer.content)
            foreseen = msgspec.convert(said["alerts"], list[MirrorAlert])
            assert said["outcome"] == ("match" if foreseen else "no_match")
            asked, matches = asked + 1, matches + bool(foreseen)
        alerts = await streamed(life, agents[event.topic], event.value)
        if event.topic is PlatformTopic.CREATED:
            # What was told before at this band is a duplicate on the stream, and at the gate the same answer.
            assert [alert for alert in foreseen if alert in alerts] == alerts
            assert all(told[alert.alert_id] >= RANK[alert.band] for alert in foreseen if alert not in alerts)
        told |= {it.alert_id: RANK[it.band] for it in life.alerts[-len(alerts) :] if alerts}
    assert asked == CONFIG.accounts
    assert matches > 40
