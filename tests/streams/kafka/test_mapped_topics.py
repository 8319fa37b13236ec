"""A file of mappings that cannot be used is one setting that is wrong, named with its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.mapping.compiler import MAPPING_BYTES_MAX
from streams.errors import SettingsError
from streams.kafka.mapped_topics import foreign_topics, mappings_of
from streams.settings import Settings, load

GOOD = "[topics.hooks]\nformat = 'mastodon'\nconstants.platform = 'm'\n"


def settings(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "mappings.toml"
    path.write_text(text)
    return load({"SAMEHAND_MAPPINGS": str(path), "SAMEHAND_TOPIC_PREFIX": "eu."})


def test_the_topics_of_a_file_are_known(tmp_path: Path) -> None:
    assert foreign_topics(settings(tmp_path, GOOD)) == ("hooks",)
    assert foreign_topics(load({})) == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[topics.hooks]\nformat = 'xml'", "mappings.toml: line 2: topics.hooks.format: must be one of"),
        (
            GOOD.replace("hooks", "'eu.accounts.created'"),
            "eu.accounts.created: a topic of samehand cannot be mapped",
        ),
        (GOOD.replace("hooks", "'eu.alerts'"), "eu.alerts: a topic of samehand cannot be mapped"),
        ("#" * MAPPING_BYTES_MAX + "#", "is over 256 KiB"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(SettingsError) as said:
        mappings_of(settings(tmp_path, text))
    assert why in said.value.faults["SAMEHAND_MAPPINGS"]


def test_without_a_file_there_is_nothing_to_do() -> None:
    with pytest.raises(SettingsError, match="is not set"):
        mappings_of(load({}))


def test_a_file_that_goes_away_is_named(tmp_path: Path) -> None:
    known = settings(tmp_path, GOOD)
    (tmp_path / "mappings.toml").unlink()
    with pytest.raises(SettingsError, match="No such file"):
        mappings_of(known)
