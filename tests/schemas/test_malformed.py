"""The bounded list of reasons."""

from __future__ import annotations

import re
from pathlib import Path

import schemas
from schemas import malformed
from schemas.malformed import REASONS

SOURCES = sorted(Path(schemas.__file__).parent.glob("*.py"))


def test_every_reason_is_fit_for_a_metric_label() -> None:
    assert all(re.fullmatch(r"[a-z0-9-]{1,32}", reason) for reason in REASONS)
    assert len(set(REASONS)) == len(REASONS) <= 32


def test_every_reason_is_given_somewhere_and_explained() -> None:
    module = Path(malformed.__file__).read_text()
    explained = set(re.findall(r"^([a-z0-9-]+) +\w", module, re.MULTILINE))
    elsewhere = "".join(path.read_text() for path in SOURCES if path.name != "malformed.py")
    for reason in REASONS:
        assert f'"{reason}"' in elsewhere, reason
        assert reason in explained, reason
