"""What is printed fits where it goes."""

from __future__ import annotations

import json
import sys

import pytest

from cli import output


def test_a_file_gets_no_colours_and_a_width_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    screen = output.console()
    screen.print("word " * 60, style="bold red")
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= output.WIDTH_MAX


def test_no_color_is_honoured_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    output.console().print("red", style="red")
    assert "\x1b[31m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    output.console().print("red", style="red")
    assert "31m" not in capsys.readouterr().out


def test_figures_are_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    output.figures({"name": "عمر\n", "count": 2})
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    assert json.loads(out) == {"name": "عمر\n", "count": 2}


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress("working", 10) as hear:
        hear(10)
    assert capsys.readouterr() == ("", "")


def test_the_ear_of_a_later_part_counts_the_earlier_ones() -> None:
    heard: list[int] = []
    output.after(100, heard.append)(5)
    assert heard == [105]


def test_the_width_that_is_asked_for_is_obeyed_in_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns, wide in (("40", 40), ("180", 180), ("1", output.WIDTH_MIN), ("forty", output.WIDTH_MAX)):
        monkeypatch.setenv("COLUMNS", columns)
        output.console().print("word " * 60)
        lines = capsys.readouterr().out.splitlines()
        assert wide - 5 < max(map(len, lines)) <= wide


ROWS = [("band likely, upwards", "12", "0.812 [0.700, 0.900]"), ("strategy 3", "–", "–")]


def test_a_table_is_columns_where_it_is_wide_and_lines_where_it_is_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output.console().print(output.table(("review", "alerts", "precision"), ROWS))
    wide = capsys.readouterr().out
    assert "band likely, upwards  12      0.812 [0.700, 0.900]\n" in wide
    monkeypatch.setenv("COLUMNS", "40")
    output.console().print(output.table(("review", "alerts", "precision"), ROWS))
    narrow = capsys.readouterr().out
    assert narrow.splitlines()[:3] == [
        "review: band likely, upwards",
        "  alerts     12",
        "  precision  0.812 [0.700, 0.900]",
    ]
    assert not any(line.endswith(" ") for line in (wide + narrow).splitlines())


def test_a_line_for_grep_is_whole_in_a_file_and_hangs_where_it_is_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    words = "✗ Redis: " + "is not well, " * 20
    output.line(output.console(), words)
    assert capsys.readouterr().out == f"{words.rstrip()}\n"
    monkeypatch.setenv("COLUMNS", "40")
    output.line(output.console(), words, indent=4)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("✗ Redis: ")
    assert all(line.startswith("    ") for line in rest)
    assert max(map(len, rest)) <= 40
