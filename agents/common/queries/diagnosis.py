"""Why a pair was alerted on, or not: what was compared, what else explains it, what one more fact would do.

A pair is looked into in the state that the store has, with the look-up, counts and table of weights of the
agents. An account may have several names there: those of rows of files differ from those of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeVar

from agents.common.alerts.compose import Pair, alert_of
from agents.common.alerts.propose import best_score, may_alert, record_in, replaced_by
from agents.common.context import AgentContext
from agents.common.metric_labels import kind_name
from agents.common.snapshot import Snapshot, snapshot_of
from report.accuracy import AccountPair
from samehand.account import Account, account_key
from samehand.alert_id import alert_id
from samehand.fingerprint.distil import Fingerprint, distil, enrolment_keys
from samehand.frequency.rates import CountsWithoutCandidates
from samehand.keys import kind_of
from samehand.scoring.ceilings import SPEAKS_NATS
from samehand.scoring.evidence import Score
from samehand.scoring.rivals import RIVALS
from samehand.signals import POSITION
from schemas.alerts import Direction, MirrorAlert
from store.base import Ban, Candidate, Query, Remembered

T = TypeVar("T")

CANDIDATES_MAX: Final = 2_048
"""Accounts that are looked through for one: a whole handle's posting lists 1,024, every other one fewer."""

CLOSEST: Final = 3
"""Bans that are shown of an account for which none was named: as many as may alert on one event."""

CAUSES: Final[dict[str, str]] = {
    "alerted": "An alert was raised.",
    "account-not-read": "No record of the account was read as a sign-up.",
    "ban-not-read": "No record of the banned account was read as a ban.",
    "account-banned": "You had banned the account itself by then, so nobody needs an alert on it.",
    "not-looked-up": "The account came as `remembered`, and is compared with later bans only.",
    "allowlisted": "The account is on the allowlist.",
    "ban-over": "The ban had ended by then.",
    "forgotten": "The account was not remembered any more when the ban came (SAMEHAND_REMEMBER_DAYS).",
    "other-platform": "The two are on different platforms, and SAMEHAND_CROSS_PLATFORM is off.",
    "no-right": "The basis of the ban has no right to alert (SAMEHAND_BASIS_RIGHTS).",
    "no-shared-key": "The two have no value in common by which one could find the other.",
    "full-posting": "So many accounts share each value that the two have in common that it finds nobody new.",
    "outranked": "More accounts than are looked at at once resemble it at least as much.",
    "too-weak": "They were compared, and what agrees is too little for an alert.",
    "named": "It scores high enough, and the account's alert by an alike ban names it.",
    "withheld": "It scores high enough, and the ban's summary counts it: no place was left for an alert.",
}
"""Why there is no alert on a pair, in the order in which it is looked for, each with its sentence."""

_THE_SAME: Final = {
    "device": "the same device",
    "email": "the same e-mail address",
    "phone": "the same phone number",
    "payment": "the same card",
    "network": "the same network address",
    "avatar": "the same picture",
    "contact": "the same contact point",
    "bio": "the same self-description",
    "name": "the same display name",
    "handle": "the same handle",
}
_SOON: Final = "a sign-up ten minutes after the ban"
_SOON_SECONDS: Final = 600.0
_NO_ONE: Final = Account(
    platform="x",
    account_id="0",
    email="samehand.fact@example.org",
    phone="+923005550142",
    device_id="7f1d2c44-6b0e-4d5f-8a61-2f9be3c0d514",
    ip="203.0.113.77",
    payment_token="samehand-fact-5a1d",  # noqa: S106  # stands for a value that neither account has shown
)
"""A value of each personal field, for an account that shows none."""


class Fact(NamedTuple):
    """What would become of a pair if one further thing agreed."""

    signal: str
    words: str
    log_odds: float
    probability: float
    band: str


