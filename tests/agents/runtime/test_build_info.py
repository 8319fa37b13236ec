"""The mind tells what it runs as; that it says the same as either is what `make test-compiled` is for."""

from __future__ import annotations

from pathlib import Path

from agents.runtime.build_info import form
from samehand.scoring import score


def test_it_says_what_it_was_loaded_from() -> None:
    assert (form() == "compiled") == (Path(str(score.__file__)).suffix == ".so")
