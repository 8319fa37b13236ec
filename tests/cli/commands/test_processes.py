"""Commands that start a process, and their secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.runtime.store_factory import peppers_of
from cli.commands import worker
from cli.exit_codes import BAD_INPUT
from cli.main import run
from cli.run_async import awaited
from cli.store_context import closing_store
from gate.keys import read_keys
from report.overview.pages import mount_pages
from store.pepper.pepper import read_peppers
from store.pepper.rotation import rotated
from streams.settings import Settings, load
from streams.supervision.exit_codes import MEANINGS
from streams.supervision.supervisor import Birth
from tests.cli.running import Samehand, jsonl, settings
from tests.makers import a_ban

# ``samehand worker`` ends in one line where it cannot begin; that it runs, the journeys show.


@pytest.fixture
def unsupervised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker in this very process: a fork would take the tests with it."""
    monkeypatch.setattr(worker, "supervise", lambda work, recorder: work(Birth(recorder)))


def test_a_wrong_setting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAMEHAND_LIKELY", "7")
    assert run(["worker"]) == BAD_INPUT
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "SAMEHAND_LIKELY" in told[0]


def test_without_a_pepper_it_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], unsupervised: None
) -> None:
    monkeypatch.delenv("SAMEHAND_PEPPER_FILE", raising=False)
    assert run(["worker"]) == BAD_INPUT
    assert "SAMEHAND_PEPPER_FILE" in capsys.readouterr().err


def test_help_names_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    run(["worker", "--help"])
    told = capsys.readouterr().out
    assert [line for code, why in MEANINGS.items() if (line := f"{code:<3} {why}") not in told] == []


def test_the_exit_code_is_the_workers_own(monkeypatch: pytest.MonkeyPatch, unsupervised: None) -> None:
    monkeypatch.setattr("agents.runtime.worker.run", lambda settings, mount_pages, birth: 75)
    assert worker.command.callback is not None
    assert run(["worker"]) == 75


def test_the_overview_is_hung_beside_the_metrics(monkeypatch: pytest.MonkeyPatch, unsupervised: None) -> None:
    given: list[object] = []

    def started(settings: Settings, hung: object, birth: Birth) -> int:
        given.append(hung)
        return 0

    monkeypatch.setattr("agents.runtime.worker.run", started)
    assert run(["worker"]) == 0
    assert given == [mount_pages]


# Commands that start a process.


# A bridge says at once what is wrong with its file; what it does is told by journeys/test_bridge.py.


@pytest.mark.parametrize(
    ("command", "setting"),
    [("bridge", "MAPPINGS"), ("deliver", "ENDPOINTS"), ("gate", "GATE_KEYS")],
)
def test_without_its_file_there_is_nothing_to_do(samehand: Samehand, command: str, setting: str) -> None:
    ran = samehand(command)
    assert (ran.code, ran.out) == (2, "")
    assert f"SAMEHAND_{setting}: is not set" in ran.err


