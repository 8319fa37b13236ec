"""What the audience reads while it waits."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from desk.cli.demo.show import Wanted, perform

pytestmark = pytest.mark.journey


def test_alerts_are_shown_with_their_reasons_and_the_address_of_the_metrics(broker: str) -> None:
    console = Console(record=True, width=100, file=Path("/dev/null").open("w"))  # noqa: SIM115  # rich writes to it
    told = perform(Wanted(22.0, 300, 7), console)
    text = console.export_text()
    assert "/metrics" in text
    assert told["alerts"] > 0
    assert text.count("prior") >= told["alerts"]
