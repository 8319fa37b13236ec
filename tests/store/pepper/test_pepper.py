"""Peppers: read with care, refused with the reason, never told."""

from __future__ import annotations

import hmac
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.pepper.pepper import Pepper, UnusablePepper, new_pepper_file, read_peppers, write_pepper_file

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


@pytest.mark.parametrize(
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
