"""Jinja2 for everything that is drawn as HTML or SVG: all values are escaped, an undefined name fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from report.text import percent, plural, since_ban, visible, visible_sentence

TEMPLATES: Final = Path(__file__).parent / "templates"


def environment(filters: Mapping[str, Callable[..., Any]], templates: Path = TEMPLATES) -> Environment:
    """Returns an environment over a folder of templates, with ``filters`` beside those for text."""
    made = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "percent": percent,
        "plural": plural,
        "since_ban": since_ban,
        "visible": visible,
        "visible_sentence": visible_sentence,
        **filters,
    }
    return made
