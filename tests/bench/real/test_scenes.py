"""Scenes of real names with drawn facts: each keeps what it says and nothing else."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bench.real import scenes
from simulate.population.people import Population
from simulate.sampling import seeded

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


def test_all_scenes_are_told_with_their_intervals_and_nothing_gets_worse() -> None:
    told = scenes.scenes(RENAMES, background=5, innocent=4, households=2, crowd=20)
    assert told["worse"] == []
    for place in ("alone", "among"):
        assert set(told[place]["mirrors"]) == set(scenes.SCENES)
        assert set(told[place]["innocents"]) == set(told[place]["counted"]) == set(scenes.INNOCENTS)
    device = told["alone"]["mirrors"]["same e-mail"]["10 minutes, rest absent"]
    assert device["alarmed"]["of"] == 2
    assert device["alarmed"]["interval"] is not None


def ranks(**given: int) -> dict[tuple[str, str, str], list[int]]:
    """Of one pair, 1 wherever nothing else is given by a scene's name and its delay."""
    return {
        (name, delay, rest): [given.get(f"{name} {delay}".replace(" ", "_").replace("/", ""), 1)]
        for name in scenes.SCENES
        for delay in scenes.DELAYS
        for rest in scenes.RESTS
    }


def test_a_fact_that_takes_an_alert_away_is_told() -> None:
    assert scenes.worse(ranks()) == []
    found = scenes.worse(ranks(device_and_24_a_day=0))
    assert "same device → device and /24, a day, rest absent: 1 pairs" in found
    assert not any(line.startswith("bio") for line in found)


async def test_a_mirror_is_found_where_its_own_ban_is_alerted_on(pairs: list[scenes.Banned]) -> None:
    stage = scenes.Stage()
    one, other = await stage.enrol(pairs)
    account = replace(pairs[0].account, handle=None)
    at = pairs[0].at + scenes.DAY
    assert await stage.bands([(at, account, one), (at, account, other), (at, account, None)]) == [
        "likely",
        "none",
        "likely",
    ]


def test_an_address_is_as_common_as_the_place_that_it_belongs_to() -> None:
    def shown(kind: str) -> int:
        bans = scenes.banned_households(1, 2)
        return sum(
            account.ip == bans[0].account.ip for _, account, _ in scenes.crowd_before(kind, bans, seed=1)
        )

    told = [shown(kind) for kind in scenes.INNOCENTS]
    assert told == [4, 4, scenes.VISITORS + 1, 4, 1]


def test_the_innocent_share_no_given_name_with_the_banned() -> None:
    banned = scenes.banned_households(1, 5)
    rng, population = seeded(2, "test"), Population(2, 50)
    for one in banned:
        _, account = scenes._half_sibling(rng, population, one)
        assert account.device_id == one.account.device_id
        assert account.handle != one.account.handle
