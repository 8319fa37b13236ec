"""`samehand rebuild --into`: told apart from the live one, and through outages; the whole is a journey."""

from __future__ import annotations

import click
import pytest

from desk.cli import reshard
from desk.cli.reshard import beside
from desk.cli.run_async import awaited
from store.errors import StoreUnavailable
from streams.settings import load


def test_workers_get_the_same_settings_but_for_the_layout() -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": "kafka:9092", "SAMEHAND_STORE_BANS": "5000"})
    second = beside(settings, "samehand-12", 12, bans=None, remembered=9_000)
    assert (second.store_prefix, second.store_shards, second.store_bans, second.store_remembered) == (
        *("samehand-12", 12),
        *(5_000, 9_000),
    )
    assert second.kafka_brokers == settings.kafka_brokers


@pytest.mark.parametrize(
    "prefix", ["samehand", "", "a b", "samehand*", "x" * 65, "samehand{1}", "samehand\n"]
)
def test_no_other_prefix_is_taken(prefix: str) -> None:
    with pytest.raises(click.UsageError, match="--into"):
        beside(load({}), prefix, 2, bans=None, remembered=None)


def test_a_step_of_the_hand_over_is_tried_again_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reshard, "_LOOK_SECONDS", 0.0)
    tries = 0

    async def comes_back() -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise StoreUnavailable("Redis did not answer in time")
        return "done"

    async def stays_away() -> None:
        raise StoreUnavailable("Redis did not answer in time")

    assert awaited(reshard._through_outages(comes_back)) == "done"
    assert capsys.readouterr().err.count("once more") == 2
    with pytest.raises(StoreUnavailable):
        awaited(reshard._through_outages(stays_away))
