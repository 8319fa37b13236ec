"""Files of any format, in any order, are one stream of entries with addresses."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tests.watchlists.makers import ALT_CSV, PLAIN_CSV, SDN_CSV, SDN_XML, UK_CSV, UN_XML
from watchlists.lists import format_of, read_lists


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (SDN_CSV, "ofac-csv"),
        (ALT_CSV, "ofac-csv"),
        (SDN_XML, "ofac-xml"),
        (UN_XML, "un-xml"),
        (UK_CSV, "uk-csv"),
        (PLAIN_CSV, "csv"),
        (b"\xef\xbb\xbf" + PLAIN_CSV, "csv"),
        (b"", None),
        (b"<html></html>", None),
        (b"<!DOCTYPE sdnList><sdnList/>", None),
        (b"a,b\n1,2\n", None),
    ],
)
def test_a_format_is_recognised_by_its_beginning(raw: bytes, form: str | None) -> None:
    assert format_of(raw) == form


def test_aliases_have_the_address_of_their_own_file_and_every_byte_is_heard(tmp_path: Path) -> None:
    (tmp_path / "SDN.CSV").write_bytes(SDN_CSV)
    (tmp_path / "ALT.CSV").write_bytes(ALT_CSV + b'9,9,"aka","NOBODY FRONT",-0- \n')
    heard: list[int] = []
    paths = [tmp_path / "ALT.CSV", tmp_path / "SDN.CSV"]
    found = list(read_lists(paths, hear=heard.append))
    assert f"{tmp_path / 'ALT.CSV'}:row 4" in {one.address for one in found}
    assert f"{tmp_path / 'SDN.CSV'}:row 1" in {one.address for one in found}
    assert heard[-1] == sum(path.stat().st_size for path in paths)


def test_a_file_that_is_gone_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="No such file"):
        list(read_lists([tmp_path / "gone.csv"], hear=lambda done: None))