def test_every_fault_of_the_file_is_told(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mappings.toml"
    path.write_text("[topics.x]\nformat = 'mastodon'\nfields.bio = 'lower(x)'\n")
    with settings(monkeypatch, mappings=path):
        ran = samehand("bridge")
    assert ran.code == 2
    assert f"{path}: line 1: topics.x: platform must be filled" in ran.err
    assert f"{path}: line 3: topics.x.fields.bio.from: calls lower()" in ran.err


# It says at once what is wrong with its file; what it does is told by journeys/test_deliver.py.


def test_a_fault_of_the_file_is_told(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text("[endpoints.desk]\nurl = 'https://hooks.example.org'\n")
    with settings(monkeypatch, endpoints=path):
        ran = samehand("deliver")
    assert ran.code == 2
    assert f"{path}: endpoints.desk: needs secret_file or secret_env" in ran.err


# A gate says at once what it cannot begin with; what it does is told by gate/test_process.py.


def test_keys_that_were_never_made_are_named(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with settings(monkeypatch, gate_keys=tmp_path / "keys.json"):
        ran = samehand("gate")
    assert ran.code == 2
    assert "samehand keys new NAME" in ran.err


def test_a_file_of_webhooks_without_mappings_has_nothing_to_become(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "webhooks.toml").write_text("[shop]\nsignature = 'x-hub-signature'\nsecret_file = 's'\n")
    with settings(monkeypatch, gate_keys=tmp_path / "keys.json"):
        assert samehand("keys", "new", "x", "--may", "score").code == 0
        with settings(
            monkeypatch, gate_keys=tmp_path / "keys.json", gate_webhooks=tmp_path / "webhooks.toml"
        ):
            ran = samehand("gate")
    assert ran.code == 2
    assert "[shop]: needs SAMEHAND_MAPPINGS, which is not set" in ran.err


# Keys of callers, made, listed and revoked from the command line.


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that the setting names."""
    path = tmp_path / "keys.json"
    with settings(monkeypatch, gate_keys=path):
        yield path


def test_a_key_is_printed_once_alone_and_kept_as_a_digest(samehand: Samehand, path: Path) -> None:
    ran = samehand("keys", "new", "sign-up", "--may", "score", "--rate", "200/s")
    assert ran.code == 0
    assert re.fullmatch(r"samehand_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\n", ran.out)
    assert ran.out.strip() not in path.read_text()
    (key,) = read_keys(path)
    assert (key.name, sorted(key.may), key.rate) == ("sign-up", ["score"], 200.0)


def test_keys_are_listed_without_a_secret_and_revoked(samehand: Samehand, path: Path) -> None:
    made = json.loads(samehand("keys", "new", "review", "--may", "score, alerts", "--json").out)
    listed = samehand("keys", "list")
    assert "review" in listed.out
    assert made["key"].split("_", 2)[2] not in listed.out
    assert samehand("keys", "revoke", "review").code == 0
    assert json.loads(samehand("keys", "list", "--json").out) == {"keys": []}


def test_key_that_is_too_wide_is_warned_of_when_made_and_when_listed(samehand: Samehand, path: Path) -> None:
    assert "can delete and reinstate all" in " ".join(
        samehand("keys", "new", "wide", "--may", "events").err.split()
    )
    assert samehand("keys", "new", "app", "--may", "events:created@app").err.count("whoever") == 0
    former = json.loads(path.read_text())
    for key in former["keys"]:
        del key["per"]
    former["keys"][1]["may"] = ["verdicts"]
    path.write_text(json.dumps(former))
    told = json.loads(samehand("keys", "list", "--json").out)["keys"]
    assert [key["per"] for key in told] == ["call", "call"]
    assert told[0]["warning"].startswith(
        "publishes every kind of event for every platform; its rate counts calls"
    )
    assert told[1]["warning"].startswith("its rate counts calls")
    assert "wide: publishes every kind" in " ".join(samehand("keys", "list").err.split())


def test_a_key_that_is_none_cannot_be_revoked(samehand: Samehand, path: Path) -> None:
    ran = samehand("keys", "revoke", "nobody")
    assert ran.code == 2
    assert "there is no key 'nobody'" in ran.err


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            ["x", "--may", "all"],
            "must be one or more of score, alerts, verdicts, appeals, related, events:KIND",
        ),
        (["x", "--may", "score,related"], "related"),
        (["x", "--may", "events:deletd"], "the kind must be one of created"),
        (["x", "--may", "events:created@App"], "a platform has up to 32"),
        (["x", "--may", ""], "must be one or more of"),
        (["x", "--may", "score", "--rate", "fast"], "must be like 200/s or 30/min"),
        (["a b", "--may", "score"], "a name has up to 64"),
        (["x"], "--may"),
    ],
)
def test_what_cannot_be_is_told(samehand: Samehand, path: Path, given: list[str], why: str) -> None:
    ran = samehand("keys", "new", *given)
    assert (ran.code, ran.out) == (2, "")
    assert why in ran.err
    assert not path.exists()


def test_a_folder_that_is_not_there_is_named(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    with settings(monkeypatch, gate_keys="/nowhere/keys.json"):
        ran = samehand("keys", "new", "x", "--may", "score")
    assert ran.code == 2
    assert "/nowhere" in ran.err


def test_without_a_file_to_keep_them_in_there_are_none(samehand: Samehand) -> None:
    ran = samehand("keys", "list")
    assert ran.code == 2
    assert "SAMEHAND_GATE_KEYS: is not set" in ran.err


# `samehand pepper`: from one secret to the next on a running store, without missing anybody meanwhile.


def in_force(path: Path) -> list[int]:
    return [pepper.pepper_id for pepper in read_peppers([path]).peppers]


def kept_under() -> set[tuple[int, ...]]:
    """Under which peppers the store's bans are kept."""

    async def ask() -> set[tuple[int, ...]]:
        settings = load()
        async with closing_store(settings, peppers_of(settings)) as store:
            await store.open()
            return {
                tuple(one.pepper_id for one in ban.fingerprints)
                async for bans in store.walk()
                for ban in bans
            }

    return awaited(ask())


def test_an_existing_file_stays_and_is_to_be_used(samehand: Samehand, tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    assert samehand("pepper", "new", path).code == 0
    before = path.read_bytes()
    again = samehand("pepper", "new", path)
    assert (again.code, path.read_bytes()) == (2, before)
    assert f"{path}: File exists: name it in SAMEHAND_PEPPER_FILE" in again.err


@pytest.mark.journey
def test_a_whole_rotation(samehand: Samehand, servers: str, pepper_file: Path, tmp_path: Path) -> None:
    bans = [a_ban(handle=f"zarqa_bulletin{i}") for i in range(5)]
    assert samehand("enrol", jsonl(tmp_path / "bans.jsonl", *bans)).code == 0
    assert samehand("rebuild").code == 0
    assert kept_under() == {(1,)}

    assert samehand("pepper", "rotate", "--json").figures == {"current": 2, "in_force": [2, 1]}
    refused = samehand("pepper", "drop", "1")
    assert refused.code == 2
    assert "5 banned accounts known under pepper 1 alone" in refused.err

    assert samehand("rebuild").code == 0
    assert kept_under() == {(2, 1)}
    waits = samehand("pepper", "drop", "1")
    assert waits.code == 2
    assert "remembered before the rotation" in waits.err

    text = pepper_file.read_text()
    now = datetime.now(UTC)
    pepper_file.write_text(text.replace(f"{now:%Y-%m-%d}", f"{now - timedelta(days=31):%Y-%m-%d}"))
    dropped = samehand("pepper", "drop", "1", "--json")
    assert dropped.figures == {"dropped": 1, "in_force": [2], "bans_lost": 0}
    assert in_force(pepper_file) == [2]


@pytest.mark.journey
def test_a_secret_that_leaked_goes_at_once_and_what_is_lost_is_told(
    samehand: Samehand, servers: str, pepper_file: Path, tmp_path: Path
) -> None:
    assert samehand("enrol", jsonl(tmp_path / "bans.jsonl", a_ban(handle="zarqa"))).code == 0
    assert samehand("rebuild").code == 0
    assert samehand("pepper", "rotate").code == 0
    ran = samehand("pepper", "drop", "1", "--anyway", "--json")
    assert (ran.code, ran.figures["bans_lost"]) == (0, 1)
    assert "1 banned account known under pepper 1 alone" in ran.err


@pytest.mark.parametrize(("number", "why"), [("1", "is the current one"), ("7", "holds no pepper 7")])
def test_what_cannot_be_dropped(
    samehand: Samehand, pepper_file: Path, monkeypatch: pytest.MonkeyPatch, number: str, why: str
) -> None:
    monkeypatch.setenv("SAMEHAND_PEPPER_FILE", str(pepper_file))
    ran = samehand("pepper", "drop", number)
    assert ran.code == 2
    assert why in ran.err


def test_a_new_file_is_for_its_owner_and_replaces_none(samehand: Samehand, tmp_path: Path) -> None:
    path = tmp_path / "fresh"
    assert samehand("pepper", "new", path).code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert in_force(path) == [1]
    text = path.read_text()
    assert samehand("pepper", "new", path).code == 2
    assert path.read_text() == text


def test_a_file_mounted_read_only_is_rotated_beside_it(
    samehand: Samehand, pepper_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_PEPPER_FILE", str(pepper_file))
    before, out = pepper_file.read_text(), tmp_path / "next"
    assert samehand("pepper", "rotate", "--out", out).code == 0
    assert pepper_file.read_text() == before
    assert in_force(out) == [2, 1]
    assert out.stat().st_mode & 0o777 == 0o600


def test_no_word_of_a_secret_is_printed(
    samehand: Samehand, pepper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_PEPPER_FILE", str(pepper_file))
    ran = samehand("pepper", "rotate")
    secrets = [word for word in pepper_file.read_text().split() if len(word) >= 64]
    assert len(secrets) == 3
    assert not [secret for secret in secrets if secret in ran.out + ran.err]


def test_too_many_are_told(samehand: Samehand, pepper_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEHAND_PEPPER_FILE", str(pepper_file))
    for _ in range(3):
        pepper_file.write_text(rotated(pepper_file.read_text(), datetime.now(UTC))[0])
    ran = samehand("pepper", "rotate")
    assert ran.code == 2
    assert "`samehand pepper drop NUMBER` first" in ran.err


def test_without_a_file_the_setting_is_named(samehand: Samehand) -> None:
    ran = samehand("pepper", "rotate")
    assert ran.code != 0
    assert "SAMEHAND_PEPPER_FILE" in ran.err
