"""Dashboards: current, and every question can be asked of what a worker shows."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agents.runtime.store_factory import peppers_of
from agents.runtime.worker import context_of
from deliver.endpoints import Endpoint
from deliver.process import DeliverApp, wire
from desk.telemetry import DeskMetrics
from gate.metrics import GateMetrics
from store.pepper.pepper import write_pepper_file
from streams.clock import SystemClock
from streams.settings import load
from tests.house import ROOT
from tests.ops.deployed import DASHBOARDS, RULES, RUNBOOKS, RUNBOOKS_AT, Question, alerts, questions, rules

OF_PROMETHEUS = {"up"}
OF_PROCESSES = {"process_cpu_seconds_total", "process_resident_memory_bytes"}


@pytest.fixture
def shown(tmp_path: Path) -> set[str]:
    """Every metric of processes that have done nothing yet, by the names that can be asked for."""
    pepper = tmp_path / "pepper"
    write_pepper_file(pepper)
    settings = load({"SAMEHAND_PEPPER_FILE": str(pepper)})
    metrics = context_of(settings, peppers_of(settings)).metrics
    GateMetrics(metrics.registry)
    text = metrics.exposition().decode()
    delivering = wire([DeliverApp(settings, Endpoint("desk", ""))], SystemClock())
    text += delivering.exposition.negotiated("")[0].decode()
    at_desk = CollectorRegistry()
    DeskMetrics(at_desk)
    text += generate_latest(at_desk).decode()
    families = list(text_string_to_metric_families(text))
    names = {sample.name for family in families for sample in family.samples}
    # Some have no series before there is a partition, or a record that cannot be read.
    names |= {f"{family.name}_total" for family in families if family.type == "counter"}
    return names | {family.name for family in families}


def names_in(expr: str) -> set[str]:
    """The metrics that an expression selects."""
    promql: Any = pytest.importorskip(
        "promql_parser", reason="the group `ops` is not installed: make test-ops"
    )
    found: set[str] = set()
    waiting = [promql.parse(expr)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, promql.VectorSelector):
            found.add(node.name)
        parts = [getattr(node, part, None) for part in ("expr", "lhs", "rhs", "vector_selector", "param")]
        waiting += [
            part for part in (*parts, *(getattr(node, "args", None) or ())) if isinstance(part, promql.Expr)
        ]
    return found


def test_the_files_are_what_the_generator_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "deploy" / "grafana")
    written: dict[Path, str] = importlib.import_module("generate").rendered()
    assert {path: path.read_text("utf-8") for path in DASHBOARDS} == written, "run `make dashboards`"


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_panel_says_what_it_means_and_asks_the_chosen_source(path: Path) -> None:
    dashboard = json.loads(path.read_text("utf-8"))
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert panels
    for panel in panels:
        assert panel["description"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
    titles = [panel["title"] for panel in panels]
    assert len(titles) == len(set(titles))


def test_dashboards_are_told_apart() -> None:
    uids = [json.loads(path.read_text("utf-8"))["uid"] for path in DASHBOARDS]
    assert sorted(uids) == ["samehand-detection", "samehand-overview", "samehand-store-and-streams"]


def test_dashboards_link_to_each_other_and_keep_what_was_chosen() -> None:
    for path in DASHBOARDS:
        dashboard = json.loads(path.read_text("utf-8"))
        (link,) = [it for it in dashboard["links"] if it["type"] == "dashboards"]
        assert set(link["tags"]) <= set(dashboard["tags"]) == {"samehand"}
        assert link["keepTime"]
        assert link["includeVars"]


def test_panels_link_the_page_of_the_alert_that_asks_the_same() -> None:
    linked = set()
    for path in DASHBOARDS:
        dashboard = json.loads(path.read_text("utf-8"))
        variables = {it["name"]: it for it in dashboard["templating"]["list"]}
        assert variables["runbooks"]["query"] == RUNBOOKS_AT
        for panel in dashboard["panels"]:
            asked = {name for target in panel.get("targets", []) for name in names_in_full(target["expr"])}
            for link in panel.get("links", []):
                alert = link["url"].removeprefix("${runbooks}/").removesuffix(".md")
                assert (RUNBOOKS / f"{alert}.md").is_file(), link
                assert asked & names_in_full(alerts()[alert]["expr"]), (panel["title"], alert)
                linked.add(alert)
    assert linked == set(alerts())


def names_in_full(expr: str) -> set[str]:
    """The metrics that an expression selects and those behind recorded ones; a histogram's series are one."""
    recorded = {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}
    found = names_in(Question("", "", expr).asked())
    behind = {name for one in found if one in recorded for name in names_in_full(recorded[one])}
    return {name.removesuffix("_bucket").removesuffix("_count") for name in found} | behind


@pytest.mark.ops
def test_what_dashboards_and_alerts_ask_for_exists(shown: set[str]) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    there = shown | recorded | OF_PROMETHEUS | OF_PROCESSES
    asked: list[Question] = questions()
    asked += [Question(RULES.stem, rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]
    missing = {str(question): lost for question in asked if (lost := names_in(question.asked()) - there)}
    assert not missing


@pytest.mark.ops
def test_every_metric_of_ours_is_shown_or_watched_somewhere(shown: set[str]) -> None:
    asked = {name for question in questions() for name in names_in(question.asked())}
    asked |= {name for rule in rules() for name in names_in(rule["expr"])}
    families = {name.removesuffix("_total").removesuffix("_bucket") for name in asked}
    ours = {name.removesuffix("_total") for name in shown if name.startswith("samehand_")}
    unseen = {name for name in ours if not name.endswith(("_bucket", "_count", "_sum"))} - families
    assert not unseen
    assert alerts()
