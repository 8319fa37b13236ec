"""The demo's platform, asked by the desk as any platform is."""

from __future__ import annotations

import io
import json
import re
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from cli.commands.demo.profiles import drawn, profile_server, shown_accounts
from desk.profiles.source import Profile, ProfileSource, profile_source
from schemas.accounts import Account, Avatar
from simulate.sample import sample
from simulate.timeline.events import PlatformTopic
from streams.settings import load
from tests.deliver.receiver import SECRET_TEXT
from tests.house import ROOT
from tests.makers import NOON
from tests.printed import blocks

SECRET_FILE = "SAMEHAND_DESK_PROFILE_SOURCE_SECRET_FILE"
ACCOUNTS = {
    "x:1": Account(
        account_id="1",
        handle="um4r",
        display_name="Ümar",
        bio="fast news",
        avatar=Avatar(pdq="0123456789abcdef" * 4, quality=90),
    )
}


def a_secret(path: Path) -> str:
    path.write_text(SECRET_TEXT)
    return str(path)


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[ProfileSource]:
    with profile_server(ACCOUNTS, tmp_path) as environment:
        made = profile_source(load(environment), time.time)
        assert made is not None
        yield made
        await made.close()


async def test_desk_sees_an_account_of_the_demo_with_its_picture(source: ProfileSource) -> None:
    shown = await source.profile("x", "1")
    assert (shown.outcome, shown.handle, shown.name, shown.bio) == ("shown", "um4r", "Ümar", "fast news")
    assert shown.picture is not None


async def test_account_that_the_sample_lacks_is_gone(source: ProfileSource) -> None:
    assert await source.profile("x", "2") == Profile("gone")


async def test_request_with_another_secret_is_refused(tmp_path: Path) -> None:
    with profile_server(ACCOUNTS, tmp_path) as environment:
        other = profile_source(load({**environment, SECRET_FILE: a_secret(tmp_path / "other")}), time.time)
        assert other is not None
        assert await other.profile("x", "1") == Profile("away")
        await other.close()


def test_command_of_the_documentation_gets_an_answer(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "desk.md").read_text("utf-8")
    (script,) = (block for block in blocks(page) if "webhook-signature" in block)
    with profile_server({"x:42": ACCOUNTS["x:1"]}, tmp_path) as environment:
        script = script.replace("https://x.example/profiles", environment["SAMEHAND_DESK_PROFILE_SOURCE"])
        asked = subprocess.run(
            ["sh", "-euc", script], cwd=tmp_path, capture_output=True, text=True, check=True
        )
    answer = json.loads(asked.stdout)
    (shown,) = (json.loads(text) for text in re.findall(r"^```json\n(.*\"bio\".*)\n```$", page, re.MULTILINE))
    assert list(answer) == list(shown)
    assert answer["handle"] == "um4r"


def test_sample_shows_each_account_as_its_last_event_does_and_none_that_was_deleted() -> None:
    events = list(sample(7, 400, ends_at=NOON))
    shown = shown_accounts(events)
    deleted = {event.key for event in events if event.topic == PlatformTopic.DELETED}
    assert deleted
    assert not deleted & set(shown)
    assert sum(account.display_name is not None for account in shown.values()) > 300
    assert {event.key for event in events if event.topic == PlatformTopic.BANNED} <= set(shown) | deleted


def apart(one: str, other: str) -> float:
    """How far two pictures are apart, on average over their pixels, from 0 to 255."""
    first, second = (Image.open(io.BytesIO(drawn(pdq))).convert("L") for pdq in (one, other))
    return float(ImageStat.Stat(ImageChops.difference(first, second)).mean[0])


def test_pictures_with_similar_hashes_look_alike() -> None:
    own = "8f1d3a77c0925be4" * 4
    edited = f"{int(own, 16) ^ 0x0010_0000_0400_0000_0080_0000_0001:064x}"  # four of 256 bits
    assert drawn(own) == drawn(own)
    assert apart(own, edited) < 12 < 40 < apart(own, "3b60c81f9e44d7a5" * 4)
