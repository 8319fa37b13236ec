"""`samehand account`: what is kept of a mirror and of its banned model is shown, exported and erased."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.maintain.account.holdings import TOPICS, WHY
from desk.database import notes
from desk.database.engine import opened
from desk.review.arrivals import Arrivals
from desk.settings import load
from schemas.decoding.dates import from_seconds
from tests.cli.running import Samehand
from tests.desk.people import A_POLICY
from tests.journeys.conftest import Platform
from tests.makers import a_ban, a_sign_up, a_verdict

pytestmark = pytest.mark.journey

NOW = datetime.now(UTC).replace(microsecond=0)
BANNED_AT = NOW - timedelta(minutes=20)
DEVICE = "3f0a1c9e-77d2-4c1b-9a55-0c2b7c1d9e10"
MODEL: dict[str, Any] = {"handle": "umar_valley_media", "email": "umar@valley.example", "device_id": DEVICE}
MIRROR: dict[str, Any] = {
    "handle": "um4r_valley_media_2",
    "email": "zahid@mountain.example",
    "device_id": DEVICE,
    "referrer": "invited-by-secret-friend",
}
BROKEN = b'{"account": {"account_id": "n1"}, "phone": "+923001234567"'


@pytest.fixture
def told(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A ban, its mirror, the alert at a desk with a note on it, and a broken record of the mirror."""
    for name, value in platform.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", f"sqlite:///{tmp_path / 'desk.db'}")
    called = platform.topics
    platform.publish(called.banned, a_ban("b1", at=BANNED_AT, banned_at=BANNED_AT, **MODEL))
    platform.publish(called.created, a_sign_up("n1", at=NOW, **MIRROR))
    platform.publish(called.created, BROKEN, key=b"telegram:n1")
    platform.until(lambda: platform.alerts_on("n1"), "the alert")
    platform.until(platform.letters, "the dead letter")

    async def receive() -> None:
        async with opened(load().database_url.get_secret_value()) as database, database.begin() as connection:
            (alert,) = platform.alerts_on("n1")
            await Arrivals(connection, A_POLICY, NOW.timestamp()).take_alert(alert)
            await notes.add(connection, alert.alert_id, "someone", "like @umar", now=NOW.timestamp())

    asyncio.run(receive())
    return platform


def rows(figures: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["kind"]: row for row in figures}


def test_an_account_is_shown_exported_and_erased_and_its_ban_only_when_asked(
    told: Platform, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    samehand = Samehand(capsys)
    peppers = re.findall(r"[0-9a-f]{64}", Path(told.environment["SAMEHAND_PEPPER_FILE"]).read_text("ascii"))
    (alert,) = told.alerts_on("n1")

    def kept(account: str = "telegram:n1") -> dict[str, dict[str, Any]]:
        return rows(samehand("account", "show", account, "--json").figures["kept"])

    # What is kept where: counted, but for records on topics, and no value of either account printed.
    told.publish(told.topics.verdicts, a_verdict(alert.alert_id, "mirror"))
    told.until(lambda: "family" in kept(), "the verdict that makes it one of a family")
    shown = samehand("account", "show", "telegram:n1", "--json")
    before = rows(shown.figures["kept"])
    topics = {kind for kind in TOPICS if kind in before}
    assert topics >= {"created", "deleted", "banned", "alerts", "state", "verdicts", "letters"}
    assert set(before) == {
        *("remembered-account", "alerts-in-store", "family", "quotes", "decisions", "audit-log"),
        *topics,
    }
    assert {row["reason"] for row in before.values() if row["kind"] in topics} == {"not-read"}
    text = samehand("account", "show", "telegram:n1").out
    assert not [it for it in (*MODEL.values(), *MIRROR.values(), "+923001234567") if it in text + shown.out]

    # A copy for its holder: all of their own, and nothing of the other account.
    out = tmp_path / "account.json"
    assert samehand("account", "export", "telegram:n1", "--out", out).code == 0
    copy = out.read_text("utf-8")
    assert out.stat().st_mode & 0o077 == 0, "raw values are for nobody else on this machine"
    assert MIRROR["handle"] in copy
    others = ("b1", MODEL["handle"], MODEL["email"], MIRROR["referrer"], alert.alert_id, "@umar")
    assert not [it for it in (*others, *peppers) if f'{it}"' in copy or f'"{it}' in copy]
    model = samehand("account", "export", "telegram:b1").out
    assert MODEL["handle"] in model
    assert not [it for it in ("n1", MIRROR["handle"], MIRROR["email"], alert.alert_id) if f'"{it}"' in model]

    # Nobody is asked, so nothing is done; a dry run says what would be.
    refused = samehand("account", "erase", "telegram:n1")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    foreseen = samehand("account", "erase", "telegram:n1", "--dry-run", "--json").figures
    gone = {"remembered-account", "alerts-in-store", "quotes"}
    assert (foreseen["published"], set(rows(foreseen["asked"]))) == ({}, gone)
    assert told.values(told.topics.deleted) == []

    # The erasure: workers withdraw and forget, the desk quotes nothing, and the receipt names the rest.
    erased = samehand(
        "account", "erase", "telegram:n1", "--yes", "--out", tmp_path / "receipt.json", "--json"
    )
    receipt = erased.figures
    assert json.loads((tmp_path / "receipt.json").read_text("utf-8")) == receipt
    assert (erased.code, set(rows(receipt["erased"])), receipt["asked"]) == (0, gone, [])
    remains = rows(receipt["remains"])
    assert set(remains) == {*topics, "family", "decisions", "audit-log", "markers", "copies"}
    assert all(row["why"] == WHY[row["reason"]] for row in remains.values())
    assert (remains["deleted"]["reason"], remains["created"]["reason"]) == ("retention", "not-read")
    if remains["letters"]["until"] is not None:  # small brokers do not tell how long they keep a topic
        assert remains["letters"]["until"] >= from_seconds(NOW.timestamp() + 7 * 86_400).isoformat()
    told.until(
        lambda: told.alerts_on("n1")[-1].withdrawn_reason == "account-deleted", "the withdrawal on the topic"
    )

    assert set(kept()) == set(before) - gone

    # A ban outlives the erasure of its account, unless that is asked for.
    receipt = samehand("account", "erase", "telegram:b1", "--yes", "--json").figures
    assert rows(receipt["remains"])["ban"]["why"] == WHY["ban"]
    ended = samehand("account", "erase", "telegram:b1", "--ban", "--yes", "--json")
    assert (ended.code, set(rows(ended.figures["erased"]))) == (0, {"ban"})
    assert "ban" not in kept("telegram:b1")
