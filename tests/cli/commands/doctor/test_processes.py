"""Doctor on a desk, a deliver process and a bridge: what each needs before it starts."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from cli.commands.doctor import processes
from cli.commands.doctor.findings import DoctorFinding
from cli.commands.doctor.processes import (
    look_at_bridge,
    look_at_database,
    look_at_deliver,
    look_at_desk,
    look_at_gate,
)
from desk.database.engine import look_at_tables, opened
from local.ports import LOOPBACK
from streams.kafka.topics import TopicSpec
from streams.settings import Settings, load
from tests.cli.running import Samehand
from tests.desk_databases import on_each_database


def states(findings: list[DoctorFinding]) -> list[tuple[str, str]]:
    return [(it.state, it.about) for it in findings]


def with_database(url: str) -> Settings:
    return load({"SAMEHAND_DATABASE_URL": url})


@pytest.fixture
def no_kafka(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Kafka left out; the topics that were asked for."""
    asked: list[str] = []

    def look(settings: Settings, wanted: list[TopicSpec], *_: object) -> list[DoctorFinding]:
        asked.extend(topic.name for topic in wanted)
        return []

    monkeypatch.setattr(processes, "look_at_topics", look)
    return asked


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "is not a database address"),
        ("postgresql://a@127.0.0.1:9/b?sslmod=require", "an option is none of PostgreSQL's"),
        ("mysql://root@db/x", "begins neither with"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://nobody@127.0.0.1:1/x", "does not answer"),
        ("sqlite:///no-such-folder/desk.db", "no-such-folder does not exist"),
        ("sqlite:///folder", "folder is a directory"),
        ("sqlite:///binary", "binary is not a database"),
    ],
)
def test_database_that_cannot_be_used_is_wrong(
    url: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("binary").write_bytes(b"no pages of SQLite" * 100)
    [finding] = look_at_database(with_database(url))
    assert (finding.state, finding.about) == ("wrong", "database")
    assert words in finding.words


def test_database_that_is_not_there_yet_is_not_created(tmp_path: Path) -> None:
    [finding] = look_at_database(with_database(f"sqlite:///{tmp_path / 'desk.db'}"))
    assert (finding.state, finding.words) == ("fine", "no tables yet: a desk that starts creates them")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "desk.db").touch()
    look_at_database(with_database(f"sqlite:///{tmp_path / 'desk.db'}"))
    assert (tmp_path / "desk.db").stat().st_size == 0


@on_each_database
async def test_tables_of_this_release_are_fine(database_url: str) -> None:
    async with opened(database_url):
        pass
    there, wanted = await look_at_tables(database_url)
    assert there == wanted


def test_older_tables_are_to_be_copied_and_later_ones_are_wrong(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0009')"))
    [older] = look_at_database(with_database(f"sqlite:///{path}"))
    assert older.state == "warning"
    assert "are at 0009" in older.words
    assert "copy the database first" in older.cure
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    [later] = look_at_database(with_database(f"sqlite:///{path}"))
    assert later.state == "wrong"
    assert "later version of samehand" in later.words
    engine.dispose()


@pytest.mark.usefixtures("impatient")
def test_desk_names_a_taken_address_and_asks_for_its_own_topics(no_kafka: list[str], tmp_path: Path) -> None:
    with (
        closing(socket.create_server((LOOPBACK, 0))) as web,
        closing(socket.create_server((LOOPBACK, 0))) as own,
    ):
        settings = load(
            {
                "SAMEHAND_DATABASE_URL": f"sqlite:///{tmp_path / 'desk.db'}",
                "SAMEHAND_DESK_HOST": LOOPBACK,
                "SAMEHAND_DESK_PORT": str(own.getsockname()[1]),
                "SAMEHAND_WEB_PORT": str(web.getsockname()[1]),
            }
        )
        web.close()
        assert [it.state for it in look_at_desk(settings)] == ["fine", "wrong"]
    assert states(look_at_desk(settings)) == [("fine", "database")]
    assert "desk.audit" in no_kafka


def test_desks_gate_needs_a_key_that_can_be_read(tmp_path: Path) -> None:
    given = {"SAMEHAND_DESK_GATE_URL": "http://gate:6070"}
    assert look_at_gate(load({})) == []
    assert states(look_at_gate(load(given))) == [("wrong", "SAMEHAND_DESK_GATE_KEY_FILE")]
    (tmp_path / "key").write_text("samehand_key")
    given["SAMEHAND_DESK_GATE_KEY_FILE"] = str(tmp_path / "key")
    assert states(look_at_gate(load(given))) == [("fine", "gate")]


def test_deliver_and_bridge_need_their_files(no_kafka: list[str]) -> None:
    with closing(socket.create_server((LOOPBACK, 0))) as web:
        settings = load({"SAMEHAND_WEB_PORT": str(web.getsockname()[1])})
    assert states(look_at_deliver(settings)) == [("wrong", "SAMEHAND_ENDPOINTS")]
    assert "alerts" in no_kafka, "Kafka is looked at all the same"
    no_kafka.clear()
    assert states(look_at_bridge(settings)) == [("wrong", "SAMEHAND_MAPPINGS")]
    assert "deadletters" in no_kafka


def test_command_checks_one_process_at_a_time(samehand: Samehand) -> None:
    ran = samehand("doctor", "--desk", "--deliver")
    assert (ran.code, ran.out) == (2, "")
    assert "--desk and --deliver" in ran.err


def test_command_counts_what_is_wrong_with_the_process_asked_for(
    samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", "nonsense")
    monkeypatch.setenv("SAMEHAND_KAFKA_BROKERS", f"{LOOPBACK}:1")
    ran = samehand("doctor", "--desk")
    assert ran.code == 1
    assert "✗ database: is not a database address" in ran.out
    assert "All is well" not in ran.out
