"""The secrets' file, and their rotation."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.pepper.pepper import (
    PEPPERS_MAX,
    Pepper,
    UnusablePepper,
    new_pepper_file,
    read_peppers,
    write_pepper_file,
)
from store.pepper.rotation import numbers, replace_file, rotated, since, without
from tests.tables import for_each

# Peppers: read with care, refused with the reason, never told.


SECRET, OTHER = "ab" * 32, "cd" * 32


def a_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A pepper file."""
    path = folder / "pepper"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_new_file_reads_and_only_its_owner_may(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    write_pepper_file(path)
    assert path.stat().st_mode & 0o077 == 0
    peppers = read_peppers([path])
    assert [number for number, _ in peppers.keyers] == [1]
    assert new_pepper_file() != new_pepper_file()
    with pytest.raises(FileExistsError):
        write_pepper_file(path)


def test_while_peppers_rotate_the_current_one_comes_first(tmp_path: Path) -> None:
    text = f"# a comment\n\nidentity {SECRET}\npepper 1 {SECRET}\npepper 2 {OTHER} current\n"
    peppers = read_peppers([a_file(tmp_path, text)])
    assert [number for number, _ in peppers.keyers] == [2, 1]
    assert peppers.current.pepper_id == 2


def test_a_digest_is_an_hmac_of_domain_and_value() -> None:
    pepper = Pepper(1, bytes.fromhex(SECRET))
    expected = hmac.new(bytes.fromhex(SECRET), b"\x05emaila@b.c", sha256).digest()[:10]
    assert pepper.digest("email", b"a@b.c") == expected


@given(st.text("ab", max_size=4), st.binary(max_size=4), st.text("ab", max_size=4), st.binary(max_size=4))
def test_domains_and_values_do_not_run_into_each_other(
    one: str, left: bytes, other: str, right: bytes
) -> None:
    pepper = Pepper(1, bytes.fromhex(SECRET))
    assert (pepper.digest(one, left) == pepper.digest(other, right)) == ((one, left) == (other, right))


@for_each(
    ("text", "reason"),
    [
        ("", "0 lines `identity`"),
        (f"identity {SECRET}\n", "0 lines `pepper`"),
        (f"identity {SECRET}\nidentity {SECRET}\npepper 1 {SECRET}", "2 lines `identity`"),
        (f"identity {SECRET}\npepper 1 {SECRET}\npepper 2 {OTHER}", "0 lines `pepper` are marked"),
        (f"identity {SECRET}\npepper 1 {SECRET}\npepper 1 {OTHER} current", "the same number"),
        (f"identity {SECRET}\npepper 0 {SECRET}", "line 2: a pepper's number"),
        (f"identity {SECRET}\npepper 256 {SECRET}", "line 2: a pepper's number"),
        (f"identity {SECRET}\npepper 1 {SECRET[:-2]}", "31 bytes"),
        (f"identity {SECRET}\npepper 1 hello", "hex"),
        (f"identity {SECRET}\npepper one", "line 2: expected"),
        ("idéntity", "ASCII"),
        ("#" * 70_000, "more than"),
    ],
)
def test_a_file_that_will_not_do_is_refused_without_telling_its_secrets(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(UnusablePepper, match=reason) as refused:
        read_peppers([a_file(tmp_path, text)])
    assert SECRET[:16] not in str(refused.value)


def test_a_file_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    path = a_file(tmp_path, new_pepper_file(), 0o644)
    with pytest.raises(UnusablePepper, match="chmod 600"):
        read_peppers([path])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusablePepper, match=r"nowhere: No such file"):
        read_peppers([tmp_path / "nowhere"])


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    peppers = read_peppers([a_file(tmp_path, f"identity {SECRET}\npepper 1 {OTHER}\n")])
    assert "\\xab" not in repr(peppers)
    assert "\\xcd" not in repr(peppers)


# A pepper file over a rotation: what was readable before is readable until the old secret is dropped.


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


@for_each("line", ["# pepper 2 since noon", "# pepper 2 since 2026-11-24T12:00:00", "# pepper"])
def test_a_date_that_cannot_be_read_is_none(line: str) -> None:
    assert since(line, 2) is None
