"""What learning from the verdicts of the desk would change, and by how much: figures, without I/O.

An alert is weighed again by its lines: what each weighed, times the ratio of the two multipliers of its row.
Where lines depend on each other workers come to a slightly other sum, since they group anew. Which pairs the
table of caps will hold back cannot be foretold, and is not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from desk.database.alerts import PayloadRow
from desk.database.verdicts import JudgedRow
from desk.review.facts import alert_of
from desk.review.reports.figures import Class
from desk.review.reports.figures import judged as weighted
from desk.review.reports.statistics import VERDICTS_MIN, Change, Foretold, precision_change
from desk.review.weighing.labels import judged, label, labels, unusable
from samehand.errors import TooFewLabels
from samehand.scoring.calibrate import log_loss
from samehand.scoring.learn import Label, Learned, learn, moved_by_rates, reader_counts
from samehand.scoring.weights import Band, Weights
from schemas.alerts import MirrorAlert

LABELS_MAX: Final = 4_000
"""The latest. A curve has a point for each twenty of them, and a record on the topic holds two hundred."""

ALERTS_MAX: Final = 5_000
"""The latest of those that are weighed again: more change a share by less than a point."""

BANDS: Final[tuple[Band, ...]] = ("likely", "possible", "none")


@dataclass(frozen=True, slots=True)
class JudgedBlind:
    """What the database says of the alerts that were judged blind last.

    ``payloads``: of their alerts, by id; ``drawn``: as :func:`desk.review.reports.figures.judged` wants it;
    ``whole``: whether these are all that were ever judged blind.
    """

    rows: Sequence[JudgedRow]
    payloads: Mapping[str, bytes]
    drawn: Mapping[Class, int]
    since: float
    whole: bool


class Factor(NamedTuple):
    """By how much the weight of a row, as `signal.level`, is multiplied: before and after.

    Of a rival explanation: how often sign-ups have it, before and after.
    """

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class WeightsProposal:
    """What learning proposes. ``learned`` and ``change`` are None where too few were judged.

    ``by_one``: how many labels are of one reader at most; ``elsewhere``: how many no desk gave, so that
    only their publisher knows whether they were blind.
    """

    labels: int
    mirrors: int
    by_one: int
    elsewhere: int
    left_out: dict[str, int]
    learned: Learned | None
    factors: tuple[Factor, ...]
    rates: tuple[Factor, ...]
    change: Change | None


@dataclass(frozen=True, slots=True)
class Trial:
    """What was judged blind since a table went into the shadow, which it was not made from: the losses (nats
    a label) of the table in force and of that in shadow, None under `VERDICTS_MIN` labels. The other counts
    are as a proposal's."""

    labels: int
    mirrors: int
    by_one: int
    elsewhere: int
    left_out: dict[str, int]
    loss_before: float | None
    loss_after: float | None
    change: Change


def propose(
    blind: JudgedBlind, table: Weights, *, blind_share: float, base: Weights | None = None
) -> WeightsProposal:
    """What is learnt from all of it, from the table in force on; ``base``: the settings', if another."""
    left_out: Counter[str] = Counter()
    alerts = _alerts(blind.payloads)
    verdicts = judged(blind.rows, left_out)
    pairs = labels(alerts.values(), verdicts, table, left_out)
    mirrors = sum(pair.mirror for pair in pairs.values())
    whose = _by_reader([verdicts[alert_id] for alert_id in pairs])
    try:
        learned = learn(list(pairs.values()), table, base)
    except TooFewLabels:
        return WeightsProposal(len(pairs), mirrors, *whose, _reasons(left_out), None, (), (), None)
    change = _change(blind, pairs, alerts, table, learned.weights, learned.foretold, blind_share)
    changed, rates = factors(table, learned.weights), rate_changes(table, learned.weights)
    return WeightsProposal(len(pairs), mirrors, *whose, _reasons(left_out), learned, changed, rates, change)


def try_out(blind: JudgedBlind, live: Weights, shadow: Weights, *, after: float, blind_share: float) -> Trial:
    """How two tables foretell what was first judged after a moment (Unix seconds)."""
    before = {row.alert_id for row in blind.rows if row.blind and row.decided_at <= after}
    rows = [row for row in blind.rows if row.alert_id not in before]
    left_out: Counter[str] = Counter()
    payloads = {alert_id: payload for alert_id, payload in blind.payloads.items() if alert_id not in before}
    alerts = _alerts(payloads)
    verdicts = judged(rows, left_out)
    pairs = labels(alerts.values(), verdicts, live, left_out)
    ratios = _ratios(live, shadow)
    foretold = {
        alert_id: shadow.calibrated(_moved(pair, ratios) + moved_by_rates(pair.shares, live, shadow))
        for alert_id, pair in pairs.items()
    }
    mirrors = np.array([pair.mirror for pair in pairs.values()], bool)
    counts = np.array(reader_counts([pair.reader for pair in pairs.values()]))
    enough = len(pairs) >= VERDICTS_MIN
    now = np.array([live.calibrated(_moved(pair, {})) for pair in pairs.values()])
    by_one, elsewhere = _by_reader([verdicts[alert_id] for alert_id in pairs])
    return Trial(
        labels=len(pairs),
        mirrors=int(mirrors.sum()),
        by_one=by_one,
        elsewhere=elsewhere,
        left_out=_reasons(left_out),
        loss_before=log_loss(now, mirrors, counts) if enough else None,
        loss_after=log_loss(np.array(list(foretold.values())), mirrors, counts) if enough else None,
        change=_change(blind, pairs, alerts, live, shadow, foretold, blind_share),
    )


