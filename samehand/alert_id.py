"""The id of a pair's alert: the same whichever agent finds the pair, whenever, and however often."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

_DIGEST_BYTES: Final = 16


def alert_id(account: str, banned: str) -> str:
    """32 hex digits from two account keys; the order matters (the banned one is second)."""
    digest = blake2b(digest_size=_DIGEST_BYTES, person=b"samehand-pair")
    for key in (account, banned):
        data = key.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(4, "big") + data)
    return digest.hexdigest()
