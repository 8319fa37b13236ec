"""Help is as wide as there is room, and no narrower than its options."""

from __future__ import annotations

import pytest

from cli.help_text import WIDTH_MIN, Formatter


@pytest.mark.parametrize(("columns", "width"), [("40", 38), ("10", WIDTH_MIN), ("300", 98)])
def test_it_is_as_wide_as_the_terminal_within_reason(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert Formatter(max_width=100).width == width


def test_a_long_name_stands_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    formatter = Formatter()
    formatter.write_dl([("--a-name-of-length NAME", "What it means."), ("-h", "Help.")])
    assert formatter.getvalue().splitlines() == [
        "--a-name-of-length NAME",
        "                 What it means.",
        "-h               Help.",
    ]
