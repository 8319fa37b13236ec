"""The report of a dry run as one page: nothing to load, nothing that runs, fit for a phone and the dark.

Names come from people who want to deceive: what is unseen in them is written out, each stands isolated from
the words around it, and all of it is escaped. State is said in words, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from report.rendering import environment
from report.waterfall import rivals
from report.waterfall.steps import Scale, quoted, steps
from schemas.alerts import EvidenceLine, RivalShare


def page(report: Mapping[str, Any], cost_of_silence: str) -> str:
    """The whole page; equal arguments give equal bytes.

    ``cost_of_silence`` is a sentence on what silent signals cost, "" where nothing is known of it.
    """
    filters: dict[str, Callable[..., Any]] = {
        "bars": _bars,
        "integer": "{:,}".format,
        "number": lambda value: "–" if value is None else f"{value:,.2f}",
        "rivals": lambda alert: rivals.telling(
            msgspec.convert(alert.get("rivals", ()), tuple[RivalShare, ...])
        ),
        "short": "{:g}".format,
        "signed": lambda nats: "nothing" if nats is None else f"{nats:+.2f}".replace("-", "−"),
        "who": rivals.who,
    }
    template = environment(filters).get_template("trial.html")
    return template.render(report=report, cost_of_silence=cost_of_silence, question=rivals.QUESTION)


def _bars(alert: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields every reason of an alert with its bar in percent of the track."""
    drawn = steps(
        alert["prior"],
        msgspec.convert(alert["evidence"], tuple[EvidenceLine, ...]),
        msgspec.convert(alert["counter_evidence"], tuple[EvidenceLine, ...]),
        alert["log_odds"],
    )
    scale = Scale.over(drawn, 100.0)
    for step in drawn:
        left, width = scale.bar(step)
        yield {"step": step, "left": f"{left:.1f}", "width": f"{width:.1f}", "quoted": quoted(step)}
