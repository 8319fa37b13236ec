"""What a process and those that it started have used of processors."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """In user and system mode, of the process and its descent."""
    return sum(_of_one(each) for each in _descent(pid))


def _descent(pid: int) -> list[int]:
    waiting, found = [pid], list[int]()
    while waiting:
        found.append(waiting.pop())
        for task in Path(f"/proc/{found[-1]}/task").iterdir():
            waiting += [int(child) for child in (task / "children").read_text("ascii").split()]
    return found


def _of_one(pid: int) -> float:
    # The name, in parentheses, may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND
