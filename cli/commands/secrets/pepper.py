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
from cli import output
from cli.options import out_file_option
from cli.run_async import awaited
from cli.store_context import closing_store
from report.text import plural
from store.pepper.pepper import Peppers, UnusablePepper, read_peppers, write_pepper_file
from store.pepper.rotation import replace_file, rotated, since, without
from streams.errors import SettingsError
from streams.settings import Settings, load

_NEXT = (
    "Restart every worker with this file, then `samehand rebuild`, and later `samehand pepper drop {old}`."
)


@click.group("pepper", short_help="Create, rotate and drop the secret keys for personal values.")
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


_out_option = out_file_option(
    "Write the new pepper file here and leave the old one unchanged, for example if it is read-only."
)


@command.command("new", short_help="Create a pepper file.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@output.json_option
def new(path: Path, as_json: bool) -> int:
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
    if as_json:
        output.figures({"file": str(path), "current": 1, "in_force": [1]})
    else:
        output.line(output.console(), f"{path}: name it in SAMEHAND_PEPPER_FILE, and keep a copy in a safe.")
    return 0


@command.command("rotate", short_help="Add a new secret and make it current.")
@_out_option
@output.json_option
def rotate(out: Path | None, as_json: bool) -> int:
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
    try:
        text, number = rotated(path.read_text("ascii"), datetime.now(UTC))
        if out is None:
            replace_file(path, text)
        else:
            _write_new(out, text)
    except (UnusablePepper, OSError) as fault:
        raise click.ClickException(_words(fault)) from fault
    if as_json:
        output.figures(
            {"current": number, "in_force": [number, *(pepper.pepper_id for pepper in before.peppers)]}
        )
        return 0
    words = f"Pepper {number} is current; {plural(len(before.peppers), 'older one')} in force."
    output.line(output.console(), words, _NEXT.format(old=before.current.pepper_id))
    return 0


@command.command("drop", short_help="Remove an old secret that nothing needs any more.")
@click.argument("number", type=click.IntRange(1, 255))
@click.option(
    "--anyway",
    is_flag=True,
    help="Remove it even if some accounts are then no longer found, for example because it leaked.",
)
@_out_option
@output.json_option
def drop(number: int, anyway: bool, out: Path | None, as_json: bool) -> int:
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
    # Accounts remembered before the present pepper expire when it has been in force for so long.
    began = since(text, peppers.current.pepper_id)
    until = None if began is None else began + timedelta(days=settings.remember_days)
    need = _Need(awaited(_known_alone(settings, peppers, number)), until)
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


def _write_new(path: Path, text: str) -> None:
    path.touch(0o600, exist_ok=False)
    replace_file(path, text)


def _words(fault: Exception) -> str:
    return f"{fault.filename}: {fault.strerror}" if isinstance(fault, OSError) else str(fault)
