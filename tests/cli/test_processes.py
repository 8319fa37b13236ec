"""Commands that start a process, their secrets, and the demo, which starts all of them."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from msgspec.structs import replace
from rich.console import Console

from cli.exit_codes import BAD_INPUT
from cli.main import run
from cli.run import worker
from cli.run.demo import run as demo_run
from cli.run.demo import servers as demo
from cli.run.demo.alert_reader import ReceivedAlerts
from cli.run.demo.replay import SIGN_UPS, DemoReplay, PublishedEvents, with_wave
from cli.run.demo.run import curl
from cli.run.demo.servers import DemoServers, NotReady, demo_servers
from cli.run.demo.summary import figures, sentences
from gate.keys import read_keys
from local.processes import Child
from report.worker_page import mount_page
from schemas.alerts import MirrorAlert
from schemas.wire import Decoded, decode_created
from simulate.timeline.events import Truth
from simulate.timeline.stream import sample
from store.pepper.pepper import read_peppers
from store.pepper.rotation import rotated
from store.redis import RedisStore
from streams.settings import Settings, load
from streams.supervision.supervisor import Birth
from tests.cli.running import Samehand, jsonl, of_store, settings
from tests.desk.makers import a_wave, an_alert
from tests.house import ROOT
from tests.makers import NOON, a_ban
from tests.printed import printed

# ``samehand worker`` ends in one line where it cannot begin; that it runs, the journeys show.


@pytest.fixture
def unsupervised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker in this very process: a fork would take the tests with it."""
    monkeypatch.setattr(worker, "supervise", lambda work, recorder: work(Birth(recorder)))


def test_without_a_pepper_it_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], unsupervised: None
) -> None:
    monkeypatch.delenv("SAMEHAND_PEPPER_FILE", raising=False)
    assert run(["worker"]) == BAD_INPUT
    assert "SAMEHAND_PEPPER_FILE" in capsys.readouterr().err


def test_the_exit_code_is_the_workers_own(monkeypatch: pytest.MonkeyPatch, unsupervised: None) -> None:
    monkeypatch.setattr("agents.runtime.worker.run", lambda settings, mount_page, birth: 75)
    assert worker.command.callback is not None
    assert run(["worker"]) == 75


def test_worker_serves_its_page_beside_metrics(monkeypatch: pytest.MonkeyPatch, unsupervised: None) -> None:
    given: list[object] = []

    def started(settings: Settings, hung: object, birth: Birth) -> int:
        given.append(hung)
        return 0

    monkeypatch.setattr("agents.runtime.worker.run", started)
    assert run(["worker"]) == 0
    assert given == [mount_page]


# What begins with a file of its own says where it is missing; what it does is told by its journey.


@pytest.mark.parametrize(
    ("command", "setting"), [("bridge", "MAPPINGS"), ("deliver", "ENDPOINTS"), ("gate", "GATE_KEYS")]
)
def test_without_its_file_there_is_nothing_to_do(samehand: Samehand, command: str, setting: str) -> None:
    ran = samehand(command)
    assert (ran.code, ran.out) == (2, "")
    assert f"SAMEHAND_{setting}: is not set" in ran.err


# A gate says at once what it cannot begin with; what it does is told by gate/test_gate.py.


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
            "must be one or more of score, alerts, verdicts, appeals, related, appeals@PLATFORM, events:KIND",
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

    async def ask(store: RedisStore) -> set[tuple[int, ...]]:
        return {tuple(it.pepper_id for it in ban.fingerprints) async for bans in store.walk() for ban in bans}

    return of_store(ask)


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
    before = path.read_bytes()
    again = samehand("pepper", "new", path)
    assert (again.code, path.read_bytes()) == (2, before)
    assert f"{path}: File exists: name it in SAMEHAND_PEPPER_FILE" in again.err


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


# Alerts are counted once each, whatever the broker repeats.


def test_a_repeat_is_no_news() -> None:
    heard, alert = ReceivedAlerts(), an_alert()
    assert heard.note(alert, PublishedEvents())
    assert not heard.note(alert, PublishedEvents())
    assert (sum(heard.alerts.values()), heard.repeated) == (1, 1)


