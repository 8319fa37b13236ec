"""The picture: well-formed, self-contained, told in words too."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

from report.waterfall.steps import steps
from report.waterfall.svg import described, svg
from tests.desk.makers import a_reason, a_rival

SVG = "{http://www.w3.org/2000/svg}"


def picture(because: str = "The handles are the same.", title: str = "x:a beside x:b") -> ET.Element:
    drawn = steps(-7.0, [a_reason(because=because)], [], 1.0)
    return ET.fromstring(svg(title, drawn, "possible 73 %"))


def test_every_step_has_a_bar_and_its_weight() -> None:
    root = picture()
    bars = root.findall(f"{SVG}g/{SVG}rect")
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert len(bars) == 3
    assert {"-7.00", "+8.00", "+1.00"} <= set(texts)


def test_it_has_a_title_and_a_description_for_those_who_cannot_see_it() -> None:
    root = picture()
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text == "x:a beside x:b"
    assert desc is not None
    assert "handle +8.00: The handles are the same." in (desc.text or "")
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"


def test_a_hostile_name_stays_text() -> None:
    root = picture(title="<script>alert(1)</script>\x00\u202e", because='"><image href="http://evil"/>')
    assert not [one for one in root.iter() if one.tag.endswith(("script", "image"))]
    assert "<U+0000><U+202E>" in "".join(root.itertext())


def test_quoted_word_of_a_sentence_stays_isolated() -> None:
    because = "The bio names “\u2068umar\u2069”."
    root = ET.fromstring(svg("t", steps(-7.0, [a_reason(because=because)], [], 1.0), "none"))
    assert because in [text.text for text in root.iter(f"{SVG}text")]


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = svg("t", steps(0.0, [], [], 0.0), "none")
    assert "href" not in text
    assert text.count("http") == 1  # the name of the SVG namespace


def test_the_words_end_with_the_verdict() -> None:
    assert described(steps(-7.0, [], [], -7.0), "possible 73 %").endswith("possible 73 %")


def test_what_else_it_could_be_stands_below_the_bars_and_in_the_description() -> None:
    drawn = steps(-7.0, [a_reason()], [], 1.0)
    rivals = [a_rival(share=0.71), a_rival("stranger", 0.289), a_rival("copier", 0.001), a_rival("<b>", 0.02)]
    root = ET.fromstring(svg("t", drawn, "possible 73 %", rivals))
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert texts[-4:] == [
        "What else could it be?",
        "a household 71 %: The sentence on household.",
        "chance 29 %: The sentence on stranger.",
        "<b> 2 %: The sentence on <b>.",
    ]
    assert "a household 71 %" in (root.findtext(f"{SVG}desc") or "")
    lowest = max(float(text.get("y", "0")) for text in root.iter(f"{SVG}text"))
    assert lowest < float(root.get("height", "0"))


def test_it_quotes_what_the_terminal_quotes() -> None:
    drawn = steps(
        -7.0,
        [a_reason(ours="umar", theirs="umar."), a_reason("name", ours="Umar Media", theirs="Umar Media")],
        [a_reason("timing", -1.0, ours="2026", theirs="2025")],
        1.0,
    )
    picture = svg("t", drawn, "possible 73 %")
    texts = [text.text for text in ET.fromstring(picture).iter(f"{SVG}text")]
    assert "umar ~ umar." in texts
    assert "Umar Media" in texts
    assert "2026" not in picture
    assert "handle +8.00: The handles are the same. (umar ~ umar.)" in described(drawn, "")


def test_no_line_of_it_stands_on_another() -> None:
    reasons = [a_reason(f"s{number}", ours="a", theirs="b" * (number % 2)) for number in range(6)]
    root = ET.fromstring(svg("t", steps(-7.0, reasons, [], 1.0), "none"))
    lines = [float(text.get("y", "0")) for text in root.iter(f"{SVG}text") if text.get("x") != "752"]
    assert all(after - before >= 14 for before, after in pairwise(lines))
    assert float(root.get("height", "0")) > lines[-1]
