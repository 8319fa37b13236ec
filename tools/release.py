"""``make release VERSION=0.2.0``: version, changelog and tag in one step, only shown unless it has CUT=1.

``python -m tools.release VERSION [--cut]``. What it changes: the version in ``pyproject.toml`` and the chart,
the heading of what is unreleased in ``CHANGELOG.md``, and ``docs/asyncapi.json``, which names the version.
``--cut`` writes that, commits it and tags it ``vVERSION``; pushing it stays a person's step. Exit code 2, and
nothing written, where the version is no higher one, nothing is unreleased, or the tree holds other changes.
"""

from __future__ import annotations

import argparse
import difflib
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent

_VERSION: Final = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
_OWN: Final = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)
_UNRELEASED: Final = "## [Unreleased]\n"
#: Where the version stands, and how the line begins.
_PLACES: Final = {
    "pyproject.toml": 'version = "{}"',
    "deploy/helm/samehand/Chart.yaml": "version: {}",
    "docs/asyncapi.json": '"version": "{}"',
}


class CannotBeCut(Exception):
    """Why there is no release of that version; the message says what to do."""


def release(version: str, files: Mapping[str, str], day: date) -> dict[str, str]:
    """The files of a release: of each path its text then. Raises :class:`CannotBeCut`."""
    own = _OWN.search(files["pyproject.toml"])
    if own is None:
        raise CannotBeCut("pyproject.toml has no line `version = …`")
    before = own[1]
    if _number(version) <= _number(before):
        raise CannotBeCut(f"{version} is no higher than {before}, which pyproject.toml has")
    parts = {
        path: _replaced(path, files[path], line.format(before), line.format(version))
        for path, line in _PLACES.items()
    }
    chart = "deploy/helm/samehand/Chart.yaml"
    parts[chart] = _replaced(chart, parts[chart], f"appVersion: {before}", f"appVersion: {version}")
    head, mark, rest = files["CHANGELOG.md"].partition(_UNRELEASED)
    entries = rest.partition("\n## [")[0]
    if not mark or not entries.strip():
        raise CannotBeCut("CHANGELOG.md has nothing under [Unreleased]; say what changed")
    parts["CHANGELOG.md"] = f"{head}{mark}\n## [{version}] - {day.isoformat()}\n{rest}"
    return parts


def _number(version: str) -> tuple[int, ...]:
    parts = _VERSION.fullmatch(version)
    if parts is None:
        raise CannotBeCut(f"{version!r} is no version; write three numbers, such as 0.2.0")
    return tuple(map(int, parts.groups()))


def _replaced(path: str, text: str, old: str, new: str) -> str:
    places = re.findall(rf"(?<!\w){re.escape(old)}(?![\w.])", text)
    if not places:
        raise CannotBeCut(f"{path} does not say {old!r}; let both name one version")
    return re.sub(rf"(?<!\w){re.escape(old)}(?![\w.])", lambda _: new, text, count=1)


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603, S607  # words of our own, git from PATH
    if done.returncode:
        raise CannotBeCut(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version")
    parser.add_argument("--cut", action="store_true", help="write, commit and tag; else it is only shown")
    given = parser.parse_args()
    paths = (*_PLACES, "CHANGELOG.md")
    try:
        before = {path: (ROOT / path).read_text("utf-8") for path in paths}
        after = release(given.version, before, datetime.now(UTC).date())
        if given.cut and _git("status", "--porcelain"):
            raise CannotBeCut("the tree holds other changes; commit or put them aside first")
    except CannotBeCut as why:
        sys.stderr.write(f"{why}\n")
        return 2
    for path, text in after.items():
        lines = difflib.unified_diff(
            before[path].splitlines(), text.splitlines(), path, path, n=0, lineterm=""
        )
        sys.stdout.write("\n".join([*lines, ""]))
    if not given.cut:
        sys.stdout.write(f"\nNothing was written. CUT=1 writes this, commits and tags it v{given.version}.\n")
        return 0
    for path, text in after.items():
        (ROOT / path).write_text(text, "utf-8")
    _git("commit", "--quiet", "--message", f"Release {given.version}", "--", *paths)
    _git("tag", "--annotate", f"v{given.version}", "--message", f"samehand {given.version}")
    sys.stdout.write(f"\nTagged v{given.version}. Push it with: git push --follow-tags\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
