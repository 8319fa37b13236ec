"""The report as a page: it loads nothing, it obeys nobody's text, and its colours can be read."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html.parser import HTMLParser
from math import inf
from pathlib import Path

from cli.commands.dry_run.pages import A_PAGE, OWN_NAME
from report.rendering import TEMPLATES
from schemas.wire import Decoded, decode_alert
from tests.cli.commands.dry_run.makers import PERSON, a_platform
from tests.cli.running import Samehand
from tests.makers import NOON, a_ban, a_sign_up
from tests.tables import for_each

HOSTILE = '"><script>alert(1)</script>\u202eevil\u2066<img src=x onerror=y>'


class Elements(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def pages_of(samehand: Samehand, folder: Path, **profile: str) -> list[str]:
    person = {**PERSON, **profile}
    events, bans = a_platform(
        folder,
        a_sign_up(HOSTILE[:40], at=NOON + timedelta(hours=1), **person),
        bans=(a_ban("banned\u202e", **person),),
    )
    ran = samehand("try", "--events", events, "--bans", bans, "--out", folder / "out")
    assert ran.code == 0, ran.err
    return [path.read_text("utf-8") for path in sorted((folder / "out").rglob("*.html"))]


def test_only_pages_of_a_former_run_go(samehand: Samehand, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "alerts"
    folder.mkdir(parents=True)
    for name in ("all-9.html", "policy-12-3.html", "index.html", "all-9.html.bak"):
        (folder / name).touch()
    written = pages_of(samehand, tmp_path)
    left = {path.name for path in folder.iterdir()}
    assert not left & {"all-9.html", "policy-12-3.html"}
    assert left >= {"index.html", "all-9.html.bak", "all-1.html"}
    assert all(OWN_NAME.fullmatch(name) for name in left - {"index.html", "all-9.html.bak"})
    assert len(written) == 7


def test_hostile_text_stays_text(samehand: Samehand, tmp_path: Path) -> None:
    texts = pages_of(samehand, tmp_path, display_name=HOSTILE, bio=HOSTILE * 3)
    assert len(texts) == 6  # the report, the alerts, and lists of all, a band, a policy, a platform
    for text in texts:
        page = Elements(text)
        assert page.open == []
        assert not {tag for tag, _ in page.tags} & {"script", "img", "iframe", "form", "object"}
        assert "<U+202E>" in text.replace("&lt;", "<").replace("&gt;", ">")
        assert not re.search("[\u202a-\u202e\u2066\u2067]", text)


def test_nothing_is_loaded_and_nothing_runs(samehand: Samehand, tmp_path: Path) -> None:
    for page in map(Elements, pages_of(samehand, tmp_path)):
        assert all(
            not (value or "").startswith(("http", "//")) for _, attrs in page.tags for value in attrs.values()
        )
        assert not [
            name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "src"
        ]
        [policy] = [it["content"] for _, it in page.tags if it.get("http-equiv") == "Content-Security-Policy"]
        assert policy is not None
        assert policy.startswith("default-src 'none'")


def test_a_phone_is_told_its_width_and_other_words_stand_isolated(samehand: Samehand, tmp_path: Path) -> None:
    page = Elements(pages_of(samehand, tmp_path)[-1])
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.tags
    assert sum(tag == "bdi" for tag, _ in page.tags) > 4


def test_all_alerts_stand_on_pages_of_bounded_size_and_in_files(samehand: Samehand, tmp_path: Path) -> None:
    mirrors = [a_sign_up(f"=cmd{n}", at=NOON + timedelta(minutes=n), **PERSON) for n in range(1, 61)]
    events, bans = a_platform(tmp_path, *mirrors)
    out = tmp_path / "out"
    ran = samehand("try", "--events", events, "--bans", bans, "--out", out, "--json")
    raised = ran.figures["alerts"]["raised"]
    assert raised > 2 * A_PAGE
    lines = (out / "alerts.jsonl").read_bytes().splitlines()
    assert len(lines) == raised
    assert all(isinstance(decode_alert(line, now=inf), Decoded) for line in lines)
    rows = list(csv.DictReader((out / "alerts.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == raised
    assert [row["probability"] for row in rows] == sorted((row["probability"] for row in rows), reverse=True)
    assert all(row["account_id"].startswith("'=cmd") for row in rows)  # no spreadsheet computes it
    # Every page leads on, and every link leads somewhere; every alert stands on one of the pages.
    articles, todo, seen = 0, [out / "report.html"], set[Path]()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        assert path.stat().st_size < 600_000
        page = Elements(path.read_text("utf-8"))
        articles += sum(tag == "article" for tag, _ in page.tags) if path.name.startswith("all-") else 0
        links = [dict(attrs).get("href") or "" for tag, attrs in page.tags if tag == "a"]
        todo += [(path.parent / link.partition("#")[0]).resolve() for link in links if ".html" in link]
    assert articles == raised
    rows_link = re.findall(
        r'href="(all-[0-9]+\.html)#([0-9a-f]+)"', (out / "alerts/list-1.html").read_text("utf-8")
    )
    assert len(rows_link) == raised
    assert all(f'id="{one}"' in (out / "alerts" / page).read_text("utf-8") for page, one in rows_link)
    assert {path.name for path in seen if path.parent.name == "alerts"} == {
        path.name for path in (out / "alerts").iterdir()
    }
    # A later run with fewer alerts leaves no page of this one.
    events, bans = a_platform(tmp_path)
    samehand("try", "--events", events, "--bans", bans, "--out", out)
    assert not (out / "alerts" / "all-2.html").exists()


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def palettes() -> list[dict[str, str]]:
    return [
        dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{([^}]*)\}", (TEMPLATES / "trial.css").read_text("utf-8"))
    ]


@for_each("scheme", [0, 1])
@for_each("ink", ["ink", "soft", "good", "warn", "bad", "mark"])
@for_each("ground", ["ground", "card"])
def test_every_text_has_the_contrast_that_wcag_asks_for(scheme: int, ink: str, ground: str) -> None:
    colours = palettes()[scheme]
    light, dark = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
