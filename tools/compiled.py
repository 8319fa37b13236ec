"""The mind as machine code: the sources of ``samehand``, compiled by mypyc beside themselves.

``python -m tools.compiled [--into build/compiled] [--python EXE]``. What lies in the folder afterwards says
the same as the sources, sooner; put first on the path of Python, it is what a worker thinks with. It belongs
to the version of Python that runs this. ``EXE`` is the Python whose packages the mind is type checked
against, where that is another (the image's). Needs a C compiler, which takes one to two minutes.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MIND: Final = "samehand"
INTO: Final = ROOT / "build" / "compiled"

STAY: Final = {
    "names/cached_property.py": "it finds values in the instance's own __dict__, which native classes lack",
    "errors.py": "exceptions are raised seldom",
    "scoring/learn.py": "numpy does its work",
}
"""Modules that stay Python, and why. So do those of structs, whose options (``frozen``) mypyc would drop."""

_MACHINE_CODE: Final = "*.so"
_LIBRARY: Final = f"*__mypyc{_MACHINE_CODE}"  # what all modules share: it lies beside the package, not within
_SAID_MAX: Final = 4_000  # characters of a failed compiler's last words


class NotCompiled(RuntimeError):
    """mypyc or the C compiler refused; the message holds its last words."""


def compiled_modules(mind: Path) -> list[Path]:
    """The modules that become machine code, relative to the folder that the package lies in."""
    return [
        path.relative_to(mind.parent)
        for path in sorted(mind.rglob("*.py"))
        if path.name != "__init__.py"
        and path.relative_to(mind).as_posix() not in STAY
        and not _has_structs(path)
    ]


def _has_structs(path: Path) -> bool:
    classes = [
        node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)
    ]
    return any(ast.unparse(base) == "msgspec.Struct" for class_ in classes for base in class_.bases)


def compile_into(folder: Path, python: Path) -> int:
    """Lays the package and its machine code into a folder, in place of what it had of them; how many modules.

    Raises:
        NotCompiled: nothing was laid.
    """
    with tempfile.TemporaryDirectory(prefix="samehand-compiled-") as scratch:
        mind = Path(scratch) / MIND
        shutil.copytree(ROOT / MIND, mind, ignore=shutil.ignore_patterns("__pycache__", _MACHINE_CODE))
        modules = compiled_modules(mind)
        _compile(modules, Path(scratch), python)
        folder.mkdir(parents=True, exist_ok=True)
        for former in folder.glob(_LIBRARY):
            former.unlink()
        shutil.rmtree(folder / MIND, ignore_errors=True)
        shutil.copytree(mind, folder / MIND)
        for library in _libraries(Path(scratch)):
            shutil.copy2(library, folder)
    return len(modules)


def _libraries(scratch: Path) -> Iterator[Path]:
    libraries = list(scratch.glob(_LIBRARY))
    if not libraries:
        raise NotCompiled("mypyc ended well and left no machine code")
    yield from libraries


def _compile(modules: list[Path], scratch: Path, python: Path) -> None:
    command = [sys.executable, "-m", "mypyc", "--strict", "--python-executable", str(python)]
    done = subprocess.run(  # noqa: S603  # our own compiler on our own sources
        [*command, *map(str, modules)],
        cwd=scratch,
        # No debugging symbols: they would be most of the bytes.
        env={**os.environ, "PYTHONPATH": str(scratch), "MYPYC_DEBUG_LEVEL": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotCompiled(done.stdout[-_SAID_MAX:])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--into", type=Path, default=INTO, help="where the package goes with its machine code"
    )
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="whose packages it uses")
    chosen = parser.parse_args()
    try:
        count = compile_into(chosen.into.resolve(), chosen.python)
    except NotCompiled as fault:
        sys.exit(f"The mind was not compiled.\n{fault}")
    print(f"{count} modules of the mind as machine code: {chosen.into}")  # noqa: T201  # a command's answer
    print(f"PYTHONSAFEPATH=1 PYTHONPATH={chosen.into} samehand worker runs on it")  # noqa: T201  # the same


if __name__ == "__main__":
    main()