def factors(before: Weights, after: Weights) -> tuple[Factor, ...]:
    """The rows that weigh otherwise, the largest change first."""
    changed = [
        Factor(row, multiplier, after.multipliers[row])
        for row, multiplier in before.multipliers.items()
        if after.multipliers[row] != multiplier
    ]
    return tuple(sorted(changed, key=lambda factor: (-abs(factor.after - factor.before), factor.name)))


def rate_changes(before: Weights, after: Weights) -> tuple[Factor, ...]:
    """The rival explanations that are assumed to occur more or less often, the largest change first."""
    changed = [
        Factor(name, rival.rate, after.rivals[name].rate)
        for name, rival in before.rivals.items()
        if after.rivals[name].rate != rival.rate
    ]
    return tuple(
        sorted(changed, key=lambda factor: (-abs(math.log(factor.after / factor.before)), factor.name))
    )


def _by_reader(verdicts: Sequence[JudgedRow]) -> tuple[int, int]:
    """Returns how many are of one reader at most, and how many were given elsewhere."""
    readers = Counter(verdict.reviewer for verdict in verdicts)
    return max(readers.values(), default=0), sum(verdict.kind == "elsewhere" for verdict in verdicts)


def _reasons(left_out: Counter[str]) -> dict[str, int]:
    """Why pairs that were judged blind are no labels. How many were seen with their score is no such reason:
    only those on the same alerts were read."""
    return {reason: count for reason, count in sorted(left_out.items()) if count and reason != "not blind"}


def _alerts(payloads: Mapping[str, bytes]) -> dict[str, MirrorAlert]:
    read = {alert_id: alert_of(payload) for alert_id, payload in payloads.items()}
    return {alert_id: alert for alert_id, alert in read.items() if alert is not None}


def _change(
    blind: JudgedBlind,
    pairs: Mapping[str, Label],
    alerts: Mapping[str, MirrorAlert],
    table: Weights,
    other: Weights,
    foretold: Mapping[str, float],
    blind_share: float,
) -> Change:
    rows = weighted(blind.rows, blind_share=blind_share, drawn=blind.drawn, since=blind.since)
    stands_for = {row.alert_id: row.weight for row in rows}
    return precision_change(
        [
            Foretold(
                pair.mirror,
                stands_for.get(alert_id, 1.0),
                _band(table, table.calibrated(_moved(pair, {})), alerts[alert_id]) != "none",
                _band(other, foretold[alert_id], alerts[alert_id]) != "none",
            )
            for alert_id, pair in pairs.items()
        ]
    )


def _band(table: Weights, calibrated: float, alert: MirrorAlert) -> Band:
    probability = 1.0 / (1.0 + math.exp(-min(max(calibrated, -700.0), 700.0)))
    return table.band(probability, alert.matched.policy)


def _ratios(before: Weights, after: Weights) -> dict[str, float]:
    """By how much what a row weighed is to be multiplied. What weighed nothing goes on doing so."""
    return {
        row: after.multipliers[row] / multiplier
        for row, multiplier in before.multipliers.items()
        if multiplier > 0
    }


def _moved(pair: Label, ratios: Mapping[str, float]) -> float:
    return math.fsum([pair.prior, *(weight * ratios.get(name, 1.0) for name, weight in pair.weights.items())])


@dataclass(slots=True)
class Rescored:
    """Alerts of the past weighed again by another table. Fill it by :meth:`take`.

    ``bands``: how many were of one band and would be of another; ``held``: by a rule, which is not foretold;
    ``others``: those that another table than ``live`` weighed, or that cannot be read any more.
    ``newly``: about how many pairs below the bands would alert, of which ``sampled`` were looked at and
    ``newly_seen`` found.
    """

    live: Weights
    other: Weights
    bands: Counter[tuple[Band, Band]] = field(default_factory=Counter)
    held: int = 0
    others: int = 0
    sampled: int = 0
    newly_seen: int = 0
    newly: float = 0.0

    @property
    def alerts(self) -> int:
        """How many alerts were weighed again."""
        return self.bands.total()

    @property
    def changes(self) -> list[tuple[Band, Band, int]]:
        """Those that would be of another band: before, after, how many."""
        return [
            (before, after, self.bands[before, after])
            for before in BANDS
            for after in BANDS
            if before != after and self.bands[before, after]
        ]

    def take(self, rows: Iterable[PayloadRow]) -> None:
        """Weighs rows of :func:`desk.database.alerts.detected_since` again."""
        ratios = _ratios(self.live, self.other)
        for row in rows:
            alert = alert_of(row.payload)
            reason = "unreadable" if alert is None else unusable(alert, self.live)
            if alert is None or reason is not None:
                if row.sampled is None:
                    self.held += reason == "held by a rule"
                    self.others += reason != "held by a rule"
                continue
            pair = label(alert, mirror=False)
            moved = _moved(pair, ratios) + moved_by_rates(pair.shares, self.live, self.other)
            after = _band(self.other, self.other.calibrated(moved), alert)
            if row.sampled is None:
                before = _band(self.live, self.live.calibrated(_moved(pair, {})), alert)
                self.bands[before, after] += 1
            else:
                self.sampled += 1
                self.newly_seen += after != "none"
                self.newly += (after != "none") / row.sampled
