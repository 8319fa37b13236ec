"""Looks again where a withdrawn alert has freed a place, so that no pair stays withheld while there is room.

Where the alert's account is gone or settled, look-back is sent its ban again, and each alike ban
that has withheld pairs, since alike bans share the places of a cluster. Where the ban has ended, or the
banned account was deleted, the account is looked up again: of alike bans only one had the alert, and it is
another's turn. So it is after a verdict, for what its reader was not shown. The relay of the outbox
(runtime/outbox.py) publishes the results before it settles what led to them, so that a crash in between
repeats both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from agents.common.alerts.compose import Pair
from agents.common.alerts.contenders import alerted
from agents.common.alerts.propose import known_alerts, record_in, replaced_by, stands, supersede
from agents.common.context import AgentContext
from agents.common.match import lookup_again, match
from agents.common.snapshot import snapshot_of
from schemas.alerts import WithdrawnReason
from schemas.decoding.dates import from_seconds
from schemas.internal.enrolled import BanEnrolled
from schemas.wire import encode
from store.base import Ban, BanFacts, Owed, Proposal, Query, Ruling
from streams.outcomes import Emit

ENDED: Final[frozenset[WithdrawnReason]] = frozenset({"reinstated", "ban-forgotten", "ban-expired"})
"""Reasons of a withdrawal after which the ban is gone and the account is not."""

_ALIVE: Final = frozenset({Ruling.PUBLISH, Ruling.WITHHELD})
"""Rulings on a withdrawn alert whose own account was not deleted: one on a dismissed pair was, since nothing
else withdraws what is dismissed already."""

LOOKED_UP_AT_ONCE: Final = 64
"""Accounts and bans in one look-up, as many as events of a batch."""


async def look_again(owed: Sequence[Owed], context: AgentContext) -> list[Emit]:
    """Returns the messages to look-back and the alerts that follow from withdrawals and reopened alerts.

    Before, it withdraws the alerts in whose place the open ones among them have come.
    """
    opened = {entry.alert.alert_id: record_in(entry.alert) for entry in owed if entry.reason is None}
    await supersede({of: replaced_by(record) for of, record in opened.items() if record}, context)
    # An alert that was withdrawn before has freed its place then, and one that was superseded has left it.
    ended = [
        entry for entry in owed if entry.reason is not None and entry.alert.open and not entry.alert.sums_up
    ]
    freed = [entry for entry in ended if entry.reason != "superseded"]
    outlived = {entry.alert.alert_id for entry in freed if entry.reason in ENDED}
    without_ban = await _with_deleted_ban(
        [entry for entry in freed if entry.reason == "account-deleted"], context
    )
    outlived |= without_ban
    # Whose turn is it now? A verdict covers only what its reader was shown.
    # And an account that was deleted may have come back before its deletion was read.
    turns = outlived | {
        entry.alert.alert_id for entry in freed if entry.reason in ("verdict", "account-deleted")
    }
    turns |= {of for of, record in opened.items() if record}
    turns |= await _without_successor([entry for entry in ended if entry.reason == "superseded"], context)
    gone = {
        (entry.alert.account, entry.alert.banned) for entry in ended if entry.alert.alert_id in without_ban
    }
    alerts = await turns_of([entry for entry in owed if entry.alert.alert_id in turns], context, gone)
    freed_at = {entry.alert.banned: entry.at for entry in freed if entry.alert.alert_id not in outlived}
    bans = await context.call_store(context.store.bans(list(freed_at), now=context.now())) if freed_at else []
    standing = [ban for ban in bans if ban is not None]
    words = [word_of(ban.facts, freed_at[ban.account], context) for ban in standing]
    known = set(freed_at)
    for facts, at in await _withheld_beside(standing, freed_at, context):
        if (key := _key(facts)) not in known:  # each ban once
            known.add(key)
            words.append(word_of(facts, at, context))
    return alerts + words


async def _without_successor(superseded: Sequence[Owed], context: AgentContext) -> set[str]:
    """The alerts whose successor was withdrawn while they were."""
    by = {entry.alert.alert_id: record_in(entry.alert) for entry in superseded}
    of = {old: record.superseded_by for old, record in by.items() if record and record.superseded_by}
    known = await known_alerts(list(of.values()), context)
    return {old for old, successor in of.items() if not stands(known[successor])}


RELEASED_AT_ONCE: Final = 1_000
"""Held pairs whose bans look-back is sent at once: each is one look-up among remembered accounts."""


async def released(context: AgentContext) -> tuple[list[tuple[str, str]], list[Emit]]:
    """Returns pairs that the store holds, and the messages that let look-back look at their bans again.

    Former versions held them for quarantines of values, and nobody does any more: goes with the next release.
    """
    store, now = context.store, context.now()
    held = (await context.call_store(store.held()))[:RELEASED_AT_ONCE]
    accounts = list(dict.fromkeys(account for _, account in held))
    bans = await context.call_store(store.bans(accounts, now=now)) if accounts else []
    return held, [word_of(ban.facts, now, context) for ban in bans if ban is not None]


async def _with_deleted_ban(deleted: Sequence[Owed], context: AgentContext) -> set[str]:
    """The alerts of which the banned account was deleted, and not the other one."""
    if not deleted:
        return set()
    asked = [
        Proposal(
            alert_id=entry.alert.alert_id,
            account=entry.alert.account,
            banned=entry.alert.banned,
            band=entry.alert.band,
            payload=b"",
            claimant="",
            seen_at=entry.alert.seen_at,
        )
        for entry in deleted
    ]
    ruled = await context.call_store(context.store.rulings(asked, now=context.now()))
    return {
        proposal.alert_id for proposal, answer in zip(asked, ruled, strict=True) if answer.ruling in _ALIVE
    }


async def _withheld_beside(
    bans: Sequence[Ban], freed_at: dict[str, float], context: AgentContext
) -> list[tuple[BanFacts, float]]:
    """The bans that share keys with these and have withheld pairs, and when each one's place was freed."""
    store, neighbours = context.store, list[tuple[BanFacts, float]]()
    for first in range(0, len(bans), LOOKED_UP_AT_ONCE):
        some = bans[first : first + LOOKED_UP_AT_ONCE]
        queries = [Query.of(ban.account, ban.fingerprints) for ban in some]
        resembling = await context.call_store(
            store.bans_like(queries, now=context.now(), keep=context.alert_policy.candidates_an_event)
        )
        refs = {
            candidate.ref: freed_at[ban.account]
            for ban, several in zip(some, resembling, strict=True)
            for candidate in several
        }
        facts = await context.call_store(store.facts(list(refs))) if refs else []
        beside = [
            (ban_facts, at)
            for ban_facts, at in zip(facts, refs.values(), strict=True)
            if ban_facts is not None
        ]
        withheld = (
            await context.call_store(store.withheld([_key(ban_facts) for ban_facts, _ in beside]))
            if beside
            else []
        )
        neighbours += [neighbour for neighbour, any_ in zip(beside, withheld, strict=True) if any_]
    return neighbours


