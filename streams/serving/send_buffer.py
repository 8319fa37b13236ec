"""How much of an answer the kernel holds for a client that does not read."""

from __future__ import annotations

from typing import Final

SEND_BYTES: Final = 64 * 1024
"""What the kernel is asked for; Linux takes twice that. It would take 2.5 MB a connection, and a client that
reads nothing would be answered forty times before anybody noticed. An answer of ours is a few KB, the largest
page 100: over a way of 100 ms so much at a time still carries a megabyte a second."""
