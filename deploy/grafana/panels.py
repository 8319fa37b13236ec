"""The panels of each dashboard, as ``generate.py`` reads them.

A line `# name` begins a row of panels. A panel is a line `title | look | runbooks`, and below it its meaning
and its questions: lines `legend = PromQL`, or `p50 p90 = histogram`, where `!` asks for exemplars. A look
names a unit of Grafana, `stat` or `stack` in place of lines, decimals, and colours from a value on. Runbooks
are those of the alerts that ask the same. A line indented further continues the one above.
"""

from __future__ import annotations

from typing import Final

OVERVIEW: Final = """\
# Is it well?
Within 5 s, 30 days | percentunit stat decimals=2 base=red 0.99=green
    The objective is 99 %. Counted from Kafka's time stamp to the durable outcome.
    sum(rate(samehand_event_age_seconds_bucket{le="5.0"}[30d])) /
        sum(rate(samehand_event_age_seconds_count[30d]))
Error budget left | percentunit stat base=red 0.0=orange 0.25=green | SamehandFreshnessBudgetBurnsFast
        SamehandFreshnessBudgetBurnsSlowly
    Of the 1 % of events that may take longer within 30 days. Below 0 the objective is missed.
    1 - (1 - sum(rate(samehand_event_age_seconds_bucket{le="5.0"}[30d])) /
        sum(rate(samehand_event_age_seconds_count[30d]))) / 0.01
Oldest waiting | s stat base=green 5=orange 60=red | SamehandLagging
    Age of the oldest record without an outcome, over all topics.
    max(samehand_consumer_lag_seconds)
Lag | stat | SamehandLagWithoutProgress
    Records that wait, and by how many a second that changes (below 0: catching up).
    records = sum(samehand_consumer_lag_records)
    a second = sum(deriv(samehand_consumer_lag_records[5m]))
Events a second | reqps stat
    Records that reached an outcome.
    sum(rate(samehand_events_total[$__rate_interval]))
Store breaker | stat base=green 1=red | SamehandBreakerOpen
    0 closed, 1 probing, 2 open: the store does not answer, and consumption waits on purpose.
    max(samehand_store_breaker_state)
Signal unavailable | percentunit stat base=green 0.01=orange
    Share of accounts screened without a signal that they brought (a picture without its decoder).
    sum(rate(samehand_signal_unavailable_total[$__rate_interval])) /
        sum(rate(samehand_candidates_count[$__rate_interval]))
Alerts without a verdict | stat | SamehandAlertsUnjudged
    Published alerts that nobody has judged, and how long the oldest has waited.
    alerts = max(samehand_alerts_unjudged)
    oldest, seconds = max(samehand_alerts_unjudged_oldest_seconds)
# Where to look
How fast the budget burns | base=green 6=orange 14.4=red | SamehandFreshnessBudgetBurnsFast
        SamehandFreshnessBudgetBurnsSlowly
    At 1 the budget lasts exactly 30 days; at 14.4 an hour costs 2 % of it, and somebody is paged.
    5 min = samehand:slow_events:ratio_rate5m / 0.01
    1 h = samehand:slow_events:ratio_rate1h / 0.01
    6 h = samehand:slow_events:ratio_rate6h / 0.01
Event to outcome | s
    A point leads to the partition and offset of a record of that age.
    p50 p99! = samehand_event_age_seconds
Oldest waiting, by topic | s | SamehandLagging
    Age of the oldest record without an outcome.
    {{topic}} = max by (topic) (samehand_consumer_lag_seconds)
Outcomes a second | reqps stack | SamehandDeadLetters SamehandBanUnread
    Published, nothing to say, or a dead letter.
    {{outcome}} = sum by (outcome) (rate(samehand_events_total[$__rate_interval]))
Match alerts an hour | stack | SamehandAlertsSurge SamehandAlertsSilence
    By band. Silence is a fault until explained.
    {{band}} = sum by (band) (rate(samehand_alerts_total[$__rate_interval])) * 3600
Workers | | SamehandWorkerAbsent SamehandWorkerDown
    That answer, and that are ready.
    running = count(samehand_build_info{job!~"samehand-.+"})
    ready = sum(samehand_ready{job!~"samehand-.+"})
"""

