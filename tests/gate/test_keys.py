"""Who may call: made and printed once, kept as a digest, revoked while the gate runs."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate import keys
from gate.keys import (
    FILE_BYTES_MAX,
    KEYS_MAX,
    Key,
    Keyring,
    UnusableKeys,
    new_key,
    rate_of,
    read_keys,
    revoke_key,
)
from gate.rights import May
from tests.gate.conftest import Caller
from tests.makers import a_sign_up
from tests.tables import for_each

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def a_key(path: Path, name: str = "sign-up", *may: May, rate: float = 10.0) -> str:
    return new_key(path, name, frozenset(may or ("score",)), rate, NOW)


class Ticks:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_file_holds_no_secret_and_is_its_owners_alone(path: Path) -> None:
    key = a_key(path)
    secret = key.split("_", 2)[2]
    assert secret not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [it.name for it in read_keys(path)] == ["sign-up"]
    assert secret not in repr(read_keys(path))


def test_the_rights_of_a_file_that_others_may_read_stay(path: Path) -> None:
    a_key(path)
    path.chmod(0o640)
    a_key(path, "another")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_name_is_given_once(path: Path) -> None:
    a_key(path)
    with pytest.raises(UnusableKeys, match="already"):
        a_key(path)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "ünfug", "-", "a\n"])
def test_a_name_is_one_that_logs_may_show(path: Path, name: str) -> None:
    with pytest.raises(UnusableKeys, match="a name has"):
        a_key(path, name)
    assert not path.exists()


def test_of_two_made_at_once_neither_is_lost(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: a_key(path, f"key-{n}"), range(40)))
    assert len(read_keys(path)) == 40


def test_there_is_an_end_to_keys(path: Path) -> None:
    a_key(path)
    (one,) = json.loads(path.read_text())["keys"]
    many = [{**one, "name": f"key-{n}", "id": f"{n:012x}"} for n in range(KEYS_MAX)]
    path.write_text(json.dumps({"version": 1, "keys": many}))
    with pytest.raises(UnusableKeys, match="revoke some"):
        a_key(path, "one-more")


@pytest.mark.parametrize(
    "raw",
    [b"{", b"[]", b"\xff", b"", b'{"version": 2}', b'{"version": 1, "keys": [{}]}', b"[" * 100_000],
    ids=lambda it: str(it)[:16],
)
def test_a_file_that_is_none_is_told_by_name(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    with pytest.raises(UnusableKeys, match=path.name):
        read_keys(path)


def test_a_file_beyond_all_keys_is_not_read(path: Path) -> None:
    path.write_bytes(b" " * (FILE_BYTES_MAX + 1))
    with pytest.raises(UnusableKeys, match="KiB"):
        read_keys(path)


@for_each(("text", "rate"), [("200/s", 200.0), ("30/min", 0.5), ("1000000/s", 1e6)])
def test_rates_are_said_by_second_or_minute(text: str, rate: float) -> None:
    assert rate_of(text) == rate


@for_each("text", ["", "200", "0/s", "-1/s", "1/h", "1e3/s", "1/s\n", "9999999/s", "٣/s"])
def test_other_rates_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="200/s"):
        rate_of(text)


def test_a_key_is_found_by_its_whole_text(path: Path) -> None:
    key = a_key(path)
    keyring = Keyring(path, Ticks())
    found = keyring.find(key)
    assert found is not None
    assert found.name == "sign-up"
    for other in (key[:-1], key + "x", key.upper(), "", "samehand_", key.replace("samehand", "another")):
        assert keyring.find(other) is None


def test_a_revoked_key_is_none_a_second_later_and_a_new_one_is_known(path: Path) -> None:
    ticks, key = Ticks(), a_key(path)
    keyring = Keyring(path, ticks)
    assert revoke_key(path, "sign-up")
    another = a_key(path, "another")
    ticks.now = 1.0
    assert keyring.find(key) is None
    assert keyring.find(another) is not None
    assert not revoke_key(path, "sign-up"), "there is none any more"


def test_a_file_that_somebody_broke_leaves_the_keys_in_force(path: Path) -> None:
    ticks, key = Ticks(), a_key(path)
    keyring = Keyring(path, ticks)
    path.write_text("{")
    ticks.now = 1.0
    assert keyring.find(key) is not None


def test_a_link_stays_one_and_who_reads_what_it_points_to_reads_on(path: Path, tmp_path: Path) -> None:
    a_key(path)
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "keys.json"
    link.symlink_to(path)
    a_key(link, "another")
    assert link.is_symlink()
    assert [it.name for it in read_keys(path)] == ["sign-up", "another"]
    assert revoke_key(link, "sign-up")
    assert [it.name for it in read_keys(path)] == ["another"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_holds_nobody(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    with pytest.raises(UnusableKeys, match=path.name):
        read_keys(path)


def test_a_key_that_was_revoked_while_the_file_could_not_be_read_is_none_once_it_can(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks, key = Ticks(), a_key(path)
    keyring = Keyring(path, ticks)
    revoke_key(path, "sign-up")

    def fails(path: Path) -> tuple[Key, ...]:
        raise UnusableKeys("keys.json: Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(keys, "read_keys", fails)
        ticks.now = 1.0
        assert keyring.find(key) is not None
        assert keyring.fault == "keys.json: Input/output error"
    ticks.now = 2.0
    assert keyring.find(key) is None
    assert keyring.fault == ""


def test_a_file_that_was_changed_without_a_trace_of_when_is_read_anew(path: Path) -> None:
    ticks, key = Ticks(), a_key(path)
    keyring = Keyring(path, ticks)
    before, text = path.stat(), path.read_text()
    path.write_text(text.replace("10.0", "90.0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    ticks.now = 1.0
    found = keyring.find(key)
    assert found is not None
    assert found.rate == 90.0


def test_a_rate_that_nobody_can_say_is_none(path: Path) -> None:
    a_key(path)
    path.write_text(path.read_text().replace("10.0", "5e-324"))
    with pytest.raises(UnusableKeys):
        read_keys(path)


def test_a_file_that_has_gone_leaves_none(path: Path) -> None:
    ticks, key = Ticks(), a_key(path)
    keyring = Keyring(path, ticks)
    os.unlink(path)
    ticks.now = 1.0
    assert keyring.find(key) is None


def test_a_key_asks_as_often_as_it_may_and_hears_when_to_come_back(path: Path) -> None:
    ticks, key = Ticks(), a_key(path, rate=10.0)
    keyring = Keyring(path, ticks)
    found = keyring.find(key)
    assert found is not None
    assert [keyring.wait_seconds(found) for _ in range(10)] == [0.0] * 10
    assert keyring.wait_seconds(found) == pytest.approx(0.1)
    ticks.now += 0.1
    assert keyring.wait_seconds(found) == 0.0
    ticks.now += 1_000
    assert [keyring.wait_seconds(found) > 0 for _ in range(11)] == [*[False] * 10, True]


def test_a_rate_below_one_a_second_lets_one_through_at_a_time(path: Path) -> None:
    ticks, key = Ticks(), a_key(path, rate=0.5)
    keyring = Keyring(path, ticks)
    found = keyring.find(key)
    assert found is not None
    assert keyring.wait_seconds(found) == 0.0
    assert keyring.wait_seconds(found) == pytest.approx(2.0)


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer x", "Basic eA==", "Bearer samehand_0_0"])
async def test_without_a_key_nothing_is_answered(caller: Caller, shown: str) -> None:
    answer = await caller.client.post("/v1/score", content=b"{}", headers={"Authorization": shown})
    assert (answer.status_code, answer.json()["reason"]) == (401, "no-key")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert caller.metric("samehand_gate_refused_total", reason="no-key") == 1


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("POST", "/v1/score", "score"),
        ("POST", "/v1/events/created", "events"),
        ("POST", "/v1/verdicts", "verdicts"),
        ("GET", "/v1/alerts/1", "alerts"),
    ],
)
async def test_each_address_has_its_right(caller: Caller, method: str, path: str, right: May) -> None:
    others = [it for it in ("score", "alerts", "events", "verdicts") if it != right]
    shown = {"Authorization": f"Bearer {caller.key(*others)}"}
    answer = await caller.client.request(method, path, headers=shown)
    assert (answer.status_code, answer.json()["reason"]) == (403, "not-allowed")


async def test_beyond_its_rate_a_key_is_told_to_come_back(caller: Caller) -> None:
    key = caller.key("score", rate="2/s")
    answers = [await caller.post("/v1/score", a_sign_up(handle="umar"), "score", key=key) for _ in range(3)]
    assert [it.status_code for it in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "1"
    other = await caller.post("/v1/score", a_sign_up(handle="umar"), "score")
    assert other.status_code == 200, "each key has a rate of its own"


async def test_a_key_that_is_revoked_is_refused_while_the_gate_runs(caller: Caller) -> None:
    key = caller.key("score", rate="5/s")
    assert (await caller.post("/v1/score", a_sign_up(), key=key)).status_code == 200
    assert revoke_key(caller.keys_file, "score-5-s")
    caller.life.seconds += 2
    assert (await caller.post("/v1/score", a_sign_up(), key=key)).status_code == 401
