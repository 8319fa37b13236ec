"""The desk in a real browser: decided by keys alone, seen by everybody, by nothing but its own files."""

from __future__ import annotations

import asyncio
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from desk.database import verdicts
from desk.profiles.source import profile_source
from desk.review.arrivals import Arrivals
from desk.settings import load
from desk.web.languages import catalogue
from schemas.alerts import Matched
from schemas.appeals import AppealMade, AppealTaken
from tests.cli.test_try import a_platform
from tests.deliver.receiver import SECRET_TEXT, Answer, Request, receiving
from tests.desk.makers import a_reason, a_rival, a_wave
from tests.ops.desk_site import Running, Visitor, Visits, visiting
from tests.ops.kinds import Case, Pictures, cases
from tests.ops.test_page import picture as take_picture

pytestmark = pytest.mark.ops

DRAFT = "sessionStorage.getItem('samehand-draft')"
SCRIPTS = {
    "Arabic": ("عمر\u202e الإعلام", "عمر الاعلام"),
    "Urdu": ("گُلزار\u2067 میڈیا", "گلزار میڈیا"),
    "Pashto": ("ځلمی\u200e پښتون", "خلمی پښتون"),
    "Hindi": ("प्रिया\u200b शर्मा", "प्रिया शर्म"),
    "Bengali": ("আনন্দ\u2060 বাজার", "আনন্দ বাজা"),
    "Cyrillic": ("Иван\u00ad Петров", "Иван Петрав"),
    "Greek": ("Γιώργος\u2066 Νέα", "Γιώργος Νέο"),
    "Chinese": ("王小明\ufeff新闻", "王小明新间"),
    "Georgian": ("გიორგი\u202d ამბები", "გიორგი ამბავი"),
    "Ethiopic": ("አበበ\u206a ዜና", "አበበ ዜማ"),
}
"""Names of two accounts that differ by a letter and by one character that nobody sees."""

