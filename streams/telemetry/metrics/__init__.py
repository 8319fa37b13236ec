"""Every metric, declared once, with its unit and what it is for. Prefix `samehand_`; seconds and bytes.

Labels are bounded: topics, outcomes, bands, reasons, operations, signals and scripts come from fixed lists,
queues from the first `QUEUES_MAX` names seen. Ids and personal values are never a label. Children whose
labels are known are created at the start, so that a rate sees the step from 0 to 1.

An exemplar leads from a bucket to a record: its address, `partition` and `offset` (the topic is a label),
which tells nothing to who cannot read the topic. One a second and topic is enough to look at.
"""

from streams.telemetry.metrics.alerts import BANDS, DIRECTIONS, OTHER, QUEUES_MAX
from streams.telemetry.metrics.buckets import FRESH_SECONDS
from streams.telemetry.metrics.events import outcome_name
from streams.telemetry.metrics.metrics import Metrics
from streams.telemetry.metrics.process import declare_build, restarts_counter

__all__ = [
    "BANDS",
    "DIRECTIONS",
    "FRESH_SECONDS",
    "OTHER",
    "QUEUES_MAX",
    "Metrics",
    "declare_build",
    "outcome_name",
    "restarts_counter",
]
