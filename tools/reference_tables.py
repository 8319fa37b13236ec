"""Writes the generated tables of ``docs/reference/`` from the code: settings, metrics, commands, retention.

Run ``python -m tools.reference_tables``; a test fails while a page is not what this would write.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from cli.registry import COMMANDS, SECTIONS
from deliver.metrics import WebhookMetrics
from desk.places import places
from desk.settings import DeskSettings, load
from desk.telemetry import DeskMetrics
from gate.metrics import GateMetrics
from streams.kafka.topics import PUBLISHED, every, wanted
from streams.settings import describe
from streams.telemetry.metrics import Metrics

ROOT = Path(__file__).parent.parent
REFERENCE: Final = ROOT / "docs" / "reference"


def settings_table() -> str:
    """Every setting below its group: its variable, default and meaning."""
    rows, group = [], ""
    for setting in describe(DeskSettings):
        if setting.group != group:
            rows.append(f"| **{(group := setting.group)}** | | |")
        default = f"`{setting.default}`" if setting.default else ""
        rows.append(f"| `{setting.name}` | {default} | {_cell(setting.meaning)} |")
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def metrics_table() -> str:
    """Every metric under its type: its name and meaning."""
    registry = Metrics(CollectorRegistry()).registry
    WebhookMetrics.of(registry, ())
    GateMetrics(registry)
    DeskMetrics(registry)
    rows: defaultdict[str, list[str]] = defaultdict(list)
    for metric in registry.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        rows[metric.type].append(f"| `{name}` | {_cell(metric.documentation)} |")
    return _sections("metric", "meaning", {f"{kind.capitalize()}s": sorted(rows[kind]) for kind in rows})


def commands_table() -> str:
    """Every command, under the headings of ``samehand --help``."""
    rows = {
        str(section): [
            f"| `samehand {name}` | {_cell(entry.summary)} |"
            for name, entry in COMMANDS.items()
            if entry.section == section
        ]
        for section in SECTIONS
    }
    return _sections("command", "what it does", rows)


def retention_table() -> str:
    """Every place that keeps something of an account, and for how long under the default settings."""
    alike: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for place in places(load({})).values():
        tables = f" ({', '.join(f'`{table}`' for table in place.tables)})" if place.tables else ""
        alike[place.holds, place.kept, place.sooner].append(_cell(f"{place.name}{tables}"))
    rows = [f"| {', '.join(names)} | {' | '.join(cells)} |" for cells, names in alike.items()]
    heads = "| where | what of an account | how long | what ends it sooner |"
    return "\n".join([heads, "|---|---|---|---|", *rows])


def main_job_table() -> str:
    """The topics that a worker needs by default, by who does what with them."""
    ours, alike = every(load({})), defaultdict[tuple[str, str], list[str]](list)
    by_platforms = {ours[topic].name for topic in PUBLISHED.split()}
    for spec in wanted(load({})):
        worker = " and ".join(f"{right.lower()}s" for right in sorted(spec.rights))
        alike["writes" if spec.name in by_platforms else "", worker].append(f"`{spec.name}`")
    rows = [f"| {', '.join(topics)} | {' | '.join(rights)} |" for rights, topics in alike.items()]
    return "\n".join(["| topics | your platform | the worker |", "|---|---|---|", *rows])


def _sections(name: str, meaning: str, rows: Mapping[str, list[str]]) -> str:
    """A table of two columns under each heading."""
    tables = [
        "\n".join([f"## {heading}", "", f"| {name} | {meaning} |", "|---|---|", *rows[heading]])
        for heading in rows
    ]
    return "\n\n".join(tables)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "settings": settings_table,
    "metrics": metrics_table,
    "commands": commands_table,
    "retention": retention_table,
    "main-job": main_job_table,
}
"""The table of each page, which is called like it but for `main-job`."""


def page_of(name: str) -> Path:
    return ROOT / "docs" / "live.md" if name == "main-job" else REFERENCE / f"{name}.md"


def renewed(name: str, text: str) -> str:
    """A page with its table as it is now. Raises `ValueError` for a page without a place for it."""
    return filled_in(text, name, TABLES[name]())


def fill_in(page: Path, tables: Mapping[str, str]) -> None:
    """Replaces each table on a page, between the marks of its name. Raises `ValueError` without them."""
    text = page.read_text("utf-8")
    for name, table in tables.items():
        text = filled_in(text, name, table)
    page.write_text(text, "utf-8")


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
        fill_in(page_of(name), {name: TABLES[name]()})


if __name__ == "__main__":
    main()
