"""What the audience reads while it waits."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from threading import Timer
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from rich.console import Console

from cli.commands.demo import run, servers
from cli.commands.demo.run import DemoOptions, curl, perform
from cli.commands.demo.servers import DemoServers, NotReady, demo_servers
from schemas.wire import Decoded, decode_created
from simulate.sample import sample
from simulate.timeline.events import Event
from tests.makers import NOON

pytestmark = pytest.mark.journey


class _Leaves(StringIO):
    """Somebody who leaves when the sample stream has ended."""

    left = False

    def write(self, text: str) -> int:
        written = super().write(text)
        if "sample stream has ended" in text and not self.left:
            self.left = True
            Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()  # not in the middle of a line
        return written


@contextmanager
def visited_servers(
    folder: Path, events: Sequence[Event], say: Callable[[str], None]
) -> Iterator[DemoServers]:
    """Servers that all answer once they are handed over, and whose worker is gone afterwards."""
    with demo_servers(folder, events, say) as running:
        pid = running.worker.pid
        assert pid is not None
        with urlopen(f"{running.web}/metrics", timeout=5.0) as answer:
            assert b"samehand_build_info" in answer.read()
        assert (running.logs / "worker.log").stat().st_size > 0
        call = Request(f"{running.gate}/v1/score", b"{}", {"Authorization": f"Bearer {running.key}"})
        with pytest.raises(HTTPError) as refused:  # it answers who has the key: there is no account in this
            urlopen(call, timeout=5.0)
        assert refused.value.code == 400
        with urlopen(running.desk, timeout=5.0) as answer:
            assert b"This link works once." in answer.read()
        yield running
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_worker_that_cannot_start_is_one_line_that_says_why(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_LIKELY", "7")
    said: list[str] = []
    with pytest.raises(NotReady, match="SAMEHAND_LIKELY") as failed, demo_servers(tmp_path, [], said.append):
        pass
    assert "\n" not in str(failed.value)
    assert said[-1] == "Starting the worker …"


def test_long_wait_says_what_it_waits_for_and_where_its_log_is(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "SAY_SECONDS", 0.0)
    said: list[str] = []
    with demo_servers(tmp_path, [], said.append):
        pass
    assert f"Still waiting for the worker, 0 s; its log: {tmp_path / 'worker.log'}" in said


def test_without_an_end_it_shows_alerts_with_reasons_and_sums_up_once_the_stream_has_ended(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "REPLAY_SECONDS", 5.0)
    monkeypatch.setattr(run, "SETTLE_SECONDS", 15.0)  # what came later would be summed up again
    monkeypatch.setattr(run, "demo_servers", visited_servers)
    screen = _Leaves()
    told = perform(DemoOptions(None, 300, 7), Console(file=screen, width=100))
    shown = screen.getvalue()
    assert shown.index("Ctrl-C") < shown.index("Overview of the worker: http") < shown.index("prior")
    assert f"{told['malformed_sent']} of the {told['events']} events are broken on purpose" in shown
    assert told["alerts"] > 0
    assert shown.count("prior") >= told["alerts"]
    assert told["finished"]
    assert told["mirrors_found"] > 0
    assert shown.count("mirrors found") == 1
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_it_is_a_command_that_scores_a_sign_up() -> None:
    events = list(sample(7, 200, ends_at=NOON))
    words = shlex.split(curl("http://127.0.0.1:6070", "secret", events, NOON))
    assert words[:3] == ["curl", "-s", "http://127.0.0.1:6070/v1/score"]
    assert "Authorization: Bearer secret" in words
    found = decode_created(words[-1].encode(), now=NOON.timestamp())
    assert isinstance(found, Decoded)
    assert (found.record.account.account_id, found.record.account.handle is not None) == ("made-by-you", True)


def test_without_a_ban_there_is_nothing_to_show() -> None:
    assert curl("http://127.0.0.1:6070", "secret", [], NOON) == ""
