"""Aliases of proscribed groups: an alias must bring its own group first, and no other group's."""

from __future__ import annotations

from typing import Any

from bench.kinds import KINDS
from bench.real.lookup import Named, ScoredCandidate, looked_up
from simulate.sampling import seeded

_SHARED_WORD_MIN = 3  # letters: `of` and `al` join no two names


def groups(listed: list[tuple[str, str]], edits: str) -> dict[str, Any]:
    """Every alias (each spelling once) is enrolled as a display name.

    ``edited``: each queried by one generated edit of a kind that applies to it, kinds in turn.
    ``left_out``: each that shares a word with another, queried as it is, its own entry not counted.
    """
    aliases = list({alias.casefold(): (group, alias) for group, alias in reversed(listed)}.values())[::-1]
    bans = [Named(alias, "display_name") for _, alias in aliases]
    queries = _edited([alias for _, alias in aliases], edits)
    edited = looked_up(bans, [Named(query, "display_name") for query in queries])
    left_out = looked_up(bans, bans)
    sharing = [place for place in range(len(aliases)) if _shares_a_word(place, aliases)]
    wrong = [
        f"{query} ({aliases[place][0]}: {aliases[place][1]})"
        for place, query in enumerate(queries)
        if not _own_first(edited.found[place], aliases[place][0], aliases)
    ]
    without_self = {place: [one for one in left_out.found[place] if one.ban != place] for place in sharing}
    strays = [
        f"{aliases[place][1]} ({aliases[place][0]})"
        for place in sharing
        if not _own_first(without_self[place], aliases[place][0], aliases)
    ]
    return {
        "aliases": len(aliases),
        "groups": len({group for group, _ in aliases}),
        "edited": {"first": len(queries) - len(wrong), "of": len(queries), "wrong": wrong},
        "left_out": {"first": len(sharing) - len(strays), "of": len(sharing), "wrong": strays},
        "unreadable": edited.bad,
    }


def _edited(aliases: list[str], edits: str) -> list[str]:
    rng = seeded(3, f"real groups {edits}")
    kinds = list(KINDS[edits].values())
    found = []
    for place, alias in enumerate(aliases):
        tried = (kinds[(place + turn) % len(kinds)](rng, alias) for turn in range(len(kinds)))
        found.append(next(query for query in tried if query != alias))
    return found


def _own_first(
    several: list[ScoredCandidate] | tuple[ScoredCandidate, ...], group: str, aliases: list[tuple[str, str]]
) -> bool:
    return bool(several) and aliases[several[0].ban][0] == group


def _shares_a_word(place: int, aliases: list[tuple[str, str]]) -> bool:
    group, alias = aliases[place]
    own = _words(alias)
    return any(own & _words(other) for at, (kin, other) in enumerate(aliases) if at != place and kin == group)


def _words(alias: str) -> set[str]:
    return {word for word in alias.casefold().replace("-", " ").split() if len(word) >= _SHARED_WORD_MIN}


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