def test_a_withdrawal_is_told_and_counted_apart() -> None:
    heard, alert = ReceivedAlerts(), an_alert()
    heard.note(alert, PublishedEvents())
    assert heard.note(replace(alert, revision=2, status="withdrawn"), PublishedEvents())
    assert (heard.withdrawn, sum(heard.alerts.values())) == (1, 1)


def test_latency_runs_from_the_event_that_set_it_off() -> None:
    alert = an_alert()
    before = time.monotonic() - 2.0
    forward, back = ReceivedAlerts(), ReceivedAlerts()
    forward.note(replace(alert, direction="forward"), PublishedEvents(accounts={alert.key: before}))
    back.note(replace(alert, direction="lookback"), PublishedEvents(bans={alert.matched.key: before}))
    for heard in (forward, back):
        (seconds,) = heard.latencies
        assert 2.0 <= seconds < 10.0


def test_wave_is_counted_by_its_members_once_each_revision_and_not_once_withdrawn() -> None:
    heard, wave = ReceivedAlerts(), a_wave(*"abcde")
    assert heard.note_wave(wave)
    assert not heard.note_wave(wave)
    assert heard.note_wave(a_wave(*"abcdefghij", revision=2))
    told = figures(PublishedEvents(), heard)
    assert (told["waves"], told["accounts_in_waves"]) == (1, 10)
    assert "1 wave of 10 new accounts that resemble each other." in sentences(told)
    assert heard.note_wave(replace(wave, revision=3, status="withdrawn"))
    assert heard.waves == {}


def test_wave_of_the_stream_comes_in_its_midst_from_accounts_of_one_script() -> None:
    events = list(sample(7, 200, ends_at=NOON))
    shown = with_wave(events)
    wave = [event for event in shown if event.label.kind == "wave"]
    assert [event for event in shown if event not in wave] == events
    assert len({event.key for event in wave}) == SIGN_UPS
    assert shown.index(wave[0]) == len(events) // 2
    assert with_wave([]) == []


# The sample is sent at a pace, and the sender knows when it sent what.


