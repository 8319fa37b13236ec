"""Wallets: addresses at which a cryptocurrency is received, told from other long words by their checks."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import crc_hqx
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from samehand.normalize.contact.contact_point import ContactPoint

# The longest is an integrated address of Monero, with 106 characters.
WALLET: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:[EU]Q[\w-]{46}|[A-Za-z0-9]{26,106}+)(?![A-Za-z0-9])", re.ASCII
)
_EVM: Final = re.compile(r"0[xX][0-9a-fA-F]{40}")
_MONERO: Final = re.compile(r"[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?")
_SEGWIT: Final = re.compile(r"(bc|ltc)1([02-9ac-hj-np-z]{14,74})")
_DIFFERENT_MIN: Final = 8  # the null address, and those at which coins are burnt, are nobody's

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CHECKED_BYTES: Final = 25  # a version, a hash of 20 bytes, 4 of a check
_CHECKED_CHARS: Final = range(26, 36)
_KEY_BYTES: Final = 32
_KEY_CHARS: Final = range(43, 45)
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKS: Final = (1, 0x2BC830A3)  # BIP 173 and BIP 350


def wallet_points(word: str) -> Iterator[ContactPoint]:
    """The wallet that a word spells, in one spelling of those that differ in case or in flags.

    Bitcoin, Litecoin, Dogecoin, Dash, Tron and TON are read by their checks. The checks of Ethereum and of
    Monero need a hash that Python lacks, and Solana's addresses have none: their form alone is so long that
    hardly anything else has it.
    """
    if len(set(word)) < _DIFFERENT_MIN:
        return
    low = word.lower()
    if _EVM.fullmatch(word) or ((segwit := _SEGWIT.fullmatch(low)) and _has_bech32_check(*segwit.groups())):
        yield ContactPoint("wallet", low)
    elif _is_base58_wallet(word) or _MONERO.fullmatch(word):
        yield ContactPoint("wallet", word)
    elif word[1] == "Q" and len(word) == 48:
        raw = urlsafe_b64decode(word)
        if crc_hqx(raw, 0) == 0:
            yield ContactPoint("wallet", raw[1:-2].hex())  # without the flags, and the check over them


def _is_base58_wallet(word: str) -> bool:
    """Returns whether a word is a hash with its check (Bitcoin and its kin), or a public key (Solana)."""
    if (len(word) not in _CHECKED_CHARS and len(word) not in _KEY_CHARS) or not set(word).issubset(_BASE58):
        return False
    number = 0
    for char in word:
        number = number * 58 + _BASE58.index(char)
    if len(word) in _KEY_CHARS:
        mixed = word != word.lower() and word != word.upper() and any(map(str.isdecimal, word))
        return mixed and (number.bit_length() + 7) // 8 == _KEY_BYTES
    if number.bit_length() > 8 * _CHECKED_BYTES:
        return False
    raw = number.to_bytes(_CHECKED_BYTES, "big")
    return sha256(sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def _has_bech32_check(prefix: str, data: str) -> bool:
    high, low = [ord(char) >> 5 for char in prefix], [ord(char) & 31 for char in prefix]
    check = 1
    for value in (*high, 0, *low, *map(_BECH32.index, data)):
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            check ^= generator if top >> place & 1 else 0
    return check in _CHECKS
