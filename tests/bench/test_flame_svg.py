"""The picture of the samples."""

from __future__ import annotations

from xml.etree import ElementTree

from bench.flame_svg import WIDTH, drawn

SVG = "{http://www.w3.org/2000/svg}"


def boxes(svg: str) -> dict[str, float]:
    """Width by title."""
    root = ElementTree.fromstring(svg)
    return {
        group.findtext(f"{SVG}title", ""): float(group.find(f"{SVG}rect").attrib["width"])  # type: ignore[union-attr]  # each has one
        for group in root.iter(f"{SVG}g")
    }


def test_a_box_is_as_wide_as_its_share() -> None:
    found = boxes(drawn({("run (a.py)", "<lambda> (b.py)"): 3, ("run (a.py)",): 1}, "a & b"))
    assert abs(found["run (a.py): 100.0%"] - WIDTH) < 1
    assert abs(found["<lambda> (b.py): 75.0%"] - 0.75 * WIDTH) < 1


def test_what_is_too_narrow_is_left_out() -> None:
    found = boxes(drawn({("run (a.py)", "rare (b.py)"): 1, ("run (a.py)",): 999}, "narrow"))
    assert list(found) == ["run (a.py): 100.0%"]


def test_nothing_sampled_is_an_empty_picture() -> None:
    assert boxes(drawn({}, "nothing")) == {}
