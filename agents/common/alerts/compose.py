"""Composes alerts and summaries: the record of a scored pair, its lines of evidence, the banned account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from agents.common.context import AgentContext
from samehand.alert_id import alert_id
from samehand.elapsed import told_since
from samehand.fingerprint.distil import Fingerprint
from samehand.normalize.text.fold import as_written
from samehand.scoring.evidence import Evidence, Score
from samehand.signals import POSITION, SIGNALS
from samehand.signals.base import Quoted
from samehand.signals.cross_field import CROSS_FIELD
from samehand.signals.listed import ListedSignal
from samehand.watchlist.platforms import is_list
from schemas.alerts import (
    AlertSummary,
    Direction,
    EvidenceLine,
    InnocentReason,
    Matched,
    MirrorAlert,
    NotRead,
    OtherCandidate,
    without_basis,
)
from schemas.basis_rights import ALL_RIGHTS, RightsTable, kind_of
from schemas.decoding.dates import EARLIEST, from_seconds
from schemas.keys import kind_of_id
from store.base import NEVER, BanFacts, RememberedFacts


@dataclass(frozen=True, slots=True)
class Pair:
    """A new account and a banned one, scored: ``mine`` and ``theirs``, their fingerprints of one pepper.

    ``event_at`` is when the event that found the pair occurred (Unix seconds); ``claimant`` names that event,
    the same at every delivery. ``again_only``: the pair is not among the strongest of its event, and is
    published only if an earlier delivery of the event claimed it; ``counted``: otherwise the ban's summary
    counts it. ``not_compared``: how many other accounts were not compared. ``others`` are named in the alert.
    ``new``: signals whose lines nobody was shown who dismissed the pair (``dismissed_at``, Unix seconds) or
    one of an alike ban. ``covered``: a dismissal covers it, so that it is named at most.
    """

    ours: RememberedFacts
    mine: Fingerprint
    facts: BanFacts
    theirs: Fingerprint
    score: Score
    direction: Direction
    event_at: float
    claimant: str
    weights_version: str
    again_only: bool = False
    counted: bool = False
    not_compared: int = 0
    others: tuple[OtherCandidate, ...] = ()
    new: frozenset[str] = frozenset()
    dismissed_at: float = NEVER
    covered: bool = False

    @property
    def banned(self) -> str:
        return f"{self.facts.platform}:{self.facts.account_id}"

    @property
    def alert_id(self) -> str:
        """The alert's id, which depends on the pair alone: not on when it is found, nor by which agent."""
        return alert_id(self.ours.account, self.banned)


UNRULED: Final = 1
"""The revision of an alert on which the store has not ruled: below every revision that it gives."""


def alert_of(pair: Pair, context: AgentContext, now: float) -> MirrorAlert:
    """Composes the alert of one pair, found at ``now`` (Unix seconds); the store gives its revision."""
    ours, facts, result = pair.ours, pair.facts, pair.score
    sides = (pair.mine, pair.theirs, ours.quoted, facts.quoted)
    at, banned_at, since_ban = pair.mine.at, pair.theirs.at, None
    if at is not None and banned_at is not None:  # as the sentence on the moment has it, and not another one
        to_the_day = pair.mine.at_is_day or pair.theirs.at_is_day
        since_ban = told_since(at, at - banned_at, to_the_day=to_the_day)
    rights = context.alert_policy.basis_rights
    alert = MirrorAlert(
        alert_id=pair.alert_id,
        revision=UNRULED,
        status="open",
        platform=ours.platform,
        account_id=ours.account_id,
        account_kind=kind_of_id(ours.account_id),
        direction=pair.direction,
        matched=matched_of(facts, rights),
        prior=result.prior,
        log_odds=result.log_odds,
        probability=result.probability,
        band=result.band,
        evidence=tuple(
            [replace(it, new=it.signal in pair.new) for it in evidence_lines(result.evidence, *sides)]
        ),
        counter_evidence=evidence_lines(result.counter_evidence, *sides),
        rivals=innocent_reasons(result),
        others=pair.others,
        not_read=(
            *(NotRead(side="account", field=unread.field, reason=unread.reason) for unread in ours.not_read),
            *(NotRead(side="matched", field=unread.field, reason=unread.reason) for unread in facts.not_read),
        ),
        not_compared=pair.not_compared,
        queue=facts.queue,
        weights_version=pair.weights_version,
        fold_version=pair.mine.fold_version,
        detected_at=from_seconds(now),
        dismissed_at=None
        if pair.dismissed_at == NEVER
        else from_seconds(max(pair.dismissed_at, EARLIEST.timestamp())),
        seconds_since_ban=since_ban,
        seconds_since_event=max(0.0, now - pair.event_at),
    )
    if rights.of(facts.basis).may_be_quoted:
        return alert
    return without_basis(alert, listed=is_list(facts.platform))


