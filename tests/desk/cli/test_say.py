"""What is printed fits where it goes."""

from __future__ import annotations

import json
import sys

import pytest

from desk.cli import say


def test_a_file_gets_no_colours_and_a_width_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    screen = say.console()
    screen.print("word " * 60, style="bold red")
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= say.WIDTH_MAX


def test_no_color_is_honoured_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    say.console().print("red", style="red")
    assert "\x1b[31m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    say.console().print("red", style="red")
    assert "31m" not in capsys.readouterr().out


def test_figures_are_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    say.figures({"name": "عمر\n", "count": 2})
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    assert json.loads(out) == {"name": "عمر\n", "count": 2}


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with say.progress("working", 10) as hear:
        hear(10)
    assert capsys.readouterr() == ("", "")


def test_the_ear_of_a_later_part_counts_the_earlier_ones() -> None:
    heard: list[int] = []
    say.after(100, heard.append)(5)
    assert heard == [105]
