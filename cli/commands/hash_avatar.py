"""``samehand hash-avatar``: what a picture's hash is, to put into records or to compare by hand."""

from __future__ import annotations

from pathlib import Path

import click

from cli import output
from cli.inputs.input_source import read_bytes, shown_path
from cli.options import FILE
from report.text import plural, visible
from samehand.pictures.hashing import IMAGE_BYTES_MAX, Unseen, installed, seen
from samehand.signals.avatar import QUALITY_MIN


@click.command("hash-avatar", short_help="Print the perceptual hash (PDQ) of pictures.")
@click.argument("files", nargs=-1, required=True, type=FILE)
@output.json_option
def command(files: tuple[Path, ...], as_json: bool) -> int:
    """Print the perceptual hash (PDQ) of pictures, as samehand computes it for avatars.

    Use it to put hashes into records yourself, or into the list of stock pictures
    (SAMEHAND_AVATAR_BLOCKLIST). FILES are JPEG, PNG, GIF or WebP of at most 256 KiB each. Prints one line a
    picture: the hash in hexadecimal, its quality (0 to 100; below 50 the picture is too flat to be
    compared) and the file. Pictures that cannot be read are reported on standard error, and the exit code
    is then 2. Needs the extra samehand[avatar].

    \b
    Examples:
      samehand hash-avatar avatar.jpg
      samehand hash-avatar --json *.png
    """
    if not installed():
        raise click.ClickException("reading pictures needs the extra: pip install 'samehand[avatar]'")
    good: list[dict[str, str | int | bool]] = []
    bad: list[dict[str, str]] = []
    for path in files:
        name, picture = shown_path(path), seen(read_bytes(path, IMAGE_BYTES_MAX + 1))
        if isinstance(picture, Unseen):
            bad.append({"file": name, "reason": picture.reason, "detail": picture.detail})
            detail = f" ({picture.detail})" if picture.detail else ""
            output.note(f"{visible(name, 1024)}: {picture.reason}{detail}")
            continue
        good.append(
            {
                "file": name,
                "pdq": picture.pdq.hex(),
                "quality": picture.quality,
                "evidence": picture.quality >= QUALITY_MIN,
            }
        )
        if not as_json:
            poor = "  too flat to be evidence" if picture.quality < QUALITY_MIN else ""
            click.echo(f"{picture.pdq.hex()}  {picture.quality:3}  {visible(name, 1024)}{poor}")
    if as_json:
        output.figures({"pictures": good, "bad": bad})
    if bad:
        raise click.ClickException(f"{plural(len(bad), 'picture')} of {len(files)} cannot be used")
    return 0
