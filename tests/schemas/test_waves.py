"""The record of a wave."""

from __future__ import annotations

from math import inf, nan

import pytest
from msgspec.structs import replace

from schemas.examples import WAVE, WAVE_MERGED
from schemas.malformed import Malformed
from schemas.wire import Decoded, decode_wave, encode
from tests.tables import for_each


@for_each("number", [inf, -inf, nan])
def test_a_number_that_json_cannot_carry_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="log_odds"):
        replace(WAVE.members[0], log_odds=number)


def test_a_wave_comes_back_as_it_was_sent_under_its_id() -> None:
    for wave in (WAVE, WAVE_MERGED):
        assert decode_wave(encode(wave), now=inf) == Decoded(wave)
        assert wave.key == wave.wave_id


def test_more_members_than_a_wave_has_are_no_wave() -> None:
    read = decode_wave(encode(replace(WAVE, members=WAVE.members * 101)), now=inf)
    assert isinstance(read, Malformed)
    assert read.path == "$.members"
