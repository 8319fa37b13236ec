"""``samehand doctor``: what is missing or wrong, in plain words, and what to do about it."""

from __future__ import annotations

import os

import click
from rich.text import Text

from cli import output
from cli.commands.doctor.findings import DoctorFinding, count
from cli.commands.doctor.gate import look_at_calls, look_at_keys, look_at_publishing, look_at_reading
from cli.commands.doctor.kafka import look_at_kafka, noted_epoch
from cli.commands.doctor.processes import look_at_bridge, look_at_deliver, look_at_desk
from cli.commands.doctor.redis import look_at_redis
from cli.commands.doctor.settings import (
    look_at_address,
    look_at_files,
    look_at_folder,
    look_at_pepper,
    look_at_settings,
)
from cli.run_async import awaited
from streams.settings import describe

_MARKS = {"fine": ("✓", "green"), "warning": ("!", "yellow"), "wrong": ("✗", "bold red")}


@click.command(
    "doctor",
    short_help="Check what a worker, gate, desk, deliver process or bridge needs, and say how to fix it.",
)
@click.option(
    "--settings",
    "list_settings",
    is_flag=True,
    help="List every setting with its default and meaning, and check nothing.",
)
@click.option("--gate", is_flag=True, help="Check what `samehand gate` needs.")
@click.option("--desk", is_flag=True, help="Check what `samehand desk` needs.")
@click.option("--deliver", is_flag=True, help="Check what `samehand deliver` needs.")
@click.option("--bridge", is_flag=True, help="Check what `samehand bridge` needs.")
@output.json_option
def command(list_settings: bool, as_json: bool, **processes: bool) -> int:
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
        return _list_settings(as_json)
    named = [process for process, asked in processes.items() if asked]
    if len(named) > 1:
        flags = " and ".join(f"--{process}" for process in named)
        raise click.UsageError(f"{flags}: check one process at a time, with the settings that it gets")
    process = named[0] if named else None
    findings = examine() if process is None else examine_process(process)
    wrong = sum(finding.state == "wrong" for finding in findings)
    if as_json:
        rows = [
            {"state": finding.state, "about": finding.about, "finding": finding.words, "cure": finding.cure}
            for finding in findings
        ]
        output.figures({"healthy": wrong == 0, "findings": rows})
        return int(wrong > 0)
    screen = output.console()
    for finding in findings:
        mark, style = _MARKS[finding.state]
        output.line(screen, Text(mark, style), f"{finding.about}: {finding.words}")
        if finding.cure:
            output.line(screen, Text(f"  → {finding.cure}", "cyan"), indent=4)
    screen.print(count(findings, process or "worker"))
    return int(wrong > 0)


def examine() -> list[DoctorFinding]:
    """Everything there is to say, in the order in which it should be mended."""
    settings, findings = look_at_settings(os.environ)
    if settings is None:
        return findings
    peppers, about_pepper = look_at_pepper(settings)
    findings += [*about_pepper, *look_at_files(settings), *look_at_folder(settings)]
    findings += look_at_address(settings)
    about_kafka = look_at_kafka(settings)
    answers = not any(finding.state == "wrong" and finding.about == "Kafka" for finding in about_kafka)
    epoch = noted_epoch(settings) if answers else ""
    return findings + about_kafka + awaited(look_at_redis(settings, peppers, epoch))


def examine_gate() -> list[DoctorFinding]:
    settings, findings = look_at_settings(os.environ)
    if settings is None:
        return findings
    peppers, about_pepper = look_at_pepper(settings)
    findings += [*about_pepper, *look_at_files(settings), *look_at_folder(settings), *look_at_keys(settings)]
    findings += [*look_at_address(settings, "gate"), *look_at_calls(settings), *look_at_publishing(settings)]
    return findings + awaited(look_at_reading(settings, peppers))


_OTHERS = {"desk": look_at_desk, "deliver": look_at_deliver, "bridge": look_at_bridge}


def examine_process(process: str) -> list[DoctorFinding]:
    """What there is to say of a gate, a desk, a deliver process or a bridge."""
    if process == "gate":
        return examine_gate()
    settings, findings = look_at_settings(os.environ)
    return findings if settings is None else [*findings, *_OTHERS[process](settings)]


def _list_settings(as_json: bool) -> int:
    rows = describe()
    if as_json:
        listed = [{"name": row.name, "default": row.default, "meaning": row.meaning} for row in rows]
        output.figures({"settings": listed})
        return 0
    screen = output.console()
    for row in rows:
        output.line(screen, Text(row.name, "bold"), Text(f" (default: {row.default or 'none'})", "dim"))
        output.line(screen, f"    {row.meaning}", indent=4)
    return 0
