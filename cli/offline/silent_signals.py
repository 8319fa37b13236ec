"""Recall that is lost where a signal is silent, as measured once on two simulated platforms.

The fields of one signal at a time were taken away from bans and sign-ups alike. Compare the figures with one
another: two signals that stand in for each other cost little one by one, and much together.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

_FILE: Final = "silence.json"


class Measured(msgspec.Struct, frozen=True):
    """Recall of so many true ``pairs`` with every field, and ``without`` those of each signal."""

    pairs: int
    sign_ups: int
    recall: float
    without: dict[str, float]


@cache
def measured() -> Measured:
    return msgspec.json.decode(files("cli.offline").joinpath(_FILE).read_bytes(), type=Measured)


def costs(silent: Iterable[str]) -> list[dict[str, Any]]:
    """What each silent signal costs, the dearest first; those that were not measured are left out."""
    figures = measured()
    known = [(figures.without[name], name) for name in silent if name in figures.without]
    return [{"signal": name, "recall": figures.recall, "without": without} for without, name in sorted(known)]


def sentence(silent: Iterable[str]) -> str:
    """The same in a sentence; "" where nothing is known of any."""
    losses = [f"{cost['without']:.0%} without {cost['signal']}" for cost in costs(silent)]
    if not losses:
        return ""
    figures = measured()
    return (
        f"On simulated platforms {figures.recall:.0%} of {figures.pairs} true pairs were found with every "
        f"field, and, one taken away at a time, {', '.join(losses)}."
    )
