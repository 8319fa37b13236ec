"""What agents count beside their work: which signals fire, which cannot be read, whom verdicts dismiss."""

from __future__ import annotations

import pytest

from agents.common.metric_labels import SCRIPT_NAMES, SIGNAL_NAMES
from schemas.accounts import Avatar
from tests.agents.conftest import Life
from tests.makers import a_ban, a_sign_up, a_verdict
from tests.samehand.pictures.test_hashing import encoded, needs_extra, pillow

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
PICTURE = b"\x89PNG\r\n\x1a\n"


def counted(life: Life, name: str, **labels: str) -> float:
    return life.context.meters.registry.get_sample_value(f"samehand_{name}_total", labels) or 0.0


def test_names_of_labels_are_known_from_the_start() -> None:
    assert {"handle", "device", "avatar", "timing"} <= set(SIGNAL_NAMES)
    assert {"latin", "arabic", "none"} <= set(SCRIPT_NAMES)


async def test_the_signals_of_published_alerts_are_counted_and_no_others(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="umar_media_2", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="nobody_of_note"))
    assert counted(life, "signals", signal="handle") == 1.0
    assert counted(life, "signals", signal="device") == 1.0


@pytest.mark.parametrize(
    ("avatar", "times"),
    [
        (None, 0.0),
        (Avatar(pdq="0f" * 32, quality=90), 0.0),
        (Avatar(pdq="0f" * 32, quality=90, image=PICTURE), 0.0),
        (Avatar(image=PICTURE), 1.0),
    ],
    ids=["no avatar", "a hash", "a hash and its picture", "a picture that nothing here reads"],
)
async def test_a_picture_that_cannot_be_read_is_counted(
    life: Life, avatar: Avatar | None, times: float
) -> None:
    await life.tell(life.screen, a_sign_up(handle="umar_media", avatar=avatar))
    assert counted(life, "signal_unavailable", signal="avatar") == times


@needs_extra
async def test_a_picture_too_flat_to_say_anything_was_read(life: Life) -> None:
    flat = encoded(pillow().new("RGB", (64, 64), "teal"), "PNG")
    await life.tell(life.screen, a_sign_up(handle="umar_media", avatar=Avatar(image=flat)))
    assert counted(life, "signal_unavailable", signal="avatar") == 0.0


@pytest.mark.parametrize(("name", "script"), [("zarghun kakar", "latin"), ("زرغون کاکر", "arabic")])
async def test_a_dismissal_counts_by_the_script_of_the_names_it_judged(
    life: Life, name: str, script: str
) -> None:
    await life.ban(a_ban(display_name=name, device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(display_name=name, device_id=DEVICE))
    await life.tell(life.judge, a_verdict(life.alerts[0].alert_id, "not_mirror"))
    assert counted(life, "judged_scripts", script=script, verdict="not_mirror") == 1.0


async def test_a_verdict_on_an_alert_that_is_gone_counts_for_no_script(life: Life) -> None:
    await life.tell(life.judge, a_verdict("0" * 32, "not_mirror"))
    assert counted(life, "verdicts", verdict="not_mirror", band="none") == 1.0
    assert not any(counted(life, "judged_scripts", script=it, verdict="not_mirror") for it in SCRIPT_NAMES)
