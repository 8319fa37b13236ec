"""Official lists: read, compared with the previous import, approved."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.watchlist.alias_filter import ALIAS_LENGTH_MAX, telling
from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.accounts import AccountBanned
from schemas.malformed import Malformed
from schemas.wire import Decoded, Decoder, encode
from tests.tables import for_each
from tests.watchlists.makers import (
    ALT_CSV,
    EU_XML,
    FTM,
    PLAIN_CSV,
    SDN_CSV,
    SDN_XML,
    UK_CSV,
    UN_XML,
    entries,
    faults,
    front_and_person,
    lines,
    names,
    source,
)
from watchlists import changes, documents, ftm, ofac, plain, uk, xml_lists
from watchlists.bans import ban_of
from watchlists.changes import (
    ImportedChange,
    Listings,
    ListingState,
    ListState,
    add,
    change_of,
    compared,
    read_state,
    recent,
    state_lines,
    why_stopped,
)
from watchlists.documents import elements, root_name
from watchlists.lists import FORMATS, format_of, read_lists
from watchlists.rows import REFERENCE_CHARS_MAX, an_entry, iso_date, tidy
from watchlists.sources import ByteProgress, ListSource
from watchlists.tables import LINE_BYTES_MAX, column, records, rows

# Files of any format, in any order, are one stream of entries with addresses.


@for_each(
    ("raw", "form"),
    [
        (SDN_CSV, "ofac-csv"),
        (ALT_CSV, "ofac-csv"),
        (SDN_XML, "ofac-xml"),
        (UN_XML, "un-xml"),
        (UK_CSV, "uk-csv"),
        (EU_XML, "eu-xml"),
        (FTM, "ftm"),
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
    assert f"{tmp_path / 'ALT.CSV'}:row 4" in {one.where for one in found}
    assert f"{tmp_path / 'SDN.CSV'}:row 1" in {one.where for one in found}
    assert heard[-1] == sum(path.stat().st_size for path in paths)


def test_a_file_that_is_gone_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="No such file"):
        list(read_lists([tmp_path / "gone.csv"], hear=lambda done: None))


# A damaged file of any format gives what is readable, and faults.

READERS = {
    "ofac-csv": lambda raw: ofac.read_csv(lines(raw), lines(raw)),
    "ofac-xml": lambda raw: ofac.read_xml(BytesIO(raw)),
    "un-xml": lambda raw: xml_lists.read_un(BytesIO(raw)),
    "uk-csv": lambda raw: uk.read_csv(lines(raw)),
    "eu-xml": lambda raw: xml_lists.read_eu(BytesIO(raw)),
    "ftm": lambda raw: ftm.read_lines(source(raw), authority="XX"),
    "csv": lambda raw: plain.read_csv(lines(raw), authority="PK"),
}

FILES: dict[str, bytes] = {
    "ofac-csv": SDN_CSV,
    "ofac-xml": SDN_XML,
    "un-xml": UN_XML,
    "uk-csv": UK_CSV,
    "eu-xml": EU_XML,
    "ftm": FTM,
    "csv": PLAIN_CSV,
}


def test_every_format_keeps_the_contract() -> None:
    assert READERS.keys() == FILES.keys() == set(FORMATS)


@for_each("form", READERS)
def test_each_format_tells_organisations_from_persons_and_leaves_the_acronym(form: str) -> None:
    found = [row.outcome for row in READERS[form](FILES[form]) if isinstance(row.outcome, WatchlistEntry)]
    front = next(entry for entry in found if "Front" in entry.name.title())
    assert [entry.person for entry in found if "EXAMPLE" in entry.name.upper()] == [True]
    kept, _ = telling(front)
    assert front.name.title() == "Northern Valley Liberation Front"
    assert front.aliases[0] in kept
    assert "NVLF" not in {alias.text for alias in kept}
    assert front.authority
    assert not front.person


@pytest.mark.parametrize("form", READERS)
@given(data=st.data())
def test_a_damaged_file_gives_entries_and_faults_and_never_an_exception(
    form: str, data: st.DataObject
) -> None:
    raw = FILES[form]
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 40)))
    damaged = raw[:start] + data.draw(st.binary(max_size=40)) + raw[end:]
    for row in READERS[form](damaged):
        assert row.where
        if isinstance(row.outcome, WatchlistEntry):
            assert row.outcome.reference
            assert all(tidy(alias.text) == alias.text != "" for alias in row.outcome.aliases)


# XML that is made to hurt is refused, and what came before it is kept.

WANTED = frozenset({"ENTITY"})
BOMB = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l><ENTITY>&b;</ENTITY></l>'
FILE = b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]><l><ENTITY>&x;</ENTITY></l>'


def read(raw: bytes) -> list[str]:
    return [
        found.reason if isinstance(found, Malformed) else "".join(found.itertext())
        for found in elements(BytesIO(raw), WANTED)
    ]


@for_each("raw", [BOMB, FILE, b"<!DOCTYPE l><l/>"])
def test_a_doctype_is_refused_before_any_entity_is_looked_at(raw: bytes) -> None:
    assert read(raw) == ["not-allowed"]
    assert root_name(raw) == ""


def test_entries_before_a_break_are_kept() -> None:
    assert read(b"<l><ENTITY>one</ENTITY><ENTITY>two</ENTI") == ["one", "bad-format"]


def test_an_unknown_encoding_is_a_fault() -> None:
    assert read(b'<?xml version="1.0" encoding="klingon"?><l/>') == ["bad-format"]


def test_depth_is_bounded() -> None:
    assert read(b"<l>" * 10_000) == ["nested-too-deep"]


def test_one_entry_is_bounded_in_elements_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "NODES_MAX", 10)
    assert read(b"<l><ENTITY>" + b"<a/>" * 11) == ["too-many"]
    monkeypatch.setattr(documents, "TEXT_CHARS_MAX", 10)
    assert read(b"<l><ENTITY>" + b"word " * 11 + b"</ENTITY></l>") == ["too-long"]
    assert read(b'<l><ENTITY a="' + b"word " * 11 + b'"></ENTITY></l>') == ["too-long"]


@pytest.mark.parametrize(
    "opening", [b'<l><ENTITY a="', b"<l><!--", b"<l><?x "], ids=["tag", "comment", "order"]
)
def test_a_tag_without_an_end_is_not_held_whole(opening: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "TAG_BYTES_MAX", 100_000)
    assert read(opening + b"x" * 1_000_000) == ["too-long"]
    short = b"<l><!-- note --><ENTITY>one</ENTITY>" * 20_000
    assert read(short[:-1])[:2] == ["one", "one"]
    assert "too-long" not in read(b"<l>" + b"<ENTITY>one</ENTITY> \n" * 20_000 + b"</l>")


def test_a_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "FILE_BYTES_MAX", 10)
    assert read(b"<l>" + b" " * 100 + b"</l>") == ["too-large"]


def test_namespaces_do_not_matter() -> None:
    assert read(b'<l xmlns="urn:new"><ENTITY>one</ENTITY></l>') == ["one"]


# Rows are numbered as a person counts them, whatever the encoding.


def test_each_line_is_read_in_its_own_encoding_and_empty_ones_do_not_count() -> None:
    read = list(rows(lines("\ufeffñ,1\n\n".encode() + "ñ,2\n".encode("cp1252") + b"\x1a\n")))
    assert [(row.number, row.cells) for row in read] == [(1, ["ñ", "1"]), (2, ["ñ", "2"])]


def test_titles_above_the_names_of_columns_are_passed_over() -> None:
    (row,) = records(lines(b"Report of today\nThe Name, Other\na,b\n"), frozenset({"thename"}))
    assert (row.number, row.values) == (1, {"thename": "a", "other": "b"})


def test_without_names_of_columns_nothing_is_guessed() -> None:
    (row,) = records(lines(b"a,b\n" * 20), frozenset({"name"}))
    assert isinstance(row.values, Malformed)
    assert row.number == 0


def test_columns_are_known_in_any_spelling() -> None:
    assert column("Name 6") == column("NAME_6") == column(" name6 ") == "name6"


# Values of lists are tidied the same way everywhere.


@for_each("text", ["2011-07-29", "29/07/2011", "29-Jul-2011", "29 Jul 2011", "2011-07-29T00:00:00Z"])
def test_dates_as_lists_write_them(text: str) -> None:
    assert iso_date(text) == "2011-07-29"


@given(st.text(max_size=60))
def test_any_other_date_is_none(text: str) -> None:
    found = iso_date(text)
    assert found is None or len(found) == 10


# What is read is counted, and no line is held whole that has no end.


def test_lines_and_chunks_are_counted_over_all_files() -> None:
    heard: list[int] = []
    counted = ByteProgress(heard.append)
    assert list(ListSource(BytesIO(b"one\ntwo\n"), counted)) == [b"one\n", b"two\n"]
    assert ListSource(BytesIO(b"three"), counted).read(3) == b"thr"
    assert heard == [4, 8, 11]


def test_a_line_without_end_comes_in_pieces() -> None:
    pieces = list(ListSource(BytesIO(b"x" * (LINE_BYTES_MAX + 1)), ByteProgress(lambda done: None)))
    assert [len(piece) for piece in pieces] == [LINE_BYTES_MAX, 1]


# OFAC's two formats say the same, and bad rows have their number.


def test_ofac_csv_joins_names_and_aliases_by_number() -> None:
    found = entries(ofac.read_csv(lines(SDN_CSV), lines(ALT_CSV)))
    front, person = front_and_person(found)
    assert names(front) == {
        "NORTHERN VALLEY LIBERATION FRONT": False,
        "VALLEY BRIGADES OF THE NORTH": False,
        "NVLF": True,
    }
    assert (front.authority, front.reference, front.programmes) == ("US", "101", ("SDGT", "FTO"))
    assert person.name == "EXAMPLE, Somebody"
    assert len(found) == 3, "the ship is nobody"


def test_old_ofac_files_are_windows_1252() -> None:
    assert "COMPAÑIA DE LA COSTA SUR" in {e.name for e in entries(ofac.read_csv(lines(SDN_CSV)))}


def test_ofac_xml_says_the_same_as_its_csv() -> None:
    front, person = front_and_person(entries(ofac.read_xml(BytesIO(SDN_XML))))
    assert front == front_and_person(entries(ofac.read_csv(lines(SDN_CSV), lines(ALT_CSV))))[0]
    assert person.name == "Somebody EXAMPLE"


def test_bad_rows_of_ofac_have_their_number_and_the_rest_is_read() -> None:
    broken = b'x,"A",-0- ,"P",,,,,,,,\n101,"B FRONT",-0- ,"P",,,,,,,,\n101,"C",-0- ,"P",,,,,,,,\n102,"D"\n'
    read = list(ofac.read_csv(lines(broken), lines(b'7,1,"aka","E",-0- \n1,2\n')))
    assert faults(read) == [
        ("row 1", "bad-format"),
        ("row 3", "contradiction"),
        ("row 4", "bad-row"),
        ("alias row 1", "contradiction"),
        ("alias row 2", "bad-row"),
    ]
    assert [row.outcome.name for row in read if isinstance(row.outcome, WatchlistEntry)] == ["B FRONT"]


# The UK's list is a row a name.


def test_uk_csv_gathers_the_rows_of_one_listing() -> None:
    front, person = front_and_person(entries(uk.read_csv(lines(UK_CSV))))
    assert front.name == "NORTHERN VALLEY LIBERATION FRONT", "the primary name leads"
    assert names(front)["NVLF"]
    assert names(front)["جبهة تحرير الوادي"] is False
    assert (front.reference, front.listed_on) == ("XXX0001", "2011-07-29")
    assert person.name == "Somebody EXAMPLE"


def test_the_list_before_it_is_read_as_well() -> None:
    old = (
        b"Last Updated,20/11/2026\nName 6,Name 1,Name 2,Name 3,Name 4,Name 5,Alias Type,Alias Quality,Regime,"
        b"Listed On,Group Type,Group ID\nVALLEY FRONT,,,,,,Primary name,,Example,29/07/2011,Entity,77\n"
    )
    (front,) = entries(uk.read_csv(lines(old)))
    assert (front.name, front.reference, front.listed_on) == ("VALLEY FRONT", "77", "2011-07-29")


# The UN's list gives names in their own script.


def test_un_xml_has_the_original_script_and_the_date() -> None:
    person, front = entries(xml_lists.read_un(BytesIO(UN_XML)))
    assert list(names(front)) == [
        "Northern Valley Liberation Front",
        "جبهة تحرير الوادي الشمالي",
        "Valley Brigades of the North",
    ]
    assert (front.reference, front.programmes, front.listed_on) == ("XXe.001", ("Al-Qaida",), "2011-07-29")
    assert names(person) == {"Somebody Example": False, "Sample": True}
    assert person.person


# The EU's list has its names in attributes.


def test_eu_xml_has_names_in_every_script_programme_and_date() -> None:
    front, person = front_and_person(entries(xml_lists.read_eu(BytesIO(EU_XML))))
    assert names(front) == {
        "Northern Valley Liberation Front": False,
        "جبهة تحرير الوادي الشمالي": False,
        "NVLF": True,
    }
    assert (front.authority, front.reference, front.programmes, front.listed_on) == (
        *("EU", "EU.1.11", ("XX",)),
        "2011-07-29",
    )
    assert (person.name, person.reference) == ("Somebody Example", "2"), "parts of a name, and no number yet"


def test_an_entry_of_the_eu_that_is_neither_person_nor_enterprise_is_told() -> None:
    raw = EU_XML.replace(b'code="person" classificationCode="P"', b'code="vessel" classificationCode="V"')
    assert faults(xml_lists.read_eu(BytesIO(raw))) == [("entry 2", "not-allowed")]


# A plain list reads back what was written, and bad rows are told.


@for_each("mark", [b"", b"\xef\xbb\xbf"])
def test_plain_csv_splits_aliases(mark: bytes) -> None:
    front, person = front_and_person(entries(plain.read_csv(lines(mark + PLAIN_CSV), authority="PK")))
    assert list(names(front)) == [
        "Northern Valley Liberation Front",
        "Valley Brigades of the North",
        "NVLF",
        "جبهة تحرير الوادي",
    ]
    assert (front.authority, front.programmes, front.listed_on) == ("PK", ("Schedule I",), "2019-05-01")
    assert person.name == "Somebody Example"


@for_each(
    ("rows", "fault"),
    [
        ("reference,title\n1,A", ("line of names", "missing-field")),
        ("reference,name\n,A Front", ("row 1", "missing-field")),
        ("reference,name\n1,", ("row 1", "missing-field")),
        ("reference,name,type\n1,A Front,ship", ("row 1", "not-allowed")),
        ("reference,name,listed_on\n1,A Front,soon", ("row 1", "bad-date")),
        ("reference,name\n1,A Front,what", ("row 1", "bad-row")),
        ("reference,name,authority\n1,A Front,two words", ("row 1", "bad-format")),
        (f"reference,name\n{'1' * 300},A Front", ("row 1", "too-long")),
        (f"reference,name\n1,{'A' * 3000}", ("row 1", "too-long")),
        ('reference,name\n1,"A Front', ("row 1", "bad-row")),
    ],
)
def test_bad_rows_of_a_plain_list_are_told(rows: str, fault: tuple[str, str]) -> None:
    assert faults(plain.read_csv(lines(rows.encode()), authority="PK")) == [fault]


def test_wide_text_is_refused_in_plain_words() -> None:
    (row,) = plain.read_csv(lines("reference,name\n1,A".encode("utf-16")), authority="PK")
    assert isinstance(row.outcome, Malformed)


@given(
    found=st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,20}", fullmatch=True),
            st.text(st.characters(codec="utf-8", exclude_characters=";"), min_size=1, max_size=40),
            st.lists(st.text(st.characters(codec="utf-8", exclude_characters=";"), max_size=40), max_size=4),
        ).filter(lambda one: bool(tidy(one[1]))),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_as_plain_csv_reads_back(found: list[tuple[str, str, list[str]]]) -> None:
    def quoted(text: str) -> str:
        return '"' + tidy(text).replace('"', '""') + '"'

    rows = [f"{quoted(ref)},{quoted(name)},{quoted(';'.join(more))}" for ref, name, more in found]
    raw = "\n".join(["reference,name,aliases", *rows]).encode()
    expected = [
        an_entry("PK", ref, map(Alias, (name, *(text for text in more)))) for ref, name, more in found
    ]
    assert [row.outcome for row in plain.read_csv(lines(raw), authority="PK")] == expected


# Entities of FollowTheMoney: who is listed, by which names, and what a hostile line costs.


def test_listed_entities_are_read_in_both_editions() -> None:
    rows = list(ftm.read_lines(source(b"\xef\xbb\xbf" + FTM), authority="XX"))
    front, person = front_and_person(entries(rows))
    assert front == WatchlistEntry(
        authority="XX", reference="xx-front", aliases=front.aliases, programmes=("xx_list", "XX-TERROR")
    )
    assert list(names(front).items()) == [
        ("Northern Valley Liberation Front", False),
        ("جبهة تحرير الوادي الشمالي", False),
        ("Valley Brigades of the North", False),
        ("Old Valley Front", False),
        ("NVLF", True),
    ]
    assert person.programmes == ("xx_list", "Example Regime"), "of a nested sanction"
    assert [row.where for row in rows if row.outcome is None] == ["line 4", "line 5", "line 6"]


def test_whoever_may_be_a_person_is_one() -> None:
    either = entries(ftm.read_lines(source(FTM), authority="XX"))[2]
    assert (either.reference, either.person) == ("xx-either", True)


@for_each(
    "topic", ["sanction.linked", "sanction.control", "sanction.counter", "role.pep", "role.journo", "crime"]
)
def test_no_other_topic_makes_a_listing(topic: str) -> None:
    raw = FTM.replace(b'"sanction","crime.terror"', f'"{topic}"'.encode())
    assert "xx-front" not in {
        entry.reference for entry in entries(ftm.read_lines(source(raw), authority="XX"))
    }


@for_each(
    ("line", "reason"),
    [
        ("{", "not-json"),
        ("[]", "wrong-type"),
        ('{"id":1,"schema":"Person"}', "wrong-type"),
        ('{"op":"ADD","entity":{"id":"xx","schema":"Person"}}', "wrong-type"),
        ('{"id":"x","schema":"Person","properties":{"name":"not a list"}}', "wrong-type"),
        ('{"id":"x","schema":"Person","properties":{"topics":["sanction"]}}', "missing-field"),
        ('{"id":"","schema":"Person","properties":{"topics":["sanction"],"name":["A"]}}', "missing-field"),
        ('{"id":"x","schema":"Person","other":' + "[" * 100_000, "nested-too-deep"),
        ('{"id":"x","other":"' + "y" * 2_000 + '"}', "too-large"),
    ],
)
def test_a_bad_line_is_told_and_the_rest_is_read(
    line: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason == "too-large":
        monkeypatch.setattr(ftm, "LINE_BYTES_MAX", 900)
    raw = FTM.split(b"\n", 1)[0] + b"\n\n" + line.encode() + b"\n" + FTM
    rows = list(ftm.read_lines(source(raw), authority="XX"))
    assert faults(rows) == [("line 3", reason)]
    assert len(rows) == 8, "an empty line is none"


def test_a_stream_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ftm, "FILE_BYTES_MAX", 2_000)
    rows = list(ftm.read_lines(source(FTM * 10), authority="XX"))
    assert faults(rows) == [(rows[-1].where, "too-large")]


# The changes between two imports account for every name, and a state reads back as it was written.


references = st.sampled_from(["1", "2", "3"])
imports = st.lists(
    st.tuples(references, st.sets(st.sampled_from(["Ä Front", "Army\u2028", "جبهة"]))), max_size=5
)


def imported(rows: list[tuple[str, set[str]]]) -> Listings:
    listings: Listings = {}
    for reference, shown in rows:
        entry = WatchlistEntry(authority="XX", reference=reference, aliases=(Alias(f"Front {reference}"),))
        add(listings, entry, {f"watchlist:XX:{reference}:{name}": name for name in shown})
    return listings


def keys(listings: Listings) -> set[str]:
    return {key for listing in listings.values() for key in listing.names}


@given(before=imports, after=imports, complete=st.booleans())
def test_added_and_removed_names_lead_from_one_import_to_the_next(
    before: list[tuple[str, set[str]]], after: list[tuple[str, set[str]]], complete: bool
) -> None:
    former, now = imported(before), imported(after)
    found = compared(former, now, complete=complete)
    every = [*found.listed, *found.changed, *found.removed, *found.not_found]
    assert {key for it in every for key in it.added} == keys(now) - keys(former)
    assert {key for it in every for key in it.removed} == keys(former) - keys(now)
    assert {it.reference for it in every} >= {at for _, at in former.keys() ^ now.keys()}
    assert not (found.removed if not complete else found.not_found)


@given(rows=imports)
def test_a_state_reads_back(
    rows: list[tuple[str, set[str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "state"
    path.write_bytes(b"".join(state_lines(ListState(imported(rows)))))
    assert read_state(path) == ListState(imported(rows))


def test_a_state_is_bounded_and_a_missing_one_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_state(tmp_path / "none") is None
    (tmp_path / "state").write_bytes(b"".join(state_lines(ListState(imported([("1", set()), ("2", set())])))))
    monkeypatch.setattr(changes, "ENTRIES_MAX", 1)
    with pytest.raises(click.ClickException, match="more listings"):
        read_state(tmp_path / "state")


# An import stops where too much of a list changed within a month.

DAY = 86_400.0


def listings(*references: str) -> Listings:
    return {("XX", it): ListingState("XX", it, "Front", {f"watchlist:XX:{it}": "Front"}) for it in references}


HUNDRED = listings(*(str(number) for number in range(100)))


def stopped(now: Listings, *lately: ImportedChange) -> bool:
    former = ListState(HUNDRED, lately)
    return why_stopped(former, compared(former.listings, now, complete=True), 40 * DAY) is not None


def without(count: int) -> Listings:
    return dict(list(HUNDRED.items())[count:])


def test_new_list_stops_and_a_known_one_only_above_a_tenth() -> None:
    assert why_stopped(None, None, 0.0) is not None
    assert not stopped(HUNDRED)
    assert not stopped(without(10))
    assert stopped(without(11))


def test_one_listing_with_many_new_names_stops() -> None:
    names = {f"watchlist:XX:1:{number}": f"Front {number}" for number in range(11)}
    assert stopped({**HUNDRED, ("XX", "1"): ListingState("XX", "1", "Front", names)})


def test_small_changes_of_a_month_add_up_and_older_ones_do_not() -> None:
    assert stopped(without(1), ImportedChange(39 * DAY, 6, 6), ImportedChange(30 * DAY, 4, 4))
    assert not stopped(without(1), ImportedChange(39 * DAY, 6, 6), ImportedChange(9 * DAY, 4, 4))
    assert not stopped(HUNDRED, ImportedChange(39 * DAY, 60, 60)), "nothing changes today"


def test_change_counts_names_that_came_and_went() -> None:
    former, now = listings("1", "2", "3"), listings("1", "2", "4")
    now["XX", "1"] = ListingState("XX", "1", "Front", {"watchlist:XX:1": "Front", "watchlist:XX:1b": "Army"})
    assert change_of(compared(former, now, complete=True), 7.0) == ImportedChange(7.0, 3, 3)


def test_state_reads_back_with_what_changed_lately_and_without_it(tmp_path: Path) -> None:
    state = ListState(listings("1"), (ImportedChange(1.5, 2, 3),))
    (tmp_path / "state").write_bytes(b"".join(state_lines(state)))
    assert read_state(tmp_path / "state") == state
    (tmp_path / "former").write_bytes(b"".join(list(state_lines(state))[1:]))
    assert read_state(tmp_path / "former") == ListState(listings("1"))


def test_changes_of_a_month_are_capped() -> None:
    assert len(recent([ImportedChange(DAY, 1, 1)] * 1_001, DAY)) == 1_000


# A name of a listing is a ban that every worker reads.


NOW = 1_764_000_000.0


@given(
    authority=st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,31}", fullmatch=True),
    reference=st.text(min_size=1, max_size=REFERENCE_CHARS_MAX).map(tidy).filter(bool),
    name=st.text(min_size=1, max_size=ALIAS_LENGTH_MAX).map(tidy).filter(bool),
    person=st.booleans(),
)
def test_any_telling_name_reads_back_from_the_wire(
    authority: str, reference: str, name: str, person: bool
) -> None:
    entry = WatchlistEntry(authority=authority, reference=reference, aliases=(Alias(name),), person=person)
    ban = ban_of(entry, entry.aliases[0], now=NOW, expires_at=NOW + 86_400)
    decoded = Decoder(AccountBanned)(encode(ban), now=NOW)
    assert isinstance(decoded, Decoded), decoded
    assert decoded.record == ban
    assert ban.platform == ("watchlist-persons" if person else "watchlist")
