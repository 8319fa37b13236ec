"""Standard output and error as they come: a closed pipe, a full disk, a terminal with few characters."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import IO, Any, Final, TextIO, cast

ERROR_HANDLER: Final = "samehand-plain"

# One character for one where there is one, so that columns stay columns.
_PLAIN: Final = {"…": "...", **dict(zip("█→–—✓✗×•·’‘“”", "#>--+xx*.''\"\"", strict=True))}


class OutputFailed(Exception):  # says what happened; "error" would add nothing
    """Standard output or error takes no more. ``closed``: its reader closed it, as `head` does.

    No :class:`OSError`, so that nobody on the way takes it for a fault of a file or a connection of theirs.
    """

    def __init__(self, name: str, fault: OSError) -> None:
        self.closed = isinstance(fault, BrokenPipeError)
        super().__init__(f"{name}: {fault.strerror or 'cannot be written'}")


@contextmanager
def standard_streams() -> Iterator[None]:
    """Standard output and error that raise :class:`OutputFailed`, and can write every text.

    What their encoding lacks is written out: our own signs become plain ones, anybody else's letter becomes
    its code point, ``<U+0639>``, as :func:`report.text.visible` writes what nobody sees. Without this a name
    in another script would end a command half-way.
    """
    # A process that was started with `<&-` has 0 to 2 free for its next file or socket, and libuv aborts
    # a worker that closes one below 3.
    for number in range(3):  # in this order: what is opened gets the lowest number that is free
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    codecs.register_error(ERROR_HANDLER, _written_out)
    with (
        redirect_stdout(_watched(sys.stdout, "standard output")),
        redirect_stderr(_watched(sys.stderr, "standard error")),
    ):
        yield


def _watched(stream: TextIO | None, name: str) -> TextIO:
    if stream is None:  # closed by the shell, `>&-`: nobody wants to read it
        stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # as long as the process
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=ERROR_HANDLER)
    return cast(TextIO, _Watched(stream, name))


class _Watched:
    """A text stream that says of itself that it failed."""

    def __init__(self, stream: IO[str], name: str) -> None:
        self._stream = stream
        self._name = name

    def write(self, text: str) -> int:
        """As of any text stream. Raises ``OutputFailed``."""
        if text == "":  # click probes with it, and a full device refuses even that
            return 0
        try:
            return self._stream.write(text)
        except OSError as fault:
            raise self._failed(fault) from fault

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as fault:
            raise self._failed(fault) from fault

    def __getattr__(self, name: str) -> Any:
        """Returns whether it is a terminal, its encoding and so on."""
        if name == "buffer":  # click writes UTF-8 there, past us, where the encoding is ASCII
            raise AttributeError(name)
        return getattr(self._stream, name)

    def _failed(self, fault: OSError) -> OutputFailed:
        """Sends what is still held nowhere: Python would try once more at exit, and complain."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        return OutputFailed(self._name, fault)


def _written_out(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    lacking = fault.object[fault.start : fault.end]
    return "".join(_PLAIN.get(character, f"<U+{ord(character):04X}>") for character in lacking), fault.end