@dataclass(frozen=True, slots=True)
class PairDiagnosis:
    """Why there is an alert on a pair or none. ``cause`` is a key of :data:`CAUSES`.

    ``alert`` holds the comparison line by line, with band `none` below the bands; ``shared`` the kinds of
    keys by which one finds the other; ``candidate``: whether the look-up brought it up.
    """

    pair: AccountPair
    cause: str
    shared: tuple[str, ...] = ()
    candidate: bool = False
    alert: MirrorAlert | None = None
    facts: tuple[Fact, ...] = ()

    @property
    def group(self) -> str:
        """The cause, of a weak pair with the explanation that holds it back."""
        rival = self.rival
        return f"{self.cause}: {rival}" if self.cause == "too-weak" and rival else self.cause

    @property
    def words(self) -> str:
        """The cause in a sentence."""
        rival = next((known for known in RIVALS if known.name == self.rival), None)
        if self.cause == "too-weak" and rival is not None:
            return f"They were compared, and {rival.who} explains what agrees. {rival.sentence}"
        return CAUSES[self.cause]

    @property
    def rival(self) -> str:
        """The strongest rival explanation, "" where the two were not compared."""
        return self.alert.rivals[0].name if self.alert is not None and self.alert.rivals else ""


async def diagnose(
    pair: AccountPair,
    context: AgentContext,
    direction: Direction,
    *,
    accounts: Sequence[str],
    bans: Sequence[str],
) -> PairDiagnosis:
    """Looks into one pair, whose sides the store knows by one of these names each."""
    store, now = context.store, context.now()
    account = _first(await context.call_store(store.remembered(accounts, now=now)))
    ban = _first(await context.call_store(store.bans(bans, now=now)))
    cause = await _nothing_to_compare(pair.account, context)
    if cause or account is None or ban is None:
        return PairDiagnosis(pair, cause or ("ban-over" if ban is None else "forgotten"))
    if not context.alert_policy.across_platforms and account.platform != ban.facts.platform:
        return PairDiagnosis(pair, "other-platform")
    if not may_alert(ban.facts, context):
        return PairDiagnosis(pair, "no-right")
    return await _looked_into(account, ban, context, direction)


async def _nothing_to_compare(account: str, context: AgentContext) -> str:
    """Why the agents compare the account with no ban, "" if they do."""
    if account in context.alert_policy.allowlist:
        return "allowlisted"
    [own] = await context.call_store(context.store.bans([account], now=context.now()))
    return "" if own is None else "account-banned"


async def closest(asked: str, context: AgentContext, *, accounts: Sequence[str]) -> list[PairDiagnosis]:
    """The bans that an account resembles most, the strongest first."""
    if cause := await _nothing_to_compare(asked, context):
        return [PairDiagnosis(AccountPair(asked, ""), cause)]
    store, now = context.store, context.now()
    account = _first(await context.call_store(store.remembered(accounts, now=now)))
    if account is None:
        return []
    query = Query.of(account.account, account.fingerprints)
    candidates = await _candidates(query, context.alert_policy.candidates_an_event, context, "forward")
    bans = [ban for ban in await context.call_store(store.bans([*candidates], now=now)) if ban is not None]
    if not context.alert_policy.across_platforms:
        bans = [ban for ban in bans if ban.facts.platform == account.platform]
    several = [await _looked_into(account, ban, context, "forward") for ban in bans]
    several.sort(key=lambda diagnosis: -diagnosis.alert.log_odds if diagnosis.alert else 0.0)
    return several[:CLOSEST]


