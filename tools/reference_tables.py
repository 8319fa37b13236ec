"""Writes the generated tables of ``docs/reference/`` from the code: settings, metrics, commands, retention.

Run ``python -m tools.reference_tables``; a test fails while a page is not what this would write.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from cli.commands.account.places import places
from cli.registry import COMMANDS, SECTIONS
from deliver.metrics import WebhookMetrics
from desk.telemetry import DeskMetrics
from gate.metrics import GateMetrics
from streams.settings import describe, load
from streams.telemetry.metrics import Metrics

ROOT = Path(__file__).parent.parent
REFERENCE: Final = ROOT / "docs" / "reference"


def settings_table() -> str:
    """Every setting: its variable, default and meaning."""
    rows = [
        f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else ''} | "
        f"{_cell(setting.meaning)} |"
        for setting in describe()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def metrics_table() -> str:
    """Every metric: its name, type and meaning."""
    rows = []
    registry = Metrics(CollectorRegistry()).registry
    WebhookMetrics.of(registry, ())
    GateMetrics(registry)
    DeskMetrics(registry)
    for metric in registry.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        rows.append(f"| `{name}` | {metric.type} | {_cell(metric.documentation)} |")
    return "\n".join(["| metric | type | meaning |", "|---|---|---|", *sorted(rows)])


def commands_table() -> str:
    """Every command, under the headings of ``samehand --help``."""
    rows = [
        f"| `samehand {name}` | {section.lower()} | {_cell(entry.summary)} |"
        for section in SECTIONS
        for name, entry in COMMANDS.items()
        if entry.section == section
    ]
    return "\n".join(["| command | for | what it does |", "|---|---|---|", *rows])


def retention_table() -> str:
    """Every place that keeps something of an account, and for how long under the default settings."""
    rows = []
    for place in places(load({})).values():
        tables = f" ({', '.join(f'`{table}`' for table in place.tables)})" if place.tables else ""
        rows.append(f"| {_cell(f'{place.name}{tables}')} | {place.holds} | {place.kept} | {place.sooner} |")
    heads = "| where | what of an account | how long | what ends it sooner |"
    return "\n".join([heads, "|---|---|---|---|", *rows])


TABLES: Final[dict[str, Callable[[], str]]] = {
    "settings": settings_table,
    "metrics": metrics_table,
    "commands": commands_table,
    "retention": retention_table,
}
"""The table of each page, which is called like it."""


def renewed(name: str, text: str) -> str:
    """A page with its table as it is now. Raises `ValueError` for a page without a place for it."""
    return filled_in(text, name, TABLES[name]())


def filled_in(text: str, name: str, table: str) -> str:
    """The text with what stands between the marks of that name replaced. Raises `ValueError` without them."""
    place = rf"(<!-- {name} -->\n)(.*?)(<!-- /{name} -->)"
    text, count = re.subn(place, partial(_filled, table), text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"there is no place for {name}")
    return text


def _filled(table: str, place: re.Match[str]) -> str:
    return f"{place[1]}{table}\n{place[3]}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    for name in TABLES:
        page = REFERENCE / f"{name}.md"
        page.write_text(renewed(name, page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
