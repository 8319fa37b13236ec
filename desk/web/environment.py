"""The desk's templates and their filters."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment

from desk.web.filters import FILTERS
from report import rendering

TEMPLATES: Final = Path(__file__).parent / "templates"


def environment() -> Environment:
    """Returns an environment over the desk's own templates."""
    return rendering.environment(FILTERS, TEMPLATES)
