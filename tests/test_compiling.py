"""What becomes machine code, and what must stay Python."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.house import ROOT
from tools import compiled
from tools.compiled import MIND, STAY, NotCompiled, compile_into, compiled_modules


@cache
def chosen() -> set[str]:
    return {path.as_posix() for path in compiled_modules(ROOT / MIND)}


def test_what_every_pair_goes_through_is_compiled() -> None:
    path = {
        "samehand/scoring/score.py",
        "samehand/scoring/upper_bound.py",
        "samehand/names/similarity.py",
        "samehand/signals/handle.py",
    }
    assert path <= chosen()


def test_records_stay_python_or_they_would_lose_their_options() -> None:
    with_structs = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / MIND).rglob("*.py")
        if "(msgspec.Struct" in path.read_text("utf-8")
    }
    assert with_structs
    assert chosen().isdisjoint(with_structs)


def test_what_is_named_as_staying_is_there() -> None:
    assert {name for name in STAY if not (ROOT / MIND / name).is_file()} == set()
    assert chosen().isdisjoint(f"{MIND}/{name}" for name in STAY)


def test_where_the_compiler_refuses_nothing_is_laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tree" / MIND).mkdir(parents=True)
    (tmp_path / "tree" / MIND / "wrong.py").write_text("count: int = 'three'\n", "utf-8")
    monkeypatch.setattr(compiled, "ROOT", tmp_path / "tree")
    with pytest.raises(NotCompiled, match=r"wrong\.py:1: error"):
        compile_into(tmp_path / "into", Path("python3"))
    assert not (tmp_path / "into").exists()
