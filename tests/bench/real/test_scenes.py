"""Scenes of real names with drawn facts: each keeps what it says and nothing else."""

from __future__ import annotations

import pytest

from bench.real import scenes
from simulate.draws import seeded
from simulate.people import Population

RENAMES = [("zarghun_waziri", "quiet_harbor"), ("kzq9_toryalai", "paper_boat")]


@pytest.fixture(scope="module")
def pairs() -> list[scenes.Banned]:
    return scenes.pairs_of(RENAMES, seed=1)


@pytest.mark.parametrize("name", scenes.SCENES)
def test_a_scene_keeps_its_facts_and_changes_the_handle_unless_that_is_the_fact(
    name: str, pairs: list[scenes.Banned]
) -> None:
    rng = seeded(1, "test")
    kept = [change(rng, pairs[0]) for change in scenes.SCENES[name]]
    fields = {field for one in kept for field in one}
    assert fields <= {*scenes._FACTS, "handle"}
    if "ip" in fields:
        (address,) = (one["ip"] for one in kept if "ip" in one)
        assert address != pairs[0].account.ip
        assert address.rsplit(".", 1)[0] == str(pairs[0].account.ip).rsplit(".", 1)[0]


def test_bans_are_spread_and_the_last_lies_before_any_delay(pairs: list[scenes.Banned]) -> None:
    moments = sorted(banned.at for banned in pairs)
    assert moments[0] != moments[-1]
    assert moments[-1] + max(scenes.DELAYS.values()) < scenes.NOW


def test_all_scenes_are_told_with_their_intervals() -> None:
    told = scenes.scenes(RENAMES, background=5, innocent=4)
    assert told["bans"] == 7
    assert set(told["mirrors"]) == set(scenes.SCENES)
    assert set(told["innocents"]) == set(scenes.INNOCENTS)
    device = told["mirrors"]["same e-mail"]["10 minutes, rest absent"]
    assert device["alarmed"]["of"] == 2
    assert device["alarmed"]["interval"] is not None


def test_the_innocent_share_no_given_name_with_the_banned() -> None:
    banned = scenes.banned_households(1, 5)
    rng, population = seeded(2, "test"), Population(2, 50)
    for one in banned:
        _, account = scenes._half_sibling(rng, population, one)
        assert account.device_id == one.account.device_id
        assert account.handle != one.account.handle
