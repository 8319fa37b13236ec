"""Writes README's tables of settings and metrics anew from the code that they describe.

Run ``python -m tools.readme_tables``; a test fails while README is not what this would write.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from streams.meters import Meters
from streams.settings import describe

README = Path(__file__).parent.parent / "README.md"


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
    for metric in Meters(CollectorRegistry()).registry.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        rows.append(f"| `{name}` | {metric.type} | {_cell(metric.documentation)} |")
    return "\n".join(["| metric | type | meaning |", "|---|---|---|", *sorted(rows)])


def renewed(text: str) -> str:
    """README with both tables as the code has them now."""
    for name, table in (("settings", settings_table()), ("metrics", metrics_table())):
        pattern = rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)"
        text, found = re.subn(pattern, partial(_filled, table), text, flags=re.DOTALL)
        if found != 1:
            raise ValueError(f"README has no place for {name}")
    return text


def _filled(table: str, place: re.Match[str]) -> str:
    return place[1] + table + place[2]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(renewed(README.read_text("utf-8")), "utf-8")
