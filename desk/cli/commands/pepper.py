"""``samehand pepper``: the secrets under which personal values are kept, made and replaced.

A rotation in four steps, during which nothing is missed: ``rotate`` adds a secret, and both are in force;
workers are restarted with the new file; ``rebuild`` enrols every ban under both; ``drop`` takes the old one
away, once nothing is known under it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from agents.runtime.store_factory import peppers_of
from desk.cli import output
from desk.cli.run_async import awaited
from desk.cli.store_context import closing_store
from desk.text import plural
from store.pepper.pepper import Peppers, UnusablePepper, read_peppers, write_pepper_file
from store.pepper.rotation import replace_file, rotated, since, without
from streams.errors import SettingsError
from streams.settings import Settings, load

_NEXT = (
    "Restart every worker with this file, then `samehand rebuild`, and later `samehand pepper drop {old}`."
)


@click.group("pepper", short_help="Make, rotate and drop the secrets that key personal values.")
def command() -> None:
    """Make, rotate and drop the secrets that key personal values.

    \b
    Examples:
      samehand pepper new pepper
      samehand pepper rotate
      samehand pepper drop 1
    """


_out_option = click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the new file there and leave the old one, where it is mounted read-only.",
)


@command.command("new", short_help="Make a file with fresh secrets.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@output.json_option
def new(path: Path, as_json: bool) -> int:
    """Make a file with fresh secrets that only you may read. One that is there is never replaced.

    Keep a copy in a safe: without it nothing that is stored can be found again.
    """
    try:
        write_pepper_file(path)
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}") from fault
    if as_json:
        output.figures({"file": str(path), "current": 1, "in_force": [1]})
    else:
        output.line(output.console(), f"{path}: name it in SAMEHAND_PEPPER_FILE, and keep a copy in a safe.")
    return 0


@command.command("rotate", short_help="Add a fresh secret as the current one.")
@_out_option
@output.json_option
def rotate(out: Path | None, as_json: bool) -> int:
    """Add a fresh secret to the file of SAMEHAND_PEPPER_FILE as the current one. The old ones stay in force.

    From then on accounts are distilled and looked up under each, so a mixture of old and new workers misses
    nothing. Each secret in force multiplies the work of an event: drop the old one when you can.

    \b
    The whole rotation:
      samehand pepper rotate       then restart every worker with the new file
      samehand rebuild             enrols every ban under both
      samehand pepper drop 1       says for how long to wait yet
    """
    path, before = _file()
    try:
        text, number = rotated(path.read_text("ascii"), datetime.now(UTC))
        if out is None:
            replace_file(path, text)
        else:
            _write_new(out, text)
    except (UnusablePepper, OSError) as fault:
        raise click.ClickException(_words(fault)) from fault
    if as_json:
        output.figures({"current": number, "in_force": [number, *(it.pepper_id for it in before.peppers)]})
        return 0
    words = f"Pepper {number} is current; {plural(len(before.peppers), 'older one')} in force."
    output.line(output.console(), words, _NEXT.format(old=before.current.pepper_id))
    return 0


@command.command("drop", short_help="Take an old secret away, once nothing needs it.")
@click.argument("number", type=click.IntRange(1, 255))
@click.option(
    "--anyway", is_flag=True, help="Though some accounts are no longer found: when a secret leaked."
)
@_out_option
@output.json_option
def drop(number: int, anyway: bool, out: Path | None, as_json: bool) -> int:
    """Take an old secret out of the file of SAMEHAND_PEPPER_FILE.

    Refuses while something is known under it alone: it reads every ban in the store, and counts from the
    rotation the days that new accounts are remembered for (SAMEHAND_REMEMBER_DAYS).
    """
    settings = load()
    path, peppers = _file(settings)
    if number not in {pepper.pepper_id for pepper in peppers.peppers}:
        raise click.ClickException(f"{path}: there is no pepper {number}")
    if number == peppers.current.pepper_id:
        raise click.ClickException(
            f"pepper {number} is the current one: `samehand pepper rotate` comes first"
        )
    text = path.read_text("ascii")
    need = _Need(awaited(_known_alone(settings, peppers, number)), _until(settings, text, peppers))
    if reasons := need.reasons(datetime.now(UTC), number):
        if not anyway:
            raise click.ClickException("; ".join(reasons))
        output.note("; ".join(reasons))
    try:
        if out is None:
            replace_file(path, without(text, number))
        else:
            _write_new(out, without(text, number))
    except OSError as fault:
        raise click.ClickException(_words(fault)) from fault
    left = [pepper.pepper_id for pepper in peppers.peppers if pepper.pepper_id != number]
    if as_json:
        output.figures({"dropped": number, "in_force": left, "bans_lost": need.bans})
    else:
        output.console().print(f"Pepper {number} is gone. Restart every worker with this file.")
    return 0


@dataclass(frozen=True, slots=True)
class _Need:
    """Who still needs a pepper: bans known under it alone, and remembered accounts until a moment."""

    bans: int
    until: datetime | None

    def reasons(self, now: datetime, number: int) -> list[str]:
        """Why it must stay."""
        reasons = []
        if self.bans:
            reasons.append(
                f"{plural(self.bans, 'banned account')} known under pepper {number} alone: "
                "restart the workers with the present file, then run `samehand rebuild`"
            )
        if self.until is not None and now < self.until:
            reasons.append(
                f"accounts remembered before the rotation are found under it until "
                f"{self.until:%Y-%m-%d %H:%M} UTC"
            )
        return reasons


async def _known_alone(settings: Settings, peppers: Peppers, number: int) -> int:
    """Bans in the store without a fingerprint under any other pepper in force."""
    others = {pepper.pepper_id for pepper in peppers.peppers} - {number}
    async with closing_store(settings, peppers) as store:
        await store.open()
        alone = 0
        async for bans in store.walk():
            alone += sum(others.isdisjoint(it.pepper_id for it in ban.fingerprints) for ban in bans)
        return alone


def _until(settings: Settings, text: str, peppers: Peppers) -> datetime | None:
    """When the last account remembered before the present pepper expires, where the file tells."""
    began = since(text, peppers.current.pepper_id)
    return None if began is None else began + timedelta(days=settings.remember_days)


def _file(settings: Settings | None = None) -> tuple[Path, Peppers]:
    settings = settings or load()
    if settings.pepper_file is None:
        peppers_of(settings)  # says what is missing
        raise AssertionError("peppers without a file")
    try:
        return settings.pepper_file, read_peppers([settings.pepper_file])
    except UnusablePepper as fault:
        raise SettingsError({"SAMEHAND_PEPPER_FILE": str(fault)}) from fault


def _write_new(path: Path, text: str) -> None:
    path.touch(0o600, exist_ok=False)
    replace_file(path, text)


def _words(fault: Exception) -> str:
    return f"{fault.filename}: {fault.strerror}" if isinstance(fault, OSError) else str(fault)
