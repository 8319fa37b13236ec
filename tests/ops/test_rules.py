"""Alerts: each one is tested, told to the right people, and has a page that says what to do."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

from cli import registry
from desk.settings import DeskSettings
from streams.settings import describe
from tests.house import ROOT
from tests.ops.deployed import RULE_TESTS, RULES, RUNBOOKS, alerts
from tests.tables import for_each

HEADINGS = ("## Meaning", "## Check", "## Act")


def run(*command: str) -> str:
    """What a checker prints; its complaint where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@for_each("name", alerts())
def test_every_alert_has_a_page_and_points_to_it(name: str) -> None:
    page = RUNBOOKS / f"{name}.md"
    assert alerts()[name]["annotations"]["runbook"] == page.relative_to(ROOT).as_posix()
    lines = page.read_text("utf-8").splitlines()
    assert lines[0] == f"# {name}"
    assert [line for line in lines if line.startswith("## ")] == list(HEADINGS)


def test_every_page_belongs_to_an_alert_and_is_listed() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == set(alerts())
    index = (RUNBOOKS / "README.md").read_text("utf-8")
    assert not [name for name in pages if f"({name}.md)" not in index]


def test_pages_name_settings_and_commands_that_exist() -> None:
    settings = {described.name for described in describe(DeskSettings)}
    commands = set(registry.COMMANDS)
    for path in RUNBOOKS.glob("*.md"):
        text = path.read_text("utf-8")
        assert set(re.findall(r"SAMEHAND_[A-Z_]+", text)) <= settings, path.name
        assert set(re.findall(r"`samehand ([a-z-]+)", text)) <= commands, path.name


@for_each("name", alerts())
def test_every_alert_says_whom_to_tell_and_what_is_wrong(name: str) -> None:
    rule = alerts()[name]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert {"summary", "description"} <= set(rule["annotations"])


def test_every_alert_is_fired_by_a_test_and_kept_still_by_another() -> None:
    cases = [
        case
        for path in RULE_TESTS
        for test in yaml.safe_load(path.read_text("utf-8"))["tests"]
        for case in test["alert_rule_test"]
    ]
    fired = {case["alertname"] for case in cases if case.get("exp_alerts")}
    still = {case["alertname"] for case in cases if not case.get("exp_alerts")}
    assert fired == set(alerts())
    assert still == set(alerts())


@pytest.mark.ops
def test_the_rules_are_sound(promtool: str) -> None:
    assert "SUCCESS" in run(promtool, "check", "rules", str(RULES))


@pytest.mark.ops
@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
def test_the_rules_fire_when_they_should_and_only_then(promtool: str, path: Path) -> None:
    assert "SUCCESS" in run(promtool, "test", "rules", str(path))


@pytest.mark.ops
def test_the_routes_are_sound(amtool: str) -> None:
    run(amtool, "check-config", str(ROOT / "deploy" / "alertmanager" / "alertmanager.yaml"))


@pytest.mark.ops
@for_each("name", alerts())
def test_an_alert_reaches_whom_its_severity_names(amtool: str, name: str) -> None:
    severity = alerts()[name]["labels"]["severity"]
    config = f"--config.file={ROOT / 'deploy' / 'alertmanager' / 'alertmanager.yaml'}"
    told = run(amtool, "config", "routes", "test", config, f"alertname={name}", f"severity={severity}")
    assert told.strip() == {"page": "pager", "ticket": "tickets"}[severity]
