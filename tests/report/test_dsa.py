"""The eleven files of the transparency report have the regulation's form."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from report.dsa import FOLDER, PARTS, Annex

ANNEX = ("Example, Ltd", date(2026, 1, 1), date(2026, 12, 31))


def rows_of(files: dict[str, bytes], part: int) -> list[list[str]]:
    return list(csv.reader(io.StringIO(files[f"{PARTS[part]}.csv"].decode(), newline=""), strict=True))


def test_files_keep_headers_byte_for_byte_and_end_lines_as_rfc_4180_does() -> None:
    files = Annex(*ANNEX).files()
    assert len(files) == 11
    for name, content in files.items():
        template = (FOLDER / name).read_bytes()
        assert content.split(b"\r\n")[0] == template.split(b"\n")[0]
        assert content.count(b"\n") == content.count(b"\r\n")
        assert b"YYYY" not in content
        rows = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
        assert len({len(row) for row in rows}) == 1


def test_value_stands_in_its_cell_alone_and_the_rest_is_listed_as_empty() -> None:
    annex = Annex(*ANNEX)
    empty = Annex(*ANNEX).empty()
    security = ("STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY", "KEYWORD_TERRORIST_CONTENT")
    annex.put(5, security, "Account restriction Suspension", 7)
    annex.put(8, ("Accuracy of the automated means - Recall", "Own-initiative "), "Value", 0.93751)
    files = annex.files()
    [row] = [row for row in rows_of(files, 5) if "7" in row]
    assert row[1:4] == ["Example, Ltd", "2026-01-01/2026-12-31", "KEYWORD_TERRORIST_CONTENT"]
    [row] = [row for row in rows_of(files, 8) if "0.9375" in row]
    assert row[5] == "Own-initiative "
    assert "Account restriction Suspension" in empty[PARTS[5]]
    assert "Account restriction Suspension" not in annex.empty()[PARTS[5]]
    assert annex.empty()[PARTS[3]] == empty[PARTS[3]]


@pytest.mark.parametrize(
    ("value", "written"), [(0.93751, "0.9375"), (12_345.5, "12345.5"), (100.0, "100"), (0.00001, "0")]
)
def test_number_has_no_exponent(value: float, written: str) -> None:
    annex = Annex(*ANNEX)
    annex.put(8, ("Accuracy of the automated means - Recall", "Own-initiative "), "Value", value)
    assert [row[6] for row in rows_of(annex.files(), 8)[1:] if row[6]] == [written]


def test_row_that_the_regulation_lacks_is_refused() -> None:
    with pytest.raises(KeyError, match="Part_5"):
        Annex(*ANNEX).put(5, ("STATEMENT_CATEGORY_WEATHER",), "Account restriction Suspension", 1)
