"""What moderators decide changes what is alerted next."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from msgspec.structs import replace

from agents.common.converters import ban_of
from agents.judge import Judge
from schemas.alerts import MirrorAlert
from schemas.verdicts import Verdict, VerdictGiven
from store.base import Store
from streams.outcomes import NOTHING
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, a_ban, a_reinstatement, a_sign_up, a_verdict, arrival

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
MIRROR = a_sign_up("99", handle="umar_media2", device_id=DEVICE)


async def test_not_a_mirror_is_never_alerted_again(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    mirror = a_sign_up("99", handle="umar_media2", device_id=DEVICE)
    await life.tell(life.screen, mirror)
    await life.tell(life.judge, a_verdict(life.alerts[0].alert_id, "not_mirror"))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
    await life.tell(life.screen, mirror)
    assert len(life.alerts) == 1


async def test_a_confirmed_mirror_joins_the_family_when_it_is_banned_itself(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    await life.tell(life.judge, a_verdict(life.alerts[0].alert_id, "mirror"))
    await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
    await life.tell(life.screen, a_sign_up("111", handle="umar_media3", device_id=DEVICE))
    families = {alert.matched.key: (alert.matched.root_id, alert.matched.generation) for alert in life.alerts}
    assert families["telegram:99"] == ("telegram:77", 1)


async def test_a_verdict_on_an_unknown_alert_is_no_fault(life: Life) -> None:
    assert await life.tell(life.judge, a_verdict("0" * 32, "mirror")) == [NOTHING]


async def test_what_was_judged_waits_for_nobody(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    assert (await life.context.store.figures()).unjudged == 1
    await life.tell(life.judge, a_verdict(life.alerts[0].alert_id, "unsure"))
    assert (await life.context.store.figures()).unjudged == 0


async def a_mirror(life: Life) -> MirrorAlert:
    """An alert on an account that came back on the same device."""
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, MIRROR)
    return life.alerts[-1]


def later(alert: MirrorAlert, verdict: Verdict, minutes: int, **fields: object) -> VerdictGiven:
    """A verdict so many minutes after the others."""
    one = a_verdict(alert.alert_id, verdict)
    return replace(one, decided_at=one.decided_at + timedelta(minutes=minutes), **fields)


class TestTakingBack:
    @pytest.mark.parametrize("told", [True, False], ids=["told", "not told yet"])
    @pytest.mark.parametrize("verdict", ["mirror", "unsure"])
    async def test_a_dismissal_that_is_taken_back_opens_the_alert_again(
        self, life: Life, verdict: Verdict, told: bool
    ) -> None:
        alert = await a_mirror(life)
        await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
        if told:
            await life.relay()
        await life.tell(life.judge, later(alert, verdict, 5))
        await life.relay()
        assert life.alerts[-1] == replace(alert, revision=alert.revision + 2)
        assert reopened(life) == 1
        await life.tell(life.screen, MIRROR)
        await life.relay()
        assert life.number(life.alerts[-1]) == 3, "it is told already"

    async def test_an_alert_that_a_worker_opened_before_it_died_gets_its_second_look(
        self, life: Life
    ) -> None:
        alert = await a_mirror(life)
        own = ban_of(a_ban("99", at=NOON + timedelta(hours=1)), life.context.keyers)
        await life.context.store.enrol([own], now=life.seconds)  # its worker looked while it was closed
        await life.tell(life.judge, a_verdict(alert.alert_id, "mirror"))
        await life.relay()
        last = life.alerts[-1]
        assert (last.status, last.withdrawn_reason) == ("withdrawn", "account-banned")

    async def test_an_alert_that_is_open_again_is_withdrawn_with_its_ban_like_any_other(
        self, life: Life
    ) -> None:
        alert = await a_mirror(life)
        await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"), later(alert, "mirror", 5))
        await life.relay()
        await life.tell(life.judge, later(alert, "not_mirror", 6))
        await life.tell(life.judge, later(alert, "unsure", 7))
        await life.relay()
        await life.tell(life.expunge, a_reinstatement("77", at=NOON + timedelta(hours=1)))
        await life.relay()
        last = life.alerts[-1]
        assert (last.status, last.withdrawn_reason) == ("withdrawn", "reinstated")
        assert [it.revision for it in life.alerts] == sorted({it.revision for it in life.alerts})
        assert "umar" not in repr((last.evidence, last.counter_evidence))

    async def test_who_was_confirmed_by_mistake_leaves_the_family_though_banned_meanwhile(
        self, life: Life
    ) -> None:
        alert = await a_mirror(life)
        await life.tell(life.judge, a_verdict(alert.alert_id, "mirror"))
        await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
        assert await family(life, "telegram:99") == ("telegram:77", 1)
        await life.tell(life.judge, later(alert, "not_mirror", 20))
        assert await family(life, "telegram:99") == ("telegram:99", 0)
        await life.tell(life.judge, later(alert, "mirror", 21))
        assert await family(life, "telegram:99") == ("telegram:77", 1)

    async def test_who_is_banned_before_the_verdict_comes_is_of_the_family_as_well(self, life: Life) -> None:
        alert = await a_mirror(life)
        await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
        await life.tell(life.judge, a_verdict(alert.alert_id, "mirror"))
        assert await family(life, "telegram:99") == ("telegram:77", 1)

    async def test_a_ban_that_was_lifted_meanwhile_does_not_come_back(self, life: Life) -> None:
        alert = await a_mirror(life)
        await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
        await life.tell(life.expunge, a_reinstatement("99", at=NOON + timedelta(minutes=55)))
        await life.tell(life.judge, a_verdict(alert.alert_id, "mirror"))
        assert await life.context.store.bans(["telegram:99"]) == [None]

    async def test_an_alert_on_an_account_that_is_banned_itself_is_not_opened_again(self, life: Life) -> None:
        alert = await a_mirror(life)
        await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
        await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
        await life.tell(life.judge, later(alert, "mirror", 20))
        await life.relay()
        assert [it.status for it in life.alerts] == ["open", "withdrawn"]
        assert await family(life, "telegram:99") == ("telegram:77", 1)

    async def test_a_repeat_and_an_earlier_verdict_that_comes_late_change_nothing(self, life: Life) -> None:
        alert = await a_mirror(life)
        dismissed = later(alert, "not_mirror", 0, verdict_id="v1")
        confirmed = later(alert, "mirror", 5, verdict_id="v2")
        await life.tell(life.judge, confirmed)
        await life.tell(life.judge, dismissed, confirmed, dismissed)
        await life.relay()
        assert [it.status for it in life.alerts] == ["open"]
        assert counted(life, "mirror") == 1.0
        assert counted(life, "not_mirror") == 0.0
        await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
        assert await family(life, "telegram:99") == ("telegram:77", 1)

    async def test_a_record_without_an_id_counts_once_too(self, life: Life) -> None:
        alert = await a_mirror(life)
        verdict = a_verdict(alert.alert_id, "mirror")
        await life.tell(life.judge, verdict, verdict)
        await life.tell(life.judge, verdict)
        assert counted(life, "mirror") == 1.0

    async def test_a_golden_item_decides_nothing(self, life: Life) -> None:
        alert = await a_mirror(life)
        await life.tell(life.judge, later(alert, "not_mirror", 0, golden=True))
        await life.relay()
        assert [it.status for it in life.alerts] == ["open"]
        assert counted(life, "not_mirror") == 0.0
        assert (await life.context.store.figures()).unjudged == 1

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
    async def test_whatever_order_they_come_in_and_wherever_a_worker_dies_the_latest_holds(
        self, make_life: MakeLife, order: tuple[int, ...]
    ) -> None:
        calls, lived = 0, False
        while not lived:
            calls += 1
            life = make_life()
            alert = await a_mirror(life)
            await life.ban(
                a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=5))
            )
            words: list[Verdict] = ["not_mirror", "mirror", "unsure"]
            verdicts = [later(alert, word, place) for place, word in enumerate(words)]
            lived = await told_dying(life, [verdicts[place] for place in order], calls)
            await life.relay()
            assert await family(life, "telegram:99") == ("telegram:99", 0), calls
            (held,) = await life.context.store.decided([alert.alert_id])
            assert held is not None
            assert held.verdict == "unsure"
        assert calls > 10


async def told_dying(life: Life, verdicts: Sequence[VerdictGiven], calls: int) -> bool:
    """Tells one after the other; the worker dies once, after so many calls of the store, and begins again.

    Whether it lived through all of it.
    """
    dying = Dying(life.context.store, calls)
    context = dataclasses.replace(life.context, store=cast(Store, dying))
    for verdict in verdicts:
        try:
            await Judge(context)([arrival(verdict)])
        except StoreUnavailableNow:
            await life.tell(life.judge, verdict)  # what was not acknowledged is delivered again
    return dying.left > 0


class StoreUnavailableNow(Exception):  # a death, not a fault of ours
    """The worker is gone."""


class Dying:
    """A store whose caller is killed after so many answers, once."""

    def __init__(self, store: Store, calls: int) -> None:
        self._store = store
        self.left = calls

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **how: Any) -> Any:
            answer = await getattr(self._store, name)(*arguments, **how)
            self.left -= 1
            if self.left == 0:
                raise StoreUnavailableNow
            return answer

        return call


def counted(life: Life, verdict: str) -> float:
    """Verdicts of a kind that this process counted."""
    return sum(
        sample.value
        for metric in life.context.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "samehand_verdicts_total" and sample.labels["verdict"] == verdict
    )


def reopened(life: Life) -> float:
    """Alerts that were opened again."""
    return life.context.metrics.registry.get_sample_value("samehand_alerts_reopened_total") or 0.0


async def family(life: Life, account: str) -> tuple[str, int]:
    """The founder and the generation of a banned account."""
    (ban,) = await life.context.store.bans([account])
    assert ban is not None
    return ban.facts.descent.root_id, ban.facts.descent.generation
