"""The closed list of what may be wrong with a field."""

from __future__ import annotations

import re

import msgspec

from schemas.unusable import FieldFault, Unusable


def test_every_reason_is_fit_for_a_metric_label_and_has_a_sentence_of_its_own() -> None:
    assert all(re.fullmatch(r"[a-z0-9-]{1,32}", reason) for reason in FieldFault)
    assert all(re.fullmatch(r"[A-Z].{10,100}\.", reason.sentence) for reason in FieldFault)
    assert len({reason.sentence for reason in FieldFault}) == len(FieldFault) <= 16


def test_a_reason_travels_as_its_word_and_is_read_back() -> None:
    given = Unusable("ip", FieldFault.UNREADABLE)
    assert msgspec.json.encode(given) == b'{"field":"ip","reason":"unreadable"}'
    assert msgspec.json.decode(msgspec.json.encode(given), type=Unusable) == given
