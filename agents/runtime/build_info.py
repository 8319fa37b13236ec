"""Whether the mind runs as machine code or as Python: same answers, other cost."""

from __future__ import annotations

from types import BuiltinFunctionType
from typing import Literal

from samehand.scoring.score import score

Form = Literal["compiled", "python"]


def form() -> Form:
    """What the mind runs as, told of the function that all pairs go through."""
    return "compiled" if isinstance(score, BuiltinFunctionType) else "python"
