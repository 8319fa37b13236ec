"""Files that commands write; a wrong path and a full disk become errors of one line."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import click

from cli.exit_codes import NotDone

_OF_THE_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


@contextmanager
def writing(path: Path, option: str, *, private: bool = False) -> Iterator[BinaryIO]:
    """The file of ``option``, made or replaced; if it is made as ``private``, its owner alone may read it.

    To be opened before the work, so that a wrong path costs no waiting.

    Raises:
        click.BadParameter: it cannot be opened.
        NotDone: the disk is full, or fails; what stands there is not whole.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        file = os.fdopen(os.open(path, flags, 0o600 if private else 0o666), "wb")
    except OSError as fault:
        raise unwritable(path, fault, option) from fault
    try:
        with file:
            yield file
    except OSError as fault:
        raise unwritable(path, fault, option) from fault


def write(path: Path, content: bytes, option: str) -> None:
    """All of a file at once, like :func:`writing`."""
    with writing(path, option) as file:
        file.write(content)


def unwritable(path: Path, fault: OSError, option: str) -> click.ClickException:
    """The fault as a command ends with it: a wrong path is bad input, a full disk is not."""
    if fault.errno in _OF_THE_DISK:
        return NotDone(f"{path}: {fault.strerror}; the file is incomplete")
    return click.BadParameter(f"{path}: {fault.strerror}", param_hint=option)
