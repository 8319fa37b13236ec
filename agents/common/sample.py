"""A sample of pairs below the bands, to be read blind.

It changes neither which alerts are published nor the metrics of alerting: it has metrics of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from msgspec.structs import replace as replaced
from prometheus_client import CollectorRegistry

from agents.common.alerts.compose import Pair, alert_of
from agents.common.context import AgentContext
from agents.common.match import Lookup, match
from agents.common.snapshot import Snapshot
from samehand.fingerprint.distil import Keyer
from samehand.scoring.sampling import drawn, stratum
from samehand.scoring.weights import Weights
from schemas.alert_headers import alert_headers
from schemas.alerts import Drawn
from schemas.wire import encode
from store.base import Proposal, Query, Ruling
from streams.outcomes import Emit
from streams.telemetry.metrics import Metrics

_ALERTED: Final = frozenset({Ruling.PUBLISH, Ruling.WITHHELD})


class Sample:
    """Draws pairs below the bands, by a hash keyed with the pepper, for the topic `alerts.sample`.

    Drawn accounts are looked up a second time without the upper bound: a mirror that the bound wrongly keeps
    from being read is what the sample is to find. Whatever forbids an alert on a pair keeps it out of the
    sample.
    """

    def __init__(self, context: AgentContext) -> None:
        """Takes the agents' context; its rules say which share of accounts is drawn."""
        self._context = context
        self._share = context.alert_policy.sample_share
        alert_policy = replace(
            context.alert_policy, candidates_below=context.alert_policy.candidates_an_event
        )
        self._all = replace(context, alert_policy=alert_policy, metrics=Metrics(CollectorRegistry()))

    async def of(self, several: Sequence[Lookup], snapshot: Snapshot) -> list[list[Emit]]:
        """Returns the sampled pairs to publish for each account, mostly none."""
        sampled: list[list[Emit]] = [[] for _ in several]
        keyer = self._context.keyers[0][1]
        places = [
            at for at, lookup in enumerate(several) if _uniform(keyer, lookup.account.account) < self._share
        ]
        if not places:
            return sampled
        chosen = [several[at] for at in places]
        wide = [
            replace(lookup, query=Query.of(lookup.account.account, lookup.account.fingerprints))
            for lookup in chosen
        ]
        best = await match(wide, snapshot, self._all, "forward", places=_untraced(len(wide)))
        for at, pairs in zip(places, best, strict=True):
            sampled[at] = await self._drawn(
                [pair for pair in pairs if pair.score.band == "none"], snapshot.weighing.weights
            )
        return sampled

    async def _drawn(self, pairs: Sequence[Pair], weights: Weights) -> list[Emit]:
        keyer = self._context.keyers[0][1]
        strata = [
            stratum(pair.score.log_odds, weights.alerts_from(pair.facts.policy or None)) for pair in pairs
        ]
        numbers = [_uniform(keyer, pair.alert_id) for pair in pairs]
        some = [(pairs[draw.place], strata[draw.place], draw) for draw in drawn(strata, numbers, self._share)]
        if not some:
            return []
        proposals = [
            Proposal(
                alert_id=pair.alert_id,
                account=pair.ours.account,
                banned=pair.banned,
                band=pair.score.band,
                payload=b"",
                claimant=pair.claimant,
                seen_at=pair.ours.seen_at,
            )
            for pair, _, _ in some
        ]
        ruled = await self._all.call_store(self._context.store.rulings(proposals, now=self._context.now()))
        emits = []
        for (pair, level, draw), ruling in zip(some, ruled, strict=True):
            if ruling.ruling not in _ALERTED:
                continue
            alert = alert_of(pair, self._context, self._context.now())
            record = replaced(alert, drawn=Drawn(probability=draw.probability, stratum=level))
            key, headers = record.key.encode(), alert_headers(record)
            emits.append(Emit(self._context.topics.sample, key, encode(record), None, headers))
            self._context.metrics.sampled_pairs.labels(str(level)).inc()
        return emits


def _untraced(many: int) -> range:
    """Keeps these look-ups out of traces, which show the look-up that alerts come from."""
    return range(-many, 0)


def _uniform(keyer: Keyer, text: str) -> float:
    """A number in [0, 1) that nobody can predict without the pepper."""
    return int.from_bytes(keyer("sample", text.encode("utf-8", "surrogatepass"))[:6], "big") / 2.0**48
