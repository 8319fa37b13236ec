"""The desk's templates, and the filters that they call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment

from desk.web.addresses import account_page, wave_page
from report import rendering
from report.text import percent as share
from report.text import visible, visible_sentence
from schemas.keys import kind_of_id

TEMPLATES: Final = Path(__file__).parent / "templates"


def moment(seconds: float) -> str:
    """Unix seconds as people write a moment: 2026-11-24 12:00 UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def iso(seconds: float) -> str:
    """Unix seconds as RFC 3339, for the attribute of a <time>."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def percent(probability: float) -> str:
    """A probability from 0 to 1 in per cent; never certainty, which no sum of evidence gives."""
    if probability > 0.999:
        return "> 99.9 %"
    return "< 0.1 %" if probability < 0.001 else f"{100 * probability:.1f} %"


def nats(weight: float) -> str:
    """A weight with its sign."""
    return f"{weight:+.1f}"


def exact(weight: float) -> str:
    """Returns a weight with its sign and two decimals, so that readers can check a column's sum."""
    return f"{weight:+.2f}"


def kind(key: str) -> str:
    """The kind of the account whose key this is."""
    return kind_of_id(key.partition(":")[2])


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "account_page": account_page,
    "exact": exact,
    "iso": iso,
    "kind": kind,
    "moment": moment,
    "nats": nats,
    "percent": percent,
    "share": share,
    "visible": visible,
    "visible_sentence": visible_sentence,
    "wave_page": wave_page,
}


@cache  # a template takes longer to compile than to render ten times
def environment() -> Environment:
    """Returns the process's environment over the desk's own templates."""
    return rendering.environment(FILTERS, TEMPLATES)
