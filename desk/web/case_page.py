"""The case file as a page to print: whole in itself, without a script or a file beside it."""

from __future__ import annotations

from typing import Any

from desk.web.environment import environment


def case_page(case: dict[str, Any]) -> str:
    """HTML of a case file as `desk.review.case` makes it."""
    return environment().get_template("case.html").render(case=case)
