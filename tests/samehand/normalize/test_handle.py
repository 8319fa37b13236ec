"""Each platform's rules, by the examples that stand beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.handle import DEFAULT_RULES, RULES, clean_handle, is_made_up, rules_for

EXAMPLES = [
    (rules.platform, typed, cleaned) for rules in (*RULES, DEFAULT_RULES) for typed, cleaned in rules.examples
]


@pytest.mark.parametrize(("platform", "typed", "cleaned"), EXAMPLES)
def test_what_people_type_is_cleaned_to_the_handle(platform: str, typed: str, cleaned: str) -> None:
    assert clean_handle(typed, platform) == cleaned


@pytest.mark.parametrize("rules", [*RULES, DEFAULT_RULES], ids=lambda rules: rules.platform)
def test_each_rule_has_examples_and_a_source(rules: object) -> None:
    assert getattr(rules, "examples", ())
    assert getattr(rules, "source", "")


@pytest.mark.parametrize(
    ("platform", "handle", "made_up"),
    [
        ("x", "Elizabe39542212", True),
        ("x", "umar1947", False),
        ("telegram", "user48213", True),
        ("facebook", "100012345678901", True),
        ("facebook", "umar12345", False),
        ("instagram", "user_7741", True),
        ("elsewhere", "guest-0012", True),
        ("elsewhere", "username", False),
    ],
)
def test_what_platforms_make_up(platform: str, handle: str, made_up: bool) -> None:
    assert is_made_up(handle, platform) is made_up


def test_only_facebook_ignores_dots() -> None:
    assert clean_handle("u.m.a.r", "facebook") == "umar"
    assert clean_handle("u.m.a.r", "instagram") == "u.m.a.r"


@given(st.text(max_size=256), st.sampled_from([rules.platform for rules in RULES] + ["elsewhere"]))
def test_any_text_is_cleaned(text: str, platform: str) -> None:
    cleaned = clean_handle(text, platform)
    assert len(cleaned) <= len(text)
    assert not cleaned.startswith("@")
    assert rules_for(platform).ignored == "" or not set(rules_for(platform).ignored) & set(cleaned)
