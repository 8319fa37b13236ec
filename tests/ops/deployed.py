"""What is checked in for operators: rules, their tests, their pages, and every question of the dashboards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

from tests.house import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "rules" / "samehand.yaml"
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yaml"))
DASHBOARDS = sorted((ROOT / "deploy" / "grafana").glob("*.json"))
RUNBOOKS = ROOT / "docs" / "runbooks"
#: Where a browser finds them unless told otherwise.
RUNBOOKS_AT = "/public/runbooks"


#: What bridges, deliverers, gates and desks serve, and what is counted once somebody asks for it: pairs drawn
#: to be read blind, other weights beside those in force, verdicts taken back.
_ELSEWHERE = re.compile(
    r"samehand-(bridge|gate|desk|deliver)|samehand_(webhook|endpoint|deliver|gate|desk)"
    r"|samehand_(sampled_pairs|shadow_weights|alerts_reopened)"
)


@dataclass(frozen=True, slots=True)
class Question:
    """One expression of one panel."""

    dashboard: str
    panel: str
    expr: str

    def asked(self) -> str:
        """As Prometheus takes it, with Grafana's variables filled in."""
        return self.expr.replace("$__rate_interval", "1m").replace("$__range", "1h")

    @property
    def of_a_worker(self) -> bool:
        """Whether a worker as it ships answers it: no other process, and nothing that a setting turns on."""
        return _ELSEWHERE.search(self.expr) is None

    def __str__(self) -> str:
        return f"{self.dashboard}/{self.panel}: {self.expr}"


@cache
def rules() -> list[dict[str, Any]]:
    """Every rule, recording and alerting."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    """Alerting rules by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def questions() -> list[Question]:
    """Every expression of every dashboard."""
    return [
        question
        for path in DASHBOARDS
        for question in _of(path.stem, json.loads(path.read_text("utf-8"))["panels"])
    ]


def _of(dashboard: str, panels: list[dict[str, Any]]) -> Iterator[Question]:
    for panel in panels:
        yield from _of(dashboard, panel.get("panels") or [])
        for target in panel.get("targets", []):
            yield Question(dashboard, panel["title"], target["expr"])
