"""The diagrams of README and docs show what is there."""

from __future__ import annotations

import configparser
import re

from streams.kafka.topics import Names
from tests.house import ROOT

README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def diagrams(page: str) -> list[str]:
    return re.findall(r"```mermaid\n(.*?)```", page, re.DOTALL)


def test_topics_of_the_flow_are_ours() -> None:
    (flow,) = diagrams(README)
    drawn = re.findall(r"\b(?:accounts|alerts|fingerprints)\.[a-z]+", flow)
    assert drawn
    assert set(drawn) <= {str(name) for name in vars(Names()).values()}


def test_diagram_of_floors_names_every_floor_that_is_enforced() -> None:
    parser = configparser.ConfigParser()
    parser.read_string((ROOT / ".importlinter").read_text("utf-8"))
    layers = parser["importlinter:contract:floors"]["layers"].split("\n")
    (drawn,) = diagrams(ARCHITECTURE)
    assert [layer for layer in layers if layer.strip().replace(" | ", " · ") not in drawn] == []
