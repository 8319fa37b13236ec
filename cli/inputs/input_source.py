"""Where a command reads from: a file, or standard input for ``-``; what comes only once can be read again.

Standard input and pipes (``<(zcat bans.gz)``) are copied to an unnamed temporary file when they are first
opened: some commands read their files several times. The copy goes with the command, even if it is killed.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

import click

from report.text import visible

STDIN: Final = Path("-")

KEPT_BYTES_MAX: Final = 16 * 1024**3
"""Of standard input or a pipe: sixteen million accounts. One that never ends must not fill the disk."""

_SHOWN_CHARS_MAX: Final = 4_096  # the longest path there can be
_CHUNK_BYTES: Final = 1024 * 1024
_KEPT: Final = "samehand.kept_inputs"  # in the context's `meta`, which lives as long as the command


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """``path`` from its beginning, to be read in binary.

    Raises ``click.ClickException`` in one line where it cannot be opened or read.
    """
    try:
        with _file(path) as file:
            yield file
    except OSError as fault:
        raise click.ClickException(f"{shown_path(path)}: {fault.strerror or 'cannot be read'}") from fault


def read_bytes(path: Path, bytes_max: int = -1) -> bytes:
    """All of ``path``, or its first ``bytes_max`` bytes, like :func:`opened`."""
    with opened(path) as file:
        return file.read(bytes_max)


def size_bytes(path: Path) -> int:
    """How much there is to read; 0 where it cannot be asked."""
    kept = _kept().get(path)
    try:
        return path.stat().st_size if kept is None else os.fstat(kept.fileno()).st_size
    except OSError:
        return 0


def shown_path(path: Path) -> str:
    """The path for people; nothing in it is obeyed by a terminal."""
    return "standard input" if path == STDIN else visible(str(path), _SHOWN_CHARS_MAX)


def _file(path: Path) -> BinaryIO:
    if path != STDIN and stat.S_ISREG(path.stat().st_mode):
        return path.open("rb")
    kept = _kept()
    if path not in kept:
        copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  # closed with the command
        if (context := click.get_current_context(silent=True)) is not None:
            context.find_root().call_on_close(copy.close)
        if path == STDIN:
            if sys.stdin is None:
                raise click.ClickException("standard input is closed; name a file, or pipe one in")
            _copy(path, sys.stdin.buffer, copy)
        else:
            with path.open("rb") as pipe:
                _copy(path, pipe, copy)
        kept[path] = copy
    file = os.fdopen(os.dup(kept[path].fileno()), "rb")
    file.seek(0)
    return file


def _kept() -> dict[Path, BinaryIO]:
    """The copies of the running command; without one, nothing is kept."""
    context = click.get_current_context(silent=True)
    return {} if context is None else cast("dict[Path, BinaryIO]", context.meta.setdefault(_KEPT, {}))


def _copy(path: Path, source: BinaryIO, copy: BinaryIO) -> None:
    done = 0
    while chunk := source.read(_CHUNK_BYTES):
        done += len(chunk)
        if done > KEPT_BYTES_MAX:
            raise click.ClickException(
                f"{shown_path(path)}: over {KEPT_BYTES_MAX // 1024**3} GiB; use a file"
            )
        copy.write(chunk)
    copy.flush()
