"""The report of a dry run as pages without a script, so that they work from a folder and on any server.

The overview leads to pages with every reason of each alert, and to lists of alerts: all, and by band, policy
and platform. All are sorted strongest first; each page has a bounded size.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from cli.offline.known_pairs import alert_fields
from report.rendering import environment
from report.waterfall.steps import Scale, quoted, steps
from report.waterfall.words import QUESTION, covered, who
from schemas.alerts import EvidenceLine, InnocentReason, MirrorAlert, WithdrawnReason

EXPLAINED_MAX: Final = 5_000
"""Alerts with every reason, 8 KB each: more than a team of twenty reads in a day. Files hold all of them."""
LISTED_MAX: Final = 50_000
"""Alerts in lists, half a kilobyte each. Files hold all of them."""
A_PAGE: Final = 25
"""Alerts on a page with every reason: some 200 KB."""
A_LIST: Final = 500
"""Alerts on a page of a list: some 250 KB."""
VALUES_MAX: Final = 40
"""Policies, and platforms, that have a list of their own: the most frequent ones."""

Alerts = Sequence[MirrorAlert]


OWN_NAME: Final = re.compile(r"(all|list|banned|(band|policy|platform)-\d+)-\d+\.html")
"""Names of the pages of alerts."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Alerts under one heading, whose pages are called ``stem-1.html`` and so on."""

    about: str
    value: str
    stem: str
    alerts: Alerts

    @property
    def first(self) -> str:
        return f"{self.stem}-1.html"


def pages(
    report: Mapping[str, Any], alerts: Alerts, taken_back: Mapping[str, WithdrawnReason], cost_of_silence: str
) -> Iterator[tuple[str, str]]:
    """Yields each page with its path; equal arguments give equal bytes.

    ``cost_of_silence`` is a sentence on what silent signals cost, "" where nothing is known of it.
    """
    filters: dict[str, Callable[..., Any]] = {
        "bars": _bars,
        "integer": "{:,}".format,
        "number": lambda value: "–" if value is None else f"{value:,.2f}",
        "covered": covered,
        "rivals": lambda alert: msgspec.convert(alert.get("rivals", ()), tuple[InnocentReason, ...]),
        "short": "{:g}".format,
        "signed": lambda nats: "nothing" if nats is None else f"{nats:+.2f}".replace("-", "−"),
        "who": who,
    }
    templates = environment(filters)
    templates.globals["question"] = QUESTION
    places = {
        alert.alert_id: f"all-{at // A_PAGE + 1}.html" for at, alert in enumerate(alerts[:EXPLAINED_MAX])
    }
    listings = _listings(alerts[:LISTED_MAX], taken_back)
    common = {"listings": listings, "raised": len(alerts), "taken_back": taken_back, "places": places}
    yield (
        "report.html",
        templates.get_template("trial.html").render(
            report=report,
            cost_of_silence=cost_of_silence,
            explained=min(len(alerts), EXPLAINED_MAX),
            **common,
        ),
    )
    explained = Listing("explained", "", "all", alerts[:EXPLAINED_MAX])
    for listing, size, template in (
        (explained, A_PAGE, "trial_alerts.html"),
        *((listing, A_LIST, "trial_list.html") for listing in listings),
    ):
        page = templates.get_template(template)
        count = -(-len(listing.alerts) // size)
        for number in range(1, count + 1):
            begin = (number - 1) * size
            shown = listing.alerts[begin : begin + size]
            rows = [{**alert_fields(alert), "taken_back": taken_back.get(alert.alert_id)} for alert in shown]
            text = page.render(listing=listing, rows=rows, begin=begin, number=number, count=count, **common)
            yield f"alerts/{listing.stem}-{number}.html", text


def _listings(alerts: Alerts, taken_back: Mapping[str, WithdrawnReason]) -> list[Listing]:
    """All alerts, and those of each band, policy and platform, and those on accounts banned later."""
    if not alerts:
        return []
    listings = [Listing("all", "", "list", alerts)]
    by: tuple[tuple[str, Callable[[MirrorAlert], str]], ...] = (
        ("band", lambda alert: alert.band),
        ("policy", lambda alert: alert.matched.policy or ""),
        ("platform", lambda alert: alert.platform),
    )
    for about, value_of in by:
        values = Counter(map(value_of, alerts)).most_common(VALUES_MAX)
        listings += [
            Listing(about, value, f"{about}-{at}", [alert for alert in alerts if value_of(alert) == value])
            for at, (value, _) in enumerate(values, 1)
        ]
    by_you = [alert for alert in alerts if taken_back.get(alert.alert_id) == "account-banned"]
    return [*listings, Listing("banned later by you", "", "banned", by_you)] if by_you else listings


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
