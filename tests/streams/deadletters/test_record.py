"""Letters carry the record unless it is too large for a letter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.letters import KEY_BYTES_MAX, VALUE_BYTES_MAX
from schemas.malformed import Malformed
from schemas.wire import decode_letter, encode
from streams.deadletters.record import letter_of
from streams.outcomes import Arrival, Dead

NOW = 1_790_000_000.0


def test_what_is_too_large_is_left_out_and_its_size_told() -> None:
    letter = letter_of(Arrival("t", 0, 1, b"k" * 5000, b"v" * (VALUE_BYTES_MAX + 1)), Dead("too-large"), NOW)
    assert (letter.key, letter.value, letter.value_bytes) == (None, None, VALUE_BYTES_MAX + 1)


def test_the_largest_letter_fits_into_a_message() -> None:
    dead = Dead("x" * 64, "$" * 1000, "d" * 1000)
    letter = letter_of(
        Arrival("t" * 249, 2**31 - 1, 2**63 - 1, b"k" * KEY_BYTES_MAX, b"v" * VALUE_BYTES_MAX), dead, NOW
    )
    assert len(encode(letter)) < 1024 * 1024


@given(st.none() | st.binary(max_size=200), st.none() | st.binary(max_size=200), st.integers(0, 2**62))
def test_a_letter_comes_back_from_the_wire_as_it_was(
    key: bytes | None, value: bytes | None, offset: int
) -> None:
    letter = letter_of(Arrival("accounts.created", 3, offset, key, value), Dead("not-json", "$.account"), NOW)
    decoded = decode_letter(encode(letter), now=NOW)
    assert not isinstance(decoded, Malformed)
    assert decoded.record == letter
