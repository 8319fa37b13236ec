"""The worker's pages: status codes that an orchestrator understands. Served for real in `test_worker`."""

from __future__ import annotations

import json

from streams.health import Report
from streams.web import ClosedWeb, answer


def test_healthy_is_200_and_a_fault_is_503_with_its_reason() -> None:
    assert answer(Report({})).status == 200
    response = answer(Report({"store": "emptied"}))
    assert response.status == 503
    assert json.loads(response.text or "") == {"healthy": False, "faults": {"store": "emptied"}}


def test_no_page_of_fausts_is_mounted() -> None:
    kinds = (
        ClosedWeb.default_blueprints,
        ClosedWeb.production_blueprints,
        ClosedWeb.debug_blueprints,
        ClosedWeb.optional_blueprints,
    )
    assert kinds == ([], [], [], [])
