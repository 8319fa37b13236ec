"""The app: Faust's settings as the decision record has them, and handlers under their own names."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from faust.auth import SASLCredentials
from prometheus_client import CollectorRegistry

from streams.faust_app.app import WorkerApp, credentials, register
from streams.faust_app.patches import SafeConsumer
from streams.outcomes import NOTHING, Arrival, Outcome
from streams.settings import load
from streams.telemetry.metrics import Metrics


def an_app(**variables: str) -> WorkerApp:
    settings = load({f"SAMEHAND_{name}": value for name, value in variables.items()})
    return WorkerApp(settings, Metrics(CollectorRegistry()))


async def quiet(arrivals: Sequence[Arrival]) -> list[Outcome]:
    return [NOTHING for _ in arrivals]


def test_settings_reach_faust() -> None:
    conf = an_app(KAFKA_BROKERS="a:1,b:2", KAFKA_GROUP="mirrors", SESSION_SECONDS="12").conf
    assert [str(url) for url in conf.broker] == ["kafka://a:1", "kafka://b:2"]
    assert conf.id == "mirrors"
    assert (conf.broker_session_timeout, conf.broker_heartbeat_interval) == (12.0, 2.0)
    assert conf.stream_wait_empty
    assert conf.broker_max_poll_interval > 10**7
    assert not conf.web_in_thread
    assert conf.topic_disable_leader


async def test_what_runs_beside_begins_before_the_group_is_joined() -> None:
    """A store that is opened only then keeps the first events waiting, and a group may never be joined."""
    app, ran = an_app(), asyncio.Event()

    async def run() -> None:
        ran.set()

    app.beside(run)
    await app.on_start()
    await asyncio.wait_for(ran.wait(), 1.0)


async def test_faust_makes_no_folder_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is killed would leave it, and its working directory may be one that cannot be written."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    app = an_app(DATA_DIR=str(tmp_path / "ours"))
    await app.on_first_start()
    assert os.listdir(tmp_path) == []


def test_the_patched_transport_is_in_place() -> None:
    app = an_app(FETCH_WAIT_MS="25")
    assert isinstance(app.consumer, SafeConsumer)
    assert app.consumer.thread_type.fetch_wait_ms == 25


def test_a_handler_has_one_agent_of_its_own_name() -> None:
    app = an_app()
    delivery = register(app, "screen", "accounts.created", quiet)
    agent = app.agents["screen"]
    assert agent.concurrency == 1
    assert app.progress == [delivery.progress]
    assert app.health.ready().healthy


def test_credentials_follow_the_settings(tmp_path: Path) -> None:
    assert credentials(load({})) is None
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    given = credentials(
        load(
            {
                "SAMEHAND_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
                "SAMEHAND_KAFKA_USERNAME": "worker",
                "SAMEHAND_KAFKA_PASSWORD_FILE": str(secret),
            }
        )
    )
    assert isinstance(given, SASLCredentials)
    assert (given.username, given.password) == ("worker", "hunter2")
    assert "hunter2" not in repr(given)


def test_a_failure_ends_the_process_once_and_ends_waiting() -> None:
    app, ends = an_app(), list[str]()
    app.life.end = lambda: ends.append("end")
    assert not app.leaving()
    app.fail("screen", KeyError("umar"))
    assert app.leaving()
    assert ends == ["end"]
    assert app.life.fault == "screen: KeyError"
