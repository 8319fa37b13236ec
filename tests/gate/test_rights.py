"""What a key may publish is what it was given, and no more: a leaked one costs that much."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.keys import Keyring, UnusableKeys, new_key, read_keys
from gate.rights import KINDS, fault_of, publishes
from schemas.accounts import AccountReinstated
from tests.gate.conftest import Caller
from tests.makers import a_sign_up
from tests.tables import for_each

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def reinstated(platform: str = "app", account_id: str = "1") -> AccountReinstated:
    return AccountReinstated(
        version=1,
        event_id=f"lift-{account_id}",
        platform=platform,
        account_id=account_id,
        reinstated_at=NOW,
        occurred_at=NOW,
    )


@for_each(
    ("right", "kind", "platform", "may"),
    [
        ("events", "deleted", "app", True),
        ("events:created", "created", "app", True),
        ("events:created", "deleted", "app", False),
        ("events:created@app", "created", "app", True),
        ("events:created@app", "created", "web", False),
        ("events:created@app", "created", None, True),
        ("events:created@app", "deleted", None, False),
        ("verdicts", "created", "app", False),
        ("eventsx", "created", "app", False),
    ],
)
def test_right_covers_its_kind_and_platform(right: str, kind: str, platform: str | None, may: bool) -> None:
    assert publishes({right}, kind, platform) is may


@for_each(
    "right",
    [
        *("score", "alerts", "verdicts", "appeals", "related", "events"),
        *(f"events:{it}@a.b-c_1" for it in KINDS),
    ],
)
def test_right_of_this_release_can_be_given(right: str) -> None:
    assert fault_of(right) == ""


@for_each(
    "right",
    [
        "",
        "all",
        "events:",
        "events:x",
        "events@app",
        "events:created@",
        "events:created@A",
        "events:created@a:b",
        "events:created@" + "a" * 33,
        "score:x",
        "score@app",
        "events:created@a\n",
    ],
)
def test_other_right_cannot(right: str) -> None:
    assert fault_of(right)


def test_file_with_rights_of_a_later_release_is_read_and_one_with_nonsense_is_none(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    new_key(path, "later", frozenset({"score"}), 1.0, NOW)
    text = path.read_text()
    path.write_text(text.replace('"score"', '"related", "events:waved@app"'))
    (key,) = read_keys(path)
    assert not key.has("score")
    path.write_text(text.replace('"score"', '"events:created@app:x"'))
    with pytest.raises(UnusableKeys):
        read_keys(path)


async def test_sign_up_servers_key_reinstates_deletes_and_bans_nobody(caller: Caller) -> None:
    key = caller.key("events:created@app", "events:updated@app")
    for kind in ("reinstated", "deleted", "banned", "remembered"):
        answer = await caller.post(f"/v1/events/{kind}", b"[]", key=key)
        assert (answer.status_code, answer.json()["reason"]) == (403, "not-allowed")
    answer = await caller.post("/v1/events/no-kind", b"[]", key=key)
    assert (answer.status_code, answer.json()["reason"]) == (404, "unknown-kind")
    assert caller.broker.taken == []


async def test_record_of_another_platform_is_refused_and_costs_the_others_nothing(caller: Caller) -> None:
    key = caller.key("events:reinstated@app")
    answer = await caller.post("/v1/events/reinstated", [reinstated("app"), reinstated("web", "2")], key=key)
    assert answer.status_code == 202
    assert [it["accepted"] for it in answer.json()["records"]] == [True, False]
    assert answer.json()["records"][1]["reason"] == "not-allowed"
    assert answer.json()["records"][1]["path"] == "$.platform"
    alone = await caller.post("/v1/events/reinstated", reinstated("web"), key=key)
    assert (alone.status_code, alone.json()["reason"]) == (403, "not-allowed")
    assert [emit.key for emit in caller.broker.taken] == [b"app:1"]


async def test_rate_counts_records_and_a_call_holds_no_more_than_a_minute_of_it(caller: Caller) -> None:
    key = caller.key("events:reinstated", rate="60/min")
    many = [reinstated(account_id=str(number)) for number in range(61)]
    answer = await caller.post("/v1/events/reinstated", many, key=key)
    assert (answer.status_code, answer.json()["reason"]) == (413, "too-many")
    assert caller.broker.taken == []
    caller.life.seconds += 2
    assert (await caller.post("/v1/events/reinstated", many[:60], key=key)).status_code == 202
    again = await caller.post("/v1/events/reinstated", many[0], key=key)
    assert (again.status_code, int(again.headers["Retry-After"])) == (429, 60)
    caller.life.seconds += 60
    assert (await caller.post("/v1/events/reinstated", many[0], key=key)).status_code == 202


def test_calls_that_came_at_once_publish_a_minute_of_records_between_them(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    text = new_key(path, "many", frozenset({"events:created"}), 50.0, NOW)
    keyring = Keyring(path, lambda: 0.0)
    key = keyring.find(text)
    assert key is not None
    begun = sum(keyring.wait_seconds(key) == 0.0 for _ in range(100))
    published = sum(1_000 for _ in range(begun) if keyring.charge(key, 1_000) == 0.0)
    assert (begun, published) == (50, 1_000)


async def test_key_of_the_former_kind_works_on(caller: Caller) -> None:
    key = caller.key("events", rate="1/s")
    told = json.loads(caller.keys_file.read_text())
    for one in told["keys"]:
        del one["per"]
    caller.keys_file.write_text(json.dumps(told))
    caller.life.seconds += 2
    many = [reinstated(account_id=str(number)) for number in range(1_000)]
    for _ in range(3):
        assert (await caller.post("/v1/events/reinstated", many, key=key)).status_code == 202
        caller.life.seconds += 1
    recent = a_sign_up("9", at=datetime.fromtimestamp(caller.life.seconds, UTC) - timedelta(seconds=1))
    assert (await caller.post("/v1/events/created", recent, key=key)).status_code == 202
