"""``samehand hash-avatar``: what a picture's hash is, to put into records or to compare by hand."""

from __future__ import annotations

from pathlib import Path

import click

from desk.cli import say
from desk.cli.inputs import FILE
from desk.words import visible
from samehand.picture import IMAGE_BYTES_MAX, Picture, Unseen, installed, seen
from samehand.signals.avatar import QUALITY_MIN


@click.command("hash-avatar", short_help="Hash pictures as an avatar is hashed (PDQ).")
@click.argument("files", nargs=-1, required=True, type=FILE)
@say.json_option
def command(files: tuple[Path, ...], as_json: bool) -> int:
    """Hash pictures as an avatar is hashed: PDQ in hexadecimal, quality, name of the file.

    FILES are JPEG, PNG, GIF or WebP of at most 256 KiB. A quality below 50 says that the picture is too flat
    to be recognised. Needs the extra `avatar`.

    \b
    Examples:
      samehand hash-avatar avatar.jpg
      samehand hash-avatar --json *.png
    """
    if not installed():
        raise click.ClickException("pictures cannot be read here: install samehand[avatar]")
    pictures = {str(path): _hashed(path) for path in files}
    if as_json:
        say.figures({"pictures": [_figures(name, found) for name, found in pictures.items()]})
        return 0
    for name, found in pictures.items():
        poor = "  too flat to be evidence" if found.quality < QUALITY_MIN else ""
        click.echo(f"{found.pdq.hex()}  {found.quality:3}  {visible(name, 1024)}{poor}")
    return 0


def _hashed(path: Path) -> Picture:
    try:
        with path.open("rb") as file:
            found = seen(file.read(IMAGE_BYTES_MAX + 1))
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}") from fault
    if isinstance(found, Unseen):
        detail = f" ({found.detail})" if found.detail else ""
        raise click.ClickException(f"{path}: {found.reason}{detail}")
    return found


def _figures(name: str, found: Picture) -> dict[str, str | int | bool]:
    return {
        "file": name,
        "pdq": found.pdq.hex(),
        "quality": found.quality,
        "evidence": found.quality >= QUALITY_MIN,
    }
