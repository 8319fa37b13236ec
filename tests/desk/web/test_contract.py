"""Any call is answered as documented, in every language, whatever a stranger types."""

from __future__ import annotations

import ast
import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args
from urllib.parse import quote

import pytest

from desk import readers
from desk.database import reads
from desk.database.engine import Database
from desk.database.filters import Filters, WaveState
from desk.feed.upkeep import OLD
from desk.readers import ROLES
from desk.review import case, reader_policies, requests, waves
from desk.review.deciding import claim, decide, leads, notes, review, undo
from desk.review.deciding.decide import ReadDecision
from desk.review.finding import account, decided, family, search
from desk.review.reasons import REASONS, WAVE_REASONS
from desk.review.reports import statement
from desk.review.reports.statistics import AGES
from desk.web import desk, languages, security
from desk.web import statement as statement_file
from desk.web.environment import TEMPLATES
from desk.web.languages import FORMS, LANGUAGES, catalogue, wanted
from desk.web.pages import alert, queue
from desk.web.pages import family as family_page
from desk.web.pages import find as find_page
from desk.web.pages import requests as requests_page
from desk.web.pages import selection as selection_page
from desk.web.pages import waves as waves_page
from desk.web.sentences import FAULTS, RIVALS
from report.waterfall.words import SIGNALS
from samehand.scoring.evidence import CROWD, SENTENCES, SHARED
from schemas.actions import ACTIONS
from schemas.alerts import NOTICE, WITHDRAWN_REASONS, Band, Direction
from schemas.appeals import OUTCOMES
from schemas.internal.related import PURPOSES
from schemas.unusable import FieldFault
from schemas.waves import WAVE_REASONS as WITHDRAWALS
from tests.desk.makers import a_reason, a_rival
from tests.desk.people import PASSWORD, Office, an_office, with_shares
from tests.desk.web.client import at_the_desk, browsing
from tests.desk_databases import on_each_database
from tests.tables import for_each

# Whatever a stranger types into an address or a form is answered, on both databases, by no fault of ours.


HOSTILE = (
    "\0",
    "a\0b",
    "' OR 1=1 --",
    "'; DROP TABLE alerts; --",
    "%",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil",
    "<script>alert(1)</script>",
    "x" * 63,
    "{{ 7 * 7 }}",
)


@on_each_database
async def test_hostile_text_in_an_address_finds_nothing_and_breaks_nothing(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, role="lead") as client:
        for text in HOSTILE:
            coded = quote(text, safe="")
            for where in (
                f"/queue?policy={coded}&language={coded}",
                f"/alerts/{coded}",
                f"/accounts/{coded}/{coded}",
                f"/queue?after_rank=1&after_since=nan&after_read=1&kind={coded}",
            ):
                answer = await client.get(where)
                assert answer.status_code in (200, 400, 404), (where, answer.status_code)
                assert "<script>alert(1)" not in answer.text
                assert ">49<" not in answer.text
        assert (await client.get("/queue")).text.count('<th scope="row">') == 1


