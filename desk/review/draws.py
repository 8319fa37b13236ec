"""Draws which alerts are read blind, and which of them twice, by keyed hash of ids.

All functions are pure and have no state: the same ids under the same key are drawn the same way, in every
process and after every restart. The key (at least 16 bytes, secret) is the desk's own: without it nobody can
choose ids that are drawn, or are not.
"""

from __future__ import annotations

import hmac
from typing import Final

BLIND_SHARE: Final = 0.15
"""Of alerts: enough to know precision to some points within a month; most alerts stay fast to read."""
SECOND_SHARE: Final = 0.2
"""Of what is read blind: read by a second person too, from which agreement is known."""
KEY_BYTES_MIN: Final = 16

_WORD: Final = 2.0**53  # a float holds 53 bits evenly


def uniform(key: bytes, purpose: str, *ids: str) -> float:
    """A number from 0 up to 1 that only holders of the key foresee; independent from purpose to purpose.

    Raises:
        ValueError: the key is shorter than :data:`KEY_BYTES_MIN`.
    """
    if len(key) < KEY_BYTES_MIN:
        raise ValueError(f"the key that draws has {len(key)} bytes; it takes {KEY_BYTES_MIN}")
    parts = [part.encode("utf-8", "surrogatepass") for part in (purpose, *ids)]
    # each part with its length, so that no two lists of ids are one text
    text = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return (int.from_bytes(hmac.digest(key, text, "sha256")[:8], "big") >> 11) / _WORD


def is_blind(key: bytes, alert_id: str, share: float = BLIND_SHARE) -> bool:
    """Returns whether an alert is shown without score, band and weights. Its probability of being so is
    ``share``.
    """
    return uniform(key, "blind", alert_id) < share


def needs_second_reader(key: bytes, alert_id: str, share: float = SECOND_SHARE) -> bool:
    """Returns whether what is read blind is read by another person as well, blind too."""
    return uniform(key, "second", alert_id) < share
