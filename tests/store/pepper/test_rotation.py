"""A pepper file over a rotation: what was readable before is readable until the old secret is dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.pepper.pepper import PEPPERS_MAX, UnusablePepper, new_pepper_file, read_peppers, write_pepper_file
from store.pepper.rotation import numbers, replace_file, rotated, since, without

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A fresh pepper file."""
    path = tmp_path / "pepper"
    write_pepper_file(path)
    return path


def test_a_rotation_puts_a_fresh_secret_in_front_and_keeps_the_old_one(path: Path) -> None:
    before = read_peppers([path])
    text, number = rotated(path.read_text(), NOON)
    replace_file(path, text)
    after = read_peppers([path])
    assert number == 2
    assert [pepper.pepper_id for pepper in after.peppers] == [2, 1]
    assert after.peppers[1].digest("email", b"x") == before.current.digest("email", b"x")
    assert after.current.digest("email", b"x") != before.current.digest("email", b"x")
    assert after.identity == before.identity
    assert (since(text, 2), since(text, 1)) == (NOON, None)


def test_the_old_one_goes_and_nothing_else(path: Path) -> None:
    text, _ = rotated(path.read_text(), NOON)
    twice, _ = rotated(text, NOON)
    replace_file(path, without(twice, 2))
    left = read_peppers([path])
    assert [pepper.pepper_id for pepper in left.peppers] == [3, 1]
    assert since(path.read_text(), 2) is None
    assert path.read_text().startswith("# samehand")


def test_there_is_a_most() -> None:
    text = new_pepper_file()
    for _ in range(PEPPERS_MAX - 1):
        text, _ = rotated(text, NOON)
    with pytest.raises(UnusablePepper, match="`samehand pepper drop NUMBER` first"):
        rotated(text, NOON)


@given(st.lists(st.integers(1, 255), min_size=1, max_size=3, unique=True))
def test_the_new_number_is_another_one_and_fits_into_a_byte(taken: list[int]) -> None:
    text = "".join(f"pepper {number} {'ab' * 32}\n" for number in taken)
    after, number = rotated(text, NOON)
    assert number not in taken
    assert 1 <= number <= 255
    assert numbers(after) == [*taken, number]


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_the_files_mode_stays_and_nothing_lies_beside_it(path: Path, mode: int) -> None:
    path.chmod(mode)
    replace_file(path, path.read_text())
    assert path.stat().st_mode & 0o777 == mode
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "absent", "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line", ["# pepper 2 since noon", "# pepper 2 since 2026-11-24T12:00:00", "# pepper"]
)
def test_a_date_that_cannot_be_read_is_none(line: str) -> None:
    assert since(line, 2) is None
