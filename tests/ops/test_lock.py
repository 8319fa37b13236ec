"""What proves operations is locked, explained, and agrees with what everything else is tested with."""

from __future__ import annotations

import re

from packaging.requirements import Requirement
from packaging.version import Version

from tests.house import ROOT, project

PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / "requirements" / lock).read_text("utf-8")))


def test_the_lock_holds_what_the_group_asks_for_with_hashes() -> None:
    locked = pins("ops.lock")
    for line in project()["dependency-groups"]["ops"]:
        wanted = Requirement(line)
        assert Version(locked[wanted.name]) in wanted.specifier
    text = (ROOT / "requirements" / "ops.lock").read_text("utf-8")
    assert text.count("--hash=sha256:") >= len(locked)
    assert "://" not in text


def test_each_is_explained() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    for line in project()["dependency-groups"]["ops"]:
        assert f"| `{Requirement(line).name}` | " in page


def test_it_moves_no_version_that_other_tests_ran_with() -> None:
    developing = pins("dev.lock")
    assert {name: pin for name, pin in pins("ops.lock").items() if developing.get(name, pin) != pin} == {}
