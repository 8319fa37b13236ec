"""A signal's fields are taken out of every record, and the platform is judged again."""

from __future__ import annotations

import pytest

from bench.quality import silence


def test_fields_are_taken_from_the_event_and_from_its_account() -> None:
    record = {"banned_at": "now", "platform": "x", "account": {"account_id": "1", "bio": "b", "links": []}}
    assert silence._less(record, ("bio", "links", "banned_at")) == {
        "platform": "x",
        "account": {"account_id": "1"},
    }


def test_without_names_and_words_fewer_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"all": tuple({name for several in silence.FIELDS.values() for name in several})}
    monkeypatch.setattr(silence, "FIELDS", fields)
    whole, bare = (silence.recall(run) for _, run in silence.measured((7,), 600, 40))
    assert whole > bare