DETECTION: Final = """\
# What is found
Ban to alert | s
    From the ban to the alert on its mirror, by the way it was found.
    {{direction}} p50 p90 =
        sum by (le, direction) (rate(samehand_time_to_detect_seconds_bucket[$__rate_interval]))
Match alerts, by band and direction | stack
    Published in the time shown.
    {{band}} {{direction}} = sum by (band, direction) (increase(samehand_alerts_total[$__rate_interval]))
Match alerts a second, and the usual range | | SamehandAlertsSurge SamehandAlertsSilence
    The alert on volume compares with the last week, once there is a day of it.
    last hour = samehand:alerts:rate1h
    last six hours = samehand:alerts:rate6h
Ban to searchable | s
    From the ban event to its fingerprint being found.
    p50 p90 p99 = samehand_searchable_seconds
Repeats not published
    Alerts that were said before: records delivered again, or a pair found from both sides.
    a second = sum(rate(samehand_duplicates_suppressed_total[$__rate_interval]))
Withdrawn an hour | stack
    Alerts that stand no longer, by why: a ban was lifted, an account went, a person decided.
    {{reason}} = sum by (reason) (rate(samehand_alerts_withdrawn_total[$__rate_interval])) * 3600
Waves an hour
    Waves published, each time that they changed, and those withdrawn, by why.
    open = sum(rate(samehand_waves_total[$__rate_interval])) * 3600
    {{reason}} = sum by (reason) (rate(samehand_waves_withdrawn_total[$__rate_interval])) * 3600
Families: alerts an hour | stack
    By the generation of the banned account: 0 is the first ban, 1 its mirror, and so on.
    {{generation}} = sum by (generation) (rate(samehand_alert_generations_total[$__rate_interval])) * 3600
Families: bans enrolled an hour | stack
    New bans, by their generation as known then.
    {{generation}} = sum by (generation) (rate(samehand_bans_enrolled_total[$__rate_interval])) * 3600
Alerts an hour, by basis | stack
    By whose word the ban rests on, and pairs that its basis gives no right to alert on.
    {{basis}} = sum by (basis) (rate(samehand_alerts_by_basis_total[$__rate_interval])) * 3600
    {{basis}}, withheld = sum by (basis) (rate(samehand_alerts_without_right_total[$__rate_interval])) * 3600
Alerts an hour, by kind | stack
    By what the new one is: an account, channel, group, page or bot.
    {{kind}} = sum by (kind) (rate(samehand_alerts_by_kind_total[$__rate_interval])) * 3600
Summaries an hour | | SamehandPairsWithheld
    Summaries published: more accounts resemble a ban than got an alert of their own.
    an hour = sum(rate(samehand_alert_summaries_total[$__rate_interval])) * 3600
Queues | stack
    Alerts by review queue.
    {{queue}} = sum by (queue) (increase(samehand_alerts_total[$__rate_interval]))
# By what
Signals that fire | stack
    Evidence for a mirror in published alerts.
    {{signal}} = sum by (signal) (increase(samehand_signals_total[$__rate_interval]))
Candidates a look-up
    Goals: 150 on average, 600 at p99. More cost time, none find nothing.
    p50 p90 p99 = samehand_candidates
    mean = sum(rate(samehand_candidates_sum[$__rate_interval])) /
        sum(rate(samehand_candidates_count[$__rate_interval]))
Look-ups by the best candidate's log-odds
    A shift of the whole crowd means that weights or data changed.
    ≤ {{le}} = sum by (le) (increase(samehand_score_log_odds_bucket[$__rate_interval]))
# What people decided
Alerts opened again an hour
    Their verdict was taken back, and they wait once more.
    opened again = sum(increase(samehand_alerts_reopened_total[1h]))
Pairs drawn to be read blind, an hour
    Below the bands, by stratum of log-odds; none unless SAMEHAND_SAMPLE_SHARE draws some.
    {{stratum}} = sum by (stratum) (increase(samehand_sampled_pairs_total[1h]))
Precision from verdicts | percentunit | SamehandPrecisionFalling
    Confirmed among decided. The recorded ones are over a day and over four weeks.
    {{band}}, day = samehand:precision:ratio1d
    {{band}}, four weeks = samehand:precision:ratio28d
Precision, as each worker has seen it | percentunit
    Since its start.
    {{band}}, {{instance}} = samehand_precision_ratio
Verdicts | stack
    By band of the alert; `none` is an alert that is no longer known.
    {{verdict}} {{band}} = sum by (verdict, band) (increase(samehand_verdicts_total[$__rate_interval]))
Dismissed, by script | percentunit
    Share of verdicts `not_mirror` by the script of the names judged. Scripts should not differ.
    {{script}} =
        sum by (script) (increase(samehand_judged_scripts_total{verdict=~"not_mirror"}[$__range])) /
        (sum by (script) (increase(samehand_judged_scripts_total{verdict=~"mirror|not_mirror"}[$__range]))
        > 0)
Alerts without a verdict
    How many wait for a person.
    alerts = max(samehand_alerts_unjudged)
Oldest alert without a verdict | s | SamehandAlertsUnjudged
    How long it has waited.
    oldest = max(samehand_alerts_unjudged_oldest_seconds)
"""

