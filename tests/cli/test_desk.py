"""Commands on the desk's database: people, audit, cases, reports, statements; and judging without a desk."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.main import run
from desk.database import audit, notes, requests, schema
from desk.database.engine import opened
from desk.feed.publish import send
from desk.readers import Reader
from desk.review.arrivals import Arrivals
from desk.review.deciding.review import Review
from desk.review.requests import RequestEntry, approve, enter
from desk.settings import load
from local.ports import take_port
from schemas.alerts import Matched
from schemas.verdicts import VerdictGiven
from streams.kafka import topics
from streams.kafka.client import reader, writer
from streams.kafka.topics import names
from tests.cli.books import LINES, Books, books_of, make_topic
from tests.cli.running import Ran, Samehand, at_the_desk, publish
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import A_POLICY, an_office
from tests.desk.review.test_commission import act
from tests.desk_databases import on_each_database
from tests.makers import NOON
from tests.tables import for_each

# ``samehand desk``: people are added, and a desk that cannot start says why.


PASSWORD = "correct horse battery"


@pytest.fixture
def database(desk_tables: Path) -> Path:
    return desk_tables


def test_somebody_is_added_by_a_password_on_standard_input_or_by_a_link(
    database: Path, samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = ("desk", "users", "add")
    for role, code, told in (("moderator", 0, "amina is a moderator now"), ("lead", 2, "amina")):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        ran = samehand(*add, "amina", "--role", role)
        assert (ran.code, told in ran.out + ran.err) == (code, True)
    assert PASSWORD.encode() not in database.read_bytes()
    linked = samehand(*add, "demo", "--role", "auditor", "--link", "--json").figures
    assert linked["link"].startswith("http://127.0.0.1:6068/link/")
    assert linked["role"] == "auditor"


@for_each(
    ("url", "words"),
    [("sqlite:////no/such/folder/desk.db", "does not exist"), ("mysql://db/desk", "SAMEHAND_DATABASE_URL")],
)
def test_a_database_that_cannot_be_used_is_one_line_and_no_traceback(
    url: str, words: str, monkeypatch: pytest.MonkeyPatch, samehand: Samehand
) -> None:
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", url)
    for line in (["desk"], ["desk", "users", "add", "demo", "--role", "lead", "--link"]):
        ran = samehand(*line)
        assert (ran.code, words in ran.err, len(ran.err.splitlines())) == (1, True, 1)


def hire(samehand: Samehand, name: str, role: str = "moderator") -> None:
    assert samehand("desk", "users", "add", name, "--role", role, "--link").code == 0


def users(samehand: Samehand) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = samehand("desk", "users", "list", "--json").figures["users"]
    return found


def test_people_are_listed_changed_and_let_out(database: Path, samehand: Samehand) -> None:
    hire(samehand, "amina")
    hire(samehand, "omar", "auditor")
    change = ("desk", "users", "set")
    assert samehand(*change, "amina", "--role", "lead", "--out").code == 0
    assert [(one["name"], one["role"], one["out"]) for one in users(samehand)] == [
        ("amina", "lead", True),
        ("omar", "auditor", False),
    ]
    for refused in (["amina", "--link"], ["nobody", "--in"], ["amina"]):
        assert samehand(*change, *refused).code == 2


def test_policies_are_set_and_listed(database: Path, samehand: Samehand) -> None:
    hire(samehand, "amina")
    change = ("desk", "users", "set", "amina")
    for given, policies in (
        (["--policies", "spam,hate"], ["hate", "spam"]),
        (["--policies", "-"], [""]),
        (["--policies", ""], []),
        (["--policies", "spam", "--all-policies"], None),
        (["--policies", "a b"], None),
        (["--policies", "spam,,hate"], None),
    ):
        assert samehand(*change, *given).code == (2 if policies is None else 0), given
        [amina] = users(samehand)
        assert amina["policies"] == policies, given
        assert samehand(*change, "--all-policies").code == 0
        assert " all" in samehand("desk", "users", "list").out


def test_the_audit_verifies_until_a_line_is_changed(database: Path, samehand: Samehand) -> None:
    hire(samehand, "amina")
    hire(samehand, "omar", "auditor")
    told: dict[str, object] = {"lines": 2, "heads": 0, "broken": None, "lost_heads": []}
    assert samehand("desk", "audit", "verify", "--offline", "--json").figures == told
    lines = [json.loads(line) for line in samehand("desk", "audit", "export").out.splitlines()]
    assert [line["action"] for line in lines] == ["user-added", "user-added"]
    with closing(sqlite3.connect(database)) as there, there:
        there.execute("UPDATE audit SET actor = 'somebody else' WHERE number = 2")
    ran = samehand("desk", "audit", "verify", "--offline")
    assert (ran.code, "line 2" in ran.err) == (1, True)


# ``samehand desk audit verify``: the chain in the database is held to the heads on a real broker.


table = schema.audit


@pytest.fixture
def topic_of_heads(
    database_url: str, desk_tables: Path, broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The environment of a desk with a broker; answers its database's address."""
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMEHAND_KAFKA_BROKERS", broker)
    monkeypatch.setenv("SAMEHAND_TOPIC_PREFIX", topic_prefix)
    monkeypatch.setenv("COLUMNS", "400")  # so that each sentence is a line
    return database_url


