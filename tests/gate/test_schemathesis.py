"""Whatever the document allows, and what it does not, is answered as it says: schemathesis makes up calls."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from gate.app import application
from gate.keys import RIGHTS, new_key
from tests.gate.conftest import Broker, MakeLife, a_gate

CALLS = 15
"""Of each address and mode: enough to meet every branch, within a minute in all."""


@pytest.fixture
def api(tmp_path: Path, make_life: MakeLife) -> Any:
    """What a gate says of itself, with a key that may do everything."""
    keys = tmp_path / "keys.json"
    key = new_key(keys, "all", frozenset(RIGHTS), 1e6, datetime.now(UTC))
    app: Any = application(a_gate(make_life(), keys, Broker()))
    schema: Any = schemathesis.openapi.from_asgi("/openapi.json", app)
    schema.config.update(headers={"Authorization": f"Bearer {key}"})
    return schema


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_what_the_document_says(api: Any, mode: GenerationMode) -> None:
    # A field that cannot be used costs itself and not the record, so a body that breaks the schema may be
    # accepted; and a valid one may be refused for what no schema says, such as a date to come. The key that
    # is given is taken for one that was made up.
    untrue = [
        schemathesis.checks.CHECKS.get_one(name)
        for name in ("negative_data_rejection", "positive_data_acceptance", "ignored_auth")
    ]
    tried = 0
    for found in api.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=CALLS,
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
    assert tried > CALLS
