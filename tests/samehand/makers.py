"""Accounts, counts and comparisons in which a test of the mind states only what matters."""

from __future__ import annotations

import hashlib
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from samehand.account import KINDS, Account, Avatar
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.frequency.rates import Frequencies, NothingCounted, SignUpRates
from samehand.keys import KeyKind
from samehand.scoring.weights import default_weights
from samehand.signals.base import Signal
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

WEIGHTS: Final = default_weights()
DEVICE: Final = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"

Trait = TypeVar("Trait")
text = st.text(max_size=60)
maybe = st.none() | text

accounts = st.builds(
    Account,
    platform=st.sampled_from(["x", "facebook", "instagram", "telegram", "whatsapp", "elsewhere"]),
    account_id=st.just("1"),
    handle=maybe,
    display_name=maybe,
    bio=st.none() | st.text(max_size=300),
    links=st.lists(text, max_size=3).map(tuple),
    locale=maybe,
    email=maybe | st.emails(),
    phone=maybe | st.from_regex(r"\+[1-9][0-9]{6,13}", fullmatch=True),
    device_id=maybe | st.uuids().map(str),
    ip=maybe | st.ip_addresses().map(str),
    user_agent=maybe,
    payment_token=maybe,
    referrer=maybe,
    avatar=st.none()
    | st.builds(
        Avatar,
        pdq=st.binary(min_size=32, max_size=32) | st.binary(max_size=40),
        quality=st.integers(0, 100),
        variants=st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(tuple),
    ),
    kind=st.sampled_from(KINDS),
    created_by=st.none() | st.sampled_from(["1", "2", "bot:1"]),
    admins=st.lists(st.tuples(text, st.booleans()), max_size=3).map(tuple),
    invite_links=st.lists(text | st.just("t.me/+AbCdEf123456"), max_size=3).map(tuple),
    moved_from=st.none() | st.just("2"),
)
"""Any account, whatever its fields hold."""


def keyer(domain: str, value: bytes) -> bytes:
    """Keys a personal value under the only pepper that there is."""
    return hashlib.blake2b(value, digest_size=10, person=domain.encode()[:16]).digest()


def an_account(**shown: Any) -> Account:
    """An account of X that shows this and nothing else."""
    return Account(**{"platform": "x", "account_id": "1"} | shown)


def seen(account: Account, at: float | None = None) -> Fingerprint:
    """What is kept of an account that was seen at a moment."""
    return distil(account, keyer, at=at)


class Bearers:
    """A store that counted so many accounts, so many of them with any value asked for."""

    def __init__(self, bearers: int, accounts: int = 20_000, *, bans: int = 1_000) -> None:
        self.sign_ups = SignUpRates()
        self.bans, self._accounts, self._bearers = bans, accounts, bearers

    def accounts(self, stratum: str) -> int:
        return self._accounts

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return self._bearers


def a_context(counts: Frequencies | None = None, *strata: str, **more: Any) -> ComparisonContext:
    """What a comparison is told beside the traits: nothing counted, and names in Latin letters."""
    counts = NothingCounted() if counts is None else counts
    ours, theirs = strata or ("latin", "latin")
    return ComparisonContext(
        counts, (ours, theirs), ("x", "x"), shipped=WEIGHTS.rates(counts.sign_ups.otherwise.usual), **more
    )


CONTEXT: Final = a_context()


def trait_of(signal: Signal[Trait], **shown: Any) -> Trait:
    """What a signal keeps of an account that shows this, which it must say something of."""
    trait = signal.distil(an_account(**shown), keyer)
    assert trait is not None, shown
    return trait


def compared(
    signal: Any, ours: Account | Any, theirs: Account | Any, context: ComparisonContext = CONTEXT
) -> Comparison:
    """What a signal finds between two accounts, or two of its traits, which must be something."""
    mine, other = (signal.distil(one, keyer) if isinstance(one, Account) else one for one in (ours, theirs))
    assert mine is not None
    assert other is not None
    found: Comparison | None = signal.compare(mine, other, context)
    assert found is not None
    return found


def nats(signal: Any, found: Comparison | None) -> float:
    """What a comparison weighs by the shipped table, 0 where nothing was found."""
    if found is None:
        return 0.0
    table = WEIGHTS.signals[signal.name]
    return table.as_shipped[found.level] if found.rate is None else table.nats(found.level, found.rate)