@pytest.fixture
def books(topic_of_heads: str) -> Books:
    """An audit of some lines whose head was published, and as many lines after it, published as well."""
    return books_of(topic_of_heads)


def verify(samehand: Samehand, *options: str) -> Ran:
    return samehand("desk", "audit", "verify", *options)


def fault(samehand: Samehand, *options: str) -> str:
    """What is said where the audit does not hold."""
    ran = verify(samehand, *options)
    assert ran.code == 1
    return ran.err


def test_a_whole_chain_holds(books: Books, samehand: Samehand) -> None:
    books.write(1)  # what is not published yet is no fault
    ran = verify(samehand)
    assert (ran.code, ran.out, ran.err) == (0, "11 lines hold, 10 of them as published\n", "")
    told: dict[str, object] = {"lines": 11, "heads": 10, "broken": None, "lost_heads": []}
    assert verify(samehand, "--json").figures == told


@pytest.mark.parametrize("also_the_note", [False, True])
def test_an_end_that_was_cut_off_is_told_and_where(
    books: Books, samehand: Samehand, also_the_note: bool
) -> None:
    async def cut(connection: AsyncConnection) -> None:
        await connection.execute(delete(table).where(table.c.number > 8))
        if also_the_note:  # who hides a line hides that its head was published, too
            await connection.execute(delete(schema.heads))

    books.change(cut)
    assert verify(samehand, "--offline").code == 0, "a chain does not see its end cut off"
    told = "line 9: it was published, and the chain ends at line 8: its end was cut off"
    assert fault(samehand).splitlines()[0] == told
    books.write(3)  # and written over
    assert fault(samehand).startswith("line 9: its hash is another than was published")


def test_a_head_that_was_published_is_never_written_over(books: Books, samehand: Samehand) -> None:
    async def cut(connection: AsyncConnection) -> None:
        await connection.execute(delete(table).where(table.c.number > 8))
        await connection.execute(delete(schema.heads))

    books.change(cut)
    books.write(2)
    books.publish()  # of the forged chain, under the number of a true one
    with reader(books.settings) as opened_topic:
        keys = [it.key for it in opened_topic.read(books.topic, 0)]
    assert len(keys) == 2 * LINES + 10
    assert len(set(keys)) == 2 * LINES + 2, "compaction keeps the last record of each key"
    assert fault(samehand)


