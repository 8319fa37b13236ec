"""Kafka headers of records on the topic of alerts, so that they can be routed without being read."""

from __future__ import annotations

from typing import Final

from schemas.alerts import AlertSummary, MirrorAlert

ALERT_HEADERS: Final = {
    "alert_id": "As in the record.",
    "revision": "As in the record, in decimal digits.",
    "status": "`open` or `withdrawn`.",
    "band": "`likely`, `possible` or `none`; absent from a summary, which counts pairs of several bands.",
    "queue": "The moderation queue of the ban; absent where it has none.",
    "policy": "The policy of the ban; absent where it has none.",
}
"""Meaning of each header. Values are UTF-8."""


def alert_headers(record: MirrorAlert | AlertSummary) -> tuple[tuple[str, bytes], ...]:
    """The headers of `record`, in the order of `ALERT_HEADERS`; what it does not say has none."""
    values = {
        "alert_id": record.alert_id,
        "revision": str(record.revision),
        "status": record.status,
        "band": record.band if isinstance(record, MirrorAlert) else None,
        "queue": record.queue,
        "policy": record.matched.policy,
    }
    return tuple((name, value.encode()) for name in ALERT_HEADERS if (value := values[name]) is not None)
