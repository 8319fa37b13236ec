"""The diagrams of README and docs show what is there."""

from __future__ import annotations

import configparser
import re

from streams.kafka.topics import Names
from tests.house import ROOT

README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def diagrams(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_topics_of_the_flow_are_ours() -> None:
    (flow,) = diagrams(README, "mermaid")
    drawn = re.findall(r"\b(?:accounts|alerts|fingerprints)\.[a-z]+", flow)
    assert drawn
    assert set(drawn) <= {str(name) for name in vars(Names()).values()}


def test_diagram_of_floors_names_every_floor_that_is_enforced() -> None:
    parser = configparser.ConfigParser()
    parser.read_string((ROOT / ".importlinter").read_text("utf-8"))
    layers = parser["importlinter:contract:floors"]["layers"].strip().replace(" | ", " · ")
    (drawn,) = diagrams(ARCHITECTURE, "text")
    assert drawn.splitlines() == layers.splitlines()


def test_no_page_of_the_site_needs_a_script_from_elsewhere_to_show_a_diagram() -> None:
    assert not [
        page.name for page in (ROOT / "docs").rglob("*.md") if "```mermaid" in page.read_text("utf-8")
    ]
