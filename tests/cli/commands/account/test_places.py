"""Every topic and every table has a place in *What is kept, where, how long*, by the settings in force."""

from __future__ import annotations

from cli.commands.account.places import DESK_TABLES, places
from desk.database import schema
from streams.kafka.topics import Names
from streams.settings import load


def test_every_table_of_the_desk_and_every_topic_has_its_place_once() -> None:
    tables = [table for tables in DESK_TABLES.values() for table in tables]
    assert sorted(tables) == sorted(schema.metadata.tables)
    named = {place.name for place in places(load({})).values()}
    assert named >= {f"topic `{name}`" for name in vars(Names()).values()}


def test_periods_are_those_of_the_settings() -> None:
    given = {"DEDUP_DAYS": "91", "REMEMBER_DAYS": "90", "DESK_ERASE_DAYS": "10", "TOPIC_PREFIX": "p."}
    found = places(load({f"SAMEHAND_{name}": value for name, value in given.items()}))
    assert found["remembered-account"].kept.startswith("90 days")
    assert found["markers"].kept.startswith("91 days")
    assert found["quotes"].kept.startswith("10 days")
    assert (found["letters"].name, found["letters"].kept) == ("topic `p.deadletters`", "7 days")
