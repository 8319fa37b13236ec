"""A deleted account is no longer remembered."""

from __future__ import annotations

from datetime import timedelta

from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_deletion, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
BEFORE = NOON - timedelta(hours=1)


async def test_a_deleted_account_is_not_looked_back_at(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE, at=BEFORE))
    await life.tell(life.forget, a_deletion("99"))
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    assert life.alerts == []
