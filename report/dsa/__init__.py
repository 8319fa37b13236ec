"""The transparency report of the Digital Services Act: Annex I of Implementing Regulation (EU) 2024/2835.

The files beside this module are the regulation's own templates, with their rows in its order and its headers
byte for byte; the states and languages that it abbreviates as ``[...]`` are written out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent

PARTS: Final[Mapping[int, str]] = {
    int(path.name.split("_")[1]): path.stem for path in sorted(FOLDER.glob("Part_*.csv"))
}
"""The names of the eleven files by number."""

CATEGORY: Final = 3
"""The column of parts 3 to 6 that holds a category or, below it, one of its keywords."""

TOTAL: Final = "TOTAL"

_PERIOD: Final = "YYYY-MM-DD/YYYY-MM-DD"
_TO_FILL: Final = frozenset(
    {"YYYY-MM-DD", "Text", "Free text", 'Text to detail the "Other" keyword.', _PERIOD}
)
_CONTEXT: Final = "contextual information"

Cell = int | float | str


@dataclass(slots=True)
class Annex:
    """The eleven files of one service and period (the last day included), to be filled cell by cell."""

    service: str
    first: date
    last: date
    _rows: dict[int, list[list[str]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        period = f"{self.first.isoformat()}/{self.last.isoformat()}"
        for part, name in PARTS.items():
            with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as template:
                self._rows[part] = list(csv.reader(template))
            header, *rows = self._rows[part]
            for row in rows:
                row[:] = ["" if cell in _TO_FILL else cell for cell in row]
                for column, value in (("Service", self.service), ("Reporting period", period)):
                    if column in header:
                        row[header.index(column)] = value

    def put(self, part: int, where: tuple[str, ...], column: str, value: Cell) -> None:
        """Fills the cell of a column in the row whose last keys are ``where``.

        In parts 3 to 6 ``where`` is a category, or a category and a keyword of it; in the others the cells
        before the value, from the last one back to where they are unique.

        Raises:
            KeyError: the part has no such row.
        """
        header = self._rows[part][0]
        row = next((row for keys, row in self._keyed(part) if keys[-len(where) :] == where), None)
        if row is None:
            raise KeyError(f"{PARTS[part]} has no row {where}")
        # No exponent, which a reader of the file may not expect.
        row[header.index(column)] = (
            f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        )

    def _keyed(self, part: int) -> Iterator[tuple[tuple[str, ...], list[str]]]:
        header, *rows = self._rows[part]
        category = TOTAL
        for row in rows:
            if 3 <= part <= 6:
                if not row[CATEGORY].startswith("KEYWORD_"):
                    category = row[CATEGORY]
                    yield (category,), row
                else:
                    yield (category, row[CATEGORY]), row
            else:
                yield tuple(row[: header.index("Value")] if "Value" in header else row[:1]), row

    def categories(self) -> Iterator[tuple[str, ...]]:
        """Yields each category, and each keyword below its category, that parts 4, 5 and 6 all have."""
        others = [{keys for keys, _ in self._keyed(part)} for part in (4, 6)]
        for keys, _ in self._keyed(5):
            if keys != (TOTAL,) and all(keys in other for other in others):
                yield keys

    def files(self) -> dict[str, bytes]:
        """Returns the files by name: UTF-8, lines and quotes as RFC 4180 has them."""
        files = {}
        for part, rows in sorted(self._rows.items()):
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\r\n").writerows(rows)
            files[f"{PARTS[part]}.csv"] = text.getvalue().encode()
        return files

    def empty(self) -> dict[str, list[str]]:
        """Returns by file what stays empty: columns without any value, or indicators without one."""
        empty = {}
        for part, (header, *rows) in sorted(self._rows.items()):
            if "Value" in header:
                indicator, value = header.index("Indicator"), header.index("Value")
                filled = {row[indicator] for row in rows if row[value]}
                unfilled = (row[indicator].strip() for row in rows if row[indicator] not in filled)
                left = list(dict.fromkeys(unfilled))
            else:
                left = [
                    name.strip()
                    for column, name in enumerate(header)
                    if column > CATEGORY
                    and name != "Scope"
                    and not name.lower().startswith(_CONTEXT)
                    and not any(row[column] for row in rows)
                ]
            if left:
                empty[PARTS[part]] = left
        return empty
