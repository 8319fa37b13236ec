"""*Overview*: is samehand well? The first row answers; the second says where to look."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard
from panels import Ask, Panel, dashboard

GOOD, WARN, BAD = "green", "orange", "red"
FRESH = (
    'sum(rate(samehand_event_age_seconds_bucket{le="5.0"}[%s]))'
    " / sum(rate(samehand_event_age_seconds_count[%s]))"
)


def overview() -> Dashboard:
    """The dashboard."""
    return dashboard(
        "samehand-overview",
        "samehand / Overview",
        "Objective: 99 % of events reach an outcome within 5 s, over 30 days.",
        (("Is it well?", _well()), ("Where to look", _where())),
    )


def _well() -> tuple[Panel, ...]:
    return (
        Panel(
            "Within 5 s, 30 days",
            "The objective is 99 %. Counted from Kafka's time stamp to the durable outcome.",
            (Ask(FRESH % ("30d", "30d")),),
            unit="percentunit",
            kind="stat",
            span=3,
            thresholds=((0, BAD), (0.99, GOOD)),
            decimals=2,
        ),
        Panel(
            "Error budget left",
            "Of the 1 % of events that may take longer within 30 days. Below 0 the objective is missed.",
            (Ask(f"1 - (1 - {FRESH % ('30d', '30d')}) / 0.01"),),
            unit="percentunit",
            kind="stat",
            span=3,
            thresholds=((0, BAD), (0.0, WARN), (0.25, GOOD)),
            runbooks=(
                "SamehandFreshnessBudgetBurnsFast",
                "SamehandFreshnessBudgetBurnsSlowly",
            ),
        ),
        Panel(
            "Oldest waiting",
            "Age of the oldest record without an outcome, over all topics.",
            (Ask("max(samehand_consumer_lag_seconds)"),),
            unit="s",
            kind="stat",
            span=3,
            thresholds=((0, GOOD), (5, WARN), (60, BAD)),
            runbooks=("SamehandLagging",),
        ),
        Panel(
            "Lag",
            "Records that wait, and by how many a second that changes (below 0: catching up).",
            (
                Ask("sum(samehand_consumer_lag_records)", "records"),
                Ask("sum(deriv(samehand_consumer_lag_records[5m]))", "a second"),
            ),
            kind="stat",
            span=3,
            runbooks=("SamehandLagWithoutProgress",),
        ),
        Panel(
            "Events a second",
            "Records that reached an outcome.",
            (Ask("sum(rate(samehand_events_total[$__rate_interval]))"),),
            unit="reqps",
            kind="stat",
            span=3,
        ),
        Panel(
            "Store breaker",
            "0 closed, 1 probing, 2 open: the store does not answer, and consumption waits on purpose.",
            (Ask("max(samehand_store_breaker_state)"),),
            kind="stat",
            span=3,
            thresholds=((0, GOOD), (1, BAD)),
            runbooks=("SamehandBreakerOpen",),
        ),
        Panel(
            "Signal unavailable",
            "Share of accounts screened without a signal that they brought (a picture without its decoder).",
            (
                Ask(
                    "sum(rate(samehand_signal_unavailable_total[$__rate_interval]))"
                    " / sum(rate(samehand_candidates_count[$__rate_interval]))"
                ),
            ),
            unit="percentunit",
            kind="stat",
            span=3,
            thresholds=((0, GOOD), (0.01, WARN)),
        ),
        Panel(
            "Alerts without a verdict",
            "Published alerts that nobody has judged, and how long the oldest has waited.",
            (
                Ask("max(samehand_alerts_unjudged)", "alerts"),
                Ask("max(samehand_alerts_unjudged_oldest_seconds)", "oldest, seconds"),
            ),
            kind="stat",
            span=3,
            runbooks=("SamehandAlertsUnjudged",),
        ),
    )


def _where() -> tuple[Panel, ...]:
    return (
        Panel(
            "How fast the budget burns",
            "At 1 the budget lasts exactly 30 days; at 14.4 an hour costs 2 % of it, and somebody is paged.",
            (
                Ask("samehand:slow_events:ratio_rate5m / 0.01", "5 min"),
                Ask("samehand:slow_events:ratio_rate1h / 0.01", "1 h"),
                Ask("samehand:slow_events:ratio_rate6h / 0.01", "6 h"),
            ),
            thresholds=((0, GOOD), (6, WARN), (14.4, BAD)),
            runbooks=(
                "SamehandFreshnessBudgetBurnsFast",
                "SamehandFreshnessBudgetBurnsSlowly",
            ),
        ),
        Panel(
            "Event to outcome",
            "A point leads to the partition and offset of a record of that age.",
            tuple(
                Ask(
                    f"histogram_quantile({share}, sum by (le)"
                    " (rate(samehand_event_age_seconds_bucket[$__rate_interval])))",
                    name,
                    exemplar=share == 0.99,
                )
                for share, name in ((0.5, "p50"), (0.99, "p99"))
            ),
            unit="s",
        ),
        Panel(
            "Oldest waiting, by topic",
            "Age of the oldest record without an outcome.",
            (Ask("max by (topic) (samehand_consumer_lag_seconds)", "{{topic}}"),),
            unit="s",
            runbooks=("SamehandLagging",),
        ),
        Panel(
            "Outcomes a second",
            "Published, nothing to say, or a dead letter.",
            (Ask("sum by (outcome) (rate(samehand_events_total[$__rate_interval]))", "{{outcome}}"),),
            unit="reqps",
            kind="stack",
            runbooks=("SamehandDeadLetters", "SamehandBanUnread"),
        ),
        Panel(
            "Match alerts an hour",
            "By band. Silence is a fault until explained.",
            (Ask("sum by (band) (rate(samehand_alerts_total[$__rate_interval])) * 3600", "{{band}}"),),
            kind="stack",
            runbooks=(
                "SamehandAlertsSurge",
                "SamehandAlertsSilence",
            ),
        ),
        Panel(
            "Workers",
            "That answer, and that are ready.",
            (
                Ask('count(samehand_build_info{job!~"samehand-.+"})', "running"),
                Ask('sum(samehand_ready{job!~"samehand-.+"})', "ready"),
            ),
            runbooks=(
                "SamehandWorkerAbsent",
                "SamehandWorkerDown",
            ),
        ),
    )
