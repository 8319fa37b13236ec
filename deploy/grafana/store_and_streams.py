"""*Store and streams*: Redis, Kafka and the workers themselves."""

from __future__ import annotations

from detection import quantiles
from grafana_foundation_sdk.builders.dashboard import Dashboard
from panels import Ask, Panel, dashboard


def store_and_streams() -> Dashboard:
    """The dashboard."""
    return dashboard(
        "samehand-store-and-streams",
        "samehand / Store and streams",
        "Redis, Kafka and the workers themselves.",
        (
            ("Store", _store()),
            ("Streams", _streams()),
            ("Bridges", _bridges()),
            ("Webhooks", _webhooks()),
            ("Gate", _gate()),
            ("Desk", _desk()),
            ("Workers", _workers()),
        ),
    )


def _store() -> tuple[Panel, ...]:
    return (
        Panel(
            "Store time a batch",
            "Over all operations.",
            quantiles("samehand_store_seconds"),
            unit="s",
        ),
        Panel(
            "Store time, by operation",
            "Seconds of a worker's second that are spent waiting for it.",
            (
                Ask(
                    "sum by (operation) (rate(samehand_store_seconds_sum[$__rate_interval]))", "{{operation}}"
                ),
            ),
            unit="s",
            kind="stack",
        ),
        Panel(
            "Breaker",
            "0 closed, 1 probing, 2 open; by worker.",
            (Ask("samehand_store_breaker_state", "{{instance}}"),),
            runbooks=("SamehandBreakerOpen",),
        ),
        Panel(
            "Accounts in the store",
            "Banned, and remembered for later bans.",
            (
                Ask("max(samehand_fingerprints)", "banned"),
                Ask("max(samehand_remembered_accounts)", "remembered"),
            ),
        ),
        Panel(
            "Memory",
            "Of the store's servers; the limit shows only where one is set.",
            (
                Ask("max(samehand_store_memory_bytes)", "used"),
                Ask("max(samehand_store_memory_limit_bytes)", "limit"),
                Ask("max(samehand_remembered_bytes)", "remembered accounts"),
            ),
            unit="bytes",
            runbooks=(
                "SamehandStoreNearlyFull",
                "SamehandStoreFull",
            ),
        ),
        Panel(
            "Accounts not listed",
            "Under keys whose posting was full, in the last hour; and look-backs that met one, a minute.",
            (
                Ask("sum by (index, kind) (delta(samehand_postings_full[1h]))", "{{index}} {{kind}}"),
                Ask(
                    "sum by (kind) (rate(samehand_lookbacks_capped_total[$__rate_interval])) * 60",
                    "look-backs, {{kind}}",
                ),
            ),
            runbooks=("SamehandPostingsFull",),
        ),
        Panel(
            "Forgotten early",
            "Remembered accounts that went before their time because the budget was full.",
            (Ask("max(delta(samehand_remembered_evicted[1h]))", "in the last hour"),),
            runbooks=("SamehandForgottenEarly",),
        ),
    )


