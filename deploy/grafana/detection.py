"""*Detection*: what is found, how soon, by what, and what people make of it."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard
from panels import Ask, Panel, dashboard

JUDGED = 'increase(samehand_judged_scripts_total{verdict=~"%s"}[$__range])'


def quantiles(metric: str, *, by: str = "le") -> tuple[Ask, ...]:
    """Median and tail of a histogram."""
    return tuple(
        Ask(f"histogram_quantile({share}, sum by ({by}) (rate({metric}_bucket[$__rate_interval])))", name)
        for share, name in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"))
    )


def detection() -> Dashboard:
    """The dashboard."""
    return dashboard(
        "samehand-detection",
        "samehand / Detection",
        "What is found, how soon after a ban, by which signals, and what moderators decided.",
        (("What is found", _found()), ("By what", _signals()), ("What people decided", _judged())),
    )


def _found() -> tuple[Panel, ...]:
    return (
        Panel(
            "Ban to alert",
            "From the ban to the alert on its mirror, by the way it was found.",
            tuple(
                Ask(
                    f"histogram_quantile({share}, sum by (le, direction)"
                    " (rate(samehand_time_to_detect_seconds_bucket[$__rate_interval])))",
                    f"{{{{direction}}}} {name}",
                )
                for share, name in ((0.5, "p50"), (0.9, "p90"))
            ),
            unit="s",
        ),
        Panel(
            "Match alerts, by band and direction",
            "Published in the time shown.",
            (
                Ask(
                    "sum by (band, direction) (increase(samehand_alerts_total[$__rate_interval]))",
                    "{{band}} {{direction}}",
                ),
            ),
            kind="stack",
        ),
        Panel(
            "Match alerts a second, and the usual range",
            "The alert on volume compares with the last week, once there is a day of it.",
            (
                Ask("samehand:alerts:rate1h", "last hour"),
                Ask("samehand:alerts:rate6h", "last six hours"),
            ),
            runbooks=(
                "SamehandAlertsSurge",
                "SamehandAlertsSilence",
            ),
        ),
        Panel(
            "Ban to searchable",
            "From the ban event to its fingerprint being found.",
            quantiles("samehand_searchable_seconds"),
            unit="s",
        ),
        Panel(
            "Repeats not published",
            "Alerts that were said before: records delivered again, or a pair found from both sides.",
            (Ask("sum(rate(samehand_duplicates_suppressed_total[$__rate_interval]))", "a second"),),
        ),
        Panel(
            "Withdrawn an hour",
            "Alerts that stand no longer, by why: a ban was lifted, an account went, a person decided.",
            (
                Ask(
                    "sum by (reason) (rate(samehand_alerts_withdrawn_total[$__rate_interval])) * 3600",
                    "{{reason}}",
                ),
            ),
            kind="stack",
        ),
        Panel(
            "Waves an hour",
            "Waves published, each time that they changed, and those withdrawn, by why.",
            (
                Ask("sum(rate(samehand_waves_total[$__rate_interval])) * 3600", "open"),
                Ask(
                    "sum by (reason) (rate(samehand_waves_withdrawn_total[$__rate_interval])) * 3600",
                    "{{reason}}",
                ),
            ),
        ),
        Panel(
            "Families: alerts an hour",
            "By the generation of the banned account: 0 is the first ban, 1 its mirror, and so on.",
            (
                Ask(
                    "sum by (generation) (rate(samehand_alert_generations_total[$__rate_interval])) * 3600",
                    "{{generation}}",
                ),
            ),
            kind="stack",
        ),
        Panel(
            "Families: bans enrolled an hour",
            "New bans, by their generation as known then.",
            (
                Ask(
                    "sum by (generation) (rate(samehand_bans_enrolled_total[$__rate_interval])) * 3600",
                    "{{generation}}",
                ),
            ),
            kind="stack",
        ),
        Panel(
            "Alerts an hour, by basis",
            "By whose word the ban rests on, and pairs that its basis gives no right to alert on.",
            (
                Ask(
                    "sum by (basis) (rate(samehand_alerts_by_basis_total[$__rate_interval])) * 3600",
                    "{{basis}}",
                ),
                Ask(
                    "sum by (basis) (rate(samehand_alerts_without_right_total[$__rate_interval])) * 3600",
                    "{{basis}}, withheld",
                ),
            ),
            kind="stack",
        ),
        Panel(
            "Summaries an hour",
            "Summaries published: more accounts resemble a ban than got an alert of their own.",
            (Ask("sum(rate(samehand_alert_summaries_total[$__rate_interval])) * 3600", "an hour"),),
            runbooks=("SamehandPairsWithheld",),
        ),
        Panel(
            "Queues",
            "Alerts by review queue.",
            (Ask("sum by (queue) (increase(samehand_alerts_total[$__rate_interval]))", "{{queue}}"),),
            kind="stack",
        ),
    )


def _signals() -> tuple[Panel, ...]:
    return (
        Panel(
            "Signals that fire",
            "Evidence for a mirror in published alerts.",
            (Ask("sum by (signal) (increase(samehand_signals_total[$__rate_interval]))", "{{signal}}"),),
            kind="stack",
        ),
        Panel(
            "Candidates a look-up",
            "Goals: 150 on average, 600 at p99. More cost time, none find nothing.",
            (
                *quantiles("samehand_candidates"),
                Ask(
                    "sum(rate(samehand_candidates_sum[$__rate_interval]))"
                    " / sum(rate(samehand_candidates_count[$__rate_interval]))",
                    "mean",
                ),
            ),
        ),
        Panel(
            "Look-ups by the best candidate's log-odds",
            "A shift of the whole crowd means that weights or data changed.",
            (Ask("sum by (le) (increase(samehand_score_log_odds_bucket[$__rate_interval]))", "≤ {{le}}"),),
        ),
    )


def _judged() -> tuple[Panel, ...]:
    return (
        Panel(
            "Alerts opened again an hour",
            "Their verdict was taken back, and they wait once more.",
            (Ask("sum(increase(samehand_alerts_reopened_total[1h]))", "opened again"),),
        ),
        Panel(
            "Pairs drawn to be read blind, an hour",
            "Below the bands, by stratum of log-odds; none unless SAMEHAND_SAMPLE_SHARE draws some.",
            (Ask("sum by (stratum) (increase(samehand_sampled_pairs_total[1h]))", "{{stratum}}"),),
        ),
        Panel(
            "What other weights would alert on, an hour",
            "By the band in force and the band by the weights in shadow, which publish nothing.",
            (
                Ask(
                    "sum by (band, shadow_band) (increase(samehand_shadow_weights_total[1h]))",
                    "{{band}}, by the others {{shadow_band}}",
                ),
            ),
        ),
        Panel(
            "Precision from verdicts",
            "Confirmed among decided. The recorded ones are over a day and over four weeks.",
            (
                Ask("samehand:precision:ratio1d", "{{band}}, day"),
                Ask("samehand:precision:ratio28d", "{{band}}, four weeks"),
            ),
            unit="percentunit",
            runbooks=("SamehandPrecisionFalling",),
        ),
        Panel(
            "Precision, as each worker has seen it",
            "Since its start.",
            (Ask("samehand_precision_ratio", "{{band}}, {{instance}}"),),
            unit="percentunit",
        ),
        Panel(
            "Verdicts",
            "By band of the alert; `none` is an alert that is no longer known.",
            (
                Ask(
                    "sum by (verdict, band) (increase(samehand_verdicts_total[$__rate_interval]))",
                    "{{verdict}} {{band}}",
                ),
            ),
            kind="stack",
        ),
        Panel(
            "Dismissed, by script",
            "Share of verdicts `not_mirror` by the script of the names judged. Scripts should not differ.",
            (
                Ask(
                    f"sum by (script) ({JUDGED % 'not_mirror'}) /"
                    f" (sum by (script) ({JUDGED % 'mirror|not_mirror'}) > 0)",
                    "{{script}}",
                ),
            ),
            unit="percentunit",
        ),
        Panel(
            "Alerts without a verdict",
            "How many wait for a person.",
            (Ask("max(samehand_alerts_unjudged)", "alerts"),),
        ),
        Panel(
            "Oldest alert without a verdict",
            "How long it has waited.",
            (Ask("max(samehand_alerts_unjudged_oldest_seconds)", "oldest"),),
            unit="s",
            runbooks=("SamehandAlertsUnjudged",),
        ),
    )
