"""``samehand case``: one decision, whole, on paper."""

from __future__ import annotations

import asyncio
import io
import json
from hashlib import sha256
from pathlib import Path

import pytest

from cli.main import run
from desk.database import notes, requests
from desk.database.engine import opened
from desk.readers import Reader
from desk.review.arrivals import Arrivals
from desk.review.deciding.review import Review
from desk.review.requests import RequestEntry, approve, enter
from streams.settings import load
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import A_POLICY
from tests.makers import NOON


@pytest.fixture(autouse=True)
def received(desk_tables: Path) -> None:
    """An alert whose words want to be more than words, and a note on it."""
    alert = an_alert(a_reason(ours="<script>alert(1)</script>", theirs="a\u202eb"))

    async def receive() -> None:
        async with (
            opened(load().database_url.get_secret_value()) as database,
            database.begin() as connection,
        ):
            await Arrivals(connection, A_POLICY, NOON.timestamp()).take_alert(alert)
            await notes.add(connection, "alert-1", "someone", "<b>see</b>", now=NOON.timestamp())

    asyncio.run(receive())


def test_it_tells_the_case_and_writes_a_page_without_a_script(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "case.html"
    assert run(["case", "alert-1", "--for", "appeal 311", "--page", str(page), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["made_for"] == {"purpose": "appeal 311", "reader": "command-line"}
    assert [line["action"] for line in told["audit"]] == ["case-file"]
    html = page.read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;see&lt;/b&gt;" in html
    assert "&lt;U+202E&gt;" in html


def test_there_is_none_without_an_alert_or_a_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["case", "no-such", "--for", "appeal 311"]) == 2
    assert "no-such" in capsys.readouterr().err
    assert run(["case", "alert-1", "--for", " "]) == 2
    assert run(["case", "alert-1"]) == 2


@pytest.mark.parametrize(
    "line", [["case", "alert-1", "--for", "x"], ["desk", "users", "list"], ["desk", "audit", "export"]]
)
@pytest.mark.parametrize("there", ["", "a directory", "not a database"])
def test_a_mistyped_database_is_no_empty_one(
    there: str,
    line: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "mistyped.db"
    if there == "a directory":
        path.mkdir()
    elif there:
        path.write_bytes(b"no pages of SQLite" * 100)
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", f"sqlite:///{path}")
    assert run(line) == 1
    err = capsys.readouterr().err
    assert f"{path} {f'is {there}' if there else 'does not exist'}: SAMEHAND_DATABASE_URL" in err
    assert len(err.splitlines()) == 1
    assert path.exists() == bool(there)


@pytest.mark.parametrize("form", ["json", "lines", "page"])
def test_digest_of_a_case_file_under_a_request_is_that_of_its_bytes(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request_id = asyncio.run(_approved("x:new"))
    page, line = tmp_path / "case.html", ["case", "alert-1", "--request", str(request_id)]
    if form == "page":
        line += ["--page", str(page)]
    elif form == "json":
        line.append("--json")
    assert run(line) == 0
    out = capsys.readouterr().out.encode()
    content = page.read_bytes() if form == "page" else out
    assert b"CC-311" in content
    assert b"Preserved when" in content or json.loads(content)["held"][0]["kind"] == "evidence"

    assert _digests(request_id) == [sha256(content).hexdigest()]


def test_terminal_of_another_encoding_does_not_change_the_bytes_of_a_case_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request_id = asyncio.run(_approved("x:new"))
    out = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(out, encoding="ascii"))
    assert run(["case", "alert-1", "--request", str(request_id)]) == 0
    assert _digests(request_id) == [sha256(out.getvalue()).hexdigest()]


def test_page_that_cannot_be_written_leaves_no_digest(tmp_path: Path) -> None:
    request_id = asyncio.run(_approved("x:new"))
    page = tmp_path / "no-such-folder" / "case.html"
    assert run(["case", "alert-1", "--request", str(request_id), "--page", str(page)]) == 2
    assert _digests(request_id) == []


def test_case_file_has_one_purpose_or_one_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["case", "alert-1", "--for", "x", "--request", "1"]) == 2
    assert "--for PURPOSE, or --request NUMBER" in capsys.readouterr().err
    assert run(["case", "alert-1", "--request", "1"]) == 2
    assert "there is no such request" in capsys.readouterr().err


def _digests(request_id: int) -> list[str]:
    """The digests of the case files made under a request."""

    async def read() -> list[str]:
        async with (
            opened(load().database_url.get_secret_value()) as database,
            database.read() as connection,
        ):
            return [file.digest for file in await requests.files_of(connection, request_id)]

    return asyncio.run(read())


async def _approved(account: str) -> int:
    """The number of a request on an account that one person entered and another approved."""
    async with (
        opened(load().database_url.get_secret_value()) as database,
        database.begin() as connection,
    ):
        now = NOON.timestamp()
        rana, sana = (
            Review(connection, Reader(name, "", "counsel"), A_POLICY, now) for name in ("rana", "sana")
        )
        entry = RequestEntry(
            authority="A court",
            reference="CC-311",
            legal_basis="a law",
            jurisdiction="PK",
            kind="e-evidence",
            received_at=now,
            deadline=None,
            accounts=[account],
        )
        request_id = await enter(rana, entry)
        await approve(sana, request_id)
    return request_id
