"""The rooms bear generic names on purpose: they must be ours. The lock must be what we ask for."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house import ROOT, project, rooms
from tests.tables import for_each

LOCK = ROOT / "requirements" / "dev.lock"
PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?P<rest>.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL
)

#: Extras that nobody needs to develop here, so that the lock leaves them out: they want a compiler.
UNLOCKED_EXTRAS = {"avatar"}


def homes() -> list[Path]:
    """Where this distribution's code may lie: the checkout, or where the installed wheel was unpacked."""
    return [ROOT, Path(str(distribution("samehand").locate_file(""))).resolve()]


@cache
def pins() -> dict[str, list[Version]]:
    """What the lock holds by canonical name; a package has two versions where Pythons differ."""
    found: dict[str, list[Version]] = {}
    for pin in PINNED.finditer(LOCK.read_text(encoding="utf-8")):
        found.setdefault(canonicalize_name(pin["name"]), []).append(Version(pin["version"]))
    return found


def asked_for() -> list[Requirement]:
    """Direct dependencies of the project, of its locked extras and of its build."""
    metadata = project()["project"]
    extras = {
        name: lines
        for name, lines in metadata["optional-dependencies"].items()
        if name not in UNLOCKED_EXTRAS
    }
    lines = [*metadata["dependencies"], *(line for extra in extras.values() for line in extra)]
    lines += project()["build-system"]["requires"]
    return [wanted for wanted in map(Requirement, lines) if wanted.name != "samehand"]


@for_each("room", rooms())
def test_a_room_is_ours(room: str) -> None:
    spec = find_spec(room)
    assert spec is not None
    assert spec.origin is not None, (
        f"{room} has no __init__.py, so that any folder of that name could join it"
    )
    assert Path(spec.origin).resolve() in {home / room / "__init__.py" for home in homes()}


def test_no_other_distribution_claims_a_rooms_name() -> None:
    claimed = packages_distributions()
    assert {room: claimed[room] for room in rooms() if set(claimed.get(room, [])) - {"samehand"}} == {}


@for_each("room", rooms())
def test_a_room_tells_type_checkers_that_it_is_typed(room: str) -> None:
    assert (ROOT / room / "py.typed").is_file()


@for_each("wanted", asked_for())
def test_the_lock_satisfies_what_the_project_asks_for(wanted: Requirement) -> None:
    versions = pins().get(canonicalize_name(wanted.name), [])
    assert versions, f"{wanted.name} is not in the lock: run make lock"
    assert all(version in wanted.specifier for version in versions), (
        f"{wanted} against {versions}: run make lock"
    )


def test_every_pin_carries_a_hash() -> None:
    assert pins()
    unhashed = [
        pin["name"]
        for pin in PINNED.finditer(LOCK.read_text(encoding="utf-8"))
        if "--hash=sha256:" not in pin["rest"]
    ]
    assert not unhashed


def test_the_lock_names_no_index() -> None:
    assert not re.search(r"index-url|find-links|://", LOCK.read_text(encoding="utf-8"))


def test_each_direct_dependency_is_explained() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    names = [wanted.name for wanted in asked_for()]
    assert not [name for name in names if not any(row.startswith(f"| `{name}` ") for row in rows)]
