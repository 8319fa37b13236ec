"""The diagrams of README and docs are what the code draws, and who cannot see them is told what they show."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tests.house import ROOT
from tests.tables import for_each
from tools.diagrams import DIAGRAMS, IMAGES, Box, Picture, layers_of

SVG = "{http://www.w3.org/2000/svg}"
PAGES = [ROOT / "README.md", ROOT / "docs" / "architecture.md"]


@for_each("name", DIAGRAMS)
def test_a_diagram_is_what_the_code_draws(name: str) -> None:
    assert (IMAGES / f"{name}.svg").read_text("utf-8") == DIAGRAMS[name]().svg(), (
        "run python -m tools.diagrams"
    )


@for_each("name", DIAGRAMS)
def test_a_diagram_tells_screen_readers_what_it_shows_and_follows_dark_mode(name: str) -> None:
    text = DIAGRAMS[name]().svg()
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    told = {node.get("id"): node.text or "" for node in root if node.tag in (f"{SVG}title", f"{SVG}desc")}
    assert (root.get("aria-labelledby") or "").split() == list(told) == ["title", "desc"]
    assert len(told["desc"]) > len(told["title"]) > 0
    assert "@media (prefers-color-scheme: dark)" in text


@for_each("name", DIAGRAMS)
def test_a_page_shows_it(name: str) -> None:
    assert any(f"images/{name}.svg" in page.read_text("utf-8") for page in PAGES)


def test_text_that_does_not_fit_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Picture(400, 100, "", "").box(Box(0, 0, 60, "a name that is too long"))


def test_the_picture_of_rooms_names_every_layer_that_is_enforced() -> None:
    drawn = DIAGRAMS["rooms"]().svg()
    layers = [*layers_of("floors"), *layers_of("rooms-of-the-mind"), *layers_of("rooms-of-streams")]
    assert [it for layer in layers for it in layer if it.rpartition(".")[2] not in drawn] == []
