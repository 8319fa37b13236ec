"""Dead letters: the whole address, the value as far as it fits, and a reason without personal values."""

from __future__ import annotations

from rich.pretty import pretty_repr

from schemas.letters import KEY_BYTES_MAX, UNPROCESSABLE, VALUE_BYTES_MAX, DeadLetter
from schemas.malformed import Malformed
from schemas.wire import MESSAGE_BYTES_MAX, decode_letter, encode
from tests.schemas.makers import NOW, record_of


def a_letter(*, key: bytes | None = b"x:1", value: bytes | None = b"\xff{") -> DeadLetter:
    return DeadLetter.of(
        Malformed("not-utf8", "$", "not UTF-8"),
        topic="accounts.created",
        partition=3,
        offset=2**40,
        key=key,
        value=value,
        now=NOW,
    )


def test_a_letter_brings_the_bytes_back_exactly() -> None:
    every_byte = bytes(range(256))
    letter = record_of(decode_letter(encode(a_letter(value=every_byte)), now=NOW))
    assert (letter.key, letter.value, letter.value_bytes) == (b"x:1", every_byte, 256)
    assert letter.address == "accounts.created:3:1099511627776"


def test_a_value_beyond_512_kib_is_left_out_and_its_size_told() -> None:
    assert a_letter(value=bytes(VALUE_BYTES_MAX)).value == bytes(VALUE_BYTES_MAX)
    letter = a_letter(value=bytes(VALUE_BYTES_MAX + 1))
    assert (letter.value, letter.value_bytes) == (None, VALUE_BYTES_MAX + 1)


def test_an_endless_key_is_left_out() -> None:
    assert a_letter(key=bytes(KEY_BYTES_MAX + 1)).key is None


def test_a_tombstone_has_no_value_and_no_size() -> None:
    assert (a_letter(value=None).value, a_letter(value=None).value_bytes) == (None, 0)


def test_the_largest_letter_fits_into_a_message() -> None:
    largest = encode(a_letter(key=bytes(KEY_BYTES_MAX), value=bytes(VALUE_BYTES_MAX)))
    assert len(largest) <= MESSAGE_BYTES_MAX
    assert record_of(decode_letter(largest, now=NOW)).value == bytes(VALUE_BYTES_MAX)


def test_a_record_on_which_our_logic_failed_has_a_reason_too() -> None:
    letter = DeadLetter.of(
        UNPROCESSABLE, topic="accounts.banned", partition=0, offset=1, key=b"x:1", value=b"{}", now=NOW
    )
    assert record_of(decode_letter(encode(letter), now=NOW)).reason == "unprocessable"


def test_what_it_holds_is_not_in_its_repr() -> None:
    letter = a_letter(key=b"x:secret-key", value=b"secret-value")
    assert "secret" not in repr(letter) + pretty_repr(letter)
    assert "not-utf8" in repr(letter)
