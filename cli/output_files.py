"""Files that commands write; a wrong path and a full disk become errors of one line."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import click

from cli.exit_codes import NotDone
from cli.inputs.input_source import STDIN
from cli.options import InputFile

_OF_THE_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


@contextmanager
def writing(path: Path, option: str, *, private: bool = False) -> Iterator[BinaryIO]:
    """The file of ``option``, made or replaced; if it is ``private``, its owner alone may read it.

    To be opened before the work, so that a wrong path costs no waiting.

    Raises:
        click.BadParameter: it cannot be opened, or the command reads it, and would find it empty.
        NotDone: the disk is full, or fails; what stands there is not whole.
    """
    try:
        spare_inputs(path, option)
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        file = os.fdopen(os.open(path, flags, 0o600 if private else 0o666), "wb")
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            if private:
                os.fchmod(file.fileno(), 0o600)  # a file that was there has a mode of its own
            file.truncate()
    except OSError as fault:
        raise unwritable(path, fault, option) from fault
    try:
        with file:
            yield file
    except OSError as fault:
        raise unwritable(path, fault, option) from fault


def spare_inputs(path: Path, option: str) -> None:
    """Raises ``click.BadParameter`` for a file that the running command reads."""
    if any(path.is_file() and path.samefile(read) for read in _inputs()):
        raise click.BadParameter(f"{path}: is read by this command; name another file", param_hint=option)


def _inputs() -> Iterator[Path]:
    """The files that the running command was given to read."""
    context = click.get_current_context(silent=True)
    for parameter in () if context is None else context.command.params:
        if context is not None and isinstance(parameter.type, InputFile):
            given = context.params.get(parameter.name or "")
            files = given if isinstance(given, tuple) else (given,)
            yield from (file for file in files if isinstance(file, Path) and file != STDIN)


def write(path: Path, content: bytes, option: str) -> None:
    """All of a file at once, like :func:`writing`."""
    with writing(path, option) as file:
        file.write(content)


def make_folder(folder: Path, option: str) -> None:
    """Creates the folder of ``option``; to be called before the work, as :func:`writing`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise unwritable(folder, fault, option) from fault


@contextmanager
def replacing(path: Path, option: str) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` at the end; on any fault ``path`` stays as it was.

    Raises:
        click.BadParameter: it cannot be opened, or ``path`` is no regular file.
        NotDone: the disk is full, or fails.
    """
    if path.exists() and not path.is_file():
        raise click.BadParameter(f"{path}: not a regular file", param_hint=option)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        file = fresh.open("xb")
    except OSError as fault:
        raise unwritable(path, fault, option) from fault
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as fault:
        if fault.errno not in _OF_THE_DISK:
            raise
        raise NotDone(f"{path}: {fault.strerror}; it stays as it was") from fault
    finally:
        fresh.unlink(missing_ok=True)


def unwritable(path: Path, fault: OSError, option: str) -> click.ClickException:
    """The fault as a command ends with it: a wrong path is bad input, a full disk is not."""
    if fault.errno in _OF_THE_DISK:
        return NotDone(f"{path}: {fault.strerror}; the file is incomplete")
    return click.BadParameter(f"{path}: {fault.strerror}", param_hint=option)
