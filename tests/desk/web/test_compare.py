"""Pages on two accounts, and the desk's environment."""

from __future__ import annotations

from desk.web.compare import PIECES_MAX, Piece, compare, compare_words
from desk.web.environment import percent
from tests.tables import for_each

# Two values side by side.


def told(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{one.text}]" if one.kind == "other" else one.text for one in pieces)


def test_letters_that_differ_are_marked_on_both_sides() -> None:
    found = compare("handle", "x", "omar_khan2", "umar_khan")
    assert (told(found.ours), told(found.theirs)) == ("[o]mar_khan[2]", "[u]mar_khan")
    assert not found.same


def test_values_that_barely_agree_are_shown_plain() -> None:
    found = compare("bio", "x", "Photos of mountain villages.", "Cricket, tea and long walks home")
    assert "[" not in told(found.ours) + told(found.theirs)
    assert not found.same


def test_half_of_a_value_is_enough_to_mark_the_rest() -> None:
    found = compare("handle", "x", "omarkhan", "omarshah")
    assert told(found.ours) == "omar[k]ha[n]"


def test_letters_that_look_alike_are_told_by_what_they_are_read_as() -> None:
    found = compare("name", "x", "Оmar", "Omar")  # the first letter of the first is Cyrillic
    assert told(found.ours) == "[О]mar"
    assert (found.ours_read, found.theirs_read) == ("omar", "")


def test_what_nobody_sees_is_named() -> None:
    [_, unseen, _] = compare("bio", "x", "a\u202eb", "").ours
    assert (unseen.kind, unseen.text, unseen.name) == ("unseen", "U+202E", "right-to-left override")


def test_towers_of_marks_and_endless_alternation_stay_bounded() -> None:
    tall = compare("name", "x", "a" + "\u0301" * 900, "a").ours
    assert sum(len(one.text) for one in tall) <= 4
    rapid = compare("bio", "x", "ab" * 500, "ac" * 500)
    assert max(len(rapid.ours), len(rapid.theirs)) <= PIECES_MAX


def test_a_value_of_half_a_character_is_shown() -> None:
    assert compare("name", "x", "\ud800", "x").ours[0].text == "U+D800"


# Two texts by word.


@for_each(
    ("ours", "theirs", "marked"),
    [
        ("fast news, daily", "slow news, daily", "[fast] news, daily"),
        ("تازہ خبریں روزانہ", "پرانی خبریں روزانہ", "[تازہ] خبریں روزانہ"),
        ("أَخبارُ اليومِ كلها", "أَخبارِ اليومِ كلها", "[أَخبارُ] اليومِ كلها"),
        ("می\u200cخواهم خبر", "می\u200cروم خبر", "[می\u200cخواهم] خبر"),
        ("प्रिया की दुकान", "प्रीति की दुकान", "[प्रिया] की दुकान"),
        ("每天更新国际新闻", "每日更新国内新闻", "每[天]更新国[际]新闻"),
        ("ข่าวเช้าทุกวัน", "ข่าวค่ำทุกวัน", "ข่าว[เช้า]ทุกวัน"),
        ("毎朝ニュース", "毎晩ニュース", "毎[朝]ニュース"),
        ("매일 새 소식", "매일 옛 소식", "매일 [새] 소식"),
        ("tea 👍🏽 🇵🇰 home", "tea 👍🏽 🇵🇸 home", "tea 👍🏽 [🇵🇰] home"),
    ],
)
def test_words_that_differ_are_marked_whole_in_every_script(ours: str, theirs: str, marked: str) -> None:
    assert told(compare_words(ours, theirs).ours) == marked


def test_lines_of_a_text_stay_lines_and_bidi_marks_are_named() -> None:
    [text, unseen, rest] = compare_words("one\r\n\n\n \ntwo\u202e!", "").ours
    assert (text.text, unseen.text, rest.text) == ("one\n\ntwo", "U+202E", "!")


def test_texts_that_share_few_words_are_shown_plain() -> None:
    found = compare_words("Photos of a mountain village", "Cricket, tea and a long walk home")
    assert "[" not in told(found.ours) + told(found.theirs)


def test_text_that_is_cut_says_so() -> None:
    assert compare_words("x" * 9_000, "").ours[-1].text.endswith("x…")
    rapid = compare_words("a b " * 900, "a c " * 900).ours
    assert len(rapid) == PIECES_MAX
    assert rapid[-1].text == "…"


# What templates call.


@for_each(
    ("probability", "told"),
    [(1.0, "> 99.9 %"), (0.99996, "> 99.9 %"), (0.93, "93.0 %"), (0.0004, "< 0.1 %"), (0.0, "< 0.1 %")],
)
def test_a_probability_is_never_told_as_certain(probability: float, told: str) -> None:
    assert percent(probability) == told
