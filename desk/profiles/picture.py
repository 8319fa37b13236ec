"""Draws a stranger's picture anew, in a child process with bounds of its own.

A decoder that a crafted picture breaks ends with its child, and no byte of the original reaches a browser.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

PICTURE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of the original; platforms keep avatars below a tenth of it."""

_CHILD: Final = Path(__file__).with_name("redraw.py")


async def redrawn(image: bytes) -> bytes | None:
    """Returns the picture as a small WebP, None where it is none that can be drawn.

    The child ends with the caller's wait: put a timeout round it.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",  # neither the environment nor the working directory names modules
        str(_CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        drawn, _ = await child.communicate(image)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return drawn if child.returncode == 0 and drawn else None