async def turns_of(
    turns: Sequence[Owed], context: AgentContext, gone: Collection[tuple[str, str]] = ()
) -> list[Emit]:
    """Returns the alerts on accounts by the bans that they resemble, but for pairs that are ``gone``."""
    last = {entry.alert.account: entry for entry in turns}
    accounts, pairs = list(last), list[Pair]()
    if not accounts:
        return []
    snapshot = await snapshot_of(context, context.now())
    for first in range(0, len(accounts), LOOKED_UP_AT_ONCE):
        some = accounts[first : first + LOOKED_UP_AT_ONCE]
        remembered = await context.call_store(context.store.remembered(some, now=context.now()))
        lookups = [
            lookup_again(account, last[account.account].at, _cause(last[account.account]), snapshot)
            for account in remembered
            if account is not None
        ]
        if lookups:
            for several in await match(lookups, snapshot, context, "forward"):
                pairs += [
                    replace(pair, claimant=f"again:{_cause(last[pair.ours.account])}")
                    for pair in several
                    if (pair.ours.account, pair.banned) not in gone
                ]
    return [emit for _, emit in await alerted(pairs, context, snapshot)]


def _cause(owed: Owed) -> str:
    return f"{owed.alert.alert_id}.{owed.revision}"


def _key(facts: BanFacts) -> str:
    return f"{facts.platform}:{facts.account_id}"


def word_of(facts: BanFacts, freed_at: float, context: AgentContext) -> Emit:
    """The message that lets look-back look at a ban once more, as of ``freed_at`` (Unix seconds)."""
    word = BanEnrolled(
        platform=facts.platform,
        account_id=facts.account_id,
        banned_at=None if facts.banned_at is None else from_seconds(facts.banned_at),
        occurred_at=from_seconds(facts.occurred_at),
        freed_at=from_seconds(freed_at),
    )
    return Emit(context.topics.enrolled, word.key.encode(), encode(word))
