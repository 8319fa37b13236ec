"""Records as no platform should send them, and as one does some day. Each holds a word that may not leak."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.record import Record
from schemas.wire import MESSAGE_BYTES_MAX, encode
from streams.kafka.topics import Names
from tests.makers import a_ban, a_change, a_reinstatement, a_sign_up

SECRET = "kanarienvogel"
"""In a value of every record, and in the names of some fields: no reason, path, detail or log quotes it."""

PLANES = 17
HUGE_ONE_IN = 200  # of the huge ones: nearly a message; the rest are some kilobytes
DEPTHS = (10, 100, 1_000, 20_000)


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A record for a topic, and of which kind."""

    kind: str
    topic: str
    key: bytes | None
    value: bytes | None


def fuzzed(called: Names, at: datetime, count: int, seed: int = 11) -> Iterator[Fuzzed]:
    """So many records of all kinds for all topics that platforms write to."""
    rng = random.Random(seed)
    # Nobody resembles anybody, and bans are old, or alerts would be what is tested.
    old = at - timedelta(days=400)
    makers: dict[str, Callable[[str], Record]] = {
        called.created: lambda name: a_sign_up(name, handle=_letters(rng), email=_email(rng), at=at),
        called.updated: lambda name: a_change(name, handle=_letters(rng), email=_email(rng), at=at),
        called.banned: lambda name: a_ban(
            name, handle=_letters(rng), email=_email(rng), at=at, banned_at=old
        ),
        called.reinstated: lambda name: a_reinstatement(name, at=at),
    }
    topics, kinds = sorted(makers), sorted(KINDS)
    for number in range(count):
        topic, kind = rng.choice(topics), kinds[number % len(kinds)]
        legal = json.loads(encode(makers[topic](f"{SECRET}{number}")))
        value = KINDS[kind](rng, legal)
        keys = [b"telegram:" + str(number).encode(), rng.randbytes(12), b"", None]
        # A compacted topic takes no record without a key: the broker refuses it.
        key = rng.choice(keys[:3] if topic == called.banned else keys)
        yield Fuzzed(kind, topic, key, value)


def _letters(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=12))


def _email(rng: random.Random) -> str:
    return f"{_letters(rng)}@{SECRET}.example.org"


def _random_bytes(rng: random.Random, legal: dict[str, Any]) -> bytes:
    return rng.randbytes(rng.randrange(1, 400)) + SECRET.encode()


def _cut(rng: random.Random, legal: dict[str, Any]) -> bytes:
    raw = json.dumps(legal).encode()
    return raw[: rng.randrange(1, len(raw))]


def _flipped(rng: random.Random, legal: dict[str, Any]) -> bytes:
    raw = bytearray(json.dumps(legal).encode())
    for _ in range(rng.randrange(1, 4)):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return bytes(raw)


def _deep(rng: random.Random, legal: dict[str, Any]) -> bytes:
    depth = rng.choice(DEPTHS)
    opened, closed = rng.choice([("[", "]"), ('{"' + SECRET + '":', "}")])
    nest = opened * depth + "1" + closed * depth
    return json.dumps({**legal, "extra": 0}).replace('"extra": 0', f'"extra": {nest}').encode()


def _huge(rng: random.Random, legal: dict[str, Any]) -> bytes:
    length = MESSAGE_BYTES_MAX // 2 if rng.randrange(HUGE_ONE_IN) == 0 else rng.randrange(2_000, 6_000)
    return _with(legal, rng, SECRET + "x" * length)


def _planes(rng: random.Random, legal: dict[str, Any]) -> bytes:
    """Text of every plane, with and without escapes: legal, unless a limit says otherwise."""
    points = [rng.randrange(plane << 16, (plane + 1) << 16) for plane in range(PLANES)]
    text = "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)
    return json.dumps(_holding(legal, rng, text), ensure_ascii=rng.random() < 0.5).encode()


def _wrong_type(rng: random.Random, legal: dict[str, Any]) -> bytes:
    odd: Any = rng.choice([None, True, 1, -1.5e308, 10**400, [], [SECRET], {}, {SECRET: SECRET}, SECRET])
    where = legal if rng.random() < 0.5 else legal.get("account") or legal
    where[rng.choice(sorted(where))] = odd
    return json.dumps(legal).encode()


def _twice(rng: random.Random, legal: dict[str, Any]) -> bytes:
    """A field named twice, the second time otherwise."""
    name = rng.choice(sorted(legal))
    return (json.dumps(legal)[:-1] + f', "{name}": "{SECRET}"}}').encode()


def _nul(rng: random.Random, legal: dict[str, Any]) -> bytes:
    raw = _with(legal, rng, f"a\0{SECRET}")
    return raw if rng.random() < 0.5 else raw.replace(b"\\u0000", b"\0")


def _lone_surrogate(rng: random.Random, legal: dict[str, Any]) -> bytes:
    escape = rng.choice(["\\ud83d", "\\udc00", "\\udc00\\ud83d"])
    raw = _with(legal, rng, f"cut{SECRET}")
    return raw.replace(b'"cut', b'"cut' + escape.encode()) if rng.random() < 0.7 else raw + b"\xed\xa0\x80"


def _wrong_date(rng: random.Random, legal: dict[str, Any]) -> bytes:
    now = datetime.now(UTC)
    dates = ["", SECRET, "0000-00-00T00:00:00Z", "2026-02-30T10:00:00Z", "9999-12-31T23:59:60Z", "1e9"]
    dates += [now.isoformat()[:-6], (now + timedelta(days=400)).isoformat(), "1066-10-14T09:00:00Z"]
    legal[rng.choice([name for name in legal if name.endswith("_at")])] = rng.choice([*dates, 10**12, -1])
    return json.dumps(legal).encode()


def _unknown(rng: random.Random, legal: dict[str, Any]) -> bytes:
    """Legal: fields that nobody knows are ignored."""
    return json.dumps({**legal, SECRET: {SECRET: SECRET}}).encode()


def _odd_document(rng: random.Random, legal: dict[str, Any]) -> bytes:
    shapes = [
        b"",
        b"null",
        b"[]",
        b"NaN",
        b'"' + SECRET.encode() + b'"',
        b"\xef\xbb\xbf{}",
        b"{}{}",
        b"1" * 5000,
    ]
    return rng.choice(shapes)


def _holding(legal: dict[str, Any], rng: random.Random, text: str) -> dict[str, Any]:
    account = legal.get("account")
    if account is None:
        return {**legal, "reason": text}
    place = rng.choice(["handle", "display_name", "bio", "email", "account_id", "user_agent", "locale"])
    return {**legal, "account": {**account, place: text}}


def _with(legal: dict[str, Any], rng: random.Random, text: str) -> bytes:
    return json.dumps(_holding(legal, rng, text)).encode()


KINDS: dict[str, Callable[[random.Random, dict[str, Any]], bytes]] = {
    "random bytes": _random_bytes,
    "truncated": _cut,
    "flipped bits": _flipped,
    "deep nesting": _deep,
    "huge strings": _huge,
    "every plane": _planes,
    "wrong types": _wrong_type,
    "duplicate keys": _twice,
    "NUL": _nul,
    "lone surrogates": _lone_surrogate,
    "wrong dates": _wrong_date,
    "unknown fields": _unknown,
    "another document": _odd_document,
}
