"""A revision laid aside: its files, an environment from its lock, its mind compiled as its image has it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from bench.index.population import cache_folder

ROOT: Final = Path(__file__).resolve().parents[2]

_COMPILED: Final = "build/compiled"
_WHOLE: Final = ".laid-aside"


class CannotBeLaid(RuntimeError):  # says what failed; "error" would add nothing
    """There is no such revision, or it cannot be installed; says what failed, and its last words."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A tree of ours that can run, as tables call it; Python looks into ``modules`` first.

    ``python -m`` runs the module ``command_line``.
    """

    name: str
    python: Path
    modules: str
    command_line: str = "cli"

    @property
    def environment(self) -> Mapping[str, str]:
        """Its processes find its own modules, wherever they are started."""
        return {"PYTHONSAFEPATH": "1", "PYTHONPATH": self.modules}

    @property
    def form(self) -> str:
        return "compiled" if self.modules else "in Python"


def today(environment: Mapping[str, str] = os.environ) -> Revision:
    """The tree that this runs from; its mind is machine code where `make` has put that first."""
    path = environment.get("PYTHONPATH", "")
    return Revision("today", Path(sys.executable), path if path.endswith(_COMPILED) else "")


def laid_aside(revision: str) -> Revision:
    """The revision, installed beside the populations that benches keep: made once, some minutes.

    Raises:
        CannotBeLaid: git does not know it, or it cannot be installed.
    """
    commit = (
        _said(["git", "-C", str(ROOT), "rev-parse", "--verify", f"{revision}^{{commit}}"]).strip().decode()
    )
    root = cache_folder() / "revisions" / commit
    if not (root / _WHOLE).exists():
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        with tarfile.open(fileobj=BytesIO(_said(["git", "-C", str(ROOT), "archive", commit]))) as files:
            files.extractall(root, filter="data")
        python = Path(sys.base_prefix) / "bin" / "python3"  # both run on the same
        _said(["make", "-C", str(root), "install", f"PYTHON={python}"])
        if shutil.which("cc") and re.search(
            r"^compiled:", (root / "Makefile").read_text("utf-8"), re.MULTILINE
        ):
            _said(["make", "-C", str(root), "compiled"])
        (root / _WHOLE).touch()
    compiled = root / _COMPILED
    modules = str(compiled) if compiled.exists() else ""
    # Until November 2026 the command line lay in the desk's folder.
    command_line = "cli" if (root / "cli").exists() else "desk.cli"
    return Revision(commit[:7], root / ".venv" / "bin" / "python", modules, command_line)


def _said(command: list[str]) -> bytes:
    clean = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")
    }
    done = subprocess.run(command, env=clean, capture_output=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).decode(errors="replace")[-2_000:]
        raise CannotBeLaid(f"{' '.join(command[:4])} failed:\n{words}")
    return done.stdout
