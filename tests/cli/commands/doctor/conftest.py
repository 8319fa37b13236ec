"""Who has a port here and says nothing is not waited for."""

from __future__ import annotations

import pytest


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.commands.doctor.settings._ANSWER_SECONDS", 0.3)
