"""Imitations of package names, looked up among the originals and a crowd of ordinary handles."""

from __future__ import annotations

from typing import Any

from bench.real.lookup import Named, looked_up


def typosquats(pairs: list[tuple[str, str]], ordinary: list[str]) -> dict[str, Any]:
    """All originals and all ordinary handles are bans; each imitation should bring its original first."""
    originals = list(dict.fromkeys(original for original, _ in pairs))
    bans = [*originals, *ordinary]
    looked = looked_up([Named(name, "handle") for name in bans], [Named(name, "handle") for _, name in pairs])
    ranks = [
        next((rank for rank, one in enumerate(several, 1) if bans[one.ban] == original), None)
        for (original, _), several in zip(pairs, looked.found, strict=True)
    ]
    return {
        "bans": len(bans),
        "imitations": len(pairs),
        "first": sum(rank == 1 for rank in ranks),
        "among_five": sum(rank is not None and rank <= 5 for rank in ranks),
        "never_first": [
            f"{imitation} ({original})"
            for (original, imitation), rank in zip(pairs, ranks, strict=True)
            if rank != 1
        ],
        "unreadable": looked.bad,
    }