@pytest.mark.journey
def test_every_event_is_sent_and_remembered(broker: str, topic_prefix: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": topic_prefix})
    events = list(sample(7, 200, ends_at=datetime.now(UTC)))
    replay = DemoReplay(settings, events, 0.5)
    replay.start()
    replay.join(60)
    sent = replay.sent
    assert sent.finished
    assert sent.fault == ""
    assert sent.total == len(events)
    assert sent.broken > 0
    assert {truth.strategy for truth in sent.truths} == set(range(1, 9))
    assert all(f"{truth.banned_platform}:{truth.banned_account_id}" in sent.bans for truth in sent.truths)


@pytest.mark.journey
def test_one_that_is_told_to_stop_sends_no_more(broker: str, topic_prefix: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": topic_prefix})
    replay = DemoReplay(settings, list(sample(7, 200, ends_at=datetime.now(UTC))), 600.0)
    replay.start()
    replay.stop()
    replay.join(60)
    assert replay.sent.finished
    assert replay.sent.total < 200


@pytest.mark.journey
def test_a_broker_that_is_not_there_is_told_in_the_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 500)
    replay = DemoReplay(load({"SAMEHAND_KAFKA_BROKERS": "127.0.0.1:1"}), [], 1.0)
    replay.run()
    assert replay.sent.fault == "BrokerUnreachable"


# The demo's last words: what went in, what came out, and how much of the truth was found.


def a_truth(number: int, strategy: int) -> Truth:
    return Truth("x", f"new-{number}", "x", f"banned-{number}", strategy, "forward", 0.0, 1.0)


def the_show() -> tuple[PublishedEvents, ReceivedAlerts]:
    sent = PublishedEvents(truths=[a_truth(1, 1), a_truth(2, 1), a_truth(3, 8)], broken=2, finished=True)
    sent.by_topic.update({"accounts.created": 10, "accounts.banned": 3})
    received = ReceivedAlerts(dead_letters=2, latencies=[0.010, 0.020, 0.500], first_alert_seconds=9.5)
    received.alerts.update({("likely", "forward"): 1, ("possible", "lookback"): 1})
    received.pairs.update({("x:new-1", "x:banned-1"): "likely", ("x:aunt", "x:banned-1"): "possible"})
    return sent, received


def test_everything_is_counted() -> None:
    told = figures(*the_show())
    assert (told["events"], told["alerts"], told["dead_letters"]) == (13, 2, 2)
    assert told["alerts_by_band"] == {"likely": 1, "possible": 1}
    assert told["alerts_by_direction"] == {"forward": 1, "lookback": 1, "update": 0}
    assert told["latency_ms"] == {"p50": 20.0, "p99": 500.0}


def test_what_was_true_is_told_by_strategy() -> None:
    told = figures(*the_show())
    assert (told["mirrors"], told["mirrors_found"], told["alerts_on_others"]) == (3, 1, 1)
    assert told["by_strategy"] == {"1": {"mirrors": 2, "found": 1}, "8": {"mirrors": 1, "found": 0}}


def test_a_replay_that_failed_has_not_finished() -> None:
    sent, received = the_show()
    sent.fault = "KafkaTimeoutError"
    assert not figures(sent, received)["finished"]


def test_the_words_say_what_nobody_can_catch() -> None:
    text = " ".join(sentences(figures(*the_show())))
    assert "nobody can catch it" in text
    assert "First alert 9.5 s after the start; event to alert: p50 20.0 ms" in text


def test_worker_that_lags_is_named_instead_of_a_low_share() -> None:
    assert "lags" not in " ".join(sentences(figures(*the_show())))
    assert "The worker lags: 40 records wait" in " ".join(sentences(figures(*the_show(), waiting=40)))


def test_without_alerts_there_is_no_latency_to_tell() -> None:
    told = figures(PublishedEvents(), ReceivedAlerts())
    assert told["latency_ms"] == {"p50": None, "p99": None}
    assert not [line for line in sentences(told) if "p50" in line]


# The demo as a stranger runs it: alerts, a summary, exit code 0, and no process left behind.


MARK = "SAMEHAND_DEMO_TEST"
DEMO = printed(".venv/bin/samehand demo --for 20")[1:]


def processes_with(mark: str) -> list[str]:
    """Processes that inherited a variable from us."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes() and folder.name != str(os.getpid()):
                found.append((folder / "cmdline").read_text())
        except OSError:
            continue  # it ended while we looked, or is not ours
    return found


@contextmanager
def visited_servers(folder: Path, say: Callable[[str], None]) -> Iterator[DemoServers]:
    """Servers that all answer once they are handed over, and whose worker is gone afterwards."""
    said: list[str] = []

    def heard(text: str) -> None:
        said.append(text)
        say(text)

    with demo_servers(folder, heard) as running:
        assert f"Still waiting for the worker, 0 s; its log: {folder / 'worker.log'}" in said
        pid = running.worker.pid
        assert pid is not None
        with urlopen(f"{running.web}/metrics", timeout=30.0) as answer:
            assert b"samehand_build_info" in answer.read()
        assert (running.logs / "worker.log").stat().st_size > 0
        call = Request(f"{running.gate}/v1/score", b"{}", {"Authorization": f"Bearer {running.key}"})
        with pytest.raises(HTTPError) as refused:  # it answers who has the key: there is no account in this
            urlopen(call, timeout=30.0)
        assert refused.value.code == 400
        with urlopen(running.desk, timeout=30.0) as answer:
            assert b"This link works once." in answer.read()
        yield running
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.journey
def test_it_shows_alerts_with_reasons_and_ends_by_itself_with_a_summary(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, samehand: Samehand
) -> None:
    monkeypatch.setattr(demo_run, "demo_servers", visited_servers)
    monkeypatch.setattr(demo, "SAY_SECONDS", 0.0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv(MARK, str(tmp_path))
    ended = samehand(*DEMO, "--accounts", "300", "--json")
    assert ended.code == 0, ended.err
    told, shown = ended.figures, ended.out
    assert told["finished"]
    assert told["worker_alive"]
    assert told["alerts_by_direction"]["forward"] > 0
    assert told["dead_letters"] == told["malformed_sent"] > 0
    assert told["mirrors_found"] > told["mirrors"] / 2
    assert "In common: bio (almost-same)" in " ".join(shown.split())
    assert told["accounts_in_waves"] >= SIGN_UPS
    assert shown.index("Ctrl-C") < shown.index("Page of the worker: http") < shown.index("\nFor ")
    assert f"{told['malformed_sent']} of the {told['events']} events are broken on purpose" in shown
    assert " ".join(shown.split()).count(" resembles banned ") >= told["alerts"] > 0
    assert shown.count("mirrors found") == 1
    assert "\x1b[" not in shown, "colours are for terminals"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert processes_with(f"{MARK}={tmp_path}") == []
    left = [path.name for path in tmp_path.iterdir() if not path.name.startswith("samehand-ports")]
    assert left == []


def test_make_passes_its_signals_to_the_same_command() -> None:
    line = [*printed("make demo"), "--dry-run", "--no-print-directory"]
    made = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stdout.splitlines()[-1] == ".venv/bin/samehand demo"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_who_stops_it_reads_the_summary_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, samehand: Samehand, end: signal.Signals
) -> None:
    """`timeout 300 make demo` sends SIGTERM to make, which passes it on."""
    ended: list[str] = []
    settings = load({"SAMEHAND_KAFKA_BROKERS": "127.0.0.1:1"})

    @contextmanager
    def no_servers(folder: Path, *_: object) -> Iterator[DemoServers]:
        yield DemoServers(settings, "http://127.0.0.1:1", folder, Child(["true"], folder / "worker.log"))
        ended.append("servers")

    def one_alert(*_: object) -> Iterator[MirrorAlert]:
        yield an_alert()
        os.kill(os.getpid(), end)
        time.sleep(60.0)

    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 500)
    monkeypatch.setattr(demo_run, "demo_servers", no_servers)
    monkeypatch.setattr(demo_run, "listen", one_alert)
    stopped = samehand("demo", "--accounts", "200")
    assert "resembles banned" in stopped.out
    assert (stopped.out.count("mirrors found"), ended) == (1, ["servers"])
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_less_than_it_takes_to_start_is_refused(samehand: Samehand) -> None:
    ended = samehand("demo", "--for", "3")
    assert (ended.code, len(ended.err.strip().splitlines())) == (2, 1)


# What the audience reads while it waits.


def test_without_an_end_the_summary_comes_once_when_the_stream_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo_run, "SETTLE_SECONDS", 0.0)  # what came later would be summed up again
    sent, received = the_show()
    replay = DemoReplay(load({"SAMEHAND_KAFKA_BROKERS": "127.0.0.1:1"}), [], 1.0)
    replay.sent = sent
    screen = StringIO()
    printer = demo_run._SummaryPrinter(
        "http://127.0.0.1:1", replay, received, Console(file=screen, width=100), "curl gate"
    )
    for _ in range(3):
        printer.look()
    printer.print(figures(sent, received))
    shown = screen.getvalue()
    assert (shown.count("mirrors found"), shown.count("sample stream has ended")) == (1, 1)
    assert "Score a mirror while it signs up:\ncurl gate\n" in shown


@pytest.mark.journey
def test_worker_that_cannot_start_is_one_line_that_says_why(
    broker: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_LIKELY", "7")
    monkeypatch.setattr(demo, "EmbeddedBroker", lambda _: nullcontext(SimpleNamespace(address=broker)))
    monkeypatch.setattr(demo, "EmbeddedRedis", lambda _: nullcontext(SimpleNamespace(url=redis_url)))
    said: list[str] = []
    with pytest.raises(NotReady, match="SAMEHAND_LIKELY") as failed, demo_servers(tmp_path, said.append):
        pass
    assert "\n" not in str(failed.value)
    assert said[-1] == "Starting the worker …"


@pytest.mark.journey
def test_it_is_a_command_that_scores_a_sign_up() -> None:
    events = list(sample(7, 200, ends_at=NOON))
    words = shlex.split(curl("http://127.0.0.1:6070", "secret", events, NOON))
    assert words[:3] == ["curl", "-s", "http://127.0.0.1:6070/v1/score"]
    assert "Authorization: Bearer secret" in words
    found = decode_created(words[-1].encode(), now=NOON.timestamp())
    assert isinstance(found, Decoded)
    assert (found.record.account.account_id, found.record.account.handle is not None) == ("made-by-you", True)


@pytest.mark.journey
def test_without_a_ban_there_is_nothing_to_show() -> None:
    assert curl("http://127.0.0.1:6070", "secret", [], NOON) == ""
