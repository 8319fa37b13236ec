"""A bridge's process asks for what it needs and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from agents.runtime.bridge import of_bridges, register_agents, topics_of
from streams.faust_app.app import WorkerApp
from streams.kafka.mapped_topics import mappings_of
from streams.settings import Settings, load
from streams.telemetry.metrics import Metrics

MAPPING = """
[topics.users]
format = "debezium"
constants = { platform = "shop" }
fields.account_id = "row.id"
[[topics.users.rules]]
when = "op == 'u'"
as = "banned"
[topics.hooks]
format = "mastodon"
constants = { platform = "mastodon" }
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "mappings.toml"
    path.write_text(MAPPING)
    return load({"SAMEHAND_MAPPINGS": str(path), "SAMEHAND_TOPIC_PREFIX": "t."})


def test_every_foreign_topic_has_an_agent(settings: Settings) -> None:
    app = WorkerApp(settings, Metrics(CollectorRegistry()))
    register_agents(app, mappings_of(settings), lambda: 0.0, lambda: 0.0)
    assert {it.topic: it.name for it in app.progress} == {"users": "bridge-users", "hooks": "bridge-hooks"}


def test_it_reads_what_is_mapped_and_writes_what_comes_of_it(settings: Settings) -> None:
    rights = {it.name: set(it.rights) for it in topics_of(settings, mappings_of(settings))}
    written = ("created", "updated", "remembered", "banned", "deleted")
    assert rights == {
        "users": {"READ"},
        "hooks": {"READ"},
        **{f"t.accounts.{kind}": {"WRITE"} for kind in written},
        "t.deadletters": {"WRITE"},
        "t.control": {"READ", "WRITE"},
    }


def test_bridges_are_a_group_of_their_own(settings: Settings) -> None:
    assert of_bridges(settings).kafka_group == "samehand-bridge"
