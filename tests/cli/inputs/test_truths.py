"""Tables of the truth, good and bad."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cli.inputs.truths import AccountPair, read_languages, read_strategies, read_truth

HEAD = "platform,account_id,banned_platform,banned_account_id"


def a_table(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_each_row_is_a_true_pair(tmp_path: Path) -> None:
    assert read_truth(a_table(tmp_path, HEAD, "x,1,telegram,2")) == {AccountPair("x:1", "telegram:2")}
    bare = a_table(tmp_path, "account_id;banned_account_id", "1;2")  # the run knows the platforms
    assert read_truth(bare) == {AccountPair("1", "2")}


def test_strategies_and_languages_are_read_from_their_columns(tmp_path: Path) -> None:
    assert read_strategies(a_table(tmp_path, HEAD + ",strategy", "x,1,x,2,7")) == {
        AccountPair("x:1", "x:2"): 7
    }
    assert read_languages(a_table(tmp_path, "platform,account_id,language", "x,1,ur")) == {"x:1": "ur"}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((HEAD, "x,1"), "row 1: has too few columns"),
        (("platform,account_id", "x,1"), "lacks the column banned_account_id"),
        ((HEAD,), "holds no pair"),
        ((HEAD + ",strategy", "x,1,x,2,weak"), "row 1: strategy must be a number, 1 to 8"),
    ],
)
def test_a_bad_table_is_told_with_its_row(tmp_path: Path, lines: tuple[str, ...], told: str) -> None:
    with pytest.raises(click.ClickException, match=told):
        read_strategies(a_table(tmp_path, *lines)) if "strategy" in lines[0] else read_truth(
            a_table(tmp_path, *lines)
        )
