"""Tests mirror the source by folder. Set here, before anything imports numpy, is what holds for all of them."""

from __future__ import annotations

import os

# One thread of linear algebra a process: beside other test processes more would spin for the same cores, and
# learning from verdicts took seven times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