def summary_of(facts: BanFacts, now: float, rights: RightsTable) -> AlertSummary:
    """The summary of a ban, without counts as long as nothing is counted."""
    matched = matched_of(facts, rights)
    return AlertSummary(
        alert_id=alert_id("summary", matched.key),
        revision=1,
        status="open",
        matched=matched,
        published=0,
        withheld_likely=0,
        withheld_possible=0,
        queue=facts.queue,
        detected_at=from_seconds(now),
    )


def matched_of(facts: BanFacts, rights: RightsTable = ALL_RIGHTS) -> Matched:
    """The banned account as an alert names it, with its basis if that may be quoted."""
    basis = facts.basis
    return Matched(
        platform=facts.platform,
        account_id=facts.account_id,
        account_kind=kind_of_id(facts.account_id),
        banned_at=None if facts.banned_at is None else from_seconds(facts.banned_at),
        root_id=facts.descent.root_id,
        generation=facts.descent.generation,
        policy=facts.policy,
        basis=basis if rights.of(basis).may_be_quoted else None,
        basis_kind=kind_of(basis),
    )


def evidence_lines(
    lines: Sequence[Evidence], ours: Fingerprint, theirs: Fingerprint, our_words: Quoted, their_words: Quoted
) -> tuple[EvidenceLine, ...]:
    """Composes a score's lines, each with the two values compared, masked where personal."""
    names = (their_words.display_name, our_words.display_name, our_words.handle, their_words.handle)
    return tuple(
        [
            EvidenceLine(
                signal=line.signal,
                weight=line.weight,
                level=line.level,
                ours=_value(line.signal, ours, theirs, our_words),
                theirs=_value(line.signal, theirs, ours, their_words),
                because=as_written(line.because, names),
                explained=line.explained,
            )
            for line in lines
        ]
    )


def innocent_reasons(score: Score) -> tuple[InnocentReason, ...]:
    """Returns what else a pair could be as an alert shows it, the strongest first."""
    return tuple(
        [
            InnocentReason(name=it.name, takes=it.takes, covers=it.covers, sentence=it.sentence)
            for it in score.rivals
        ]
    )


def _value(signal: str, fingerprint: Fingerprint, other: Fingerprint, words: Quoted) -> str:
    """The value that one side shows for a signal; for a pair-level signal, the side's own part of it."""
    if signal == "timing":
        if fingerprint.at is None:
            return ""
        said = from_seconds(fingerprint.at).isoformat(timespec="seconds")
        return said[: len("YYYY-MM-DD")] if fingerprint.at_is_day else said
    if signal == "platform":
        return fingerprint.platform
    if signal == CROSS_FIELD.name:
        return CROSS_FIELD.show(words)
    place = POSITION.get(signal)
    trait = None if place is None else fingerprint.traits[place]
    if place is None or trait is None:
        return ""
    shows = SIGNALS[place]
    if isinstance(shows, ListedSignal):
        return shows.show_beside(trait, other.traits[place], words)
    return shows.show(trait, words)
