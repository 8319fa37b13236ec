"""Writes README's tables anew: settings and metrics from the code, faults and costs from the last full runs.

Run ``python -m tools.readme_tables``; a test fails while README is not what this would write.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from gate.deliver.metrics import WebhookMetrics
from streams.settings import describe
from streams.telemetry.metrics import Meters

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
FAULTS = ROOT / "docs" / "faults.md"
QUALITY = ROOT / "docs" / "quality.md"
PERFORMANCE = ROOT / "docs" / "performance" / "README.md"


def settings_table() -> str:
    """Every setting: its variable, default and meaning."""
    rows = [
        f"| `{it.name}` | {f'`{it.default}`' if it.default else ''} | {_cell(it.meaning)} |"
        for it in describe()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def metrics_table() -> str:
    """Every metric: its name, labels and meaning."""
    rows = []
    registry = Meters(CollectorRegistry()).registry
    WebhookMetrics.of(registry, ())
    for metric in registry.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        rows.append(f"| `{name}` | {metric.type} | {_cell(metric.documentation)} |")
    return "\n".join(["| metric | type | meaning |", "|---|---|---|", *sorted(rows)])


def faults_table() -> str:
    """What each fault cost, as `make test-faults` wrote it."""
    return _written(FAULTS, "faults")


def performance_table() -> str:
    """What a look-up costs, here and elsewhere, as `make bench` wrote it."""
    return _written(PERFORMANCE, "lookups")


def workers_table() -> str:
    """What whole workers do in a second and how long an alert takes, as `make bench` wrote it."""
    return f"{_written(PERFORMANCE, 'worker')}\n\n{_written(PERFORMANCE, 'latency')}"


def quality_table() -> str:
    """How well mirrors are found, as `make bench-quality` wrote it."""
    return _written(QUALITY, "quality")


def _written(note: Path, name: str) -> str:
    found = re.search(_place(name), note.read_text("utf-8"), re.DOTALL)
    if found is None:
        raise ValueError(f"{note} has no table of {name}")
    return found[2]


def renewed(text: str) -> str:
    """README with all its tables as they are now."""
    tables = {
        "settings": settings_table(),
        "metrics": metrics_table(),
        "faults": faults_table(),
        "performance": performance_table(),
        "workers": workers_table(),
        "quality": quality_table(),
    }
    for name, table in tables.items():
        text = filled_in(text, name, table)
    return text


def filled_in(text: str, name: str, table: str) -> str:
    """The text with what stands between the marks of that name replaced. Raises `ValueError` without them."""
    text, found = re.subn(_place(name), partial(_filled, table), text, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"there is no place for {name}")
    return text


def _place(name: str) -> str:
    return rf"(<!-- {name} -->\n)(.*?)(\n<!-- /{name} -->)"


def _filled(table: str, place: re.Match[str]) -> str:
    return place[1] + table + place[3]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(renewed(README.read_text("utf-8")), "utf-8")
