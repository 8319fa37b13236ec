"""Words that name nobody: everyday.txt, a table of concepts, each with its words in every language.

Add a word once, to its concept and under its language, and every reader of such words has it: decorations of
names (:mod:`samehand.frequency.name_prior.decorations`), fan accounts (:mod:`samehand.signals.fan_account`),
claims of another account (:func:`samehand.normalize.contact.contacts.claims`).

A line is a language (BCP 47; ``und`` for words of no language) and its words, as people write them in their
own script or in Latin letters. A word that is also a common name (`ben`, `ana`, `wali`, `guan`, `alam`) is
left out, or marked by a star and then read in sentences only: a name that is taken for such a word no longer
counts. An underscore joins the words of a term that is written apart. Written by hand from general knowledge.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

Concepts = dict[str, dict[str, tuple[str, ...]]]


def read_table(path: str) -> Concepts:
    """The table of a file within samehand.normalize; its lines that begin with ``#`` are remarks."""
    table = resources.files("samehand.normalize").joinpath(path).read_text("utf-8")
    concepts: Concepts = {}
    concept = ""
    for line in filter(None, table.splitlines()):
        if line.startswith("["):
            concept = line.strip("[]")
            concepts[concept] = {}
        elif not line.startswith("#"):
            language, *words = line.split()
            concepts[concept][language] = concepts[concept].get(language, ()) + tuple(words)
    return concepts


EVERYDAY: Final = read_table("text/everyday.txt")
"""The words by concept and language, as they are written."""


def words_of(*concepts: str, table: Concepts = EVERYDAY) -> list[str]:
    """The words of some concepts in all languages, as they are written."""
    return [
        word.rstrip("*").replace("_", " ")
        for concept in concepts
        for words in table[concept].values()
        for word in words
    ]


def decorating_words() -> list[str]:
    """The words that decorate a name: all except those that are names as well, and the admirers'."""
    return [
        word.replace("_", " ")
        for concept, languages in EVERYDAY.items()
        for words in languages.values()
        for word in words
        if concept != "admirer" and not word.endswith("*")
    ]