def _streams() -> tuple[Panel, ...]:
    return (
        Panel(
            "Lag, by topic",
            "High water mark minus the offset after the last acknowledged record.",
            (Ask("sum by (topic) (samehand_consumer_lag_records)", "{{topic}}"),),
            kind="stack",
            runbooks=("SamehandLagWithoutProgress",),
        ),
        Panel(
            "Lag, by partition",
            "One that stands out has a key that is hotter than others, or a worker that is stuck.",
            (Ask("max by (topic, partition) (samehand_consumer_lag_records)", "{{topic}} {{partition}}"),),
        ),
        Panel(
            "Lag of the group, by partition",
            "By commits, whichever worker reads it: a worker that died takes only its own lag with it.",
            (Ask("max by (topic, partition) (samehand_group_lag_records)", "{{topic}} {{partition}}"),),
            runbooks=("SamehandPartitionsUnread",),
        ),
        Panel(
            "Events a second, by topic",
            "That reached an outcome.",
            (Ask("sum by (topic) (rate(samehand_events_total[$__rate_interval]))", "{{topic}}"),),
            unit="reqps",
            kind="stack",
            runbooks=("SamehandDeadLetters",),
        ),
        Panel(
            "Dead letters a minute",
            "By topic and reason.",
            (
                Ask(
                    "sum by (topic, reason) (rate(samehand_deadletters_total[$__rate_interval])) * 60",
                    "{{topic}} {{reason}}",
                ),
            ),
            kind="stack",
        ),
        Panel(
            "Stopped topics",
            "1 while a topic stands still because of too many dead letters.",
            (Ask("max by (topic) (samehand_topic_stopped)", "{{topic}}"),),
            runbooks=("SamehandTopicStopped",),
        ),
        Panel(
            "Fields not used a minute",
            "Left out or read in part, by field and reason; the records themselves were read.",
            (
                Ask(
                    "sum by (field, reason) (rate(samehand_fields_unusable_total[$__rate_interval])) * 60",
                    "{{field}} {{reason}}",
                ),
            ),
            kind="stack",
            runbooks=("SamehandFieldsUnusable",),
        ),
        Panel(
            "Odd records a second",
            "Fields that this version does not know, and future dates taken as now: a producer's to mend.",
            (
                Ask(
                    "sum by (topic) (rate(samehand_unknown_fields_total[$__rate_interval]))",
                    "unknown fields, {{topic}}",
                ),
                Ask(
                    "sum by (topic) (rate(samehand_clamped_dates_total[$__rate_interval]))",
                    "future dates, {{topic}}",
                ),
            ),
        ),
    )


def _bridges() -> tuple[Panel, ...]:
    return (
        Panel(
            "Bridges ready",
            "Of those that turn records of other topics into ours; none where nobody needs any.",
            (Ask('sum(samehand_ready{job="samehand-bridge"})', "ready"),),
            runbooks=("SamehandBridgeDown",),
        ),
        Panel(
            "Foreign records a second, by outcome",
            "Published as one of ours, nothing where no rule takes them, dead where they do not map.",
            (
                Ask(
                    "sum by (topic, outcome) "
                    '(rate(samehand_events_total{job="samehand-bridge"}[$__rate_interval]))',
                    "{{topic}} {{outcome}}",
                ),
            ),
            unit="reqps",
            kind="stack",
            runbooks=("SamehandBridgeMapsNothing",),
        ),
        Panel(
            "Oldest foreign record waiting",
            "Age of the oldest record of each foreign topic without an outcome.",
            (Ask('max by (topic) (samehand_consumer_lag_seconds{job="samehand-bridge"})', "{{topic}}"),),
            unit="s",
            runbooks=("SamehandLagging",),
        ),
    )


def _webhooks() -> tuple[Panel, ...]:
    return (
        Panel(
            "Webhooks a minute",
            "By endpoint and what came of them; `away` counts each try, `passed` what a filter leaves out.",
            (
                Ask(
                    "sum by (endpoint, outcome) (rate(samehand_webhooks_total[$__rate_interval])) * 60",
                    "{{endpoint}} {{outcome}}",
                ),
            ),
            kind="stack",
            runbooks=("SamehandEndpointRefuses",),
        ),
        Panel(
            "Time an endpoint takes",
            "From the request to its answer.",
            quantiles("samehand_webhook_seconds"),
            unit="s",
        ),
        Panel(
            "Time until an endpoint has an alert",
            "From the time Kafka stamped it, over all endpoints.",
            quantiles("samehand_endpoint_age_seconds"),
            unit="s",
        ),
        Panel(
            "Alerts that an endpoint has not got",
            "High water mark minus the offset after the last acknowledged record.",
            (Ask("sum by (endpoint) (samehand_endpoint_lag_records)", "{{endpoint}}"),),
            kind="stack",
        ),
        Panel(
            "Dead letters of endpoints a minute",
            "By endpoint and reason.",
            (
                Ask(
                    "sum by (endpoint, reason) (rate(samehand_endpoint_deadletters_total[$__rate_interval]))"
                    " * 60",
                    "{{endpoint}} {{reason}}",
                ),
            ),
            kind="stack",
        ),
        Panel(
            "Processes that deliver",
            "1 while at least one endpoint takes alerts; and how many run each version.",
            (
                Ask("samehand_deliver_ready", "{{instance}} ready"),
                Ask("count by (version) (samehand_deliver_build_info)", "version {{version}}"),
            ),
            runbooks=("SamehandDeliverDown",),
        ),
        Panel(
            "Oldest alert that an endpoint has not got",
            "0 while it has all.",
            (Ask("max by (endpoint) (samehand_endpoint_lag_seconds)", "{{endpoint}}"),),
            unit="s",
            runbooks=("SamehandEndpointLagging",),
        ),
        Panel(
            "Endpoints away",
            "For how long; and 1 where one is switched off because it answered 410.",
            (
                Ask("max by (endpoint) (samehand_endpoint_away_seconds)", "{{endpoint}} away"),
                Ask("max by (endpoint) (samehand_endpoint_off)", "{{endpoint}} off"),
            ),
            unit="s",
            runbooks=("SamehandEndpointAway", "SamehandEndpointOff"),
        ),
    )


