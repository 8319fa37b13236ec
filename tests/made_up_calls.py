"""Calls that schemathesis makes up from an API's own document, and what every answer to them is held to."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

UNTRUE = ("negative_data_rejection", "positive_data_acceptance", "ignored_auth")
"""Checks that no API of ours means to pass: a call that breaks the schema may be accepted, since a field that
cannot be used costs itself; a valid one may be refused for what no schema says, such as a read that is
another person's; and the key or session that is given is taken for one that was made up.
"""


def hold_to_its_document(api: Any, mode: GenerationMode, *, calls: int) -> None:
    """Tries every operation with so many calls, the same ones each time; each answer is one it documents."""
    untrue = [schemathesis.checks.CHECKS.get_one(name) for name in UNTRUE]
    tried = 0
    for found in api.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=calls,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def answered(case: Any) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(excluded_checks=untrue)

        with suppress(Unsatisfiable):  # what takes nothing cannot be given what is wrong
            answered()
    assert tried > calls
