"""Who reads what: blind shares, second readers, golden items, by keyed hash of ids.

All functions are pure and have no state: the same ids under the same key are drawn the same way, in every
process and after every restart. The key (at least 16 bytes, secret) is the desk's own: without it nobody can
choose ids that are drawn, or are not.

What the desk calls: :func:`is_blind`, :func:`needs_second_reader`, :func:`second_reader`,
:func:`appeal_reader`, :func:`is_golden`, :func:`golden_item`, :func:`blind_order`.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from typing import Final

BLIND_SHARE: Final = 0.15
"""Of alerts: enough to know precision to some points within a month; most alerts stay fast to read."""
SECOND_SHARE: Final = 0.2
"""Of what is read blind: read by a second person too, from which agreement is known."""
GOLDEN_SHARE: Final = 0.02
"""Of what a reader is shown: one in fifty is an item whose answer is known."""
KEY_BYTES_MIN: Final = 16

_WORD: Final = 2.0**53  # a float holds 53 bits evenly


def uniform(key: bytes, purpose: str, *ids: str) -> float:
    """A number from 0 up to 1 that only holders of the key foresee; independent from purpose to purpose.

    Raises:
        ValueError: the key is shorter than :data:`KEY_BYTES_MIN`.
    """
    return (int.from_bytes(_digest(key, purpose, ids)[:8], "big") >> 11) / _WORD


def is_blind(key: bytes, alert_id: str, share: float = BLIND_SHARE) -> bool:
    """Whether an alert is shown without score, band and weights. Its probability of being so is ``share``."""
    return uniform(key, "blind", alert_id) < share


def needs_second_reader(key: bytes, alert_id: str, share: float = SECOND_SHARE) -> bool:
    """Whether what is read blind is read by another person as well, blind too."""
    return uniform(key, "second", alert_id) < share


def second_reader(key: bytes, alert_id: str, first: str, readers: Iterable[str]) -> str | None:
    """Who of ``readers`` reads it second: never the first one, and nobody where there is no other.

    Readers who come or go change the choice for their own share of alerts alone (rendezvous hashing).
    """
    return _chosen(key, "second-reader", alert_id, set(readers) - {first})


def appeal_reader(key: bytes, alert_id: str, before: Collection[str], readers: Iterable[str]) -> str | None:
    """Who of ``readers`` reads an appeal: nobody who has decided on the alert ``before``."""
    return _chosen(key, "appeal", alert_id, set(readers) - set(before))


def is_golden(key: bytes, reader: str, number: int, share: float = GOLDEN_SHARE) -> bool:
    """Whether a reader's ``number``-th decision (from 0) is to be a golden item."""
    return uniform(key, "golden", reader, str(number)) < share


def golden_item(key: bytes, reader: str, shown: int, items: Collection[str]) -> str | None:
    """Which golden item a reader sees who has seen ``shown`` of them; ``None`` where there are no items.

    Each reader sees them in an order of their own, each once before any comes again.
    """
    if not items:
        return None
    turn, place = divmod(shown, len(items))
    return _by_hash(key, f"golden-order-{turn}", reader, items)[place]


def blind_order(key: bytes, alert_ids: Iterable[str]) -> list[str]:
    """The order in which blind items are shown: one that says nothing about score, band or age."""
    return _by_hash(key, "order", "", alert_ids)


def _by_hash(key: bytes, purpose: str, about: str, ids: Iterable[str]) -> list[str]:
    return sorted(ids, key=lambda id_: (_digest(key, purpose, (about, id_)), id_))


def _chosen(key: bytes, purpose: str, about: str, others: set[str]) -> str | None:
    return max(
        others, key=lambda candidate: (_digest(key, purpose, (about, candidate)), candidate), default=None
    )


def _digest(key: bytes, purpose: str, ids: Sequence[str]) -> bytes:
    if len(key) < KEY_BYTES_MIN:
        raise ValueError(f"the key that draws has {len(key)} bytes; it takes {KEY_BYTES_MIN}")
    parts = [part.encode("utf-8", "surrogatepass") for part in (purpose, *ids)]
    # each part with its length, so that no two lists of ids are one text
    return hmac.new(key, b"".join(len(part).to_bytes(4, "big") + part for part in parts), sha256).digest()