async def _looked_into(
    account: Remembered, ban: Ban, context: AgentContext, direction: Direction
) -> PairDiagnosis:
    """Compares the two as the agents do, and says why that raises no alert."""
    forward, policy = direction == "forward", context.alert_policy
    asking, listed, other = (account, ban, ban.account) if forward else (ban, account, account.account)
    query = Query.of(asking.account, asking.fingerprints)
    keys = {key for fingerprint in listed.fingerprints for key in enrolment_keys(fingerprint)}
    shared = tuple(key for key in query.keys if key in keys)
    keep = policy.candidates_an_event if forward else policy.candidates_a_ban
    candidates = await _candidates(query, keep, context, direction)
    snapshot = await snapshot_of(context, account.seen_at if forward else context.now())
    if forward:  # as agents.common.match has it
        bearers = next(iter(candidates.values())).bearers if candidates else {}
        snapshot = replace(snapshot, frequencies=CountsWithoutCandidates(snapshot.frequencies, bearers))
    weighed = _Weighed(account, ban, context, snapshot)
    mine, theirs = account.fingerprints[0], ban.fingerprints[0]
    result = weighed.score(mine, theirs)
    pair = Pair(
        account,
        mine,
        ban.facts,
        theirs,
        result,
        direction,
        account.seen_at,
        "why",
        snapshot.weighing.weights.version,
    )
    alert = alert_of(pair, context, context.now())
    if not shared:
        cause = "no-shared-key"
    elif other not in candidates and other not in await _candidates(
        Query(asking.account, shared), CANDIDATES_MAX, context, direction
    ):
        cause = "full-posting"
    elif result.band == "none":
        cause = "too-weak"
    else:
        table = snapshot.weighing.bound.table(asking.fingerprints, snapshot.frequencies, banned=not forward)
        reached = await _candidates(Query.by(asking.account, table), keep, context, direction)
        cause = "outranked" if other not in reached else "withheld"
        [about] = await context.call_store(context.store.alerts_about([account.account]))
        records = [record for known in about if known.open and (record := record_in(known)) is not None]
        if alert_id(account.account, ban.account) in {of for record in records for of in replaced_by(record)}:
            cause = "named"
    return PairDiagnosis(
        AccountPair(alert.key, alert.matched.key),
        cause,
        tuple(dict.fromkeys(kind_name(kind_of(key)) for key in shared)),
        other in candidates,
        alert,
        weighed.facts(mine, theirs, result) if result.band == "none" else (),
    )


async def _candidates(
    query: Query, keep: int, context: AgentContext, direction: Direction
) -> dict[str, Candidate]:
    """What a look-up brings up, by account, the first first."""
    store, now = context.store, context.now()
    if direction == "forward":
        [candidates] = await context.call_store(store.bans_like([query], now=now, keep=keep))
        facts = await context.call_store(store.facts([candidate.ref for candidate in candidates]))
        names = [None if fact is None else account_key(fact.platform, fact.account_id) for fact in facts]
    else:
        [candidates] = await context.call_store(store.remembered_like([query], now=now, keep=keep))
        seen = await context.call_store(store.remembered_facts([candidate.ref for candidate in candidates]))
        names = [None if fact is None else fact.account for fact in seen]
    return {name: candidate for name, candidate in zip(names, candidates, strict=True) if name is not None}


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The comparison of one pair, to be repeated with other traits."""

    account: Remembered
    ban: Ban
    context: AgentContext
    snapshot: Snapshot

    def score(self, ours: Fingerprint, theirs: Fingerprint) -> Score:
        facts, dated = self.ban.facts, self.context.alert_policy.dated
        showings = (self.account.shown, facts.shown) if dated else None
        scored = best_score((ours,), theirs, self.snapshot, facts, showings)
        assert scored is not None  # a run has one pepper
        return scored[1]

    def facts(self, ours: Fingerprint, theirs: Fingerprint, result: Score) -> tuple[Fact, ...]:
        """What one further agreement would make of the pair, the most telling first."""
        [(pepper_id, keyer)] = self.context.keyers
        invented = distil(_NO_ONE, keyer, at=None, pepper_id=pepper_id)
        facts: list[Fact] = []
        for signal, words in _THE_SAME.items():
            place = POSITION[signal]
            trait = theirs.traits[place] or invented.traits[place]
            if trait is not None and ours.traits[place] != trait:
                scored = self.score(_with(ours, place, trait), _with(theirs, place, trait))
                facts.append(Fact(signal, words, scored.log_odds, scored.probability, scored.band))
        if theirs.at is not None and ours.at is not None and ours.at - theirs.at > _SOON_SECONDS:
            scored = self.score(replace(ours, at=theirs.at + _SOON_SECONDS), theirs)
            facts.append(Fact("timing", _SOON, scored.log_odds, scored.probability, scored.band))
        telling = [fact for fact in facts if fact.log_odds - result.log_odds >= SPEAKS_NATS]
        return tuple(sorted(telling, key=lambda fact: -fact.log_odds))


def _with(fingerprint: Fingerprint, place: int, trait: object) -> Fingerprint:
    traits = (*fingerprint.traits[:place], trait, *fingerprint.traits[place + 1 :])
    return replace(fingerprint, traits=traits)


def _first(several: Sequence[T | None]) -> T | None:
    return next((value for value in several if value is not None), None)
