"""Which alerts a change of an account ends, and which it must not."""

from __future__ import annotations

from dataclasses import replace

from agents.common.converters import remembered_of
from agents.common.snapshot import Snapshot, snapshot_of
from agents.screen import withdraw_no_longer_similar
from store.base import Remembered
from tests.agents.conftest import Life
from tests.makers import a_ban, a_change, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


async def alerted(life: Life) -> tuple[Remembered, Snapshot]:
    """An open alert about 99, and how 99 looks after a change into somebody else."""
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    assert len(life.alerts) == 1
    changed = remembered_of(a_change("99", handle="salma_kitchen"), life.context.keyers)
    return changed, await snapshot_of(life.context, 0.0)


async def owed(life: Life) -> list[str | None]:
    """Why something is owed."""
    return [it.reason for it in await life.context.store.owed("holder", now=life.seconds)]


async def test_who_is_somebody_else_now_ends_the_alert(life: Life) -> None:
    changed, snapshot = await alerted(life)
    await withdraw_no_longer_similar([changed], snapshot, life.context)
    assert await owed(life) == ["no-longer-resembles"]


async def test_an_older_state_ends_nothing(life: Life) -> None:
    changed, snapshot = await alerted(life)
    await withdraw_no_longer_similar(
        [replace(changed, seen_at=changed.seen_at - 86_400)], snapshot, life.context
    )
    assert await owed(life) == []


async def test_what_shares_no_pepper_cannot_be_compared_and_ends_nothing(life: Life) -> None:
    changed, snapshot = await alerted(life)
    foreign = tuple(replace(one, pepper_id=9) for one in changed.fingerprints)
    await withdraw_no_longer_similar([replace(changed, fingerprints=foreign)], snapshot, life.context)
    assert await owed(life) == []


async def test_nobody_is_asked_about_an_account_without_alerts(life: Life) -> None:
    changed, snapshot = await alerted(life)
    stranger = replace(changed, account="telegram:1")
    await withdraw_no_longer_similar([stranger], snapshot, life.context)
    assert await owed(life) == []
