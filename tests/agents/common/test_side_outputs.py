"""A sample of what is missed, and other weights beside those in force: neither changes what is alerted."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from msgspec.structs import replace

from agents.common.decisions.weights_in_force import WeightsInForce
from samehand.scoring.weights import Bands, Weights, default_weights
from schemas.accounts import AccountCreated, Basis
from schemas.alerts import MirrorAlert
from schemas.basis_rights import BasisRights, RightsTable
from schemas.wire import Decoded, decode_alert
from streams.outcomes import Outcome, Published
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, a_ban, a_deletion, a_sign_up, a_verdict, arrival

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


def sampled(outcomes: list[Outcome]) -> list[MirrorAlert]:
    """What goes to the topic of the sample."""
    emits = [emit for it in outcomes if isinstance(it, Published) for emit in it.emits]
    found = []
    for emit in emits:
        if emit.topic == "t.alerts.sample":
            read = decode_alert(emit.value, now=2e9)
            assert isinstance(read, Decoded)
            assert isinstance(read.record, MirrorAlert)
            found.append(read.record)
    return found


def a_close_one(account_id: str) -> AccountCreated:
    """Bears the name with letters behind it: too little for an alert."""
    return a_sign_up(account_id, handle=f"umar_mediaxq{account_id}")


async def test_a_pair_below_the_bands_is_drawn_with_its_probability_and_is_no_alert(
    make_life: MakeLife,
) -> None:
    life = make_life(sample_share=1.0)
    found: list[MirrorAlert] = []
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    for number in range(200):
        found += sampled(await life.screen([arrival(a_close_one(f"{number}"))]))
    assert found, "of two hundred close ones some are drawn"
    assert all(it.band == "none" and it.matched.key == "telegram:77" for it in found)
    assert all(it.drawn is not None and it.drawn.probability == 0.25**it.drawn.stratum for it in found)
    assert life.alerts == []
    assert (await life.context.store.figures()).unjudged == 0


async def test_ban_whose_basis_may_not_alert_is_in_no_sample(make_life: MakeLife) -> None:
    for rights, drawn in ((BasisRights(), True), (BasisRights(may_alert=False), False)):
        life = make_life(sample_share=1.0, basis_rights=RightsTable({("pk", ""): rights}))
        await life.ban(
            replace(a_ban("77", handle="umar_media", device_id=DEVICE), basis=Basis(authority="PK"))
        )
        outcomes = [(await life.screen([arrival(a_close_one(f"{number}"))])) for number in range(40)]
        assert any(map(sampled, outcomes)) is drawn
        # What lies below the bands is no alert that a right took away.
        assert (
            life.context.metrics.registry.get_sample_value(
                "samehand_alerts_without_right_total", {"basis": "state"}
            )
            == 0
        )


async def test_how_far_below_a_pair_lies_is_measured_from_the_threshold_of_its_policy(
    make_life: MakeLife,
) -> None:
    lax = Bands(likely=0.9, possible=0.05)
    strata = []
    for bands in ({}, {"violent-extremism": lax}):
        life = make_life(sample_share=1.0)
        weights = WeightsInForce(replace(default_weights(), policy_bands=bands))
        life = Life(dataclasses.replace(life.context, weights=weights))
        await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
        found: list[MirrorAlert] = []
        for number in range(200):
            found += sampled(await life.screen([arrival(a_close_one(f"{number}"))]))
        strata.append({it.drawn.stratum for it in found if it.drawn is not None})
    assert max(strata[1]) < max(strata[0])


async def test_without_a_share_nothing_is_drawn_and_in_shadow_mode_neither(make_life: MakeLife) -> None:
    for rules in ({}, {"sample_share": 1.0, "shadow": True}):
        life = make_life(**rules)
        await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
        for number in range(60):
            sign_up = a_close_one(f"{number}")
            assert sampled(await life.screen([arrival(sign_up)])) == []


async def test_what_alerts_is_not_sampled_and_an_event_that_comes_again_draws_the_same(
    make_life: MakeLife,
) -> None:
    life = make_life(sample_share=1.0)
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE), a_ban("78", handle="umar_medias"))
    mirrors = [a_sign_up(f"{n}", handle=f"umar_media_{n}", device_id=DEVICE) for n in range(60)]
    first = [sampled(await life.tell(life.screen, mirror)) for mirror in mirrors]
    again = [sampled(await life.tell(life.screen, mirror)) for mirror in mirrors]
    assert life.alerts
    assert all(it.matched.key == "telegram:78" for several in first for it in several)
    assert [[it.alert_id for it in several] for several in first] == [
        [it.alert_id for it in several] for several in again
    ]


async def test_a_pair_that_was_dismissed_or_whose_account_is_gone_is_not_shown_again(
    make_life: MakeLife,
) -> None:
    life = make_life(sample_share=1.0)
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    sign_ups = {f"{n}": a_close_one(f"{n}") for n in range(200)}
    drawn = [it.account_id for one in sign_ups.values() for it in sampled(await life.screen([arrival(one)]))]
    assert len(drawn) >= 2
    for account_id in drawn[:-1]:
        (alert,) = sampled(await life.screen([arrival(sign_ups[account_id])]))
        await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
        assert sampled(await life.screen([arrival(sign_ups[account_id])])) == []
    gone = drawn[-1]
    await life.tell(life.forget, a_deletion(gone, at=NOON + timedelta(minutes=90)))
    assert sampled(await life.screen([arrival(sign_ups[gone])])) == []


def beside(life: Life, shadow: Weights, live: Weights | None = None) -> Life:
    """A worker on the same store with a table in shadow."""
    weights = WeightsInForce(live or default_weights(), shadow)
    return Life(dataclasses.replace(life.context, weights=weights))


async def test_other_weights_are_counted_beside_those_in_force_and_alert_nobody(make_life: MakeLife) -> None:
    stricter = replace(default_weights(), mirror_rate=1e-9)
    laxer = replace(default_weights(), bands=Bands(likely=0.6, possible=0.5))
    for other, expected in ((stricter, {("likely", "none")}), (laxer, {("likely", "likely")})):
        life = beside(make_life(), other)
        await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
        await life.tell(life.screen, a_sign_up("98", handle="umar_media_2", device_id=DEVICE))
        await life.tell(life.screen, a_sign_up("99", handle="salma_kitchen"))
        assert [(it.key, it.band) for it in life.alerts] == [("telegram:98", "likely")]
        assert counted(life) == dict.fromkeys(expected, 1.0)


async def test_what_other_weights_alone_alert_on_is_counted_too(make_life: MakeLife) -> None:
    strict = replace(default_weights(), mirror_rate=1e-9)
    life = beside(make_life(), default_weights(), live=strict)
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("98", handle="umar_media_2", device_id=DEVICE))
    assert life.alerts == []
    assert counted(life) == {("none", "likely"): 1.0}


def counted(life: Life) -> dict[tuple[str, str], float]:
    """Pairs by their band, and by that of the weights beside."""
    return {
        (it.labels["band"], it.labels["shadow_band"]): it.value
        for metric in life.context.metrics.registry.collect()
        for it in metric.samples
        if it.name == "samehand_shadow_weights_total"
    }


async def test_the_same_weights_beside_those_in_force_say_the_same(make_life: MakeLife) -> None:
    life = beside(make_life(), default_weights())
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    for number in range(10):
        sign_up = a_sign_up(f"{number}", handle=f"umar_media_{number}", device_id=DEVICE)
        await life.tell(life.screen, sign_up)
    assert life.alerts
    assert all(band == other for band, other in counted(life))
