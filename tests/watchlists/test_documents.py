"""XML that is made to hurt is refused, and what came before it is kept."""

from __future__ import annotations

from io import BytesIO

import pytest

from schemas.malformed import Malformed
from watchlists import documents
from watchlists.documents import elements, root_name

WANTED = frozenset({"ENTITY"})
BOMB = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l><ENTITY>&b;</ENTITY></l>'
FILE = b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]><l><ENTITY>&x;</ENTITY></l>'


def read(raw: bytes) -> list[str]:
    return [
        found.reason if isinstance(found, Malformed) else "".join(found.itertext())
        for found in elements(BytesIO(raw), WANTED)
    ]


@pytest.mark.parametrize("raw", [BOMB, FILE, b"<!DOCTYPE l><l/>"], ids=["bomb", "file", "bare"])
def test_a_doctype_is_refused_before_any_entity_is_looked_at(raw: bytes) -> None:
    assert read(raw) == ["not-allowed"]
    assert root_name(raw) == ""


def test_entries_before_a_break_are_kept() -> None:
    assert read(b"<l><ENTITY>one</ENTITY><ENTITY>two</ENTI") == ["one", "bad-format"]


def test_an_unknown_encoding_is_a_fault() -> None:
    assert read(b'<?xml version="1.0" encoding="klingon"?><l/>') == ["bad-format"]


def test_depth_is_bounded() -> None:
    assert read(b"<l>" * 10_000) == ["nested-too-deep"]


def test_one_entry_is_bounded_in_elements_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "NODES_MAX", 10)
    assert read(b"<l><ENTITY>" + b"<a/>" * 11) == ["too-many"]
    monkeypatch.setattr(documents, "TEXT_CHARS_MAX", 10)
    assert read(b"<l><ENTITY>" + b"word " * 11 + b"</ENTITY></l>") == ["too-long"]


def test_a_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "FILE_BYTES_MAX", 10)
    assert read(b"<l>" + b" " * 100 + b"</l>") == ["too-large"]


def test_namespaces_do_not_matter() -> None:
    assert read(b'<l xmlns="urn:new"><ENTITY>one</ENTITY></l>') == ["one"]
