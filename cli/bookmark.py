"""How far a long command went, in a small file of its own."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import msgspec

from cli import output
from cli.exit_codes import NotDone
from cli.options import OUT_FILE, option
from streams.settings import Settings

_BYTES_MAX: Final = 1024 * 1024
"""Of the file: a line of some twenty bytes a partition. What is named by mistake may have no end."""


class _Noted(msgspec.Struct, frozen=True):
    """The file: offsets by partition, and of which topic and store."""

    topic: str
    store: str
    epoch: str
    offsets: dict[int, int]


@dataclass(slots=True)
class Bookmark:
    """Belongs to one topic and one life of one store: another ``epoch`` is another life.

    A command that reads files and no store gives the brokers as ``store`` and the digest of its input as
    ``epoch``.
    """

    path: Path
    topic: str
    store: str
    epoch: str
    usable: bool = True

    def write(self, offsets: dict[int, int]) -> None:
        """Notes offsets, whole or not at all. Where it cannot, it says so once, and the command goes on."""
        if not self.usable:
            return
        noted = msgspec.json.encode(_Noted(self.topic, self.store, self.epoch, offsets))
        beside = self.path.with_suffix(f".{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(noted)
            beside.replace(self.path)
        except OSError as fault:
            self.usable = False
            output.note(
                f"{self.path}: {fault.strerror}: progress is not saved, an interrupted run starts over"
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other runs off this bookmark. Raises `NotDone` if one has it.

        Where no file can be made nothing is held, and the first `write` says why.
        """
        path = self.path.with_name(f".{self.path.name}.lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("ab")
        except OSError:
            yield
            return
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                mine = path.stat().st_ino == os.fstat(file.fileno()).st_ino  # its last holder removes it
            except (BlockingIOError, FileNotFoundError):
                mine = False
            except OSError:
                mine = True  # a file system without locks
            if not mine:
                raise NotDone(
                    f"{self.path}: another run saves its progress there; wait until it ends, or name another "
                    "file (--bookmark)"
                )
            try:
                yield
            finally:
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        if self.usable:
            self.path.unlink(missing_ok=True)


bookmark_option = option(
    "--bookmark",
    "Save the progress to this file; by default in SAMEHAND_DATA_DIR, or in your own data folder.",
    OUT_FILE,
    "bookmark_path",
)


def default_bookmark(settings: Settings, name: str) -> Path:
    """Where a command keeps its bookmark unless it is given another file."""
    return (settings.data_dir or Path(click.get_app_dir("samehand"))) / name


def read_bookmark(bookmark: Bookmark) -> dict[int, int]:
    """The offsets noted for this topic and this life of the store; none where there are none of it.

    Raises `click.BadParameter` for a file that is no bookmark, which the next note would replace.
    """
    try:
        with bookmark.path.open("rb") as file:
            content = file.read(_BYTES_MAX)
        if bookmark.path.is_file() and not content:
            return {}
        noted = msgspec.json.decode(content, type=_Noted)
    except OSError:
        return {}
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise click.BadParameter(
            f"{bookmark.path}: is no bookmark; name another file, or remove this one", param_hint="--bookmark"
        ) from None
    mine = (bookmark.topic, bookmark.store, bookmark.epoch)
    if not bookmark.epoch or (noted.topic, noted.store, noted.epoch) != mine:
        return {}
    return dict(noted.offsets)
