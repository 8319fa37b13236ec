"""Whether the mind runs as machine code or as Python: same answers, other cost."""

from __future__ import annotations

from types import BuiltinFunctionType
from typing import Literal

from samehand.scoring.score import score

Form = Literal["compiled", "python"]


def form() -> Form:
    """How the mind runs, judged by the function that scores every pair."""
    return "compiled" if isinstance(score, BuiltinFunctionType) else "python"
