"""Tests mirror the source by folder. What holds for all of them is set before anything imports numpy."""

from __future__ import annotations

import os

# One thread of linear algebra a process: beside other test processes more would spin for the same cores, and
# learning from verdicts took seven times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
