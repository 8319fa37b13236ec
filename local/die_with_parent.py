"""Start a command that dies with its parent: ``python -I -S die_with_parent.py PARENT COMMAND…``.

The kernel sends the command SIGKILL when its parent dies, however the parent dies (``prctl(2)``,
``PR_SET_PDEATHSIG``, which survives ``execve``). SIGKILL and not SIGTERM, since a command that is stopped by
SIGSTOP would never see SIGTERM. A script of its own and not ``preexec_fn``: Python code between fork and exec
can deadlock in a parent with threads. It imports nothing of the house, so that it starts in a blink.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
EXIT_ORPHANED = 70


def leash(parent: int) -> None:
    """Tie this process to its parent, whose pid is ``parent``; exit at once if the parent is gone already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it died between our fork and the line above: nobody will tell us any more
        sys.exit(EXIT_ORPHANED)


def main(arguments: list[str]) -> None:
    """Become the command in ``arguments``, leashed to the process named by the first of them."""
    parent, *command = arguments
    leash(int(parent))
    os.execvp(command[0], command)  # noqa: S606  # becoming the command given by our own launcher is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
