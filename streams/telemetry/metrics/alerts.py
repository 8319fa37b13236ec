"""Metrics of what is found: look-ups, alerts, and what moderators say of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import nan
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.alerts import WITHDRAWN_REASONS, Direction
from schemas.basis_rights import BasisKind
from schemas.fields import AccountKind
from schemas.keys import KINDS
from schemas.waves import WAVE_REASONS
from streams.telemetry.metrics.events import AGE_SECONDS

BANDS: Final = ("likely", "possible")
DIRECTIONS: Final = get_args(Direction)
BASIS_KINDS: Final = get_args(BasisKind)
VERDICTS: Final = ("mirror", "not_mirror", "unsure")

GENERATIONS: Final = ("0", "1", "2", "3-5", "6+")
"""Of banned accounts in their families, grouped: few reach the last."""

DECIDED: Final = frozenset({"mirror", "not_mirror"})

QUEUES_MAX: Final = 32
"""Review queues are an organisation's teams.

Names come from bans, so without a cap a producer could add series.
"""

OTHER: Final = "other"
NO_BAND: Final = "none"
"""Of a verdict on an alert that is no longer known."""

_DETECT_SECONDS: Final = (1, 5, 30, 60, 300, 900, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400)
_CANDIDATES: Final = (0, 1, 4, 16, 64, 150, 300, 600, 1200)
_LOG_ODDS: Final = (-20, -10, -5, -2, 0, 2, 5, 10, 20, 40)


@dataclass(slots=True)
class Tally:
    """Decided alerts of one band since this process started."""

    mirrors: int = 0
    all: int = 0


class AlertMetrics:
    """What look-ups find, which alerts are published, and how they are judged."""

    def __init__(
        self, registry: CollectorRegistry, *, signals: Sequence[str], scripts: Sequence[str]
    ) -> None:
        self._queues: set[str] = set()
        self._decided: dict[str, Tally] = {}
        self._declare_alerts(registry)
        for band, direction in product(BANDS, DIRECTIONS):
            self.alerts.labels(band, direction, "")
        for kind in BASIS_KINDS:
            self.alerts_by_basis.labels(kind)
            self.alerts_without_right.labels(kind)
        for account_kind in KINDS:
            self.alerts_by_kind.labels(account_kind)
        for group in GENERATIONS:
            self.bans_enrolled.labels(group)
            self.alert_generations.labels(group)
        for direction in DIRECTIONS:
            self.time_to_detect_seconds.labels(direction)
        for reason in WITHDRAWN_REASONS:
            self.alerts_withdrawn.labels(reason)
        for wave_reason in WAVE_REASONS:
            self.waves_withdrawn.labels(wave_reason)
        for verdict, band in product(VERDICTS, (*BANDS, NO_BAND)):
            self.verdicts.labels(verdict, band)
        for band in BANDS:
            self.precision_ratio.labels(band).set(nan)  # nobody has judged yet, which is not 0
        for signal in signals:
            self.signals.labels(signal)
        for script, verdict in product(scripts, VERDICTS):
            self.judged_scripts.labels(script, verdict)

    def _declare_alerts(self, registry: CollectorRegistry) -> None:
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self.alerts = counter("samehand_alerts", "Alerts published.", ("band", "direction", "queue"))
        self.alert_generations = counter(
            "samehand_alert_generations",
            "Alerts published, by the generation of the banned account in its family: 0 for the first ban.",
            ("generation",),
        )
        self.alerts_by_basis = counter(
            "samehand_alerts_by_basis",
            "Alerts published, by whose word the ban rests on: the platform's, or an authority's (state).",
            ("basis",),
        )
        self.alerts_by_kind = counter(
            "samehand_alerts_by_kind",
            "Alerts published, by what the new one is: an account, channel, group, page or bot.",
            ("kind",),
        )
        self.alerts_without_right = counter(
            "samehand_alerts_without_right",
            "Pairs that reach a band and do not alert, since the basis of the ban has no right to.",
            ("basis",),
        )
        self.bans_enrolled = counter(
            "samehand_bans_enrolled",
            "Bans enrolled that were not known, by their generation in a family as known then.",
            ("generation",),
        )
        self.alerts_withdrawn = counter("samehand_alerts_withdrawn", "Alerts withdrawn.", ("reason",))
        self.waves = counter(
            "samehand_waves", "Waves published while they are open, each time that they changed."
        )
        self.waves_withdrawn = counter("samehand_waves_withdrawn", "Waves withdrawn.", ("reason",))
        self.sampled_pairs = counter(
            "samehand_sampled_pairs",
            "Pairs below the bands that were published to be read blind, by stratum of log-odds.",
            ("stratum",),
        )
        self.alerts_reopened = counter(
            "samehand_alerts_reopened",
            "Alerts opened again after a verdict, or revised to name an alike ban.",
        )
        self.alert_summaries = counter(
            "samehand_alert_summaries",
            "Summaries published: how many pairs of a ban got no alert of their own, each time that changed.",
        )
        self.time_to_detect_seconds = histogram(
            "samehand_time_to_detect_seconds",
            "From a ban to the alert on its mirror.",
            ("direction",),
            buckets=_DETECT_SECONDS,
        )
        self.searchable_seconds = histogram(
            "samehand_searchable_seconds",
            "From the time Kafka stamped a ban to its fingerprint being found.",
            buckets=AGE_SECONDS,
        )
        self.candidates = histogram(
            "samehand_candidates", "Candidates a look-up read: those that can alert.", buckets=_CANDIDATES
        )
        self.score_log_odds = histogram(
            "samehand_score_log_odds",
            "Log-odds of the best candidate of a look-up, of those compared in full (natural logarithm).",
            buckets=_LOG_ODDS,
        )
        self.alerts_unjudged = gauge(
            "samehand_alerts_unjudged", "Published alerts that no moderator has judged yet."
        )
        self.alerts_unjudged_oldest_seconds = gauge(
            "samehand_alerts_unjudged_oldest_seconds",
            "How long the oldest of them has waited for a verdict, 0 without any.",
        )
        self.signals = counter("samehand_signals", "Evidence for a mirror in published alerts.", ("signal",))
        self.judged_scripts = counter(
            "samehand_judged_scripts",
            "Verdicts by the script of the names that their alert quotes.",
            ("script", "verdict"),
        )
        self.verdicts = counter("samehand_verdicts", "Verdicts of moderators.", ("verdict", "band"))
        self.precision_ratio = gauge(
            "samehand_precision_ratio", "Share of mirrors among the verdicts this process saw.", ("band",)
        )

    def enrolled(self, generation: int) -> None:
        """A ban was enrolled that was not known."""
        self.bans_enrolled.labels(generation_group(generation)).inc()

    def alert(
        self,
        band: str,
        direction: str,
        queue: str,
        seconds_since_ban: float | None = None,
        generation: int = 0,
        basis: BasisKind = "none",
        kind: AccountKind = "account",
    ) -> None:
        """An alert was published. A queue beyond the first `QUEUES_MAX` counts as `other`."""
        self.alerts_by_basis.labels(basis).inc()
        self.alerts_by_kind.labels(kind).inc()
        self.alert_generations.labels(generation_group(generation)).inc()
        if queue not in self._queues and len(self._queues) < QUEUES_MAX:
            self._queues.add(queue)
        self.alerts.labels(band, direction, queue if queue in self._queues else OTHER).inc()
        if seconds_since_ban is not None:
            self.time_to_detect_seconds.labels(direction).observe(max(0.0, seconds_since_ban))

    def wave(self, withdrawn: str | None) -> None:
        """A wave was published: open, or withdrawn for a reason."""
        (self.waves if withdrawn is None else self.waves_withdrawn.labels(withdrawn)).inc()

    def fired(self, signals: Iterable[str]) -> None:
        """These signals speak for a mirror in an alert that is being published."""
        for signal in signals:
            self.signals.labels(signal).inc()

    def verdict(self, verdict: str, band: str, script: str | None = None) -> None:
        """A moderator judged an alert of a band, which quotes names in a script (None: no longer known).

        `unsure` says nothing of precision, nor does a verdict on an alert that nobody knows.
        """
        self.verdicts.labels(verdict, band).inc()
        if script is not None:
            self.judged_scripts.labels(script, verdict).inc()
        if verdict in DECIDED and band in BANDS:
            counts = self._decided.setdefault(band, Tally())
            counts.mirrors += verdict == "mirror"
            counts.all += 1
            self.precision_ratio.labels(band).set(counts.mirrors / counts.all)


def generation_group(generation: int) -> str:
    """Returns the one of `GENERATIONS` that a generation belongs to."""
    if generation < 3:
        return GENERATIONS[max(0, generation)]
    return GENERATIONS[3] if generation <= 5 else GENERATIONS[4]
