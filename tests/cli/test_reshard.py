"""`samehand rebuild --into`: told apart from the live one; the whole is a journey."""

from __future__ import annotations

import click
import pytest

from cli.reshard import beside
from streams.settings import load


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
