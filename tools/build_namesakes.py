"""Builds bench/real/namesakes.txt.xz: names by language and script, with the share of people who bear each.

    python -m tools.build_namesakes --names names

From the lists that tools/build_commonness.py reads, with the same packages; its docstring says how they come.
Nothing of the mind reads the file: it is drawn from where namesakes are measured (bench.real.namesakes).

A ranked name has the share that its rank has by that build's curve. The others follow, those that more of the
lists name first, until all shares are one: no list says how common they are.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import lzma
import pkgutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.build_commonness import (
    FAMILY_SHARE,
    FLATNESS,
    GIVEN_SHARE,
    HERE,
    MORE_LOCALES,
    OTHER_SPELLING,
    USUAL_SPELLING,
    flat,
    further_lists,
    name_kind,
    readings,
    sections,
)

TARGET: Final = HERE.parent / "bench" / "real" / "namesakes.txt.xz"
LANGUAGES: Final = ("ur", "ps", "sd", "bal", "pa", "fa", "ar", "hi", "bn", "tr", "ru", "so", "ha", "sw", "id")
# These are written in Latin letters, with marks or without.
WRITTEN_IN_LATIN: Final = frozenset(("tr", "so", "ha", "sw", "id"))
# A name rarer than this is drawn once in some thousand draws of a language: the file stays small.
SHARE_MIN: Final = 2e-5

Lists = dict[tuple[str, str], list[list[str]]]


def plain_lists(folder: Path) -> Lists:
    """The lists of the packages by language and kind."""
    names_by_list: Lists = defaultdict(list)
    root = importlib.import_module("faker.providers.person")
    for module in sorted(entry.name for entry in pkgutil.iter_modules(root.__path__)):
        provider = importlib.import_module(f"faker.providers.person.{module}").Provider
        for attribute in sorted(vars(provider)):
            kind = name_kind(attribute)
            names = getattr(provider, attribute)
            if kind is not None and isinstance(names, (list, tuple, set, frozenset, dict)):
                names_by_list[module.split("_")[0], kind].append(
                    [reading for name in names for reading in readings(name)]
                )
    data = Path(importlib.import_module("mimesis").__file__ or "").parent / "datasets"
    for locale in MORE_LOCALES:
        lists = json.loads((data / locale / "person.json").read_text(encoding="utf-8"))
        for attribute, kind in (("names", "given"), ("surnames", "family")):
            names_by_list[locale.split("-")[0], kind].append(flat(lists.get(attribute, [])))
    for language, kind, names, _ in further_lists(folder):
        names_by_list[language, kind].append(names)
    return {
        head: [[name for name in names if len(name.split()) == 1] for names in lists]
        for head, lists in names_by_list.items()
    }


def bearers(folder: Path) -> Iterator[tuple[str, str, str, float, str]]:
    """Language, kind, script (`latin` or `own`), share and name."""
    plain = plain_lists(folder)
    ranked: dict[tuple[str, str], list[str]] = defaultdict(list)
    for head, entries in sections(HERE / "commonness" / "names.txt").items():
        language, kind = head.split()
        ranked[language, kind] += entries
    for language in LANGUAGES:
        latin = language in WRITTEN_IN_LATIN
        for kind in ("given", "family"):
            for script in ("latin",) if latin else ("latin", "own"):
                wanted = None if latin else script == "latin"
                shares = _shares(
                    language, kind, ranked[language, kind], plain.get((language, kind), []), wanted
                )
                whole = sum(shares.values())
                for name, share in shares.items():
                    if share / whole >= SHARE_MIN:
                        yield language, kind, script, share / whole, name


def _shares(
    language: str, kind: str, ranked: list[str], lists: list[list[str]], wanted: bool | None
) -> dict[str, float]:
    """Shares by spelling: of those in ASCII (``wanted``), of all others, or of either (``None``)."""
    height = GIVEN_SHARE if kind == "given" else FAMILY_SHARE[language]
    shares: dict[str, float] = defaultdict(float)
    for rank, entry in enumerate(ranked):
        spellings_text, _, times = entry.partition("*")
        share = height / (rank + 1.0 + FLATNESS) * float(times or 1)
        spellings = [
            spelling
            for spelling in spellings_text.split("|")
            if spelling and wanted in (None, spelling.isascii())
        ]
        for place, spelling in enumerate(spellings):
            rest = OTHER_SPELLING / max(len(spellings) - 1, 1)
            shares[spelling] += share * (rest if place else USUAL_SPELLING if len(spellings) > 1 else 1.0)
    if not shares:
        return {}
    listed = Counter(
        name.lower() for names in lists for name in set(names) if wanted in (None, name.isascii())
    )
    tail = [name for name in listed if name not in shares]
    tail.sort(key=lambda name: (-listed[name], hashlib.sha256(name.encode()).digest()))
    whole = sum(shares.values())
    for rank, name in enumerate(tail, len(ranked)):
        if whole >= 1.0:
            break
        share = height / (rank + 1.0 + FLATNESS)
        shares[name] += share
        whole += share
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--names", type=Path, required=True, help="the folder with the archives of names")
    parser.add_argument("--target", type=Path, default=TARGET, help="where to write")
    options = parser.parse_args()
    lines: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for language, kind, script, share, name in bearers(options.names):
        lines[language, kind, script].append(f"{share:.3g} {name}")
    text = "".join(f"[{' '.join(head)}]\n" + "\n".join(names) + "\n" for head, names in lines.items())
    packed = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME, format=lzma.FORMAT_XZ)
    options.target.write_bytes(packed)
    sys.stdout.write(f"{sum(map(len, lines.values()))} names, {len(packed)} bytes packed\n")


if __name__ == "__main__":
    main()
