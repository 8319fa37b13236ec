"""Malformed messages, as broken producers send them."""

from collections.abc import Callable
from random import Random

from simulate.sampling import between, one_of


def _random_bytes(rng: Random, good: bytes) -> bytes:
    return rng.randbytes(between(rng, 1, 200))


def _truncated(rng: Random, good: bytes) -> bytes:
    return good[: between(rng, 1, len(good) - 2)]


def _not_utf8(rng: Random, good: bytes) -> bytes:
    return good.replace(b'"platform"', b'"plat\xff\xfeform"', 1)


def _no_id(rng: Random, good: bytes) -> bytes:
    return good.replace(b'"account_id"', b'"acount_id"', 1)


def _wrong_type(rng: Random, good: bytes) -> bytes:
    return good.replace(b'"version":1', b'"version":[1]', 1)


def _newer_version(rng: Random, good: bytes) -> bytes:
    return good.replace(b'"version":1', b'"version":97', 1)


def _nested(rng: Random, good: bytes) -> bytes:
    depth = between(rng, 2_000, 20_000)
    return b"[" * depth + b"]" * depth


def _not_an_object(rng: Random, good: bytes) -> bytes:
    return one_of(rng, (b"null", b"[]", b'"hello"', b"17", b"NaN", b"{}", b"<xml/>"))


SORTS: tuple[Callable[[Random, bytes], bytes], ...] = (
    _truncated,
    _random_bytes,
    _no_id,
    _not_utf8,
    _wrong_type,
    _newer_version,
    _nested,
    _not_an_object,
)
"""Each makes a malformed message, most of them out of a good one."""


def malformed(rng: Random, good: bytes) -> bytes:
    """A message no decoder may accept, out of a good ``AccountCreated``."""
    return one_of(rng, SORTS)(rng, good)
