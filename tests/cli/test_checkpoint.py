"""How far a rebuild went is known again for the same life of the same store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cli.checkpoint import Bookmark, read_bookmark


@pytest.fixture
def bookmark(tmp_path: Path) -> Bookmark:
    return Bookmark(tmp_path / "deep" / "rebuild.json", "accounts.banned", "samehand", "epoch-1")


def test_it_is_read_as_it_was_written(bookmark: Bookmark) -> None:
    bookmark.write({0: 500, 3: 12})
    assert read_bookmark(bookmark) == {0: 500, 3: 12}
    assert [path.name for path in bookmark.path.parent.iterdir()] == ["rebuild.json"]


@pytest.mark.parametrize("other", [{"epoch": "epoch-2"}, {"epoch": ""}, {"store": "b"}, {"topic": "t"}])
def test_another_life_of_the_store_begins_anew(bookmark: Bookmark, other: dict[str, str]) -> None:
    bookmark.write({0: 500})
    assert read_bookmark(replace(bookmark, **other)) == {}  # type: ignore[arg-type]  # fields of text


def test_a_damaged_file_begins_anew(bookmark: Bookmark) -> None:
    bookmark.write({0: 500})
    bookmark.path.write_bytes(b"\xff{")
    assert read_bookmark(bookmark) == {}


def test_a_place_that_cannot_be_written_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    bookmark = Bookmark(tmp_path / "file" / "b.json", "t", "s", "e")
    bookmark.write({0: 1})
    bookmark.write({0: 2})
    bookmark.remove()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_it_is_gone_when_the_rebuild_is_done(bookmark: Bookmark) -> None:
    bookmark.write({0: 1})
    bookmark.remove()
    assert not bookmark.path.exists()


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    assert read_bookmark(Bookmark(Path("/dev/full"), "t", "s", "e")) == {}