def _gate() -> tuple[Panel, ...]:
    return (
        Panel(
            "Sign-ups scored a minute",
            "By outcome, and of undecided ones the reason. Undecided sign-ups go on as if nobody had asked.",
            (
                Ask(
                    "sum by (outcome, reason) (rate(samehand_gate_outcomes_total[$__rate_interval])) * 60",
                    "{{outcome}} {{reason}}",
                ),
            ),
            kind="stack",
            runbooks=("SamehandGateUndecided",),
        ),
        Panel(
            "Time of a call",
            "From a request to its answer; the goal of a score is 15 ms at p50 and 60 ms at p99.",
            quantiles("samehand_gate_seconds"),
            unit="s",
        ),
        Panel(
            "Calls a minute",
            "By address and class of status.",
            (
                Ask(
                    "sum by (route, status) (rate(samehand_gate_calls_total[$__rate_interval])) * 60",
                    "{{route}} {{status}}",
                ),
            ),
            kind="stack",
            runbooks=("SamehandGateTakesNothing",),
        ),
        Panel(
            "Calls refused a minute",
            "No key in force, not allowed, too often, or a webhook that is not signed.",
            (
                Ask(
                    "sum by (reason) (rate(samehand_gate_refused_total[$__rate_interval])) * 60",
                    "{{reason}}",
                ),
            ),
            kind="stack",
            runbooks=("SamehandGateRefuses",),
        ),
        Panel(
            "Variations a minute",
            "Calls about an account that was asked about with more than five other sets of values.",
            (Ask("sum(rate(samehand_gate_variations_total[$__rate_interval])) * 60", "variations"),),
            runbooks=("SamehandGateProbed",),
        ),
        Panel(
            "Records taken a minute",
            "Of events, verdicts and webhooks: accepted once Kafka has them.",
            (
                Ask(
                    "sum by (outcome) (rate(samehand_gate_records_total[$__rate_interval])) * 60",
                    "{{outcome}}",
                ),
            ),
            kind="stack",
        ),
        Panel(
            "Gates",
            "How many answer, with how many keys in force, and calls being answered.",
            (
                Ask('sum(up{job="samehand-gate"})', "up"),
                Ask("max(samehand_gate_keys)", "keys"),
                Ask("sum(samehand_gate_busy)", "calls"),
            ),
            runbooks=("SamehandGateDown",),
        ),
    )