@on_each_database
async def test_bytes_that_are_no_text_and_numbers_beyond_any_are_refused(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        for where in (
            "/queue?policy=%ff%fe",
            "/alerts/%ed%a0%80",
            f"/queue?after_rank=-{10**30}&after_since=1&after_read=1",
            "/queue?after_rank=1&after_since=inf&after_read=1",
            "/waves?before=nan",
            "/waves?before=-inf",
            f"/reads/{10**30}",
            "/queue/live?since=99999999999999999999999",
        ):
            answer = await client.get(where, follow_redirects=False)
            assert answer.status_code in (200, 400, 404), (where, answer.status_code, answer.text[:300])


@on_each_database
async def test_hostile_text_in_a_form_is_kept_as_text_or_refused(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, role="lead") as client:
        for text in HOSTILE:
            answer = await client.submit("/alerts/alert-1/notes", text=text)
            assert answer.status_code in (303, 400), (text, answer.status_code)
            answer = await client.submit("/alerts/alert-1/case", purpose=text)
            assert answer.status_code in (200, 400), (text, answer.status_code)
            answer = await client.post("/sign-in", data={"name": text, "password": text})
            assert answer.status_code in (403, 429), (text, answer.status_code)
        page = (await client.get("/alerts/alert-1")).text
        assert "<script>alert(1)" not in page
        long = await client.submit("/alerts/alert-1/notes", text="x" * 100_000)
        assert long.status_code in (400, 413)


async def test_stranger_with_headers_and_names_that_nothing_reads_is_refused(office: Office) -> None:
    async with browsing(office) as client:
        for origin in (
            "http://[",
            "http://[::1",
            "null",
            "127.0.0.1:6068",
            "http://127.0.0.1:6068.evil.example",
        ):
            answer = await client.post("/sign-in", data={"name": "a"}, headers={"Origin": origin})
            assert answer.status_code == 403, (origin, answer.status_code)
        for name in ("%00", "desk.css%00", "..%2fapp.py", "%2e%2e/app.py", "x" * 5_000):
            answer = await client.get(f"/static/{name}")
            assert answer.status_code == 404, (name, answer.status_code)


@on_each_database
async def test_two_leads_who_take_a_verdict_back_at_once_open_one_appeal(office: Office) -> None:
    await office.receive()
    amina, omar, sara = [await office.hire(name, "lead") for name in ("amina", "omar", "sara")]
    [waiting] = await office.desk.queue(amina, Filters())
    await office.desk.decide(amina, waiting.read_id, ReadDecision("mirror", "several-traits", "hate"))
    said = await asyncio.gather(
        *(office.desk.take_back(lead, "alert-1", "appeal") for lead in (omar, sara)), return_exceptions=True
    )
    # The second one is to read the appeal that the first one opened, without knowing what was said before.
    assert sorted(type(one).__name__ for one in said) == ["Forbidden", "int"], said
    async with office.database.read() as connection:
        kinds = [one.kind for one in await reads.of_alert(connection, "alert-1") if one.state == "open"]
    assert kinds == ["appeal"]


@on_each_database
async def test_two_readers_of_one_read_at_once_make_one_decision(office: Office) -> None:
    await office.receive()
    amina, omar = await office.hire("amina"), await office.hire("omar")
    [waiting] = await office.desk.queue(amina, Filters())
    decision = ReadDecision("mirror", "several-traits", "hate")
    said = await asyncio.gather(
        *(office.desk.decide(one, waiting.read_id, decision) for one in (amina, omar)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in said) == ["Conflict", "DecisionMade"], said


async def test_an_alert_that_is_seen_tells_nothing_of_one_beside_it_that_is_to_be_read_blind(
    database: Database,
) -> None:
    """Else whoever opens the one reads the other with its band in mind, and with what others said."""
    office = an_office(database, with_shares(blind_share=1.0))
    await office.receive("blind")
    office = Office(replace(office.desk, policy=with_shares(blind_share=0.0)), office.clock)
    await office.receive("seen")
    amina, auditor = await office.hire("amina"), await office.hire("sara", "auditor")
    opened = await office.desk.open(amina, "seen")
    assert not opened.sealed
    assert [(one.alert_id, one.band, one.verdict) for one in opened.family] == [("blind", None, None)]
    assert [one.band for one in (await office.desk.open(auditor, "seen")).family] == ["likely"]


async def test_no_link_sends_the_form_of_undoing_elsewhere(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, role="lead") as client:
        for where in ("/queue", "/next", "/alerts/alert-1"):
            answer = await client.get(where, params={"undo": "../readers/nobody/policies"})
            assert answer.status_code == 400, where


# Pages in Urdu and Arabic: nothing is left in English, and every placeholder is there.

OTHERS = tuple(code for code in LANGUAGES if code != "en")
KINDS = ("first", "second", "appeal", "dispute")
VERDICTS = ("mirror", "not_mirror", "unsure")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def said_by_pages() -> set[str]:
    """Every string that a page may show."""
    found = {NOTICE, *KINDS, *VERDICTS, *ROLES, *SIGNALS.values(), *SENTENCES.values(), *WITHDRAWN_REASONS}
    found |= {*account.EVENTS, OLD, *OUTCOMES, *(label for *_, label in alert._UPHELD_OR_NOT)}
    found |= {*get_args(WaveState), *waves_page.VERDICTS.values(), *waves_page.WITHDRAWN.values()}
    found |= {*PURPOSES, "banned", "remembered", CROWD, *ACTIONS, *statement.MISSING.values()}
    for stated in (statement_file.ACTIONS, statement_file.GROUNDS, statement_file.WITHOUT_CLAUSE):
        found |= set(stated.values())
    for stated in (statement_file.SOURCES, statement_file.DETECTIONS, statement_file.DECISIONS):
        found |= set(stated.values())
    found |= {*statement_file.REDRESS, *stated_by_code()}
    found |= {*get_args(Band), *get_args(Direction), *queue._LABELS.values(), *(name for name, _ in AGES)}
    found |= (
        {reason.template for reason in (*REASONS, *WAVE_REASONS)}
        | {*FAULTS.values(), *FieldFault}
        | told_by_refusals()
    )
    found |= {word for both in RIVALS.values() for word in both}
    found |= {*queue._ORDERS.values(), *family_page.STATES.values()}
    for words in (requests_page.KINDS, requests_page.STATES, requests_page.HOLD_ENDS, requests.REFUSALS):
        found |= set(words.values())
    for template in TEMPLATES.glob("*.html"):
        found |= set(re.findall(r"""\b_\("([^"]+)"\)""", template.read_text()))
    return found | said_by_code("gettext", 1)


def told_by_refusals() -> set[str]:
    """The sentence of every refusal that is the same each time; the others are told by their code."""
    found = set()
    acts = (claim, decide, leads, notes, review, undo)
    rules = (
        case,
        statement,
        waves,
        *acts,
        account,
        decided,
        family,
        search,
        readers,
        reader_policies,
        requests,
    )
    for module in (*rules, desk, find_page, security, selection_page, requests_page):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                given = [it.value for it in node.exc.args if isinstance(it, ast.Constant)]
                found |= {str(value) for value in given if " " in str(value)}
    return found


def said_by_code(function: str, arguments: int) -> set[str]:
    """The strings, first of so many, that the modules of the desk's pages give to a function of gettext."""
    found = set()
    for module in (languages, queue, alert):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == function:
                first = node.args[0] if node.args else None
                if len(node.args) >= arguments and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def stated_by_code() -> set[str]:
    """Headings and sentences of statements that stand beside what they state."""
    tree = ast.parse(Path(str(statement_file.__file__)).read_text())
    said = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    sentences = {
        str(node.args[0].value)
        for node in said
        if getattr(node.func, "id", "") == "said" and isinstance(node.args[0], ast.Constant)
    }
    return sentences | {"What was decided", "The facts", "The ground", "Software", "What you can do"}


def counted_by_pages() -> set[str]:
    """Every string that stands for one, of those that are counted."""
    return said_by_code("_count", 3) | said_by_code("ngettext", 3)


@for_each("code", OTHERS)
def test_a_catalogue_has_every_string_of_the_pages(code: str) -> None:
    assert len(said_by_pages()) > 200
    assert said_by_pages() - catalogue(code).words.keys() == set()
    assert counted_by_pages() == catalogue(code).counted.keys()
    assert "%(n)d day" in counted_by_pages()


def test_every_withdrawal_of_a_wave_has_words_of_its_own() -> None:
    assert waves_page.WITHDRAWN.keys() == {*WITHDRAWALS}


def test_a_template_says_nothing_beside_the_catalogues() -> None:
    english = "No fluent reader has checked this translation."  # in both languages, on purpose
    for template in TEMPLATES.glob("*.html"):
        if template.name == "case.html":
            continue  # goes to courts and auditors, in English whoever makes it
        text = re.sub(r"{[{%#].*?[#%}]}", "", template.read_text().replace(english, ""), flags=re.DOTALL)
        text = re.sub(r"<(title|kbd)\b.*?</\1>|<[^>]*>", "", text, flags=re.DOTALL)
        assert not re.search(r"[A-Za-z]{2}", text), (template.name, text.split())


@for_each("code", OTHERS)
def test_a_catalogue_says_everything_in_its_own_script_with_the_same_placeholders(code: str) -> None:
    shipped = catalogue(code)
    several = [(english, said) for english, forms in shipped.counted.items() for said in forms]
    for english, said in [*shipped.words.items(), *several]:
        assert sorted(PLACEHOLDER.findall(english)) == sorted(PLACEHOLDER.findall(said)), english
        assert re.search("[\u0600-\u06ff]", said), english
        assert not re.search("[<>\u202a-\u202e\u2066-\u2069]", said), english


@for_each("code", OTHERS)
def test_what_is_counted_has_a_form_for_every_number(code: str) -> None:
    number_of_forms, form_of = FORMS[code]
    assert {len(forms) for forms in catalogue(code).counted.values()} == {number_of_forms}
    assert {form_of(number) for number in range(1_000)} == set(range(number_of_forms))


def test_the_first_hours_after_a_ban_are_told_in_minutes() -> None:
    told = {seconds: LANGUAGES["en"].since(seconds) for seconds in (30.0, 90.0, 4_320.0, -4_320.0, 10_800.0)}
    assert list(told.values()) == ["30 seconds", "90 seconds", "72 minutes", "72 minutes", "3 hours"]


def test_arabic_counts_in_six_ways() -> None:
    form_of = FORMS["ar"][1]
    assert [form_of(n) for n in (0, 1, 2, 3, 10, 11, 99, 100, 102, 103)] == [0, 1, 2, 3, 3, 4, 4, 5, 5, 3]


def test_the_first_language_that_we_have_of_a_browsers_is_taken() -> None:
    assert wanted("sd, ur-PK;q=0.9, en;q=0.8").code == "ur"
    assert wanted("xx" * 999).code == "en"


@pytest.mark.parametrize("code", OTHERS)
async def test_a_page_is_written_from_the_right_and_says_that_nobody_checked_it(
    office: Office, code: str
) -> None:
    await office.receive(
        reasons=(
            a_reason("email", level="same-address"),
            a_reason("device", -0.5, level="unheard-of"),
            a_reason("network", 0.0, level="same-prefix", ours="•••", theirs="•••", explained=True),
            a_reason("bio", 2.0, level="almost-same", ours="38 characters", theirs="38 characters"),
            a_reason("bio", -1.0, level=SHARED, because=CROWD.replace("%(n)s", "1,204")),
        ),
        rivals=(a_rival("household", 0.7), a_rival("unheard-of", 0.3)),
    )
    await office.hire("amina")
    async with browsing(office) as client:
        await client.post("/sign-in", data={"name": "amina", "password": PASSWORD}, follow_redirects=False)
        client.headers["Accept-Language"] = code
        for where in ("/queue", "/alerts/alert-1", "/view"):
            page = (await client.get(where)).text
            assert f'<html lang="{code}" dir="rtl">' in page
            assert catalogue(code).words["No fluent reader has checked this translation."] in page
            assert "No fluent reader has checked this translation." in page
        page = (await client.get("/alerts/alert-1")).text
        assert catalogue(code).words["Both accounts use the same e-mail address."] in page
        assert '<span lang="en" dir="ltr">The handles are the same.</span>' in page  # of the level unheard of
        words = catalogue(code).words
        assert f"<strong>{words['a household']}</strong>: {words[RIVALS['household'][1]]}" in page
        assert words[RIVALS["household"][2]] in page
        assert '<span lang="en" dir="ltr">The sentence on unheard-of.</span>' in page
        assert page.count(words[CROWD].replace("%(n)s", "1,204")) == 2, "as a fact, and in the fold"
        network = words["Both accounts came from the same small network."]
        assert network in page
