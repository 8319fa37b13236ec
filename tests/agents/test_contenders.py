"""Of alike bans the pair with the most evidence alerts, in every order; a dismissal covers what it showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from msgspec import structs

from samehand.alert_id import alert_id
from schemas.alerts import MirrorAlert
from schemas.record import Record
from schemas.verdicts import Verdict, VerdictGiven
from store.bounds import Bounds
from store.memory.store import MemoryStore
from streams.outcomes import Published
from tests.agents.conftest import Life, a_life
from tests.makers import NOON, a_ban, a_change, a_deletion, a_reinstatement, a_sign_up, a_verdict, arrival

BIO: dict[str, Any] = {"bio": "herat poppy hatchery seeds, weekly zamburak bulletins and qorvet recipes"}
DEVICE: dict[str, Any] = {"device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"}
EMAIL: dict[str, Any] = {"email": "zarqa.desk@valley.example"}
CARD: dict[str, Any] = {"payment_token": "tok_1QxYz8"}
ALL: dict[str, Any] = {**BIO, **DEVICE, **EMAIL, **CARD}
WEAK, STRONG, MIDDLE = "weak", "strong", "middle"
HAS: dict[str, dict[str, Any]] = {
    WEAK: {"handle": "umar_media", **BIO},
    STRONG: {"handle": "salma_kitchen", **ALL},
    MIDDLE: {"handle": "zarghun_press", **BIO, **DEVICE},
}
"""Bans that are alike: all have the same self-description, two the same device."""


def ban(of: str, **how: Any) -> Record:
    return a_ban(of, **{**HAS[of], **how})


def sign_up(*, minute: int = 10, **profile: Any) -> Record:
    return a_sign_up("new", handle="plain_roses", at=NOON + timedelta(minutes=minute), **(profile or ALL))


def change(minute: int, **profile: Any) -> Record:
    return a_change("new", at=NOON + timedelta(minutes=minute), **{"handle": "plain_roses", **profile})


def last(life: Life) -> dict[str, MirrorAlert]:
    """What consumers know of each pair with the new account, by the banned account."""
    known: dict[str, MirrorAlert] = {}
    for alert in life.alerts:
        former = known.get(alert.matched.account_id)
        if former is None or former.revision < alert.revision:
            known[alert.matched.account_id] = alert
    return known


def stand(life: Life) -> dict[str, str]:
    """How each alert stands: `open`, or why it was withdrawn."""
    return {of: alert.withdrawn_reason or alert.status for of, alert in last(life).items()}


def names(alert: MirrorAlert) -> set[str]:
    """The alike bans for which an alert stands."""
    return {other.account_id for other in alert.others if other.alike}


def news(alert: MirrorAlert) -> set[str]:
    return {line.signal for line in alert.evidence if line.new}


def given(life: Life, of: str, verdict: Verdict = "not_mirror", *, minute: int = 40) -> VerdictGiven:
    alert = last(life)[of]
    return structs.replace(
        a_verdict(alert.alert_id, verdict, revision=alert.revision),
        decided_at=NOON + timedelta(minutes=minute),
    )


async def judged(life: Life, of: str, verdict: Verdict = "not_mirror", *, minute: int = 40) -> VerdictGiven:
    record = given(life, of, verdict, minute=minute)
    await life.tell(life.judge, record)
    await life.relay()
    return record


async def tell(life: Life, *records: Record) -> None:
    """One after another, as they are consumed, and whatever follows from each."""
    for record in records:
        kind = type(record).__name__
        if kind == "AccountBanned":
            await life.ban(record)
        else:
            agents = {
                "AccountCreated": life.screen,
                "AccountUpdated": life.changed,
                "AccountDeleted": life.forget,
                "AccountReinstated": life.expunge,
            }
            await life.tell(agents[kind], record)
        await life.relay()


# One alert, by the most evidence, which names the others.


@pytest.mark.parametrize("order", list(permutations(["new", WEAK, STRONG, MIDDLE])), ids="-".join)
async def test_of_alike_bans_the_most_evidence_alerts_in_every_order(
    life: Life, order: Sequence[str]
) -> None:
    await tell(life, *(sign_up() if of == "new" else ban(of) for of in order))
    standing = stand(life)
    assert standing.pop(STRONG) == "open"
    assert set(standing.values()) <= {"superseded"}
    strong = last(life)[STRONG]
    assert names(strong) == {WEAK, MIDDLE}
    alone = {of: one.log_odds for of, one in last(life).items()}
    for other in strong.others:
        assert other.log_odds == pytest.approx(alone.get(other.account_id, other.log_odds), abs=1.0)
        assert 0 < other.log_odds < strong.log_odds


async def test_weaker_alert_is_withdrawn_after_its_successor_and_names_it(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(), ban(STRONG))
    first, successor, withdrawn = life.alerts
    assert (first.matched.account_id, successor.matched.account_id) == (WEAK, STRONG)
    assert (withdrawn.alert_id, withdrawn.status) == (first.alert_id, "withdrawn")
    assert (withdrawn.withdrawn_reason, withdrawn.superseded_by) == ("superseded", successor.alert_id)
    (other,) = successor.others
    assert other.key == first.matched.key
    assert other.log_odds == pytest.approx(first.log_odds, abs=0.1)


@pytest.mark.parametrize("order", [("one", "other"), ("other", "one")])
async def test_of_equal_evidence_the_earlier_alert_stays_and_names_the_later(
    life: Life, order: tuple[str, str]
) -> None:
    bans = {of: a_ban(of, handle=f"{of}_press", **DEVICE) for of in order}
    await tell(life, bans[order[0]], sign_up(**DEVICE), bans[order[1]])
    assert stand(life) == {order[0]: "open"}
    assert names(last(life)[order[0]]) == {order[1]}


async def test_change_that_turns_the_evidence_round_turns_the_alerts_round(life: Life) -> None:
    mail = a_ban("mail", handle="umar_mails", **BIO, **EMAIL)
    await tell(life, mail, ban(MIDDLE), sign_up(**BIO, **DEVICE))
    assert stand(life) == {MIDDLE: "open"}
    await tell(life, change(20, **BIO, **EMAIL))
    assert stand(life) == {"mail": "open", MIDDLE: "superseded"}


async def test_alert_names_eight_alike_bans_and_their_summaries_count_the_rest(life: Life) -> None:
    await tell(life, ban(STRONG), sign_up())
    decoys = [a_ban(f"decoy {n}", handle=f"decoy{n}", **BIO) for n in range(10)]
    await tell(life, *decoys)
    assert stand(life) == {STRONG: "open"}
    assert len(names(last(life)[STRONG])) == 8
    left = [of.key for of in decoys if of.account.account_id not in names(last(life)[STRONG])]
    assert await life.context.store.withheld(left) == [True, True]


# A superseded alert opens again.


async def test_superseded_alert_opens_again_when_its_successors_ban_is_lifted(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(), ban(STRONG), a_reinstatement(STRONG))
    assert stand(life) == {WEAK: "open", STRONG: "reinstated"}
    assert last(life)[WEAK].superseded_by is None


async def test_superseded_alert_opens_again_before_its_successor_is_withdrawn(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(), ban(STRONG))
    before = len(life.alerts)
    await tell(life, a_reinstatement(STRONG))
    told = [(alert.matched.account_id, alert.status) for alert in life.alerts[before:]]
    assert told == [(WEAK, "open"), (STRONG, "withdrawn")]


async def test_superseded_alert_opens_again_when_its_successors_ban_ends(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(), ban(STRONG, expires_at=NOON + timedelta(days=1)))
    life.seconds += 86_400.0 * 2
    await life.context.store.sweep(now=life.seconds)
    await life.relay()
    assert stand(life) == {WEAK: "open", STRONG: "ban-expired"}


async def test_superseded_alert_opens_again_when_its_successor_resembles_no_more(life: Life) -> None:
    phone: dict[str, Any] = {"phone": "+923012345678"}
    await tell(life, ban(WEAK, **phone), sign_up(**ALL, **phone), ban(STRONG), change(20, **phone))
    assert stand(life) == {WEAK: "open", STRONG: "no-longer-resembles"}


async def test_verdict_that_showed_it_keeps_a_superseded_alert_closed(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(), ban(STRONG))
    await judged(life, STRONG)
    await tell(life, change(50, **ALL))
    assert stand(life) == {WEAK: "superseded", STRONG: "verdict"}


async def test_verdict_taken_back_opens_the_successor_alone(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(), ban(STRONG))
    await judged(life, STRONG)
    await judged(life, STRONG, "unsure", minute=41)
    assert stand(life) == {WEAK: "superseded", STRONG: "open"}


async def test_dismissal_taken_back_after_its_ban_was_lifted_and_set_again_opens_its_alert(
    life: Life,
) -> None:
    await tell(life, ban(STRONG), sign_up())
    await judged(life, STRONG)
    back = structs.replace(given(life, STRONG, "unsure"), decided_at=NOON + timedelta(minutes=65))
    lifted = a_reinstatement(STRONG, at=NOON + timedelta(minutes=50))
    again = ban(STRONG, at=NOON + timedelta(minutes=60), banned_at=NOON + timedelta(minutes=60))
    await tell(life, lifted, again)
    assert stand(life) == {STRONG: "verdict"}
    await life.tell(life.judge, back)
    await life.relay()
    assert stand(life) == {STRONG: "open"}
    assert last(life)[STRONG].dismissed_at is None


async def test_ban_set_again_before_its_withdrawal_is_published_hides_no_alike_ban(life: Life) -> None:
    await tell(life, ban(STRONG), ban(WEAK), sign_up())
    await life.tell(life.expunge, a_reinstatement(STRONG, at=NOON + timedelta(minutes=50)))
    await tell(life, ban(STRONG, at=NOON + timedelta(minutes=60), banned_at=NOON + timedelta(minutes=60)))
    assert stand(life)[STRONG] == "open"
    assert names(last(life)[STRONG]) == {WEAK}


async def test_late_dismissal_of_a_superseded_alert_taken_back_opens_it_again(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(), ban(STRONG))
    await judged(life, WEAK)
    await tell(life, a_reinstatement(STRONG))
    assert stand(life) == {WEAK: "superseded", STRONG: "reinstated"}, "its reader has seen it"
    await judged(life, WEAK, "unsure", minute=41)
    assert stand(life) == {WEAK: "open", STRONG: "reinstated"}


async def test_late_dismissal_taken_back_opens_the_strongest_that_it_covered(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(**BIO, **DEVICE), ban(MIDDLE), ban(STRONG))
    first = stand(life)
    await judged(life, STRONG if first.get(STRONG) == "open" else MIDDLE)
    await judged(life, WEAK)
    await tell(life, a_reinstatement(STRONG), a_reinstatement(MIDDLE))
    await judged(life, WEAK, "unsure", minute=41)
    assert stand(life)[WEAK] == "superseded", "the other dismissal showed its evidence, too"


async def test_deletion_withdraws_a_superseded_alert_once_more(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(), ban(STRONG), a_deletion("new"))
    assert set(stand(life).values()) == {"account-deleted"}
    assert not any(line.ours for alert in last(life).values() for line in alert.evidence)


# A dismissal covers what its reader was shown, and no more.


async def test_ban_with_values_that_a_dismissal_did_not_show_alerts_and_says_which(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up())
    await judged(life, WEAK)
    await tell(life, ban(STRONG))
    assert stand(life) == {WEAK: "verdict", STRONG: "open"}
    assert news(last(life)[STRONG]) == {"device", "email", "payment"}


async def test_alike_ban_with_the_same_evidence_is_covered_by_a_dismissal(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(**BIO))
    await judged(life, WEAK)
    await tell(life, ban(STRONG), ban(MIDDLE), change(50, **BIO))
    assert stand(life) == {WEAK: "verdict"}


async def test_new_value_raises_a_dismissed_pair_anew_until_it_is_dismissed_too(life: Life) -> None:
    await tell(life, ban(STRONG), sign_up(**BIO))
    first = await judged(life, STRONG)
    await tell(life, change(50, **BIO, **DEVICE))
    anew = last(life)[STRONG]
    assert (anew.status, news(anew), anew.dismissed_at) == ("open", {"device"}, first.decided_at)
    await life.tell(life.judge, first)  # delivered again: it is about what its reader was shown
    await life.relay()
    assert stand(life) == {STRONG: "open"}
    await judged(life, STRONG, minute=55)
    await tell(life, change(60, **BIO, **DEVICE))
    assert stand(life) == {STRONG: "verdict"}


@pytest.mark.parametrize(
    "circumstance", [{"ip": "39.40.12.7"}, {"locale": "ur-PK"}, {"user_agent": "TelegramAndroid/10.2 Tecno"}]
)
async def test_circumstance_raises_no_dismissed_pair_anew(life: Life, circumstance: dict[str, Any]) -> None:
    await tell(life, ban(MIDDLE, **circumstance), sign_up(**BIO))
    await judged(life, MIDDLE)
    await tell(life, change(50, **BIO, **circumstance))
    assert stand(life) == {MIDDLE: "verdict"}


async def test_dismissed_ban_hides_no_other_of_a_later_account_event(life: Life) -> None:
    """The strongest pair is dismissed; a weaker alike one has a value that its reader was not shown."""
    await tell(life, a_ban("mail", handle="umar_media", **BIO, **EMAIL), sign_up(**BIO, **EMAIL))
    await judged(life, "mail")
    await tell(life, a_ban("card", handle="another", **BIO, **CARD), change(50, **BIO, **EMAIL, **CARD))
    assert stand(life) == {"mail": "verdict", "card": "open"}
    assert news(last(life)["card"]) == {"payment"}


async def test_alert_that_a_dismissal_named_opens_by_values_that_it_did_not_show(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(**BIO), ban(STRONG))
    assert names(last(life)[WEAK]) == {STRONG}
    await judged(life, WEAK)
    await tell(life, change(50, **BIO, **DEVICE, **CARD))
    assert stand(life) == {WEAK: "verdict", STRONG: "open"}
    assert news(last(life)[STRONG]) == {"device", "payment"}


async def test_alike_ban_of_the_dismissed_one_opens_by_values_of_its_own(life: Life) -> None:
    await tell(life, ban(MIDDLE), sign_up(**ALL), a_ban("all", handle="salma_kitchen", **ALL))
    for of in list(stand(life)):
        if stand(life)[of] == "open":
            await judged(life, of)
    assert set(stand(life).values()) <= {"verdict", "superseded"}
    await tell(life, a_ban("phone", handle="salma_kitchen_2", **ALL, phone="+923012345678"))
    await tell(life, change(50, **ALL, phone="+923012345678"))
    assert stand(life)["phone"] == "open"
    assert news(last(life)["phone"]) == {"phone"}


async def test_value_that_nobody_judged_opens_a_dismissed_alert_each_time_it_comes(life: Life) -> None:
    """Raised anew, withdrawn since the account resembles no more, and again: no verdict was given on it."""
    await tell(life, ban(MIDDLE), sign_up(**BIO))
    await judged(life, MIDDLE)
    for minute in (50, 60):
        await tell(life, change(minute, **BIO, **DEVICE))
        assert stand(life) == {MIDDLE: "open"}
        assert news(last(life)[MIDDLE]) == {"device"}
        await tell(life, change(minute + 5, bio="roses and more roses of the valley, daily"))
        assert stand(life)[MIDDLE] != "open"


async def test_alert_raised_anew_and_superseded_opens_again_when_its_successor_ends(life: Life) -> None:
    await tell(life, ban(MIDDLE), sign_up(**BIO))
    await judged(life, MIDDLE)
    await tell(life, change(50, **ALL), ban(STRONG), a_reinstatement(STRONG))
    assert stand(life) == {MIDDLE: "open", STRONG: "reinstated"}


async def test_alert_is_withdrawn_by_its_verdict_once_nothing_new_is_left(life: Life) -> None:
    await tell(life, ban(MIDDLE), sign_up(**BIO))
    await judged(life, MIDDLE)
    await tell(life, change(50, **BIO, **DEVICE), change(55, **BIO))
    assert stand(life) == {MIDDLE: "verdict"}


async def test_dismissals_of_an_alert_cover_all_that_either_showed(life: Life) -> None:
    await tell(life, ban(STRONG), sign_up(**BIO, **DEVICE))
    await judged(life, STRONG)
    await tell(life, change(50, **BIO, **EMAIL))
    await judged(life, STRONG, minute=55)
    await tell(life, change(60, **BIO, **DEVICE, **EMAIL))
    assert stand(life) == {STRONG: "verdict"}


@pytest.mark.parametrize("end", ["lifted", "expired"])
async def test_dismissal_covers_what_it_showed_after_its_ban_has_ended(life: Life, end: str) -> None:
    until = {"expires_at": NOON + timedelta(days=1)} if end == "expired" else {}
    await tell(life, ban(WEAK), sign_up(), ban(STRONG, **until))
    await judged(life, STRONG)
    if end == "lifted":
        await tell(life, a_reinstatement(STRONG))
    else:
        life.seconds += 86_400.0 * 2
        await life.context.store.sweep(now=life.seconds)
        await life.relay()
    await tell(life, change(60, **ALL))
    assert "open" not in stand(life).values()


async def test_alike_ban_after_the_dismissed_one_was_lifted_does_not_bring_back_what_was_shown(
    life: Life,
) -> None:
    await tell(life, ban(WEAK), sign_up(**BIO))
    await judged(life, WEAK)
    lifted = a_reinstatement(WEAK, at=NOON + timedelta(minutes=50))
    await tell(life, lifted, ban(MIDDLE, at=NOON + timedelta(minutes=60)))
    assert "open" not in stand(life).values()


async def test_later_ban_unlike_the_dismissed_one_says_what_no_dismissal_showed(life: Life) -> None:
    await tell(life, a_ban("mail", handle="umar_mails", **BIO), sign_up(**BIO, **CARD))
    await judged(life, "mail")
    await tell(life, a_ban("card", handle="roshan_cards", **CARD))
    assert stand(life) == {"mail": "verdict", "card": "open"}
    assert news(last(life)["card"]) == {"payment"}


async def test_ban_that_is_lifted_and_set_again_alerts_by_what_no_dismissal_showed(life: Life) -> None:
    await tell(life, ban(STRONG), sign_up(**BIO))
    await judged(life, STRONG)
    again = ban(STRONG, at=NOON + timedelta(minutes=60), banned_at=NOON + timedelta(minutes=60))
    await tell(life, a_reinstatement(STRONG, at=NOON + timedelta(minutes=50)), again, change(65, **BIO))
    assert "open" not in stand(life).values(), "the very evidence was dismissed"
    await tell(life, change(70, **ALL))
    assert stand(life) == {STRONG: "open"}
    assert news(last(life)[STRONG]) == {"device", "email", "payment"}


async def test_account_that_is_deleted_takes_what_dismissals_showed_of_it_along(life: Life) -> None:
    await tell(life, ban(STRONG), sign_up(**BIO))
    await judged(life, STRONG)
    await tell(life, a_deletion("new", at=NOON + timedelta(minutes=50)))
    assert await life.context.store.shown(["telegram:new"]) == [{last(life)[STRONG].alert_id: ()}]
    await tell(life, sign_up(minute=60, **ALL))
    assert stand(life) == {STRONG: "open"}


async def test_dismissal_of_an_alert_that_the_store_never_knew_covers_its_pair(life: Life) -> None:
    """What its reader was shown is not known: a trial of past events reads such verdicts."""
    verdict = a_verdict(alert_id("telegram:new", a_ban(STRONG).key), "not_mirror")
    await life.tell(life.judge, verdict)
    await tell(life, ban(STRONG), sign_up())
    assert stand(life) == {}


async def test_dismissal_taken_back_covers_nothing(life: Life) -> None:
    await tell(life, ban(WEAK), sign_up(**BIO), ban(MIDDLE))
    (of,) = [of for of, how in stand(life).items() if how == "open"]
    await judged(life, of)
    await judged(life, of, "unsure", minute=41)
    await tell(life, a_reinstatement(of))
    (other,) = {WEAK, MIDDLE} - {of}
    assert stand(life)[other] == "open"


async def test_value_that_two_unlike_bans_share_with_an_account_is_dismissed_once(life: Life) -> None:
    """A reader has judged that this value makes the account no mirror, whichever ban has it."""
    one = a_ban("one", handle="bazaar_phones", bio="phones of all kinds", **DEVICE)
    other = a_ban("other", handle="gulzar_tailors", bio="we sew by hand", email="gul@sew.example", **DEVICE)
    await tell(life, one, sign_up(**DEVICE))
    await judged(life, "one")
    await tell(life, other, change(50, **DEVICE))
    assert stand(life) == {"one": "verdict"}
    await tell(life, change(60, **DEVICE, email="gul@sew.example"))
    assert stand(life) == {"one": "verdict", "other": "open"}


# An account that is deleted and comes back.


@pytest.mark.parametrize("read_late", [False, True], ids=["deletion-in-order", "deletion-read-late"])
async def test_account_that_comes_back_alerts_and_the_deleted_one_does_not(
    life: Life, *, read_late: bool
) -> None:
    deleted, end, back = sign_up(), a_deletion("new", at=NOON + timedelta(minutes=30)), sign_up(minute=50)
    await tell(life, ban(STRONG), deleted, *((back, end) if read_late else (end, deleted, back)))
    assert stand(life) == {STRONG: "open"}
    before = len(life.alerts)
    await tell(life, deleted)
    assert len(life.alerts) == before
    await tell(life, a_deletion("new", at=NOON + timedelta(minutes=60)), deleted, back)
    assert stand(life) == {STRONG: "account-deleted"}


# Killed between the halves.


class KilledError(Exception):
    """The process ends."""


def killed_before(step: str, store: Any) -> Any:
    """The store, whose first call of a step ends the process."""

    class Killing:
        def __getattr__(self, name: str) -> Any:
            if name != step:
                return getattr(store, name)

            async def die(*_: object, **__: object) -> None:
                raise KilledError

            return die

    return Killing()


@pytest.mark.parametrize("step", ["withdraw", "confirm"])
async def test_killed_between_the_halves_the_second_is_repeated(life: Life, step: str) -> None:
    await overlapping(life, step)
    assert stand(life)[STRONG] == "open", "the successor is published first"
    await redelivered(life)
    assert stand(life) == {WEAK: "superseded", STRONG: "open"}


async def test_successor_whose_ban_is_lifted_between_the_halves_leaves_no_gap(life: Life) -> None:
    await overlapping(life, "withdraw")
    await tell(life, a_reinstatement(STRONG))
    assert stand(life) == {WEAK: "open", STRONG: "reinstated"}


async def test_verdict_between_the_halves_covers_what_it_showed(life: Life) -> None:
    await overlapping(life, "withdraw")
    await judged(life, STRONG)
    await tell(life, change(50, **ALL))
    assert stand(life)[STRONG] == "verdict"


WORD = ban(STRONG)


async def overlapping(life: Life, step: str) -> None:
    """The successor is published, and the process killed before a step that follows."""
    await tell(life, ban(WEAK), sign_up())
    dying = Life(replace(life.context, store=killed_before(step, life.context.store)), heard=life.heard)
    with pytest.raises(KilledError):
        await dying.ban(WORD)
    await life.relay()


async def redelivered(life: Life) -> None:
    """The word of the ban comes again, since nobody has acknowledged it."""
    await life.ban(WORD)
    await life.relay()


# In random orders no pair is left without an alert, a verdict, a name or a count.


STATES: tuple[dict[str, Any], ...] = (BIO, {**BIO, **DEVICE}, ALL, {**DEVICE, **CARD}, {**BIO, **CARD})
BANS: dict[str, dict[str, Any]] = {
    **HAS,
    "card": {"handle": "roshan_cards", **CARD},
    "mail": {"handle": "umar_mails", **BIO, **EMAIL},
}
STEPS = [
    *("ban", "ban", "lift", "lift", "lift", "state", "state", "relay"),
    *("dismiss", "dismiss", "dismiss", "back", "back", "again"),
]
FIRST, LAST = 10, 45
"""Minutes after the bans at which the account has its states."""


def orders() -> int:
    """A hundred and fifty, in quick runs a third of them, and in long ones ten times as many."""
    default = settings.default
    assert default is not None
    return 5 * default.max_examples


async def alone() -> dict[tuple[int, str], MirrorAlert]:
    """The alerts that there would be in each state of the account by each ban, if there were no other."""
    found: dict[tuple[int, str], MirrorAlert] = {}
    for number, state in enumerate(STATES):
        for of, shown in BANS.items():
            several = []
            for minute in (FIRST, LAST):
                life = a_life(logged=False)
                await life.ban(a_ban(of, **shown))
                await life.tell(life.screen, sign_up(minute=minute, **state))
                several += life.alerts
            if len(several) == 2:  # at whatever moment
                found[number, of] = several[0]
    return found


def values(alert: MirrorAlert) -> set[tuple[str, str]]:
    """What agrees and is no circumstance."""
    signals = ("bio", "device", "email", "payment")
    return {(line.signal, line.ours) for line in alert.evidence if line.signal in signals}


class Order:
    """One account, five bans and their moderator, in an order drawn by lot."""

    def __init__(self, life: Life, rng: Random) -> None:
        self.life, self.rng = life, rng
        self.minute = FIRST
        self.in_force: set[str] = set()
        self.state: int | None = None
        self.given: dict[str, tuple[VerdictGiven, MirrorAlert]] = {}  # by ban, what holds
        self.shown: dict[str, set[tuple[str, str]]] = {}  # by ban, what all dismissals since showed
        self.all_given: list[VerdictGiven] = []
        self.steps: list[str] = []

    async def deliver(self, agent: Any, record: Any) -> None:
        """Some deliveries end with the process, before broker or store have confirmed, and are repeated."""
        if self.rng.random() < 0.15:
            self.steps.append("killed")
            outcomes = await agent([arrival(record)])
            emits = [emit for it in outcomes if isinstance(it, Published) for emit in it.emits]
            if self.rng.random() < 0.5:
                for emit in emits:
                    self.life.hear(emit)
            if self.rng.random() < 0.5:
                await self.life.relay()
        await self.life.tell(agent, record)

    async def run(self) -> None:
        first = ["state", "ban", "ban"]
        self.rng.shuffle(first)
        for what in (*first, *self.rng.choices(STEPS, k=self.rng.randint(2, 6))):
            await self.step(what)

    async def step(self, what: str) -> None:
        life, rng = self.life, self.rng
        self.minute += 1
        at = NOON + timedelta(minutes=self.minute)
        if what == "dismiss":
            await life.relay()  # what is read is what was published
        standing = last(life)
        open_ = sorted(of for of, alert in standing.items() if alert.status == "open")
        superseded = sorted(of for of, alert in standing.items() if alert.withdrawn_reason == "superseded")
        if what == "ban":
            of = rng.choice(sorted(BANS))
            self.in_force.add(of)
            (outcome,) = await life.tell(life.enrol, a_ban(of, at=at, **BANS[of]))
            for emit in outcome.emits if isinstance(outcome, Published) else ():
                if emit.topic == life.context.topics.enrolled:
                    await self.deliver(life.lookback, emit.value)
            what += f" {of}"
        elif what == "lift" and self.in_force:
            of = rng.choice(sorted(self.in_force))
            self.in_force.remove(of)
            await life.tell(life.expunge, a_reinstatement(of, at=at))
            what += f" {of}"
        elif what == "state":
            first, self.state = self.state is None, rng.randrange(len(STATES))
            shown = STATES[self.state]
            record = sign_up(minute=self.minute, **shown) if first else change(self.minute, **shown)
            await self.deliver(life.screen if first else life.changed, record)
            what += f" {self.state}"
        elif what == "dismiss" and (open_ or superseded):
            of = rng.choice(open_ if open_ and rng.random() < 0.7 else superseded or open_)
            self.given[of] = given(life, of, minute=self.minute), standing[of]
            self.shown.setdefault(of, set()).update(values(standing[of]))
            self.all_given.append(self.given[of][0])
            await life.tell(life.judge, self.given[of][0])
            what += f" {of}"
        elif what == "back" and (there := self.given.keys() & self.in_force):
            of = rng.choice(sorted(there))
            del self.given[of], self.shown[of]
            self.all_given.append(given(life, of, "unsure", minute=self.minute))
            await life.tell(life.judge, self.all_given[-1])
            what += f" {of}"
        elif what == "again" and self.all_given:
            await life.tell(life.judge, rng.choice(self.all_given))
        elif what == "relay":
            await life.relay()
        self.steps.append(what)

    async def check(self, alone: dict[tuple[int, str], MirrorAlert]) -> None:
        await self.life.relay()
        standing = {of: alert for of, alert in last(self.life).items() if alert.status == "open"}
        assert standing.keys() <= self.in_force, self.steps
        named = {of for alert in standing.values() for of in names(alert)}
        assert not named & standing.keys(), self.steps
        shown = {value for several in self.shown.values() for value in several}
        for of in sorted(self.in_force - standing.keys() - named):
            alert = None if self.state is None else alone.get((self.state, of))
            if alert is None:
                continue
            (counted,) = await self.life.context.store.withheld([alert.matched.key])
            assert values(alert) <= shown or counted, (of, self.steps)
        for of, (verdict, _) in self.given.items():
            after = last(self.life)[of]
            if after.status == "open":
                assert after.dismissed_at == verdict.decided_at, (of, self.steps)
                assert news(after), (of, self.steps)
                assert values(after) - self.shown[of], (of, self.steps)


async def test_in_many_orders_no_pair_is_hidden_and_no_dismissed_evidence_comes_back() -> None:
    known, one, ends = await alone(), a_life(logged=False), Counter[str]()
    for seed in range(orders()):
        life = Life(replace(one.context, store=MemoryStore(Bounds())))
        order = Order(life, Random(seed))
        await order.run()
        await order.check(known)
        ends.update(stand(life).values())
    assert min(ends[how] for how in ("open", "superseded", "verdict", "reinstated")) > orders() / 50, ends