def test_what_is_published_confirms_no_guess_and_is_published_piece_by_piece(
    topic_of_heads: str, samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.feed.audit_heads.LINES_AT_ONCE", 2)
    books = books_of(topic_of_heads)
    own: list[str] = []

    async def hashes(connection: AsyncConnection) -> None:
        own.extend((await connection.execute(select(table.c.hash))).scalars())

    books.change(hashes)
    with reader(books.settings) as opened_topic:
        said = b"".join((it.key or b"") + (it.value or b"") for it in opened_topic.read(books.topic, 0))
    assert len(own) == 2 * LINES
    assert not [it for it in own if it.encode() in said], "a hash without a key can be guessed"
    assert verify(samehand).code == 0


def test_heads_of_the_former_release_still_hold_the_chain(topic_of_heads: str, samehand: Samehand) -> None:
    make_topic(load())
    books = Books(topic_of_heads, load())
    books.write()
    own: list[tuple[int, str]] = []

    async def former(connection: AsyncConnection) -> None:
        own.extend((it.number, it.hash) for it in await connection.execute(select(table)))
        await audit.note_head(connection, *own[-1])

    books.change(former)
    number, digest = own[-1]
    with writer(books.settings) as out:
        record = json.dumps({"number": number, "hash": digest, "at": 1.0}).encode()
        send(out, books.topic, [(f"{number}:{digest}".encode(), record)])
    books.write()
    books.publish()
    assert verify(samehand).out == "10 lines hold, 6 of them as published\n"
    books.change(lambda connection: connection.execute(delete(table).where(table.c.number > LINES - 1)))
    assert fault(samehand).startswith("line 5: it was published")


async def altered(connection: AsyncConnection) -> None:
    await connection.execute(update(table).where(table.c.number == 3).values(actor="somebody else"))


async def reordered(connection: AsyncConnection) -> None:
    for before, after in ((3, 99), (4, 3), (99, 4)):
        await connection.execute(update(table).where(table.c.number == before).values(number=after))


async def dropped(connection: AsyncConnection) -> None:
    await connection.execute(delete(table).where(table.c.number == 3))


@pytest.mark.parametrize("deed", [altered, reordered, dropped])
def test_a_line_that_was_changed_is_told_by_its_number(
    books: Books, samehand: Samehand, deed: Callable[[AsyncConnection], Awaitable[None]]
) -> None:
    books.change(deed)
    for options in ((), ("--offline",)):
        told = "line 4: line 3 is missing" if deed is dropped else "line 3: its hash"
        assert fault(samehand, *options).startswith(told)


def test_a_chain_that_was_forged_with_new_hashes_is_told(books: Books, samehand: Samehand) -> None:
    async def forged(connection: AsyncConnection) -> None:
        lines = (await connection.execute(select(table).order_by(table.c.number))).all()
        await connection.execute(delete(table))
        previous = audit.START
        for line in lines:
            row = {**line._mapping, "actor": "somebody else" if line.number == 3 else line.actor}
            del row["hash"]
            previous = audit.hash_of(previous, *row.values())
            await connection.execute(insert(table).values(**row, hash=previous))

    books.change(forged)
    assert verify(samehand, "--offline").code == 0, "it is a whole chain"
    assert fault(samehand).startswith("line 3: its hash is another than was published")


def test_heads_of_a_topic_that_was_emptied_are_missed(
    books: Books, samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_TOPIC_PREFIX", f"{books.settings.topic_prefix}new.")
    said = fault(samehand)
    assert f"there is no topic {topics.names(load()).audit}" in said
    assert "--offline" in said
    make_topic(load())
    assert fault(samehand).startswith(
        f"line 10: it was published, and is not on {topics.names(load()).audit}"
    )


def test_who_never_published_a_head_is_told_what_is_not_noticed(
    books: Books, samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forget(connection: AsyncConnection) -> None:
        await connection.execute(delete(schema.heads))

    books.change(forget)
    monkeypatch.setenv("SAMEHAND_TOPIC_PREFIX", f"{books.settings.topic_prefix}new.")
    make_topic(load())
    ran = verify(samehand)
    told = "10 lines hold, none of them as published: a cut end would not be noticed yet\n"
    assert (ran.code, ran.out, ran.err) == (0, told, "")


def test_a_broker_that_does_not_answer_is_told_as_such(
    books: Books, samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 300)  # as long as nobody answers
    nobody = take_port()
    monkeypatch.setenv("SAMEHAND_KAFKA_BROKERS", f"127.0.0.1:{nobody.number}")
    said = fault(samehand)
    nobody.release()
    assert len(said.splitlines()) == 1
    assert "cannot be read" in said
    assert "--offline" in said


# After a restore the lines that the backup lacks are excused by name, and no others.


@on_each_database
def test_lines_that_a_restored_backup_lacks_are_excused_up_to_the_named_head_alone(
    books: Books, samehand: Samehand
) -> None:
    lost = books.last()
    assert lost.number == 2 * LINES
    books.put_back(LINES)
    books.write(2, actor="u2")  # people go on
    books.publish()
    assert f"samehand desk audit verify --restored {lost}" in fault(samehand)
    ran = verify(samehand, "--restored", str(lost))
    assert (ran.code, ran.err) == (0, "")
    told = ran.out.splitlines()
    assert (told[0], told[-1]) == ("7 lines hold, 7 of them as published", f"lost by a restore: line {lost}")
    assert [line.split()[-1].partition(":")[0] for line in told[1:]] == ["6", "7", "8", "9", "10"]
    assert verify(samehand, "--restored", str(lost), "--json").figures["lost_heads"][-1] == str(lost)
    newest = books.last()
    books.put_back(LINES + 1)
    assert fault(samehand, "--restored", str(lost)).startswith(f"line {newest.number}: it was published")


@for_each(("head", "said"), [("1311", "no NUMBER:HASH"), (f"9:{'0' * 64}", "is not on")])
def test_head_that_was_never_published_excuses_nothing(
    books: Books, samehand: Samehand, head: str, said: str
) -> None:
    ran = verify(samehand, "--restored", head)
    assert (ran.code, said in ran.err) == (2, True)


# ``samehand case``: one decision, whole, on paper.


@pytest.fixture
def received(desk_tables: Path) -> None:
    """An alert whose words want to be more than words, and a note on it."""
    alert = an_alert(a_reason(ours="<script>alert(1)</script>", theirs="a\u202eb"))

    async def receive(connection: AsyncConnection) -> None:
        await Arrivals(connection, A_POLICY, NOON.timestamp()).take_alert(alert)
        await notes.add(connection, "alert-1", "someone", "<b>see</b>", now=NOON.timestamp())

    at_the_desk(receive)


@pytest.mark.usefixtures("received")
def test_it_tells_the_case_and_writes_a_page_without_a_script(tmp_path: Path, samehand: Samehand) -> None:
    page = tmp_path / "case.html"
    told = samehand("case", "alert-1", "--for", "appeal 311", "--page", page, "--json").figures
    assert told["made_for"] == {"purpose": "appeal 311", "reader": "command-line"}
    assert [line["action"] for line in told["audit"]] == ["case-file"]
    html = page.read_text(encoding="utf-8")
    assert "<script>" not in html
    for escaped in ("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;b&gt;see&lt;/b&gt;", "&lt;U+202E&gt;"):
        assert escaped in html


@for_each(
    ("line", "said"),
    [
        (["no-such", "--for", "appeal 311"], "no-such"),
        (["alert-1", "--for", " "], ""),
        (["alert-1"], ""),
        (["alert-1", "--for", "x", "--request", "1"], "--for PURPOSE, or --request NUMBER"),
        (["alert-1", "--request", "1"], "there is no such request"),
    ],
)
@pytest.mark.usefixtures("received")
def test_there_is_none_without_an_alert_and_one_purpose_or_one_request(
    line: list[str], said: str, samehand: Samehand
) -> None:
    ran = samehand("case", *line)
    assert (ran.code, said in ran.err) == (2, True)


@for_each("line", [["case", "alert-1", "--for", "x"], ["desk", "users", "list"], ["desk", "audit", "export"]])
@for_each("there", ["does not exist", "is a directory", "is not a database"])
def test_a_mistyped_database_is_no_empty_one(
    there: str, line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, samehand: Samehand
) -> None:
    path = tmp_path / there.replace(" ", "-")
    if there == "is a directory":
        path.mkdir(exist_ok=True)
    elif there == "is not a database":
        path.write_bytes(b"no pages of SQLite" * 100)
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", f"sqlite:///{path}")
    ran = samehand(*line)
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert f"{path} {there}: SAMEHAND_DATABASE_URL" in ran.err
    assert path.exists() == (there != "does not exist")


@pytest.mark.usefixtures("received")
def test_digest_of_a_case_file_under_a_request_is_that_of_its_bytes_in_any_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = at_the_desk(_approved)
    page, line = tmp_path / "case.html", ["case", "alert-1", "--request", str(request_id)]
    assert run([*line, "--page", str(tmp_path / "nowhere" / "case.html")]) == 2
    assert digests(request_id) == []
    capsys.readouterr()
    contents = []
    for form in ([], ["--json"], ["--page", str(page)]):
        assert run([*line, *form]) == 0
        out = capsys.readouterr().out.encode()
        contents.append(page.read_bytes() if "--page" in form else out)
    *records, html = contents
    assert all(b"CC-311" in content for content in contents)
    assert {json.loads(record)["held"][0]["kind"] for record in records} == {"evidence"}
    assert b"Preserved when" in html

    terminal = io.BytesIO()  # of an encoding that lacks letters
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(terminal, encoding="ascii"))
    assert run(line) == 0
    assert digests(request_id) == [sha256(it).hexdigest() for it in (*contents, terminal.getvalue())]


def digests(request_id: int) -> list[str]:
    """The digests of the case files made under a request."""
    files = at_the_desk(lambda connection: requests.files_of(connection, request_id))
    return [file.digest for file in files]


def a_request(**more: Any) -> RequestEntry:
    given = {"authority": "A court", "kind": "e-evidence", "received_at": NOON.timestamp(), **more}
    return RequestEntry(
        reference="CC-311",
        legal_basis="a law",
        jurisdiction="PK",
        deadline=None,
        **{"accounts": ["x:new"], **given},
    )


async def _approved(connection: AsyncConnection) -> int:
    """The number of a request that one person entered and another approved."""
    rana, sana = (
        Review(connection, Reader(name, "", "counsel"), A_POLICY, NOON.timestamp())
        for name in ("rana", "sana")
    )
    request_id = await enter(rana, a_request())
    await approve(sana, request_id)
    return request_id


# ``samehand report``: a period as text, JSON and a page.


@pytest.fixture
def decided(desk_tables: Path) -> None:
    """Yesterday's alert on a ban whose policy wants to be more than a word."""
    alert = an_alert(
        detected_at=datetime.now(UTC) - timedelta(days=1),
        matched=Matched(platform="x", account_id="banned", policy="<b>\u202ehate"),
    )
    at_the_desk(lambda connection: Arrivals(connection, A_POLICY, time.time()).take_alert(alert))


@pytest.mark.usefixtures("decided")
def test_report_is_text_json_and_one_page_in_which_nothing_is_markup(
    tmp_path: Path, samehand: Samehand
) -> None:
    page = tmp_path / "week.html"
    made = samehand("report", "operations", "--page", page, "--json").figures
    assert (made["alerts"], made["decisions"]) == (1, {"undecided": 1})
    html = page.read_text("utf-8")
    assert "<b>" not in html
    assert "&lt;U+202E&gt;" in html
    ran = samehand("report", "operations", "--since", "24h", "--terrorism", "spam")
    assert (ran.code, "samehand cannot know" in ran.out, "\u202e" in ran.out) == (0, True, False)


@pytest.mark.usefixtures("decided")
def test_report_counts_lawful_requests_by_authority_on_the_terminal_too(
    samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    now = time.time()
    entry = a_request(
        authority="[red]Court\u202e",
        kind="e-evidence-emergency",
        received_at=now - 9 * 3_600,
        accounts=["x:new", "x:2"],
    )
    week = ("report", "operations", "--since", "7d")
    assert "Lawful requests" not in samehand(*week).out
    at_the_desk(lambda it: enter(Review(it, Reader("rana", "", "counsel"), A_POLICY, now), entry))
    [line] = [it for it in samehand(*week).out.splitlines() if "Court" in it]
    assert line.split() == ["[red]Court<U+202E>", "1", "1", "0", "0", "none", "1", "2", "0"]


@for_each(
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
@pytest.mark.usefixtures("decided")
def test_period_or_policy_that_is_none_is_refused_in_one_line(line: list[str], samehand: Samehand) -> None:
    ran = samehand("report", "operations", *line)
    assert (ran.code, line[0] in ran.err) == (2, True)


@for_each(
    "line",
    [
        ["spam=KEYWORD_PHISHING"],
        ["spam=STATEMENT_CATEGORY_WEATHER"],
        ["spam=STATEMENT_CATEGORY_SCAMS_AND_FRAUD/KEYWORD_WEATHER"],
        ["STATEMENT_CATEGORY_SCAMS_AND_FRAUD"],
        ["spam=STATEMENT_CATEGORY_SCAMS_AND_FRAUD", "spam=STATEMENT_CATEGORY_VIOLENCE"],
    ],
)
@pytest.mark.usefixtures("decided")
def test_category_that_is_none_is_refused_in_one_line(line: list[str], samehand: Samehand) -> None:
    ran = samehand("report", "operations", *(word for name in line for word in ("--category", name)))
    assert (ran.code, "--category" in ran.err) == (2, True)
    assert len(ran.err.strip().splitlines()) <= 4


@pytest.mark.usefixtures("decided")
def test_report_of_operations_has_the_figures_of_the_transparency_report(samehand: Samehand) -> None:
    figures = samehand("report", "operations", "--since", "24h", "--json").figures["transparency"]
    assert (figures["actions"], figures["complaints"]) == (0, 0)
    assert "Part_7_appeals_and_recidivism" in figures["parts"]


# ``samehand report statements``: what is written, and what is listed instead.


def test_statements_are_written_one_a_line_and_the_others_listed_with_what_they_lack(
    samehand: Samehand, desk_tables: Path, tmp_path: Path
) -> None:
    async def decide() -> None:
        async with opened(load().database_url.get_secret_value()) as database:
            office = an_office(database)
            await act(office, 1, actioned_at=None)
            await act(office, 2, registered_at=None)

    asyncio.run(decide())
    path = tmp_path / "statements.jsonl"
    asked = ("report", "statements", "--platform", "x", "--since", "2026-01-01", "--jsonl", path)
    figures = samehand(*asked, "--json").figures
    assert (figures["statements"], figures["reasons"]) == (1, {"registered": 1})
    assert figures["lacking"] == [{"account": "x:new-2", "event_id": "e-2", "reasons": ["registered"]}]
    first = path.read_bytes()
    [statement] = map(msgspec.json.decode, first.splitlines())
    assert statement["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    ran = samehand(*asked)
    assert "give registered_at on accounts.actioned" in " ".join(ran.out.split())
    assert path.read_bytes() == first, "each time under the same puid"
    assert samehand("report", "statements", "--platform", "X Y", "--jsonl", path).code == 2


# ``samehand alerts`` and ``samehand verdict``: judging without a desk.


@pytest.fixture
def alerted(servers: None) -> None:
    """Two alerts that wait, one of them told twice, and a record that nobody can read."""
    topics.check(load(), create=True)
    older = an_alert(alert_id="older", band="possible", probability=0.6)
    newer = an_alert(alert_id="newer", detected_at=NOON + timedelta(hours=1))
    publish(names(load()).alerts, older, newer, newer, b"not json", key=b"x:new")


def told_to(capsys: pytest.CaptureFixture[str], *line: str) -> dict[str, object]:
    assert run([*line, "--json"]) == 0
    told: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return told


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, object]]:
    rows = told_to(capsys, "alerts", "list", *options)["alerts"]
    assert isinstance(rows, list)
    return rows


def waiting(capsys: pytest.CaptureFixture[str], *options: str) -> list[object]:
    return [row["alert_id"] for row in listed(capsys, *options)]


@pytest.mark.journey
@pytest.mark.usefixtures("alerted")
def test_an_alert_waits_until_a_verdict_holds_and_again_once_it_is_taken_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert waiting(capsys) == ["newer", "older"]
    assert waiting(capsys, "--band", "possible") == ["older"]
    told_to(capsys, "verdict", "newer", "not-mirror", "--reason", "common-name")
    assert waiting(capsys) == ["older"]
    assert waiting(capsys, "--all") == ["newer", "older"]
    [decided] = listed(capsys, "--decided")
    assert (decided["alert_id"], decided["verdict"]) == ("newer", "not_mirror")
    assert (decided["reason_code"], bool(decided["decided_at"])) == ("common-name", True)
    shown = told_to(capsys, "alerts", "show", "newer")["verdict"]
    assert isinstance(shown, dict)
    assert (shown["verdict"], shown["reason_code"]) == ("not_mirror", "common-name")
    assert shown["verdict_id"]
    told_to(capsys, "verdict", "newer", "unsure", "--reason", "appeal")
    assert waiting(capsys) == ["newer", "older"]
    assert waiting(capsys, "--decided") == []


@pytest.mark.journey
@pytest.mark.usefixtures("alerted")
def test_an_exercise_decides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    exercise = VerdictGiven(
        alert_id="newer",
        revision=1,
        verdict="mirror",
        reason_code="several-traits",
        reviewer="reviewer-7",
        decided_at=NOON + timedelta(hours=2),
        golden=True,
    )
    publish(names(load()).verdicts, exercise, key=b"newer")
    assert waiting(capsys) == ["newer", "older"]
    assert waiting(capsys, "--decided") == []


@pytest.mark.journey
@pytest.mark.usefixtures("alerted")
def test_what_is_not_there_or_no_code_is_one_line(samehand: Samehand) -> None:
    for code, line in (
        (1, ["alerts", "show", "no-such"]),
        (1, ["verdict", "no-such", "mirror", "--reason", "x"]),
        (2, ["verdict", "newer", "ban", "--reason", "x"]),
        (2, ["alerts", "list", "--all", "--decided"]),
        (2, ["verdict", "newer", "mirror", "--reason", "two words"]),
        (2, ["verdict", "newer", "mirror", "--reason", "x", "--reviewer", "a\nb"]),
    ):
        ran = samehand(*line)
        assert (ran.code, "Traceback" in ran.err, len(ran.err.splitlines())) == (code, False, 1), line
