"""A fault is looked for where its line says."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.mapping.positions import line_of, positions
from tests.tables import for_each

TEXT = """\
# a comment = with a sign
[topics."a.b"]
format = "json"
fields.bio = "text"

[topics."a.b".fields]
"account_id" = "id"
links = { from = "urls",
}

[[topics."a.b".rules]]
as = "created"

[[topics."a.b".rules]]
as = "banned"
[topics."a.b".rules.fields]
banned_at = "at"
"""


@for_each(
    ("path", "line"),
    [
        (("topics", "a.b"), 2),
        (("topics", "a.b", "format"), 3),
        (("topics", "a.b", "fields", "bio"), 4),
        (("topics", "a.b", "fields", "account_id"), 7),
        (("topics", "a.b", "fields", "links", "unit"), 8),  # not there: the nearest that it would stand in
        (("topics", "a.b", "rules", 0, "as"), 12),
        (("topics", "a.b", "rules", 1), 14),
        (("topics", "a.b", "rules", 1, "as"), 15),
        (("topics", "a.b", "rules", 1, "fields", "banned_at"), 17),
        (("nothing",), 1),
        ((), 1),
    ],
)
def test_a_key_is_on_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, path) == line


KEYS = st.text("ab.=#[\"' é", min_size=1, max_size=4)


def _quoted(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@given(
    st.dictionaries(KEYS, st.dictionaries(KEYS.filter(lambda key: "=" not in key), st.integers(), min_size=1))
)
def test_every_key_of_any_table_is_found_on_the_line_that_it_was_written_on(tables: dict[str, Any]) -> None:
    lines: list[str] = []
    wanted: dict[tuple[str, ...], int] = {}
    for table, pairs in tables.items():
        lines.append(f"[{_quoted(table)}]")
        wanted[table,] = len(lines)
        for key, value in pairs.items():
            lines.append(f"{_quoted(key)} = {value}")
            wanted[table, key] = len(lines)
    text = "\n".join(lines)
    tomllib.loads(text)
    found = positions(text)
    assert {path: found[path] for path in wanted} == wanted


@given(st.text(max_size=200))
def test_whatever_the_text_is_a_line_is_named(text: str) -> None:
    assert line_of(text, ("topics", "x", "rules", 0)) >= 1
