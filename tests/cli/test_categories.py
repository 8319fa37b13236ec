"""Categories by policy, beside those of the report (tests/cli/commands/test_report.py)."""

from __future__ import annotations

import click
import pytest

from cli.categories import categories_of

OTHER = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"


def test_category_that_parts_of_the_annex_lack_needs_to_be_allowed() -> None:
    assert categories_of((f"spam={OTHER}",), (OTHER,)) == {"spam": (OTHER,)}
    with pytest.raises(click.BadParameter):
        categories_of((f"spam={OTHER}",))
