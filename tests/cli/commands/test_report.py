"""``samehand report``: a period as text, JSON and a page."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.main import run
from desk.database.engine import opened
from desk.readers import Reader
from desk.review.arrivals import Arrivals
from desk.review.deciding.review import Review
from desk.review.requests import RequestEntry, enter
from schemas.alerts import Matched
from streams.settings import load
from tests.desk.makers import an_alert
from tests.desk.people import A_POLICY


@pytest.fixture(autouse=True)
def received(desk_tables: Path) -> None:
    """Yesterday's alert on a ban whose policy wants to be more than a word."""
    alert = an_alert(
        detected_at=datetime.now(UTC) - timedelta(days=1),
        matched=Matched(platform="x", account_id="banned", policy="<b>\u202ehate"),
    )

    async def receive() -> None:
        async with (
            opened(load().database_url.get_secret_value()) as database,
            database.begin() as connection,
        ):
            await Arrivals(connection, A_POLICY, time.time()).take_alert(alert)

    asyncio.run(receive())


def test_report_is_text_json_and_one_page_in_which_nothing_is_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "week.html"
    assert run(["report", "operations", "--page", str(page), "--json"]) == 0
    made = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (made["alerts"], made["decisions"]) == (1, {"undecided": 1})
    html = page.read_text("utf-8")
    assert "<b>" not in html
    assert "&lt;U+202E&gt;" in html
    assert run(["report", "operations", "--since", "24h", "--terrorism", "spam"]) == 0
    text = capsys.readouterr().out
    assert "samehand cannot know" in text
    assert "\u202e" not in text


def test_report_counts_lawful_requests_by_authority_on_the_terminal_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    now = time.time()
    entry = RequestEntry(
        authority="[red]Court\u202e",
        reference="CC-311",
        legal_basis="a law",
        jurisdiction="PK",
        kind="e-evidence-emergency",
        received_at=now - 9 * 3_600,
        deadline=None,
        accounts=["x:new", "x:2"],
    )

    async def enter_one() -> None:
        async with (
            opened(load().database_url.get_secret_value()) as database,
            database.begin() as connection,
        ):
            await enter(Review(connection, Reader("rana", "", "counsel"), A_POLICY, now), entry)

    assert run(["report", "operations", "--since", "7d"]) == 0
    assert "Lawful requests" not in capsys.readouterr().out
    asyncio.run(enter_one())
    assert run(["report", "operations", "--since", "7d"]) == 0
    [line] = [it for it in capsys.readouterr().out.splitlines() if "Court" in it]
    assert line.split() == ["[red]Court<U+202E>", "1", "1", "0", "0", "none", "1", "2", "0"]


@pytest.mark.parametrize(
    "line",
    [
        ["--since", "7"],
        ["--since", "0d"],
        ["--since", "2026-13-01"],
        ["--since", "99999w"],
        ["--until", "yesterday"],
        ["--since", "2026-02-01", "--until", "2026-01-01"],
        ["--terrorism", "A policy"],
    ],
)
def test_period_or_policy_that_is_none_is_refused_in_one_line(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "operations", *line]) == 2
    assert line[0] in capsys.readouterr().err


DSA = ["report", "dsa", "--from", "2026-01-01", "--to", "2026-12-31", "--provider", "Example"]


def test_transparency_report_is_eleven_files_and_lists_what_stays_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a" / "dsa"
    assert run([*DSA, "--category", "spam=KEYWORD_INAUTHENTIC_ACCOUNTS", "--out", str(folder), "--json"]) == 0
    made = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert len(list(folder.glob("Part_*.csv"))) == 11
    assert (made["actions"], made["complaints"]) == (0, 0)
    assert (
        "Number of orders to act against illegal content received"
        in made["empty"]["Part_3_member_states_orders"]
    )


@pytest.mark.parametrize(
    "line",
    [
        ["--category", "spam=KEYWORD_WEATHER"],
        ["--category", "spam=KEYWORD_OTHER"],
        ["--category", "KEYWORD_TERRORIST_CONTENT"],
        ["--to", "2025-12-31"],
        ["--to", "2026-02-30"],
        ["--category", "spam=KEYWORD_TERRORIST_CONTENT", "--category", "spam=KEYWORD_INAUTHENTIC_ACCOUNTS"],
        ["--provider", ""],
        ["--provider", "x" * 201],
        ["--provider", "cut\udcff"],
        ["--service", " =HYPERLINK(1)"],
        ["--service", "two\nlines"],
    ],
)
def test_category_day_or_name_that_is_none_is_refused_in_one_line(
    line: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*DSA, *line, "--out", str(tmp_path)]) == 2
    assert list(tmp_path.glob("Part_*")) == []
    assert len(capsys.readouterr().err.strip().splitlines()) <= 4
