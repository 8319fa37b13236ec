"""Judge: applies verdicts on alerts, which change later alerts and nothing else.

Of the verdicts on one alert the latest by ``decided_at`` holds, in whatever order and however often they
come. Its consequences (suppression, family, whether the alert is open) are applied again at every delivery.
Each step can be repeated, so the next delivery completes what a worker that died between two steps left half
done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from msgspec.structs import replace as replaced

from agents.common.again import turns_of, word_of
from agents.common.alerts.propose import confirm, record_in
from agents.common.alerts.withdrawal import READ_AT_ONCE
from agents.common.context import AgentContext
from agents.common.decoding import itself, read_all
from agents.common.dismissals import note_shown
from agents.common.distil import descending
from agents.common.families import descents_below
from agents.common.metric_labels import script_of
from samehand.lineage import founder
from samehand.verdict import Consequence, consequence
from samehand.waves.membership import covered
from schemas.verdicts import VerdictGiven
from schemas.wire import decode_verdict, encode
from store.base import Ban, Decided, Decision, Member, OpenAlert, Owed, Shown, Wave
from streams.errors import Transient
from streams.outcomes import Arrival, Dead, Emit, Outcome, Published

LOOKS_MAX: Final = 8
"""A decision on the same alert that comes in meanwhile makes us look once more. People do not decide faster
than that; where it happens all the same, the batch waits as in an outage, and begins again."""


class Judge:
    """Verdicts become suppressions and families, and are taken back by later ones."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Returns one outcome per arrival; alerts that follow go with the last verdict."""
        outcomes, given, quieting = await self._judge(arrivals)
        emits = [word_of(ban.facts, self._context.now(), self._context) for ban in quieting]
        ids = [it.alert_id for it in given if consequence(it.verdict) is not Consequence.SUPPRESS]
        if ids and (emits := emits + await self._uncovered(ids)):
            last = max(at for at, outcome in enumerate(outcomes) if not isinstance(outcome, Dead))
            outcomes[last] = Published(tuple(emits))
        return outcomes

    async def confirm(self, emits: Sequence[Emit]) -> None:
        """Notes alerts that the broker has confirmed."""
        await confirm(emits, self._context)

    async def replay(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Applies verdicts that workers have had before, and publishes nothing."""
        outcomes, *_ = await self._judge(arrivals)
        return outcomes

    async def _judge(
        self, arrivals: Sequence[Arrival]
    ) -> tuple[list[Outcome], list[VerdictGiven], list[Ban]]:
        """Returns an outcome per arrival, the verdicts that were applied, and the bans with which they may
        have taken back what kept others quiet.
        """
        outcomes, verdicts = read_all(arrivals, decode_verdict, self._context, itself)
        given = [verdict for _, verdict in verdicts if not verdict.golden]  # a test item decides nothing
        if not given:
            return outcomes, given, []
        store, now = self._context.store, self._context.now()
        not_cleared = [it.alert_id for it in given if consequence(it.verdict) is not Consequence.SUPPRESS]
        about = await self._context.call_store(store.pairs(not_cleared)) if not_cleared else []
        banned = sorted({alert.banned for alert in about if alert is not None})
        bans = await self._context.call_store(store.bans(banned, now=now)) if banned else []
        quieting = [ban for ban in bans if ban is not None and ban.facts.cleared]
        decisions = list(map(_decision, given))
        await note_shown(decisions, self._context)
        held = await self._context.call_store(store.decide(decisions, now=now))
        new = [verdict for verdict, decided in zip(given, held, strict=True) if decided.new]
        alerts = (
            await self._context.call_store(store.pairs([verdict.alert_id for verdict in new])) if new else []
        )
        await self._context.call_store(store.judged([verdict.alert_id for verdict in given]))
        await self._until_it_holds({verdict.alert_id for verdict in given})
        for verdict, alert in zip(new, alerts, strict=True):
            if verdict.given_by == "ban":  # nobody judged how right the alert is
                continue
            record = record_in(alert) if alert else None
            self._context.metrics.verdict(
                verdict.verdict,
                alert.band if alert else "none",
                None if record is None else script_of(record),
            )
        return outcomes, given, quieting

    async def _uncovered(self, alert_ids: Sequence[str]) -> list[Emit]:
        """The alerts on accounts whose superseded alert no dismissal covers: its successor may have ended."""
        store = self._context.store
        known = await self._context.call_store(store.pairs(alert_ids))
        decided = await self._context.call_store(store.decided(alert_ids))
        superseded = [
            Owed(alert, alert.revision, None, self._context.now())
            for alert, held in zip(known, decided, strict=True)
            if alert is not None and alert.withdrawn == "superseded"
            if held is not None and consequence(held.verdict) is not Consequence.SUPPRESS
        ]
        return await turns_of(superseded, self._context)

    async def hold(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Notes verdicts, and leaves their consequences to a later call for the same arrivals.

        For a store that learns verdicts in bulk: each alert has its last one before anything follows from it.
        """
        outcomes, verdicts = read_all(arrivals, decode_verdict, self._context, itself)
        decisions = [_decision(verdict) for _, verdict in verdicts if not verdict.golden]
        if decisions:
            await self._context.call_store(self._context.store.decide(decisions, now=self._context.now()))
        return outcomes

    async def _until_it_holds(self, alert_ids: set[str]) -> None:
        """Applies the decisions that hold, until none has changed meanwhile.

        Two workers may each have a decision on one alert in hand. Whichever worker ends last has seen the
        later decision.
        """
        known: dict[str, Decided] = {}
        for _ in range(LOOKS_MAX):
            ids = sorted(alert_ids)
            decisions = await self._context.call_store(self._context.store.decided(ids))
            held = {
                alert_id: decided
                for alert_id, decided in zip(ids, decisions, strict=True)
                if decided is not None
            }
            changed = {
                alert_id: decided for alert_id, decided in held.items() if known.get(alert_id) != decided
            }
            if not changed:
                return
            await self._carry_out(changed)
            known |= changed
        raise Transient("other workers changed these alerts during every attempt to decide on them")

    async def _carry_out(self, held: dict[str, Decided]) -> None:
        """Applies decisions, then once more those on mirrors of the accounts that they are about.

        Decisions may arrive in any order, enrolling may have changed the family before, and a worker may have
        died on the way down.
        """
        store, passed = self._context.store, set[str]()
        while held:
            banned = sorted(await self._apply(held) - passed)
            passed.update(banned)
            held = {}
            for at in range(0, len(banned), READ_AT_ONCE):
                on = await self._context.call_store(store.alerts_on(banned[at : at + READ_AT_ONCE]))
                ids = [alert.alert_id for several in on for alert in several if not alert.sums_up]
                decisions = await self._context.call_store(store.decided(ids)) if ids else []
                held |= {
                    alert_id: decided
                    for alert_id, decided in zip(ids, decisions, strict=True)
                    if decided is not None and consequence(decided.verdict) is Consequence.JOIN
                }

    async def _apply(self, held: Mapping[str, Decided]) -> set[str]:
        """Applies decisions. Returns those of the accounts that are banned themselves."""
        store, now = self._context.store, self._context.now()
        known = await self._context.call_store(store.pairs(list(held)))
        alerts = {alert_id: alert for alert_id, alert in zip(held, known, strict=True) if alert is not None}
        follows = {alert_id: consequence(decided.verdict) for alert_id, decided in held.items()}
        silenced = [
            alert
            for alert_id, alert in alerts.items()
            if follows[alert_id] is Consequence.SUPPRESS
            and alert.open
            and held[alert_id].decided_at > alert.dismissed_at
        ]
        if silenced:  # read after the decision: an alert raised from now on meets the suppression
            await self._context.call_store(store.withdraw(silenced, reason="verdict", now=now))
        others = [
            alert for alert_id, alert in alerts.items() if follows[alert_id] is not Consequence.SUPPRESS
        ]
        await self._context.call_store(
            store.show([Shown(it.account, it.alert_id, (), it.banned) for it in others])
        )
        gone = [alert for alert in others if alert.withdrawn == "verdict"]
        again = [*(alert for alert in others if alert.open), *filter(None, map(self._as_open, gone))]
        if again:
            await self._context.call_store(store.reopen(again, now=now))
        # Adds a mirror to its family; removes a non-mirror from the family that this alert put it into.
        joining = {
            alert_id: alert for alert_id, alert in alerts.items() if follows[alert_id] is Consequence.JOIN
        }
        if joining:
            families = await descents_below(list(joining.values()), self._context)
            members = [
                Member(alert.account, family, alert_id, held[alert_id].decided_at)
                for (alert_id, alert), family in zip(joining.items(), families, strict=True)
            ]
            await self._context.call_store(store.join(members, now=now))
        leaving = [alert_id for alert_id in held if follows[alert_id] is not Consequence.JOIN]
        if leaving:
            await self._context.call_store(store.leave(leaving))
        banned = await self._rewrite(sorted({alert.account for alert in alerts.values()}))
        # A verdict on a wave withdraws it, or takes that back: it joins nobody.
        unknown = [alert_id for alert_id in held if alert_id not in alerts]
        for wave in await self._context.call_store(store.waves(unknown)) if unknown else []:
            if wave is not None:
                dismissed = follows[wave.wave_id] is Consequence.SUPPRESS
                covers = covered(_shown(wave, held[wave.wave_id].decided_at)) if dismissed else None
                await self._context.call_store(store.decide_wave(wave.wave_id, covers=covers, now=now))
        return banned

    async def _rewrite(self, accounts: Sequence[str]) -> set[str]:
        """Enrols bans again whose family was found, or taken back, after they were enrolled.

        Only the same ban, as it stands: one that was replaced, was lifted or ended meanwhile is not brought
        back. Returns the accounts whose ban stands.
        """
        store, now = self._context.store, self._context.now()
        bans = await self._context.call_store(store.bans(accounts, now=now)) if accounts else []
        descents = await self._context.call_store(store.descents(accounts)) if any(bans) else []
        changed = (
            [
                descending(ban, wanted)
                for ban, descent in zip(bans, descents, strict=True)
                if ban is not None and ban.facts.descent != (wanted := descent or founder(ban.account))
            ]
            if descents
            else []
        )
        if changed:
            await self._context.call_store(store.enrol(changed, now=now))
        return {ban.account for ban in bans if ban is not None}

    def _as_open(self, alert: OpenAlert) -> OpenAlert | None:
        """The alert with the record to publish when it is open again; ``None`` if it cannot be decoded."""
        record = record_in(alert)
        if record is None:
            return None
        opened = replaced(record, status="open", withdrawn_at=None, withdrawn_reason=None)
        return replace(alert, payload=encode(opened))


def _decision(verdict: VerdictGiven) -> Decision:
    return Decision(verdict.alert_id, verdict.verdict, verdict.rank, verdict.identity)


def _shown(wave: Wave, decided_at: float) -> int:
    """How many members the reader of a wave was shown: none that came after the decision."""
    if wave.changed_at <= decided_at:
        return len(wave.members)
    return sum(member.seen_at <= decided_at for member in wave.members)
