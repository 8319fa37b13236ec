"""Text and templates."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from report.rendering import environment
from report.text import plural, visible, visible_sentence
from tests.tables import for_each

# Words of people who deceive can be shown without harm.


@for_each(
    ("text", "shown"),
    [
        ("plain name", "plain name"),
        ("\x1b[31mred", "<U+001B>[31mred"),
        ("abc\u202egpj.exe", "abc<U+202E>gpj.exe"),
        ("a\u200bb", "a<U+200B>b"),
        ("two\nlines", "two<U+000A>lines"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("z\u0335\u0336\u0337\u0338\u0339", "z\u0335\u0336\u0337"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_of_a_sentence_the_isolates_of_quoted_words_stay_and_no_others() -> None:
    told = "They share “\u2068میڈیا\u2069”, not \u2068this\u2069 or “\u2068\u202ethat\u2069”."
    assert visible_sentence(told, 200) == (
        "They share “\u2068میڈیا\u2069”, not <U+2068>this<U+2069> or “<U+2068><U+202E>that<U+2069>”."
    )


def test_a_long_name_is_cut_with_a_sign_of_it() -> None:
    assert visible("a" * 200, 10) == "a" * 9 + "…"


@given(st.text(), st.integers(min_value=1, max_value=80))
def test_no_text_gets_a_control_onto_a_screen_or_out_of_its_width(text: str, width: int) -> None:
    shown = visible(text, width)
    assert len(shown) <= width
    assert not [one for one in shown if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}]


def test_counts_are_said_as_people_say_them() -> None:
    assert [plural(1, "ban"), plural(0, "ban"), plural(12_000, "ban")] == ["1 ban", "0 bans", "12,000 bans"]


# Templates: values are escaped, an undefined name fails.


@pytest.mark.parametrize("name", ["page.html", "picture.svg"])
def test_value_with_markup_is_escaped_whatever_the_template_is_called(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{{ text|shout }}")
    template = environment({"shout": str.upper}, tmp_path).get_template(name)
    assert template.render(text='<b>&"') == "&lt;B&gt;&amp;&#34;"


def test_undefined_name_fails(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ missing }}")
    with pytest.raises(UndefinedError, match="missing"):
        environment({}, tmp_path).get_template("page.html").render()
