"""Writes the dashboards beside this file from ``panels.py``: ``make dashboards``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from panels import DETECTION, OVERVIEW, STORE_AND_STREAMS

HERE: Final = Path(__file__).resolve().parent
DASHBOARDS: Final = {
    "Overview": ("Objective: 99 % of events reach an outcome within 5 s, over 30 days.", OVERVIEW),
    "Detection": (
        "What is found, how soon after a ban, by which signals, and what moderators decided.",
        DETECTION,
    ),
    "Store and streams": ("Redis, Kafka and the workers themselves.", STORE_AND_STREAMS),
}
"""Of each dashboard's title: its meaning and its panels."""

RUNBOOKS: Final = "/public/runbooks"
"""Where a browser finds docs/runbooks unless the variable says otherwise: compose lays them there."""
COLUMNS: Final = 24  # of Grafana's grid
UNITS: Final = frozenset({"s", "bytes", "percentunit", "reqps"})


def dashboard(title: str, meaning: str, table: str) -> dict[str, Any]:
    """Returns a dashboard as Grafana takes it."""
    siblings = {"type": "dashboards", "title": "samehand", "tags": ["samehand"]}
    source = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    runbooks = {"name": "runbooks", "label": "Runbooks at", "type": "textbox", "query": RUNBOOKS}
    return {
        "description": meaning,
        "editable": False,
        "links": [siblings | {"includeVars": True, "keepTime": True}],
        "panels": _laid_out(re.sub(r"\n {8}", " ", table)),
        "refresh": "10s",
        "schemaVersion": 41,
        "tags": ["samehand"],
        "templating": {"list": [source, runbooks]},
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "utc",
        "title": f"samehand / {title}",
        "uid": f"samehand-{_slug(title)}",
    }


def _laid_out(table: str) -> list[dict[str, Any]]:
    """Panels from left to right; where one does not fit, the next begin below."""
    panels: list[dict[str, Any]] = []
    x = y = height = 0
    for block in re.split(r"\n(?=\S)", table.strip()):
        panel = _row(block[2:]) if block.startswith("# ") else _panel(*block.splitlines())
        grid = panel["gridPos"]
        if x + grid["w"] > COLUMNS:
            x, y = 0, y + height
        panels.append(panel | {"gridPos": grid | {"x": x, "y": y}})
        x, height = x + grid["w"], grid["h"]
    return panels


def _row(name: str) -> dict[str, Any]:
    return {"type": "row", "title": name, "gridPos": {"h": 1, "w": COLUMNS}, "collapsed": False, "panels": []}


def _panel(head: str, meaning: str, *asks: str) -> dict[str, Any]:
    title, look, runbooks = (*map(str.strip, head.split("|")), "", "")[:3]
    words = look.split()
    values = dict(word.split("=") for word in words if "=" in word)
    decimals = {"decimals": int(values.pop("decimals"))} if "decimals" in values else {}
    steps = [
        {"color": colour, "value": None if at == "base" else json.loads(at)}
        for at, colour in (values or {"base": "text"}).items()
    ]
    stat = "stat" in words
    drawn, defaults = _figure() if stat else _lines(stacked="stack" in words, dashed=bool(values))
    defaults |= {"thresholds": {"mode": "absolute", "steps": steps}} | decimals
    defaults["unit"] = next((word for word in words if word in UNITS), "short")
    targets = [target for ask in asks for target in _targets(ask.strip(), instant=stat)]
    links = [
        {
            "type": "link",
            "title": f"What to do: {alert}",
            "url": f"${{runbooks}}/{alert}.md",
            "targetBlank": True,
        }
        for alert in runbooks.split()
    ]
    return drawn | {
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "description": meaning.strip(),
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "links": links,
        "targets": [target | {"refId": ref} for target, ref in zip(targets, "ABCDEFGH", strict=False)],
        "title": title,
    }


def _figure() -> tuple[dict[str, Any], dict[str, Any]]:
    options = {"colorMode": "value", "graphMode": "none", "reduceOptions": {"calcs": []}}
    return {"type": "stat", "gridPos": {"h": 5, "w": 3}, "options": options}, {"noValue": "–"}


def _lines(*, stacked: bool, dashed: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    custom: dict[str, Any] = {"fillOpacity": 30 if stacked else 8, "lineWidth": 1, "showPoints": "never"}
    if stacked:
        custom["stacking"] = {"mode": "normal"}
    if dashed:
        custom["thresholdsStyle"] = {"mode": "dashed"}
    options = {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "tooltip": {"mode": "multi", "sort": "asc"},
    }
    drawn = {"type": "timeseries", "gridPos": {"h": 8, "w": 8}, "options": options}
    return drawn, {"custom": custom, "min": 0}


def _targets(ask: str, *, instant: bool) -> Iterator[dict[str, Any]]:
    legend, _, expr = ask.rpartition(" = ")
    how = {"instant": instant, "range": not instant}
    if not (quantiles := re.findall(r"p(\d\d)(!?)", legend)):
        yield how | {"expr": expr, "legendFormat": legend or "__auto"}
        return
    if re.fullmatch(r"\w+", expr):
        expr = f"sum by (le) (rate({expr}_bucket[$__rate_interval]))"
    labels = legend.partition("p")[0]
    for percent, exemplar in quantiles:
        asked = f"histogram_quantile({int(percent) / 100}, {expr})"
        target = how | {"expr": asked, "legendFormat": f"{labels}p{percent}"}
        yield target | {"exemplar": True} if exemplar else target


def _slug(title: str) -> str:
    return title.lower().replace(" ", "-")


def rendered() -> dict[Path, str]:
    """Returns the text of each dashboard's file."""
    return {
        HERE / f"{_slug(title)}.json": json.dumps(
            dashboard(title, meaning, table), indent=2, sort_keys=True, ensure_ascii=False
        )
        + "\n"
        for title, (meaning, table) in DASHBOARDS.items()
    }


if __name__ == "__main__":
    for path, text in rendered().items():
        path.write_text(text, "utf-8")