def _desk() -> tuple[Panel, ...]:
    return (
        Panel(
            "Waiting at the desk",
            "Readings that wait for somebody, by kind.",
            (Ask("max by (kind) (samehand_desk_backlog)", "{{kind}}"),),
            kind="stack",
        ),
        Panel(
            "Oldest at the desk",
            "How long the oldest reading of each kind has waited.",
            (Ask("max by (kind) (samehand_desk_oldest_seconds)", "{{kind}}"),),
            unit="s",
            runbooks=("SamehandDeskBacklog",),
        ),
        Panel(
            "Decisions an hour",
            "By verdict and kind of reading, and how many were undone.",
            (
                Ask(
                    "sum by (verdict, kind) (increase(samehand_desk_verdicts_total[1h]))",
                    "{{verdict}} {{kind}}",
                ),
                Ask("sum(increase(samehand_desk_undone_total[1h]))", "undone"),
            ),
        ),
        Panel(
            "Time to a decision",
            "From the detection of an alert to the first decision on it.",
            tuple(
                Ask(
                    f"histogram_quantile({share}, "
                    "sum by (le) (increase(samehand_desk_time_to_decision_seconds_bucket[6h])))",
                    name,
                )
                for share, name in ((0.5, "p50"), (0.9, "p90"))
            ),
            unit="s",
        ),
        Panel(
            "Verdicts on their way",
            "Not confirmed by Kafka, and how late the oldest is. What can still be undone is not late.",
            (
                Ask("max(samehand_desk_outbox)", "verdicts"),
                Ask("max(samehand_desk_outbox_late_seconds)", "seconds late"),
            ),
            runbooks=("SamehandDeskOutboxStuck",),
        ),
        Panel(
            "Records that reach the desk, an hour",
            "Alerts and revisions, verdicts of others, actions of platforms, and what could not be read.",
            (
                Ask("sum(increase(samehand_desk_alerts_total[1h]))", "alerts"),
                Ask("sum(increase(samehand_desk_foreign_verdicts_total[1h]))", "verdicts of others"),
                Ask(
                    "sum by (topic, reason) (increase(samehand_desk_refused_records_total[1h]))",
                    "{{topic}} {{reason}}",
                ),
                Ask("sum(increase(samehand_desk_actions_total[1h]))", "actions"),
                Ask(
                    "sum by (field, reason) (increase(samehand_desk_unusable_fields_total[1h]))",
                    "{{field}} {{reason}}",
                ),
                Ask("max(samehand_desk_actions_without_ban)", "actions without a ban"),
            ),
        ),
        Panel(
            "Desks",
            "How many answer, by version; whether one is ready and leads; whether an audit is broken.",
            (
                Ask('sum(up{job="samehand-desk"})', "up"),
                Ask("count by (version) (samehand_desk_build_info)", "{{version}}"),
                Ask("max(samehand_desk_ready * samehand_desk_leading)", "ready and leading"),
                Ask("max(samehand_desk_audit_broken)", "audit broken"),
            ),
            runbooks=("SamehandDeskDown", "SamehandDeskAuditBroken"),
        ),
    )


def _workers() -> tuple[Panel, ...]:
    return (
        Panel(
            "CPU",
            "Cores used by each worker; one is all that a worker can use.",
            (Ask("rate(process_cpu_seconds_total[$__rate_interval])", "{{instance}}"),),
        ),
        Panel(
            "Memory of workers",
            "Resident.",
            (Ask("process_resident_memory_bytes", "{{instance}}"),),
            unit="bytes",
        ),
        Panel(
            "Started again an hour",
            "Workers that hung or crashed and were started again, by why. One is one too many.",
            (
                Ask(
                    "sum by (instance, reason) (increase(samehand_worker_restarts_total[1h]))",
                    "{{instance}} {{reason}}",
                ),
            ),
            runbooks=("SamehandWorkerRestarts",),
        ),
        Panel(
            "What runs",
            "Version, folding and weights of the settings. More than one line during a roll-out, no longer.",
            (
                Ask(
                    "count by (version, fold_version, weights_version, mind) (samehand_build_info)",
                    "{{version}}, fold {{fold_version}}, weights {{weights_version}}",
                ),
            ),
        ),
        Panel(
            "Weights in force",
            "What a lead adopted at the desk, or the settings' own; workers and gates that cannot use it.",
            (
                Ask("count by (stage, weights_version) (samehand_weights)", "{{stage}}: {{weights_version}}"),
                Ask("sum by (stage) (samehand_weights_refused)", "{{stage}}: refused by"),
            ),
            runbooks=("SamehandWeightsRefused", "SamehandWeightsDiffer"),
        ),
    )
