"""A release: one version in every place, the changelog cut, and nothing at all where something is wrong."""

from __future__ import annotations

from datetime import date

import pytest

from tests.house import ROOT
from tools.release import CannotBeCut, release

DAY = date(2026, 12, 24)
PATHS = ("pyproject.toml", "deploy/helm/samehand/Chart.yaml", "docs/asyncapi.json", "CHANGELOG.md")
HIGHER = "999.0.0"


@pytest.fixture
def files() -> dict[str, str]:
    """As they stand in this tree, with something unreleased."""
    found = {path: (ROOT / path).read_text("utf-8") for path in PATHS}
    found["CHANGELOG.md"] = found["CHANGELOG.md"].replace(
        "## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- A thing.\n", 1
    )
    return found


def test_every_place_names_the_new_version_once(files: dict[str, str]) -> None:
    found = release(HIGHER, files, DAY)
    assert f'\nversion = "{HIGHER}"\n' in found["pyproject.toml"]
    assert f"\nversion: {HIGHER}\nappVersion: {HIGHER}\n" in found["deploy/helm/samehand/Chart.yaml"]
    assert f'"version": "{HIGHER}"' in found["docs/asyncapi.json"]
    assert {path: text.count(HIGHER) for path, text in found.items()} == {
        "pyproject.toml": 1,
        "deploy/helm/samehand/Chart.yaml": 2,
        "docs/asyncapi.json": 1,
        "CHANGELOG.md": 1,
    }


def test_what_was_unreleased_stands_under_the_version_and_its_day(files: dict[str, str]) -> None:
    text = release(HIGHER, files, DAY)["CHANGELOG.md"]
    assert f"## [Unreleased]\n\n## [{HIGHER}] - 2026-12-24\n\n### Added\n\n- A thing.\n" in text


@pytest.mark.parametrize(
    ("version", "because"),
    [
        ("0.0.1", "no higher"),
        ("next", "three numbers"),
        ("1.2", "three numbers"),
        ("1.2.3; rm", "three numbers"),
    ],
)
def test_what_is_no_higher_version_is_refused(files: dict[str, str], version: str, because: str) -> None:
    with pytest.raises(CannotBeCut, match=because):
        release(version, files, DAY)


def test_without_anything_unreleased_there_is_no_release(files: dict[str, str]) -> None:
    files["CHANGELOG.md"] = "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n\n- It began.\n"
    with pytest.raises(CannotBeCut, match="say what changed"):
        release(HIGHER, files, DAY)


def test_a_place_that_names_another_version_is_named(files: dict[str, str]) -> None:
    files["docs/asyncapi.json"] = "{}"
    with pytest.raises(CannotBeCut, match="asyncapi"):
        release(HIGHER, files, DAY)
