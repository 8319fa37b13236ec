"""A desk with nothing on it."""

from __future__ import annotations

import pytest

from desk.database.engine import Database
from tests.desk.people import Office, an_office


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)
