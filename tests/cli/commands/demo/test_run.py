"""What the audience reads while it waits."""

from __future__ import annotations

import os
import shlex
import signal
from io import StringIO
from threading import Timer

import pytest
from rich.console import Console

from cli.commands.demo import run
from cli.commands.demo.run import DemoOptions, curl, perform
from schemas.wire import Decoded, decode_created
from simulate.sample import sample
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


def test_without_an_end_it_shows_alerts_with_reasons_and_sums_up_once_the_stream_has_ended(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "REPLAY_SECONDS", 5.0)
    monkeypatch.setattr(run, "SETTLE_SECONDS", 15.0)  # what came later would be summed up again
    screen = _Leaves()
    told = perform(DemoOptions(None, 300, 7), Console(file=screen, width=100))
    shown = screen.getvalue()
    assert "/metrics" in shown
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
