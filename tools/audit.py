"""Asks an advisory service about every package of an image; reports the answers and the missing ones.

Run ``python -m tools.audit LOCK…``. Fails where a vulnerability is known. Where no service answers (a mirror
may not have advisories) that is said and is no failure, unless ``--require`` is given: `pip-audit` itself
says "no known vulnerabilities" of packages that it could ask nobody about.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known. ``vulnerable`` are lines for people, ``unasked`` names of packages."""

    asked: int
    unasked: tuple[str, ...]
    vulnerable: tuple[str, ...]

    def said(self) -> str:
        lines = list(self.vulnerable)
        if self.asked:
            lines.append(f"{len(self.vulnerable)} known vulnerabilities in {self.asked} packages")
        if self.unasked:
            lines.append(f"no advisory service answers here about {len(self.unasked)} packages")
        return "\n".join(lines)

    def code(self, *, require: bool) -> int:
        return int(bool(self.vulnerable) or (require and bool(self.unasked)))


def read_answer(reports: list[dict[str, Any]]) -> Answer:
    """Of what `pip-audit` writes as JSON, a report a lock; a package in two of them counts once."""
    rows = {row["name"]: row for report in reports for row in report["dependencies"]}
    return Answer(
        asked=sum("vulns" in row for row in rows.values()),
        unasked=tuple(name for name, row in sorted(rows.items()) if "vulns" not in row),
        vulnerable=tuple(
            f"{name} {row['version']}: {fault['id']}, mended in {' or '.join(fault['fix_versions']) or '?'}"
            for name, row in sorted(rows.items())
            for fault in row.get("vulns", ())
        ),
    )


def report_on(lock: Path) -> dict[str, Any]:
    """What `pip-audit` says of one lock. Where it cannot reach its service nothing of it was asked about."""
    done = subprocess.run(  # noqa: S603  # our own program, and the path of a lock
        [
            Path(sys.executable).with_name("pip-audit"),
            *("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"),
            *("--requirement", lock),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        return {"dependencies": [{"name": f"everything in {lock.name}", "skip_reason": lines[-1]}]}
    return report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.audit")
    parser.add_argument("locks", nargs="+", type=Path)
    parser.add_argument("--require", action="store_true", help="fail where nobody answers")
    given = parser.parse_args()
    answer = read_answer([report_on(lock) for lock in given.locks])
    print(answer.said())  # noqa: T201  # this is a command, and that is what it says
    return answer.code(require=given.require)


if __name__ == "__main__":
    sys.exit(main())
