"""``samehand doctor``: what is missing or wrong, in plain words, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby

import click
from rich.text import Text

from cli import output
from cli.maintain.doctor.findings import DoctorFinding, count, is_wrong
from cli.maintain.doctor.gate import look_at_calls, look_at_keys, look_at_publishing, look_at_reading
from cli.maintain.doctor.kafka import look_at_kafka, noted_epoch
from cli.maintain.doctor.processes import look_at_bridge, look_at_deliver, look_at_desk
from cli.maintain.doctor.redis import look_at_redis
from cli.maintain.doctor.settings import (
    look_at_address,
    look_at_files,
    look_at_folder,
    look_at_pepper,
    look_at_settings,
)
from cli.options import flag
from cli.running import awaited
from desk.settings import DeskSettings
from streams.settings import describe

_MARKS = {"fine": ("✓", "green"), "warning": ("!", "yellow"), "wrong": ("✗", "bold red")}


@click.command("doctor")
@flag("--settings", "List every setting, the ten of the main job first, and check nothing.", "list_settings")
@flag("--gate", "Check what `samehand gate` needs.")
@flag("--desk", "Check what `samehand desk` needs.")
@flag("--deliver", "Check what `samehand deliver` needs.")
@flag("--bridge", "Check what `samehand bridge` needs.")
@output.json_option
def command(list_settings: bool, **processes: bool) -> int:
    """Check settings, Kafka and Redis, and say how to fix what is wrong.

    Checks what a worker checks when it starts, with the same code: the settings and the files they name,
    the web address, Kafka and its topics, Redis and the store in it. If all is well, a worker would start
    and be ready. Changes nothing, except that a probe key is written to Redis and deleted at once.

    With --gate, checks a gate instead: its file of keys, its addresses, that its Redis user may read the
    store, and that its Kafka user may write its topics. With --desk, the database and the desk's addresses
    and topics; with --deliver, the endpoints and their secrets; with --bridge, the mappings and the topics
    on both sides.

    \b
    Exit codes:
      0   nothing is wrong (there may be warnings)
      1   something is wrong

    \b
    Examples:
      samehand doctor
      samehand doctor --gate
      samehand doctor --desk
      samehand doctor --settings
      samehand doctor --json
    """
    if list_settings:
        return _list_settings()
    named = [process for process, asked in processes.items() if asked]
    if len(named) > 1:
        flags = " and ".join(f"--{process}" for process in named)
        raise click.UsageError(f"{flags}: check one process at a time, with the settings that it gets")
    findings = examine(*named)
    healthy = all(finding.state != "wrong" for finding in findings)
    return output.result(
        {"healthy": healthy, "findings": [finding._asdict() for finding in findings]},
        *(words for finding in findings for words in _shown(finding)),
        count(findings, *named),
        code=0 if healthy else 1,
    )


def _shown(finding: DoctorFinding) -> Iterator[Text]:
    yield Text.assemble(_MARKS[finding.state], f" {finding.about}: {finding.finding}")
    if finding.cure:
        yield Text(f"  → {finding.cure}", "cyan")


def examine(process: str = "worker") -> list[DoctorFinding]:
    """Everything there is to say of what a process needs, in the order in which it should be mended."""
    settings, findings = look_at_settings(os.environ)
    if settings is None:
        return findings
    if process in _OTHERS:
        return findings + _OTHERS[process](settings)
    peppers, about_pepper = look_at_pepper(settings)
    findings += [*about_pepper, *look_at_files(settings), *look_at_folder(settings)]
    if process == "gate":
        findings += [*look_at_keys(settings), *look_at_address(settings, "gate"), *look_at_calls(settings)]
        return findings + look_at_publishing(settings) + awaited(look_at_reading(settings, peppers))
    findings += look_at_address(settings)
    about_kafka = look_at_kafka(settings)
    epoch = "" if is_wrong(about_kafka, "Kafka") else noted_epoch(settings)
    return findings + about_kafka + awaited(look_at_redis(settings, peppers, epoch))


_OTHERS = {"desk": look_at_desk, "deliver": look_at_deliver, "bridge": look_at_bridge}


def _list_settings() -> int:
    rows = describe(DeskSettings)
    lines: list[str] = []
    for group, members in groupby(rows, lambda row: row.group):
        lines.append(f"{group}:")
        lines += (f"  {row.name} (default: {row.default or 'none'})\n    {row.meaning}" for row in members)
    return output.result({"settings": [asdict(row) for row in rows]}, *lines)