RARE_LETTERS = "\U000122ab\U00010570\U00031350"
"""Cuneiform, Vithkuqi and a Han letter of Unicode 15: hardly a machine has fonts for all of them."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path) as opened_desk:
        yield opened_desk


@pytest.fixture
def visit(browser: Any, running: Running) -> Iterator[Visits]:
    """Visits to the desk; no page of theirs may break its policy or fail."""
    with visiting(browser, running) as visits:
        yield visits


def said_of(running: Running, alert_id: str) -> list[tuple[str, str]]:
    """Verdict and reason code of everything said about an alert that was not undone."""

    async def look() -> list[tuple[str, str]]:
        async with running.office.database.read() as connection:
            said = await verdicts.of_alert(connection, alert_id)
        return [(one.verdict, one.reason_code) for one in said if one.undone_at is None]

    return running.do(look())


def test_alerts_are_decided_and_undone_by_keys_alone(running: Running, visit: Visits) -> None:
    for number in range(3):
        running.receive(f"alert-{number}")
        running.office.clock.pass_(1)
    reader = visit("amina")
    reader.press("j", "Enter")
    reader.at("alert-0")
    reader.press("c", "1")
    reader.at("alert-1")
    reader.press("d", "Enter")
    reader.at("alert-2")
    reader.press("z")
    reader.at("alert-1")
    reader.press("u", "2")
    reader.at("alert-2")
    reader.press("s")
    reader.at_the_queue()
    assert "Nothing waits for you" in reader.said("main")
    assert said_of(running, "alert-0") == [("mirror", "same-contact")]
    assert said_of(running, "alert-1") == [("unsure", "needs-context")]
    running.do(running.office.receive_wave(a_wave()))
    reader.open("/waves/wave-1")
    reader.page.locator("input[value='x:b']").check()
    reader.press("d", "2")
    reader.page.locator("form.undo").wait_for()
    assert said_of(running, "wave-1") == [("not_mirror", "event-or-link")]
    reader.press("z")
    reader.page.get_by_role("link", name="nicole_*").wait_for()
    assert said_of(running, "wave-1") == []


def test_several_are_selected_decided_and_undone_by_keys_alone(running: Running, visit: Visits) -> None:
    for number in range(5):
        matched = Matched(platform="x", account_id=f"banned-{number}", policy="hate")
        running.receive(f"alert-{number}", matched=matched)
        running.office.clock.pass_(1)
    reader = visit("amina")
    reader.press("m")  # nothing is selected, and nothing happens
    reader.press("j", "j", "x", "j", "j", "Shift+X", "k", "x")
    assert reader.said("#selection .count") == "2"
    reader.press("m")
    reader.page.get_by_role("heading", name="Decide together: 2 alerts").wait_for()
    running.do(withdrawn(running, "alert-1"))
    reader.press("d", "1")
    reader.page.get_by_text("Nothing was decided").wait_for()
    assert reader.page.locator("table.queue tbody tr").count() == 1
    reader.press("d", "1")
    reader.at_the_queue(rows=3)
    reader.press("a")
    reader.page.get_by_role("heading", name="Decide together: 3 alerts").wait_for()
    assert reader.fits()
    reader.press("j", "j", "x", "c", "2")
    reader.at_the_queue(rows=1)
    assert said_of(running, "alert-3") == [("not_mirror", "common-name")]
    reader.press("z")
    reader.page.get_by_role("heading", name="Decide together: 2 alerts").wait_for()
    assert said_of(running, "alert-0") == []


async def withdrawn(running: Running, alert_id: str) -> None:
    """Workers withdraw an alert."""
    told: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": "reinstated"}
    await running.office.receive(alert_id, revision=2, matched=Matched(platform="x", account_id="b"), **told)


def test_what_was_decided_is_found_again_by_its_handle(running: Running, visit: Visits) -> None:
    running.receive("alert-1")
    running.receive("alert-2", reasons=(a_reason("handle", ours="someone_else", theirs="x"),))
    reader = visit("amina")
    reader.open("/alerts/alert-1")
    reader.press("c", "1")
    reader.page.locator("form.undo").wait_for()
    reader.page.wait_for_function("() => !location.search.includes('undo')")  # the page's keys work
    reader.press("/")
    reader.page.keyboard.type("0MAR-K")
    reader.press("Enter")
    reader.page.get_by_role("heading", name="Find", exact=True).wait_for()
    assert reader.page.locator("main tbody tr").count() == 1
    reader.page.wait_for_load_state()  # the page's keys work
    reader.press("j", "Enter")
    reader.page.locator(".timeline").wait_for()
    assert "a mirror" in reader.said(".timeline")
    # In a field, too, where a single key is a letter.
    reader.press("/", "x", "Control+k")
    reader.page.keyboard.type("alert-2")
    reader.press("Enter")
    reader.at("alert-2")


def test_the_undo_goes_when_it_would_be_refused(running: Running, visit: Visits) -> None:
    running.receive("alert-1")
    reader = visit("amina")
    reader.page.clock.install()
    reader.press("g")
    reader.at("alert-1")
    reader.press("c", "1")
    reader.page.locator("form.undo").wait_for()
    # A page that is loaded again must not offer it again.
    reader.page.wait_for_function("() => !location.search.includes('undo')")
    reader.page.clock.fast_forward(600_000)
    reader.page.locator("form.undo").wait_for(state="hidden")


def test_who_is_signed_out_in_the_middle_of_a_decision_loses_nothing(running: Running, visit: Visits) -> None:
    running.receive("alert-1")
    reader = visit("amina")
    reader.press("g")
    reader.at("alert-1")
    reader.press("n")
    reader.page.keyboard.type("seen <b> before")
    reader.press("Escape")
    running.office.clock.pass_(13 * 3600)  # longer than any session
    reader.press("c", "2")
    reader.page.get_by_text("Your session has ended").wait_for()
    reader.sign_in("amina")
    reader.at("alert-1")
    assert reader.page.locator("#decide textarea").input_value() == "seen <b> before"
    assert said_of(running, "alert-1") == [], "nothing is decided without a key"
    assert "You chose this before" in reader.said("#claim")
    reader.press("Enter")  # on the reason that was chosen
    reader.at_the_queue()
    assert said_of(running, "alert-1") == [("mirror", "same-name-and-picture")]
    reader.open("/alerts/alert-1")
    assert reader.said(".decide .note .quote") == "seen <b> before"
    assert reader.page.evaluate(DRAFT) is None, "what has arrived is kept here no longer"


def test_what_one_has_written_is_nobody_elses(running: Running, visit: Visits) -> None:
    running.receive("alert-1")
    running.do(running.office.hire("bilal"))
    reader = visit("amina")
    reader.press("g")
    reader.at("alert-1")
    reader.press("n")
    reader.page.keyboard.type("between us")
    running.office.clock.pass_(13 * 3600)
    reader.press("Escape", "c", "1")
    reader.page.get_by_text("Your session has ended").wait_for()
    reader.sign_in("bilal")  # at the same machine
    reader.at("alert-1")
    assert reader.page.locator("#decide textarea").input_value() == ""
    assert reader.page.locator("fieldset.chosen").count() == 0
    assert reader.page.evaluate(DRAFT) is None


def test_a_session_that_ends_while_one_reads_is_told_before_a_key_is_pressed(
    running: Running, visit: Visits
) -> None:
    running.receive("alert-1")
    reader = visit("amina")
    reader.page.clock.install()
    reader.press("g")
    reader.at("alert-1")
    running.office.clock.pass_(13 * 3600)
    reader.page.clock.fast_forward(40_000)  # the claim is renewed every half minute
    reader.page.locator("#claim[data-state=ended]").wait_for()
    reader.page.locator("#claim .enter").click()
    reader.sign_in("amina")
    reader.at("alert-1")


def test_a_second_reader_learns_whose_it_is_and_takes_it_once_the_claim_expired(
    running: Running, visit: Visits
) -> None:
    running.receive("alert-1")
    first, second = visit("amina"), visit("bilal")
    first.page.clock.install()
    first.press("g")
    first.at("alert-1")
    second.open("/alerts/alert-1")
    second.page.locator("#claim[data-state=theirs]").wait_for()
    assert second.said("#claim .said").endswith(" A")
    assert second.page.locator("#decide").is_hidden()
    first.page.route("**/claim", lambda route: route.abort())  # its network is away: nobody renews the claim
    first.page.clock.fast_forward(121_000)
    first.page.locator("#claim[data-state=expired]").wait_for()
    assert "No longer in your hands" in first.said("#claim")
    running.office.clock.pass_(121)
    second.open("/alerts/alert-1")
    second.at("alert-1")
    second.press("d", "1")
    second.at_the_queue()
    first.press("c", "1")  # both have it open, and one was faster
    first.page.get_by_role("alert").wait_for()
    assert "Somebody was faster." in first.said("h1")
    assert first.said("[role=alert]").endswith(" B")
    assert said_of(running, "alert-1") == [("not_mirror", "common-name")]


def test_what_is_withdrawn_while_one_reads_is_told_with_the_reason(running: Running, visit: Visits) -> None:
    running.receive("alert-1")
    reader = visit("amina")
    reader.page.clock.install()
    reader.press("g")
    reader.at("alert-1")
    running.receive("alert-1", revision=2, status="withdrawn", withdrawn_reason="ban-expired")
    reader.page.clock.fast_forward(40_000)
    reader.page.locator("#claim[data-state=gone]").wait_for()
    reader.page.locator("#claim .again").click()
    reader.page.get_by_text("It left the queue: the ban has ended.").wait_for()


def test_what_arrives_is_told_and_moves_nothing(running: Running, visit: Visits) -> None:
    running.receive("alert-1")
    reader = visit("amina")
    link = reader.page.locator("table.queue tbody th a")
    before = link.bounding_box()
    running.receive("alert-2")
    told = reader.page.locator(".live a")
    told.wait_for()  # within five seconds
    assert link.bounding_box() == before
    told.click()
    reader.page.wait_for_function("() => document.querySelectorAll('table.queue tbody tr').length === 2")


def test_who_turned_single_keys_off_is_not_surprised_by_them(running: Running, visit: Visits) -> None:
    running.receive("alert-1")
    reader = visit("amina")
    reader.open("/view")
    reader.page.locator("input[name=keys]").uncheck()
    reader.page.locator("main button").click()
    reader.at_the_queue()
    reader.open("/alerts/alert-1")
    reader.press("c", "1", "/")
    assert reader.page.locator("fieldset.chosen").count() == 0
    assert reader.page.locator(".find input:focus").count() == 0
    reader.press("Control+k")
    assert reader.page.locator(".find input:focus").count() == 1


def test_who_asked_for_it_is_reminded_to_pause_between_decisions_and_goes_on_by_a_key(
    running: Running, visit: Visits
) -> None:
    for number in range(3):
        running.receive(f"alert-{number}")
        running.office.clock.pass_(1)
    reader = visit("amina")
    reader.open("/view")
    reader.page.locator("input[name=pause_alerts]").fill("1")
    reader.page.locator("main button").click()
    reader.at_the_queue()
    pause = reader.page.locator("#pause")
    reader.press("g")
    reader.at("alert-0")
    assert pause.is_hidden()
    reader.press("c", "1")
    reader.at("alert-1")
    assert pause.is_visible()
    reader.press("p")
    assert pause.is_hidden()
    reader.press("b")
    with reader.page.expect_response("**/api/v1/me/uncovered") as told:
        reader.page.locator(".pair .quote").first.hover()
    assert told.value.status == 204
    reader.press("d", "1")
    reader.at("alert-2")
    assert said_of(running, "alert-1") == [("not_mirror", "common-name")]
    reader.open("/view")
    assert reader.page.locator("table tbody td").all_inner_texts() == ["3", "1"]


def test_an_auditor_reads_by_keys_and_is_reminded_to_pause_as_well(running: Running, visit: Visits) -> None:
    running.receive("alert-1")
    auditor = visit("omar", "auditor")
    auditor.open("/view")
    auditor.page.locator("input[name=pause_alerts]").fill("1")
    auditor.page.locator("main button").click()
    auditor.at_the_queue()
    auditor.press("j", "Enter")
    auditor.page.wait_for_url("**/alerts/alert-1*")
    auditor.press("c", "1", "s", "z", "g")  # which are nothing to them
    assert said_of(running, "alert-1") == []
    auditor.press("q")
    auditor.at_the_queue()
    auditor.page.locator("#pause:visible").wait_for()


def test_quotes_are_blurred_for_who_wants_it_until_they_point_at_them(
    running: Running, visit: Visits
) -> None:
    running.receive("alert-1")
    reader = visit("amina")
    reader.press("g")
    reader.at("alert-1")
    quote = reader.page.locator(".pair .quote").first
    filters = "it => getComputedStyle(it).filter"
    assert quote.evaluate(filters) == "none"
    reader.press("b")
    assert "blur" in quote.evaluate(filters)
    quote.hover()
    assert quote.evaluate(filters) == "none"


PAGES = (
    *("/queue", "/alerts/alert-1", "/alerts/alert-2", "/figures", "/view", "/alerts/none"),
    *("/find", "/find?q=o", "/find?q=alert-", "/find?q=none", "/accounts/x/banned", "/decided"),
    *("/families/x/banned", "/waves", "/waves/wave-1"),
)


def seen_by_everybody(visitor: Visitor, where: str) -> list[tuple[str, str, str]]:
    """What axe finds on the page that is open."""
    axe: Any = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(visitor.page)
    return [(where, it["id"], it["help"]) for it in found.response["violations"]]


@pytest.mark.parametrize(
    "how",
    [
        {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
        {"color_scheme": "dark", "viewport": {"width": 380, "height": 800}, "locale": "ur"},
        {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}, "locale": "ar"},
    ],
)
def test_everybody_can_read_every_page(running: Running, visit: Visits, how: dict[str, Any]) -> None:
    running.receive("alert-1")
    running.receive("alert-2", band="possible", probability=0.6)
    running.do(running.office.receive_wave(a_wave()))
    # axe-core is put into the page as text, which our policy would refuse.
    reader = visit("amina", "lead", bypass_csp=True, **how)
    found = []
    for where in PAGES:
        reader.open(where)
        if "locale" in how:
            assert reader.page.evaluate("document.documentElement.dir") == "rtl"
            unchecked = catalogue(how["locale"]).words["No fluent reader has checked this translation."]
            assert unchecked in reader.said("main")
        # 640 is 1280 at 200 % zoom, 320 is it at 400 %.
        for width in (320, 640, how["viewport"]["width"]):
            reader.page.set_viewport_size({"width": width, "height": 900})
            assert reader.fits(), (where, width)
        found += seen_by_everybody(reader, where)
    reader.open("/queue")
    reader.press("?")
    reader.page.locator("dialog[open]").wait_for()
    found += seen_by_everybody(reader, "help")
    reader.open("/alerts/alert-2")
    reader.page.locator("input[name=purpose]").fill("appeal-311 \u202e")
    reader.press("Enter")
    reader.page.get_by_role("heading", name=re.compile("^Case")).wait_for()
    assert reader.fits(), "case file"
    found += seen_by_everybody(reader, "case file")
    stranger = visit.stranger(bypass_csp=True, **how)
    for where in ("/sign-in?ended=1", "/link/once"):
        stranger.open(where)
        assert stranger.fits(), where
        found += seen_by_everybody(stranger, where)
    assert found == []


def test_lawful_request_is_entered_by_keys_and_its_pages_fit_and_are_read_by_everybody(
    running: Running, visit: Visits
) -> None:
    running.receive("alert-1")
    for name, locale in (("rana", "en"), ("sana", "ur"), ("hina", "ar")):
        counsel = visit(name, "counsel", bypass_csp=True, locale=locale, color_scheme="dark")
        counsel.open("/requests")
        assert counsel.fits()
        found = seen_by_everybody(counsel, "/requests")
        if locale == "en":
            form = "form[action='/requests'] "
            for field, text in (("authority", "A court"), ("reference", "CC-311"), ("legal_basis", "a law")):
                counsel.reach(f"{form}[name={field}]")
                counsel.page.keyboard.type(text)
            counsel.reach(f"{form}[name=jurisdiction]")
            counsel.page.keyboard.type("PK")
            counsel.page.locator(f"{form}[name=received_at]").fill("2026-11-24T09:30")
            counsel.reach(f"{form}[name=accounts]")
            counsel.page.keyboard.type("x:new-alert-1")
            counsel.reach(f"{form}button")
            counsel.press("Enter")
            counsel.page.wait_for_url("**/requests/1")
        elif locale == "ur":
            counsel.open("/requests/1")
            counsel.reach("form[action='/requests/1/approve'] button")
            counsel.press("Enter")
            counsel.page.locator("form[action='/requests/1/files']").wait_for()
        counsel.open("/requests/1")
        for where in ("/requests", "/requests/1"):
            counsel.open(where)
            for width in (320, 640, 1280):
                counsel.page.set_viewport_size({"width": width, "height": 900})
                assert counsel.fits(), (locale, where, width)
            found += seen_by_everybody(counsel, where)
        assert found == []


def test_profile_that_is_shown_as_it_is_now_is_read_by_everybody(browser: Any, tmp_path: Path) -> None:
    with receiving() as platform:
        words = {"new-alert-1": "daily", "banned": "fast"}

        def answer(request: Request) -> Answer:
            if not request.body:
                return Answer(200, body=drawn())
            bio = f"Cricket\n{words[request.json['account_id']]} news"
            shown = {"handle": "omar_khan", "bio": bio, "picture_url": platform.url}
            return Answer(200, body=json.dumps(shown).encode())

        platform.answer = answer
        (tmp_path / "secret").write_text(SECRET_TEXT)
        environment = {
            "SAMEHAND_DESK_PROFILE_SOURCE": platform.url,
            "SAMEHAND_DESK_PROFILE_SOURCE_SECRET_FILE": str(tmp_path / "secret"),
            "SAMEHAND_DESK_PROFILE_SOURCE_ALLOWED": f"127.0.0.1, http://127.0.0.1:{platform.port}",
        }
        source = profile_source(load(environment), time.time)
        with Running(tmp_path, source) as running, visiting(browser, running) as visit:
            running.receive("alert-1")
            for how in ({"color_scheme": "dark", "locale": "ur"}, {"color_scheme": "light"}):
                # axe-core is put into the page as text, which our policy would refuse.
                reader = visit(f"bilal-{how['color_scheme']}", bypass_csp=True, **how)
                reader.open("/alerts/alert-1")
                reader.page.locator("details:has([hx-get]) summary").click()
                reader.page.locator("details .side mark").first.wait_for()
                assert reader.page.locator("details .side mark").all_inner_texts() == ["daily", "fast"]
                assert reader.page.locator("#face-o img").evaluate("it => it.naturalWidth") == 256
                for width in (320, 380, 640, 1280):
                    reader.page.set_viewport_size({"width": width, "height": 900})
                    assert reader.fits(), width
                assert seen_by_everybody(reader, "profiles") == []


def drawn() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), "green").save(picture, "PNG")
    return picture.getvalue()


def test_everybody_can_read_the_report_of_a_dry_run(visit: Visits, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    told = ("--events", str(events), "--bans", str(bans), "--out", str(tmp_path / "out"))
    # In a process of its own: a loop for Playwright runs in this one.
    subprocess.run([sys.executable, "-m", "cli", "try", *told], check=True, capture_output=True)
    reader = visit.stranger()
    for scheme in ("light", "dark"):
        reader.page.emulate_media(color_scheme=scheme)
        reader.page.goto((tmp_path / "out" / "report.html").as_uri())
        for link in (None, "all alerts", "telegram:mirror"):  # from the report to a list to the reasons
            if link is not None:
                reader.page.get_by_role("link", name=link, exact=True).click()
            for width in (320, 380, 1280):
                reader.page.set_viewport_size({"width": width, "height": 900})
                assert reader.fits(), (link, width)
            assert seen_by_everybody(reader, "report") == []
        assert "device" in reader.page.locator("article:target").inner_text()


def test_other_peoples_words_are_isolated_and_what_nobody_sees_is_shown(
    running: Running, visit: Visits
) -> None:
    running.receive("alert-1")
    reader = visit("amina")
    reader.open("/alerts/alert-1")
    said = reader.said("main > .pair")
    assert "U+202E" in said
    assert "U+200B" in said
    assert "\u202e" not in reader.page.content()
    assert reader.page.locator(".pair b, .trait b").count() == 0, "markup stays text"
    reader.page.locator("#sum").click()
    assert "omar khan" in said
    sums = reader.page.locator(".waterfall tbody tr td:nth-child(3)").all_inner_texts()
    assert sums[-2] == sums[-1], "the weights sum to the log-odds"


@pytest.fixture(scope="module")
def kinds() -> list[Case]:
    # In a loop of its own: one for Playwright runs in this thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, cases()).result()


@pytest.fixture
def shown(browser: Any, tmp_path: Path, kinds: list[Case]) -> Iterator[tuple[Running, Visits]]:
    """A desk with five alerts of each of twelve kinds, whose platform shows every picture."""
    with Running(tmp_path, Pictures()) as running, visiting(browser, running) as visits:

        async def take(case: Case) -> None:
            office = running.office
            async with office.database.begin() as connection:
                arrivals = Arrivals(connection, office.desk.policy, office.clock())
                await arrivals.take_alert(case.alert)
                if case.wave is not None:
                    await arrivals.take_wave(case.wave)

        for case in kinds:
            running.do(take(case))
        yield running, visits


DECIDING = (
    "main > .pair .picture",
    "main > .pair .quote",
    ".reasons li",
    "#check",
    ".band",
    "#decide button",
)


def bottom(reader: Visitor, selector: str) -> float:
    """How far down the last of some elements ends, in pixels of the page."""
    ends = "all => Math.max(0, ...all.map(it => it.getBoundingClientRect().bottom + scrollY))"
    return float(reader.page.locator(selector).evaluate_all(ends))


@pytest.mark.parametrize("locale", ["en", "ur", "ar"])
def test_all_that_a_decision_needs_is_on_one_screen_for_each_of_sixty_alerts(
    shown: tuple[Running, Visits], kinds: list[Case], locale: str
) -> None:
    running, visit = shown
    reader = visit("amina", viewport={"width": 1280, "height": 800}, locale=locale)
    phone = {"width": 380, "height": 800}
    for case in kinds:
        where, alert = f"{case.kind} of {case.alert.account_id}", case.alert
        running.office.clock.pass_(10)  # a person may ask ten times a second
        reader.open(f"/alerts/{alert.alert_id}")
        reader.at(alert.alert_id)
        reader.page.locator("#face-o img, #face-i img").nth(1).wait_for()
        assert {selector: end for selector in DECIDING if (end := bottom(reader, selector)) > 800} == {}, (
            where
        )
        assert 1 <= reader.page.locator(".reasons li").count() <= 5, where
        before = reader.page.locator("main > :is(.pair, .reasons, .decide)").all_inner_texts()
        assert not re.search(r"[-+]\d+\.\d|\d %", "\n".join(before)), where
        names = [alert.evidence, alert.counter_evidence]
        quoted = {it.theirs for lines in names for it in lines if it.signal == "bio"}
        assert all(text in reader.said("main > .pair") for text in quoted), where
        if case.alert.account_id.endswith("-0"):
            reader.page.set_viewport_size(phone)
            assert max(bottom(reader, selector) for selector in DECIDING) <= 1600, where
            assert reader.fits(), where
            reader.page.set_viewport_size({"width": 1280, "height": 800})


def test_queue_shows_twelve_rows_with_pictures_on_a_screen_and_g_keeps_its_view(
    shown: tuple[Running, Visits],
) -> None:
    _, visit = shown
    reader = visit("amina", viewport={"width": 1280, "height": 800})
    reader.open("/queue?band=possible")
    reader.open("/queue?band=possible&policy=watchlist")
    assert reader.page.locator("table.rows tbody tr").count() == 5
    reader.press("g")
    reader.page.wait_for_url("**/alerts/list-*?band=possible&policy=watchlist*")
    reader.press("q")
    reader.at_the_queue()
    assert "policy=watchlist" in reader.page.url
    reader.open("/queue")
    reader.page.locator("table.rows img").nth(23).wait_for()
    assert bottom(reader, "table.rows tbody tr:nth-child(12)") <= 800
    picture = reader.page.locator("table.rows img").first
    assert "blur" in picture.evaluate("it => getComputedStyle(it).filter")
    reader.page.keyboard.down("v")
    assert picture.evaluate("it => getComputedStyle(it).filter") == "none"
    take_picture(reader.page, "desk-queue")
    reader.page.keyboard.up("v")
    reader.open("/alerts/near-picture-0")
    reader.at("near-picture-0")
    reader.page.keyboard.down("v")
    take_picture(reader.page, "desk-alert")


def test_wave_shows_text_and_pictures_before_its_members(shown: tuple[Running, Visits]) -> None:
    _, visit = shown
    for locale in ("en", "ar"):
        reader = visit(
            f"amina-{locale}", viewport={"width": 1280, "height": 800}, locale=locale, bypass_csp=True
        )
        reader.open("/waves/wave-0")
        reader.page.locator(".members img").nth(11).wait_for()
        assert bottom(reader, "#decide") < bottom(reader, ".members li:first-child")
        assert bottom(reader, "#decide") <= 800
        for width in (320, 640, 1280):
            reader.page.set_viewport_size({"width": width, "height": 800})
            assert reader.fits(), width
        assert seen_by_everybody(reader, "wave") == []


def test_key_pressed_while_the_network_is_away_is_told_and_works_once_it_is_back(
    running: Running, visit: Visits
) -> None:
    running.receive("alert-1")
    reader = visit("amina")
    reader.press("g")
    reader.at("alert-1")
    reader.context.set_offline(True)
    reader.press("c", "1")
    reader.page.locator("#away:not([hidden])").wait_for()
    assert said_of(running, "alert-1") == []
    reader.context.set_offline(False)
    reader.press("c", "1")
    reader.at_the_queue()
    assert said_of(running, "alert-1") == [("mirror", "same-contact")]
    reader.context.set_offline(True)
    reader.page.get_by_text("The desk does not answer").wait_for()
    reader.context.set_offline(False)
    reader.page.get_by_text("The desk does not answer").wait_for(state="detached")
    assert all(fault.startswith("htmx:") for fault in reader.faults)
    reader.faults.clear()


def test_draft_of_a_former_revision_is_not_put_into_the_form(running: Running, visit: Visits) -> None:
    running.receive("alert-1")
    reader = visit("amina")
    reader.press("g")
    reader.at("alert-1")
    reader.press("n")
    reader.page.keyboard.type("of revision 1")
    reader.press("Escape")
    running.receive("alert-1", revision=2, band="possible", probability=0.6)
    reader.open("/alerts/alert-1")
    assert reader.page.locator("#decide textarea").input_value() == ""
    assert reader.page.evaluate(DRAFT) is None


def test_an_appeal_is_reversed_by_keys_alone_beside_its_holders_words(
    running: Running, visit: Visits
) -> None:
    running.receive("alert-1", rivals=(a_rival("household", 0.7), a_rival("namesake", 0.2)))
    reader, other = visit("amina"), visit("bilal", viewport={"width": 1280, "height": 600})
    reader.press("g")
    reader.at("alert-1")
    reader.press("c", "1")
    reader.at_the_queue()
    words = "My brother and I share a telephone. I have never written what he was banned for."
    made = AppealMade(appeal_id="c-1", alert_id="alert-1", words=words)
    assert isinstance(running.do(running.office.desk.take_appeal(made)), AppealTaken)
    other.open("/queue")
    other.press("g")
    other.at("alert-1")
    assert words in other.said("main")
    take_picture(other.page, "desk-appeal")
    other.press("d", "1")
    other.at_the_queue()
    assert said_of(running, "alert-1")[-1][0] == "not_mirror"


def test_letters_that_no_font_has_are_named(running: Running, visit: Visits) -> None:
    letter = next(letter for letter in RARE_LETTERS if not fonts_that_draw(letter))
    running.receive("alert-1", reasons=[a_reason("name", 1.0, ours=letter, theirs="Umar")])
    reader = visit("amina")
    reader.press("g")
    reader.at("alert-1")
    reader.page.locator("#fonts:not([hidden])").wait_for()
    assert f"U+{ord(letter):X}" in reader.said("#fonts")


def fonts_that_draw(letter: str) -> str:
    """The fonts of this machine that have a letter, as fontconfig lists them."""
    query = ["fc-list", f":charset={ord(letter):x}"]
    return subprocess.run(query, check=True, capture_output=True, text=True).stdout


def test_names_in_ten_scripts_are_shown_as_they_are_written(running: Running, visit: Visits) -> None:
    running.receive(
        "alert-1",
        reasons=[a_reason("name", 1.0, ours=ours, theirs=theirs) for ours, theirs in SCRIPTS.values()],
    )
    reader = visit("amina")
    reader.press("g")
    reader.at("alert-1")
    reader.page.locator("details.all summary").click()
    shown = reader.page.locator(".trait").evaluate_all(
        """traits => traits.map(trait => [...trait.querySelectorAll('dd > .quote')].map(quote => ({
             text: quote.textContent, isolated: getComputedStyle(quote).unicodeBidi,
             direction: getComputedStyle(quote).direction,
             marked: quote.querySelectorAll('mark').length,
             unseen: [...quote.querySelectorAll('.unseen')].map(it => [it.textContent, it.title]),
           })))"""
    )
    assert len(shown) == len(SCRIPTS)
    for script, (ours, theirs) in SCRIPTS.items():
        [unseen] = re.findall("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]", ours)
        written = ours.replace(unseen, f"U+{ord(unseen):04X}")
        [pair] = [pair for pair in shown if pair[0]["text"] == written]
        assert pair[1]["text"] == theirs, script
        assert [point for point, _ in pair[0]["unseen"]] == [f"U+{ord(unseen):04X}"], script
        assert pair[0]["marked"] + pair[1]["marked"] >= 1, f"{script}: the letter that differs is marked"
        assert {one["isolated"] for one in pair} == {"isolate"}, script
        right = script in ("Arabic", "Urdu", "Pashto")
        assert {one["direction"] for one in pair} == {"rtl" if right else "ltr"}, script
    assert not re.search("[\u202a-\u202e\u2060-\u206f]", reader.page.content())
