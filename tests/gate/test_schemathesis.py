"""Whatever the document allows, and what it does not, is answered as it says: schemathesis makes up calls."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis import GenerationMode

from gate.app import application
from gate.keys import new_key
from tests.gate.conftest import Broker, MakeLife, a_gate
from tests.made_up_calls import hold_to_its_document

CALLS = 15
"""Of each address and mode: enough to meet every branch, within a minute in all."""


@pytest.fixture
def api(tmp_path: Path, make_life: MakeLife) -> Any:
    """What a gate says of itself, with a key that may do everything."""
    keys = tmp_path / "keys.json"
    key = new_key(keys, "all", frozenset({"score", "alerts", "events", "verdicts"}), 1e6, datetime.now(UTC))
    app: Any = application(a_gate(make_life(), keys, Broker()))
    schema: Any = schemathesis.openapi.from_asgi("/openapi.json", app)
    schema.config.update(headers={"Authorization": f"Bearer {key}"})
    return schema


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_what_the_document_says(api: Any, mode: GenerationMode) -> None:
    hold_to_its_document(api, mode, calls=CALLS)
