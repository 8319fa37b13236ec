"""A place that a withdrawn alert frees is given to the next pair, whatever dies meanwhile."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from store.bounds import Bounds
from store.redis.client import RedisEndpoint
from store.redis.store import RedisStore
from tests.agents.conftest import Life, MakeLife
from tests.agents.decoying import BAN, MIRROR, SHARED, accounts, decoys, open_alerts
from tests.makers import NOON, a_ban, a_deletion, a_reinstatement, a_sign_up, a_verdict


async def test_what_a_crash_leaves_owed_is_looked_at_again_by_the_next_worker(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = decoys(120, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    await life.ban(BAN)

    async def killed(*_: object) -> None:
        raise ConnectionResetError

    later = NOON + timedelta(hours=2, minutes=1)
    await life.tell(life.forget, *[a_deletion(one.account.account_id, at=later) for one in several])
    with monkeypatch.context() as patch:
        patch.setattr(type(life.relaying), "settle", killed)
        with pytest.raises(ConnectionResetError):
            await life.relay()
    life.words.clear()
    await life.relay()
    assert accounts(life) == {"99"}


async def test_the_place_of_a_dismissed_account_that_is_deleted_at_once_is_given_out(
    make_life: MakeLife,
) -> None:
    """The deletion replaces the verdict's withdrawal before anybody has published it."""
    life = make_life(alerts_a_cluster=1)
    several = decoys(1, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    await life.ban(BAN)
    (alert,) = open_alerts(life).values()
    assert alert.account_id == "d0"
    await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
    await life.tell(life.forget, a_deletion("d0", at=NOON + timedelta(hours=2)))
    await life.relay()
    assert accounts(life) == {"99"}


@pytest.mark.parametrize("shards", [1, 3])
async def test_what_redis_withholds_is_looked_at_again(
    life: Life, redis_url: str, store_prefix: str, shards: int
) -> None:
    store = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=20.0),
        prefix=store_prefix,
        identity=b"i" * 32,
        bounds=Bounds(shards=shards),
    )
    await store.open()
    lived = Life(replace(life.context, store=store))
    several = decoys(120, "185.12.9.4")
    await lived.tell(lived.screen, *several, MIRROR)
    await lived.ban(BAN)
    await lived.ban(a_ban("78", handle="umar_media", **SHARED))
    await lived.relay()
    assert len(open_alerts(lived)) <= 100
    later = NOON + timedelta(hours=2)
    await lived.tell(lived.forget, *[a_deletion(one.account.account_id, at=later) for one in several])
    await lived.relay()
    assert accounts(lived) == {"99"}
    (alert,) = open_alerts(lived).values()
    await lived.tell(lived.expunge, a_reinstatement(alert.matched.account_id))
    await lived.relay()
    assert accounts(lived) == {"99"}, "it resembles the other ban, which stands"
    assert await store.withheld(["telegram:77", "telegram:78"]) == [False, False]
    await store.close()


async def test_of_alike_bans_one_has_the_alert_and_the_next_one_once_it_ends(life: Life) -> None:
    """Whichever came first, and whoever found it: banned later, or created later."""
    await life.tell(life.screen, MIRROR)
    for name in ("77", "78", "79"):
        await life.ban(a_ban(name, handle="umar_media", **SHARED))
    await life.tell(life.screen, a_sign_up("100", handle="gardener2", ip="39.40.1.7", **SHARED))
    by_account = Counter(alert.account_id for alert in open_alerts(life).values())
    assert by_account == {"99": 1, "100": 1}
    standing = {"77", "78", "79"}
    while standing:
        chosen = {alert.matched.account_id for alert in open_alerts(life).values()}
        assert chosen <= standing
        for name in chosen:
            await life.tell(life.expunge, a_reinstatement(name))
        standing -= chosen
        await life.relay()
        by_account = Counter(alert.account_id for alert in open_alerts(life).values())
        assert by_account == ({"99": 1, "100": 1} if standing else {})


async def test_the_deletion_of_a_banned_account_leaves_its_mirror_to_an_alike_ban(life: Life) -> None:
    await life.tell(life.screen, MIRROR)
    for name in ("77", "78"):
        await life.ban(a_ban(name, handle="umar_media", **SHARED))
    (alert,) = open_alerts(life).values()
    first = alert.matched.account_id
    await life.tell(life.forget, a_deletion(first, at=NOON + timedelta(hours=1)))
    await life.relay()
    (alert,) = open_alerts(life).values()
    assert {first, alert.matched.account_id} == {"77", "78"}
