"""What the audience reads while it waits."""

from __future__ import annotations

import os
import signal
from io import StringIO
from pathlib import Path
from threading import Timer

import pytest
from rich.console import Console

from cli.commands.demo import run
from cli.commands.demo.run import Wanted, perform

pytestmark = pytest.mark.journey


def test_alerts_are_shown_with_their_reasons_and_the_address_of_the_metrics(broker: str) -> None:
    console = Console(record=True, width=100, file=Path("/dev/null").open("w"))  # noqa: SIM115  # rich writes to it
    told = perform(Wanted(22.0, 300, 7), console)
    text = console.export_text()
    assert "/metrics" in text
    assert told["alerts"] > 0
    assert text.count("prior") >= told["alerts"]


class _Leaves(StringIO):
    """Somebody who leaves when the sample stream has ended."""

    left = False

    def write(self, text: str) -> int:
        written = super().write(text)
        if "sample stream has ended" in text and not self.left:
            self.left = True
            Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()  # not in the middle of a line
        return written


def test_without_an_end_it_sums_up_when_the_stream_has_ended_and_once(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "REPLAY_SECONDS", 5.0)
    monkeypatch.setattr(run, "SETTLE_SECONDS", 15.0)  # what came later would be summed up again
    screen = _Leaves()
    told = perform(Wanted(None, 300, 7), Console(file=screen, width=100))
    assert told["finished"]
    assert told["mirrors_found"] > 0
    assert screen.getvalue().count("mirrors found") == 1
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