STORE_AND_STREAMS: Final = """\
# Store
Store time a batch | s
    Over all operations.
    p50 p90 p99 = samehand_store_seconds
Store time, by operation | s stack
    Seconds of a worker's second spent waiting for it; late by lack of processor (worker) or by the store.
    {{operation}} = sum by (operation) (rate(samehand_store_seconds_sum[$__rate_interval]))
    late by {{cause}} = sum by (cause) (rate(samehand_store_late_seconds_total[$__rate_interval]))
Breaker | | SamehandBreakerOpen
    0 closed, 1 probing, 2 open; by worker.
    {{instance}} = samehand_store_breaker_state
Accounts in the store
    Banned, and remembered for later bans.
    banned = max(samehand_fingerprints)
    remembered = max(samehand_remembered_accounts)
Memory | bytes | SamehandStoreNearlyFull SamehandStoreFull
    Of the store's servers; the limit shows only where one is set.
    used = max(samehand_store_memory_bytes)
    limit = max(samehand_store_memory_limit_bytes)
    remembered accounts = max(samehand_remembered_bytes)
Accounts not listed | | SamehandPostingsFull
    Under keys whose posting was full, in the last hour; and look-backs that met one, a minute.
    {{index}} {{kind}} = sum by (index, kind) (delta(samehand_postings_full[1h]))
    look-backs, {{kind}} = sum by (kind) (rate(samehand_lookbacks_capped_total[$__rate_interval])) * 60
Forgotten early | | SamehandForgottenEarly
    Remembered accounts that went before their time because the budget was full.
    in the last hour = max(delta(samehand_remembered_evicted[1h]))
# Streams
Lag, by topic | stack | SamehandLagWithoutProgress
    High water mark minus the offset after the last acknowledged record.
    {{topic}} = sum by (topic) (samehand_consumer_lag_records)
Lag, by partition
    One that stands out has a key that is hotter than others, or a worker that is stuck.
    {{topic}} {{partition}} = max by (topic, partition) (samehand_consumer_lag_records)
Lag of the group, by partition | | SamehandPartitionsUnread
    By commits, whichever worker reads it: a worker that died takes only its own lag with it.
    {{topic}} {{partition}} = max by (topic, partition) (samehand_group_lag_records)
Events a second, by topic | reqps stack | SamehandDeadLetters
    That reached an outcome.
    {{topic}} = sum by (topic) (rate(samehand_events_total[$__rate_interval]))
Dead letters a minute | stack
    By topic and reason.
    {{topic}} {{reason}} = sum by (topic, reason) (rate(samehand_deadletters_total[$__rate_interval])) * 60
Stopped topics | | SamehandTopicStopped
    1 while a topic stands still because of too many dead letters.
    {{topic}} = max by (topic) (samehand_topic_stopped)
Fields not used a minute | stack | SamehandFieldsUnusable
    Left out or read in part, by field and reason; the records themselves were read.
    {{field}} {{reason}} = sum by (field, reason)
        (rate(samehand_fields_unusable_total[$__rate_interval])) * 60
Odd records a second
    Fields that this version does not know, and future dates taken as now: a producer's to mend.
    unknown fields, {{topic}} = sum by (topic) (rate(samehand_unknown_fields_total[$__rate_interval]))
    future dates, {{topic}} = sum by (topic) (rate(samehand_clamped_dates_total[$__rate_interval]))
# Bridges
Bridges ready | | SamehandBridgeDown
    Of those that turn records of other topics into ours; none where nobody needs any.
    ready = sum(samehand_ready{job="samehand-bridge"})
Foreign records a second, by outcome | reqps stack | SamehandBridgeMapsNothing
    Published as one of ours, nothing where no rule takes them, dead where they do not map.
    {{topic}} {{outcome}} = sum by (topic, outcome)
        (rate(samehand_events_total{job="samehand-bridge"}[$__rate_interval]))
Oldest foreign record waiting | s | SamehandLagging
    Age of the oldest record of each foreign topic without an outcome.
    {{topic}} = max by (topic) (samehand_consumer_lag_seconds{job="samehand-bridge"})
# Webhooks
Webhooks a minute | stack | SamehandEndpointRefuses
    By endpoint and what came of them; `away` counts each try, `passed` what a filter leaves out.
    {{endpoint}} {{outcome}} = sum by (endpoint, outcome)
        (rate(samehand_webhooks_total[$__rate_interval])) * 60
Time an endpoint takes | s
    From the request to its answer.
    p50 p90 p99 = samehand_webhook_seconds
Time until an endpoint has an alert | s
    From the time Kafka stamped it, over all endpoints.
    p50 p90 p99 = samehand_endpoint_age_seconds
Alerts that an endpoint has not got | stack
    High water mark minus the offset after the last acknowledged record.
    {{endpoint}} = sum by (endpoint) (samehand_endpoint_lag_records)
Dead letters of endpoints a minute | stack
    By endpoint and reason.
    {{endpoint}} {{reason}} = sum by (endpoint, reason)
        (rate(samehand_endpoint_deadletters_total[$__rate_interval])) * 60
Processes that deliver | | SamehandDeliverDown
    1 while at least one endpoint takes alerts; and how many run each version.
    {{instance}} ready = samehand_deliver_ready
    version {{version}} = count by (version) (samehand_deliver_build_info)
Oldest alert that an endpoint has not got | s | SamehandEndpointLagging
    0 while it has all.
    {{endpoint}} = max by (endpoint) (samehand_endpoint_lag_seconds)
Endpoints away | s | SamehandEndpointAway SamehandEndpointOff
    For how long; and 1 where one is switched off because it answered 410.
    {{endpoint}} away = max by (endpoint) (samehand_endpoint_away_seconds)
    {{endpoint}} off = max by (endpoint) (samehand_endpoint_off)
# Gate
Sign-ups scored a minute | stack | SamehandGateUndecided
    By outcome, and of undecided ones the reason. Undecided sign-ups go on as if nobody had asked.
    {{outcome}} {{reason}} = sum by (outcome, reason)
        (rate(samehand_gate_outcomes_total[$__rate_interval])) * 60
Time of a call | s
    From a request to its answer; the goal of a score is 15 ms at p50 and 60 ms at p99.
    p50 p90 p99 = samehand_gate_seconds
Calls a minute | stack | SamehandGateTakesNothing
    By address and class of status.
    {{route}} {{status}} = sum by (route, status) (rate(samehand_gate_calls_total[$__rate_interval])) * 60
Calls refused a minute | stack | SamehandGateRefuses
    No key in force, not allowed, too often, or a webhook that is not signed.
    {{reason}} = sum by (reason) (rate(samehand_gate_refused_total[$__rate_interval])) * 60
Variations a minute | | SamehandGateProbed
    Calls about an account that was asked about with more than five other sets of values.
    variations = sum(rate(samehand_gate_variations_total[$__rate_interval])) * 60
Records taken a minute | stack
    Of events, verdicts and webhooks: accepted once Kafka has them.
    {{outcome}} = sum by (outcome) (rate(samehand_gate_records_total[$__rate_interval])) * 60
Gates | | SamehandGateDown
    How many answer, with how many keys in force, and calls being answered.
    up = sum(up{job="samehand-gate"})
    keys = max(samehand_gate_keys)
    calls = sum(samehand_gate_busy)
# Desk
Waiting at the desk | stack
    Readings that wait for somebody, by kind.
    {{kind}} = max by (kind) (samehand_desk_backlog)
Oldest at the desk | s | SamehandDeskBacklog
    How long the oldest reading of each kind has waited.
    {{kind}} = max by (kind) (samehand_desk_oldest_seconds)
Decisions an hour
    By verdict and kind of reading, and how many were undone.
    {{verdict}} {{kind}} = sum by (verdict, kind) (increase(samehand_desk_verdicts_total[1h]))
    undone = sum(increase(samehand_desk_undone_total[1h]))
Time to a decision | s
    From the detection of an alert to the first decision on it.
    p50 p90 = sum by (le) (increase(samehand_desk_time_to_decision_seconds_bucket[6h]))
Verdicts on their way | | SamehandDeskOutboxStuck
    Not confirmed by Kafka, and how late the oldest is. What can still be undone is not late.
    verdicts = max(samehand_desk_outbox)
    seconds late = max(samehand_desk_outbox_late_seconds)
Records that reach the desk, an hour
    Alerts and revisions, verdicts of others, actions of platforms, and what could not be read.
    alerts = sum(increase(samehand_desk_alerts_total[1h]))
    verdicts of others = sum(increase(samehand_desk_foreign_verdicts_total[1h]))
    {{topic}} {{reason}} = sum by (topic, reason) (increase(samehand_desk_refused_records_total[1h]))
    actions = sum(increase(samehand_desk_actions_total[1h]))
    {{field}} {{reason}} = sum by (field, reason) (increase(samehand_desk_unusable_fields_total[1h]))
    picture {{reason}} = sum by (reason) (increase(samehand_desk_refused_pictures_total[1h]))
    actions without a ban = max(samehand_desk_actions_without_ban)
Desks | | SamehandDeskDown SamehandDeskAuditBroken
    How many answer, by version; whether one is ready and leads; whether an audit is broken.
    up = sum(up{job="samehand-desk"})
    {{version}} = count by (version) (samehand_desk_build_info)
    ready and leading = max(samehand_desk_ready * samehand_desk_leading)
    audit broken = max(samehand_desk_audit_broken)
# Workers
CPU
    Cores used by each worker; one is all that a worker can use.
    {{instance}} = rate(process_cpu_seconds_total[$__rate_interval])
Memory of workers | bytes
    Resident.
    {{instance}} = process_resident_memory_bytes
Started again an hour | | SamehandWorkerRestarts
    Workers that hung or crashed and were started again, by why. One is one too many.
    {{instance}} {{reason}} = sum by (instance, reason) (increase(samehand_worker_restarts_total[1h]))
What runs | | SamehandWeightsDiffer
    Version, folding and weights of the settings. More than one line during a roll-out, no longer.
    {{version}}, fold {{fold_version}}, weights {{weights_version}} =
        count by (version, fold_version, weights_version, mind) (samehand_build_info)
"""
