"""``samehand pepper``: the secrets under which personal values are kept, made and replaced.

A rotation in four steps, during which nothing is missed: ``rotate`` adds a secret, and both are in force;
workers are restarted with the new file; ``rebuild`` enrols every ban under both; ``drop`` takes the old one
away, once nothing is known under it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from agents.runtime.store_factory import peppers_of
from cli import output
from cli.opening import closing_store
from cli.options import OUT_FILE, flag, option
from cli.running import awaited
from report.text import plural
from store.pepper.pepper import Peppers, UnusablePepper, read_peppers, write_pepper_file
from store.pepper.rotation import replace_file, rotated, since, without
from streams.errors import SettingsError
from streams.settings import Settings, load


@click.group("pepper")
def command() -> None:
    """Create, rotate and drop the secret keys for personal values.

    E-mail addresses, phone numbers, IP addresses and devices are stored only as hashes keyed by a secret, the
    pepper, from the file that SAMEHAND_PEPPER_FILE names.

    \b
    Examples:
      samehand pepper new pepper
      samehand pepper rotate
      samehand pepper drop 1
    """


_out_option = option(
    "--out",
    "Write the new pepper file here and leave the old one unchanged, for example if it is read-only.",
    OUT_FILE,
)


@command.command("new", short_help="Create a pepper file.")
@click.argument("path", type=OUT_FILE, metavar="FILE")
@output.json_option
def new(path: Path) -> int:
    """Create FILE with a new secret, readable by you alone. An existing file is never replaced.

    Keep a copy in a safe place: without the secret nothing that is stored can be found again.

    \b
    Example:
      samehand pepper new pepper
    """
    try:
        write_pepper_file(path)
    except FileExistsError as fault:
        advice = "name it in SAMEHAND_PEPPER_FILE, or create another; `samehand pepper rotate` adds a secret"
        raise click.ClickException(f"{path}: {fault.strerror}: {advice}") from fault
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}") from fault
    words = f"{path}: name it in SAMEHAND_PEPPER_FILE, and keep a copy in a safe."
    return output.result({"file": str(path), "current": 1, "in_force": [1]}, words)


@command.command("rotate", short_help="Add a new secret and make it current.")
@_out_option
@output.json_option
def rotate(out: Path | None) -> int:
    """Add a new secret to the file that SAMEHAND_PEPPER_FILE names, and make it current. Old ones stay in
    force.

    Accounts are then hashed and looked up under every secret in force, so old and new workers together miss
    nothing. Each secret in force multiplies the work of an event: drop the old one as soon as you can.

    \b
    A whole rotation:
      samehand pepper rotate   # then restart every worker with the new file
      samehand rebuild         # enrols every ban under both secrets
      samehand pepper drop 1   # refuses while the secret is needed
    """
    path, before = _file()
    with _faults():
        text, number = rotated(path.read_text("ascii"), datetime.now(UTC))
        _write(path, out, text)
    return output.result(
        {"current": number, "in_force": [number, *(pepper.pepper_id for pepper in before.peppers)]},
        f"Pepper {number} is current; {plural(len(before.peppers), 'older one')} in force. "
        "Restart every worker with this file, then `samehand rebuild`, and later "
        f"`samehand pepper drop {before.current.pepper_id}`.",
    )


@command.command("drop", short_help="Remove an old secret that nothing needs any more.")
@click.argument("number", type=click.IntRange(1, 255))
@flag("--anyway", "Remove it even if some accounts are then no longer found, for example because it leaked.")
@_out_option
@output.json_option
def drop(number: int, anyway: bool, out: Path | None) -> int:
    """Remove the old secret NUMBER from the file that SAMEHAND_PEPPER_FILE names.

    Refuses while a ban in the store is known under this secret only, or while accounts remembered before
    the rotation are kept (SAMEHAND_REMEMBER_DAYS). To find out, it reads every ban in the store. The
    current secret cannot be dropped.

    \b
    Examples:
      samehand pepper drop 1
      samehand pepper drop 1 --out /run/secrets/pepper.new
    """
    settings = load()
    path, peppers = _file(settings)
    held = ", ".join(str(pepper.pepper_id) for pepper in peppers.peppers)
    if number not in {pepper.pepper_id for pepper in peppers.peppers}:
        raise click.ClickException(f"{path}: holds no pepper {number}; it holds {held}")
    if number == peppers.current.pepper_id:
        raise click.ClickException(f"pepper {number} is the current one: run `samehand pepper rotate` first")
    text = path.read_text("ascii")
    reasons = []
    if alone := awaited(_known_alone(settings, peppers, number)):
        reasons.append(
            f"{plural(alone, 'banned account')} known under pepper {number} alone: "
            "restart the workers with the present file, then run `samehand rebuild`"
        )
    # Accounts remembered before the present pepper expire when it has been in force for so long.
    began = since(text, peppers.current.pepper_id)
    if began is not None and datetime.now(UTC) < (until := began + timedelta(days=settings.remember_days)):
        reasons.append(
            f"accounts remembered before the rotation are found under it until {until:%Y-%m-%d %H:%M} UTC"
        )
    if reasons and not anyway:
        raise click.ClickException("; ".join(reasons))
    if reasons:
        output.note("; ".join(reasons))
    with _faults():
        _write(path, out, without(text, number))
    left = [pepper.pepper_id for pepper in peppers.peppers if pepper.pepper_id != number]
    return output.result(
        {"dropped": number, "in_force": left, "bans_lost": alone},
        f"Pepper {number} is gone. Restart every worker with this file.",
    )


async def _known_alone(settings: Settings, peppers: Peppers, number: int) -> int:
    """Bans in the store without a fingerprint under any other pepper in force."""
    others = {pepper.pepper_id for pepper in peppers.peppers} - {number}
    async with closing_store(settings, peppers) as store:
        await store.open()
        alone = 0
        async for bans in store.walk():
            alone += sum(
                others.isdisjoint(fingerprint.pepper_id for fingerprint in ban.fingerprints) for ban in bans
            )
        return alone


def _file(settings: Settings | None = None) -> tuple[Path, Peppers]:
    settings = settings or load()
    if settings.pepper_file is None:
        peppers_of(settings)  # says what is missing
        raise AssertionError("peppers without a file")
    try:
        return settings.pepper_file, read_peppers([settings.pepper_file])
    except UnusablePepper as fault:
        raise SettingsError({"SAMEHAND_PEPPER_FILE": str(fault)}) from fault


def _write(path: Path, out: Path | None, text: str) -> None:
    if out is not None:
        out.touch(0o600, exist_ok=False)
    replace_file(out or path, text)


@contextmanager
def _faults() -> Iterator[None]:
    """Ends a command in one line where a pepper file cannot be used or written."""
    try:
        yield
    except UnusablePepper as fault:
        raise click.ClickException(str(fault)) from fault
    except OSError as fault:
        raise click.ClickException(f"{fault.filename}: {fault.strerror}") from fault
