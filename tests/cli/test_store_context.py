"""Stores that commands open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import pytest

from agents.runtime.store_factory import peppers_of
from cli.checkpoint import Bookmark, read_bookmark
from cli.reshard import beside
from cli.store_context import closing_store, house
from store.errors import StoreUnavailable
from streams.settings import load

# The store of a command is closed again, come what may.


async def test_a_store_out_of_reach_is_an_outage_and_is_closed(pepper_file: Path) -> None:
    settings = load({"SAMEHAND_PEPPER_FILE": str(pepper_file), "SAMEHAND_REDIS_URL": "redis://127.0.0.1:1/0"})
    peppers = peppers_of(settings)
    with pytest.raises(StoreUnavailable):
        async with closing_store(settings, peppers) as store:
            await store.open()


async def test_agents_of_commands_use_the_secrets_and_topics_of_the_settings(pepper_file: Path) -> None:
    settings = load({"SAMEHAND_PEPPER_FILE": str(pepper_file), "SAMEHAND_TOPIC_PREFIX": "t."})
    peppers = peppers_of(settings)
    async with closing_store(settings, peppers) as store:
        made = house(settings, peppers, store)
    assert made.topics.banned == "t.accounts.banned"
    assert [number for number, _ in made.keyers] == [1]


# `samehand rebuild --into`: told apart from the live one; the whole is a journey.


def test_workers_get_the_same_settings_but_for_the_layout() -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": "kafka:9092", "SAMEHAND_STORE_BANS": "5000"})
    second = beside(settings, "samehand-12", shards=12, bans=None, remembered=9_000)
    assert (second.store_prefix, second.store_shards, second.store_bans, second.store_remembered) == (
        *("samehand-12", 12),
        *(5_000, 9_000),
    )
    assert second.kafka_brokers == settings.kafka_brokers
    assert beside(settings, "samehand-2", shards=None, bans=None, remembered=None).store_shards == 1


@pytest.mark.parametrize(
    "prefix", ["samehand", "", "a b", "samehand*", "x" * 65, "samehand{1}", "samehand\n"]
)
def test_no_other_prefix_is_taken(prefix: str) -> None:
    with pytest.raises(click.UsageError, match="--into"):
        beside(load({}), prefix, shards=2, bans=None, remembered=None)


# How far a rebuild went is known again for the same life of the same store.


@pytest.fixture
def bookmark(tmp_path: Path) -> Bookmark:
    return Bookmark(tmp_path / "deep" / "rebuild.json", "accounts.banned", "samehand", "epoch-1")


def test_it_is_read_as_it_was_written(bookmark: Bookmark) -> None:
    bookmark.write({0: 500, 3: 12})
    assert read_bookmark(bookmark) == {0: 500, 3: 12}
    assert [path.name for path in bookmark.path.parent.iterdir()] == ["rebuild.json"]


@pytest.mark.parametrize("other", [{"epoch": "epoch-2"}, {"epoch": ""}, {"store": "b"}, {"topic": "t"}])
def test_another_life_of_the_store_begins_anew(bookmark: Bookmark, other: dict[str, str]) -> None:
    bookmark.write({0: 500})
    assert read_bookmark(replace(bookmark, **other)) == {}  # type: ignore[arg-type]  # fields of text


def test_a_damaged_file_begins_anew(bookmark: Bookmark) -> None:
    bookmark.write({0: 500})
    bookmark.path.write_bytes(b"\xff{")
    assert read_bookmark(bookmark) == {}


def test_a_place_that_cannot_be_written_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    bookmark = Bookmark(tmp_path / "file" / "b.json", "t", "s", "e")
    bookmark.write({0: 1})
    bookmark.write({0: 2})
    bookmark.remove()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_it_is_gone_when_the_rebuild_is_done(bookmark: Bookmark) -> None:
    bookmark.write({0: 1})
    bookmark.remove()
    assert not bookmark.path.exists()


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    assert read_bookmark(Bookmark(Path("/dev/full"), "t", "s", "e")) == {}
