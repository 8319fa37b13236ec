"""Which format a file is in, and files of any format as one stream of entries and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, Literal, get_args

import click

from schemas.malformed import Malformed
from watchlists import ftm, ofac, plain, uk, xml_lists
from watchlists.documents import root_name
from watchlists.rows import ListRow
from watchlists.sources import ByteProgress, ListSource
from watchlists.tables import LINE_BYTES_MAX, column, header_of, rows

Format = Literal["ofac-csv", "ofac-xml", "un-xml", "uk-csv", "eu-xml", "ftm", "csv"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

Opening = Callable[[Path], AbstractContextManager[BinaryIO]]
"""How a file is opened, to be read in binary from its beginning."""


def open_file(path: Path) -> BinaryIO:
    return path.open("rb")


Hear = Callable[[int], None]
"""Called with the bytes read so far, over all files."""

_HEAD_BYTES: Final = 64 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_ROOTS: Final[dict[str, Format]] = {"sdnList": "ofac-xml", "CONSOLIDATED_LIST": "un-xml", "export": "eu-xml"}


def format_of(head: bytes) -> Format | None:
    """The format of a file by its first bytes; ``None`` where it is none of ours."""
    start = head.removeprefix(_BOM).lstrip()
    if start.startswith(b"<") or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _ROOTS.get(root_name(head))
    if start.startswith(b"{"):
        return "ftm"
    first = next(iter(rows(BytesIO(head))), None)
    if first is not None and not isinstance(first.cells, Malformed) and _is_ofac(first.cells):
        return "ofac-csv"
    by_names: tuple[tuple[Format, frozenset[str]], ...] = (("uk-csv", uk.REQUIRED), ("csv", plain.REQUIRED))
    for form, required in by_names:
        if header_of(BytesIO(head), required)[1]:
            return form
    return None


def read_lists(
    paths: Sequence[Path],
    *,
    chosen: Format | None = None,
    authority: str | None = None,
    hear: Hear,
    opening: Opening = open_file,
) -> Iterator[ListRow]:
    """Rows of all files, each where it is in which (`file:row 7`); ``authority`` instead of the format's own.

    Raises ``click.ClickException`` for a file that cannot be opened, is in no known format, or needs an
    ``authority``.
    """
    counted = ByteProgress(hear)
    with ExitStack() as opened:
        sorted_out = [(path, *_opened(path, chosen, opened, opening)) for path in paths]
        if not authority and (nameless := [path for path, _, form in sorted_out if form == "ftm"]):
            raise click.ClickException(f"{nameless[0]}: FollowTheMoney names no authority: give --authority")
        yield from _ofac_csv(
            [(path, file) for path, file, form in sorted_out if form == "ofac-csv"], authority, counted
        )
        for path, file, form in sorted_out:
            if form != "ofac-csv":
                source = ListSource(file, counted)
                for row in _reader(form, source, authority):
                    yield replace(row, where=f"{path}:{row.where}")


def not_read(path: Path, *, chosen: Format | None = None, opening: Opening) -> tuple[str, ...]:
    """The columns of a plain CSV that nothing is read from; none of any other format, which has many."""
    with opening(path) as file:
        head = file.read(_HEAD_BYTES)
    if (chosen or format_of(head)) != "csv":
        return ()
    _, names = header_of(BytesIO(head), plain.REQUIRED)
    return tuple(name for name in names if column(name) not in plain.COLUMNS)


def _opened(
    path: Path, chosen: Format | None, opened: ExitStack, opening: Opening
) -> tuple[BinaryIO, Format]:
    try:
        file = opened.enter_context(opening(path))
        head = file.read(_HEAD_BYTES)
        file.seek(0)
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror or 'cannot be read'}") from fault
    form = chosen or format_of(head)
    if not head.strip():
        raise click.ClickException(f"{path}: is empty")
    if form is None:
        raise click.ClickException(
            f"{path}: its format is not recognised: name it with --format (docs/watchlists.md)"
        )
    return file, form


def _reader(form: Format, source: ListSource, authority: str | None) -> Iterator[ListRow]:
    match form:
        case "ofac-xml":
            return ofac.read_xml(source, authority=authority or ofac.AUTHORITY)
        case "un-xml":
            return xml_lists.read_un(source, authority=authority or xml_lists.UN)
        case "uk-csv":
            return uk.read_csv(source, authority=authority or uk.AUTHORITY)
        case "eu-xml":
            return xml_lists.read_eu(source, authority=authority or xml_lists.EU)
        case "ftm":
            return ftm.read_lines(source, authority=authority or "")
        case _:
            return plain.read_csv(source, authority=authority or "")


def _ofac_csv(
    files: list[tuple[Path, BinaryIO]], authority: str | None, counted: ByteProgress
) -> Iterator[ListRow]:
    """Reads SDN.CSV together with its ALT.CSV; the number of cells distinguishes them."""
    names: list[tuple[Path, BinaryIO]] = []
    aliases: list[tuple[Path, BinaryIO]] = []
    for path, file in files:
        first = next(iter(rows([file.readline(LINE_BYTES_MAX)])), None)
        file.seek(0)
        cells = first.cells if first is not None else []
        (aliases if not isinstance(cells, Malformed) and len(cells) == ofac.ALT_CELLS else names).append(
            (path, file)
        )
    if not names and not aliases:
        return
    if len(names) != 1 or len(aliases) > 1:
        raise click.ClickException(
            "OFAC's CSV comes as one SDN.CSV and one ALT.CSV: import each pair by itself"
        )
    (path, file), alias_path = names[0], aliases[0][0] if aliases else names[0][0]
    alternatives = ListSource(aliases[0][1], counted) if aliases else ()
    read = ofac.read_csv(ListSource(file, counted), alternatives, authority=authority or ofac.AUTHORITY)
    for row in read:
        alias = row.where.removeprefix("alias ")
        yield replace(row, where=f"{path if alias == row.where else alias_path}:{alias}")


def _is_ofac(cells: list[str]) -> bool:
    if not cells or not cells[0].strip().isdecimal():
        return False
    return len(cells) == ofac.SDN_CELLS or (len(cells) == ofac.ALT_CELLS and cells[1].strip().isdecimal())
