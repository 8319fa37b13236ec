"""``samehand watchlist``: from an official list to names that accounts are held to, and nobody accused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.commands import watchlist
from cli.commands.watchlist import ban_of
from samehand.watchlist.alias_filter import ALIAS_LENGTH_MAX
from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.accounts import AccountBanned
from schemas.wire import Decoded, Decoder, encode
from tests.cli.running import Samehand, jsonl
from tests.makers import a_sign_up
from tests.watchlists.makers import ALT_CSV, EU_XML, FTM, PLAIN_CSV, SDN_CSV, SDN_XML, UK_CSV, UN_XML
from watchlists.lists import FORMATS
from watchlists.rows import REFERENCE_CHARS_MAX, tidy

FRONT = "Northern Valley Liberation Front"


def bans(path: Path) -> list[AccountBanned]:
    found = []
    for line in path.read_bytes().splitlines():
        decoded = Decoder(AccountBanned)(line, now=2e9)
        assert isinstance(decoded, Decoded)
        found.append(decoded.record)
    return found


def written(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path


def test_a_list_becomes_bans_with_their_basis(samehand: Samehand, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    ran = samehand("watchlist", "import", written(tmp_path / "un.xml", UN_XML), "--out", out, "--json")
    assert ran.code == 0
    assert ran.figures["organisations"] == 1
    assert ran.figures["persons_left_out"] == 1
    assert {ban.account.display_name for ban in bans(out)} == {
        FRONT,
        "Valley Brigades of the North",
        "جبهة تحرير الوادي الشمالي",
    }
    for ban in bans(out):
        assert ban.basis is not None
        assert (ban.platform, ban.policy) == ("watchlist", "watchlist")
        assert (ban.basis.authority, ban.basis.reference) == ("UN", "XXe.001")
        assert ban.banned_at is None
        assert ban.expires_at is not None


@pytest.mark.parametrize("days", [9_999_999, 10**400])
def test_days_beyond_any_calendar_are_bad_input(samehand: Samehand, tmp_path: Path, days: int) -> None:
    source = written(tmp_path / "un.xml", UN_XML)
    ran = samehand("watchlist", "import", source, "--out", tmp_path / "out.jsonl", "--days", days)
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)


def test_importing_again_names_the_same_accounts(samehand: Samehand, tmp_path: Path) -> None:
    source = written(tmp_path / "list.csv", PLAIN_CSV)
    keys = []
    for name in ("one", "two"):
        samehand("watchlist", "import", source, "--authority", "PK", "--out", tmp_path / name)
        keys.append({ban.key for ban in bans(tmp_path / name)})
    assert keys[0] == keys[1] != set()


def test_ofac_comes_as_two_files_in_any_order(samehand: Samehand, tmp_path: Path) -> None:
    sdn, alt = written(tmp_path / "SDN.CSV", SDN_CSV), written(tmp_path / "ALT.CSV", ALT_CSV)
    out = tmp_path / "out.jsonl"
    ran = samehand("watchlist", "import", alt, sdn, "--programme", "FTO", "--out", out, "--json")
    assert (ran.code, ran.figures["names"], ran.figures["other_programmes"]) == (0, 2, 2)
    assert ran.figures["names_passed_over"]["weak"] == 1
    assert "US 101: passed over as weak: NVLF" in ran.err


def test_aliases_without_their_list_are_refused(samehand: Samehand, tmp_path: Path) -> None:
    ran = samehand("watchlist", "import", written(tmp_path / "ALT.CSV", ALT_CSV), "--out", tmp_path / "o")
    assert (ran.code, "one SDN.CSV" in ran.err) == (2, True)


def test_persons_come_only_when_asked_for_and_with_a_warning(samehand: Samehand, tmp_path: Path) -> None:
    source, out = written(tmp_path / "sdn.xml", SDN_XML), tmp_path / "out.jsonl"
    ran = samehand("watchlist", "import", source, "--out", out, "--json")
    assert (ran.figures["persons"], "warning" in ran.err) == (0, False)
    ran = samehand("watchlist", "import", source, "--out", out, "--json", "--persons")
    assert ran.figures["persons"] == 1
    assert "innocent" in ran.err


def test_nobody_is_alerted_by_a_name_and_a_mirror_of_the_organisation_is(
    samehand: Samehand, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    samehand("watchlist", "import", written(tmp_path / "uk.csv", UK_CSV), "--out", out)
    accounts = jsonl(
        tmp_path / "accounts.jsonl",
        a_sign_up("namesake", display_name=FRONT, handle="northern_valley_liberation_front"),
        a_sign_up("reporter", display_name="Salma Khan", bio=f"I write about the {FRONT}."),
        a_sign_up("voice", display_name=FRONT, bio=f"Official voice of the {FRONT}"),
    )
    alerts = tmp_path / "alerts.jsonl"
    ran = samehand("score", "--bans", out, "--accounts", accounts, "--first-day", "--out", alerts, "--json")
    assert ran.code == 0
    assert {line.split(b'"account_id":"')[1].split(b'"')[0] for line in alerts.read_bytes().splitlines()} == {
        b"voice"
    }


def test_a_bad_row_has_its_address_and_the_rest_goes_on(samehand: Samehand, tmp_path: Path) -> None:
    source = written(tmp_path / "list.csv", b"reference,name\n,Nameless Front\n2,Southern Valley Army\n")
    ran = samehand("watchlist", "import", source, "--authority", "PK", "--out", tmp_path / "o", "--json")
    assert (ran.code, ran.figures["names"], ran.figures["bad_rows"]) == (0, 1, 1)
    assert f"{source}:row 1: missing-field at $.reference" in ran.err


def test_a_file_of_no_known_format_is_said_in_one_line(samehand: Samehand, tmp_path: Path) -> None:
    ran = samehand("watchlist", "import", written(tmp_path / "x", b"hello"), "--out", tmp_path / "o")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)


@pytest.mark.parametrize("form", FORMATS)
def test_the_wrong_format_is_a_fault_and_no_traceback(samehand: Samehand, tmp_path: Path, form: str) -> None:
    source = written(tmp_path / "x", b"hello, world\n")
    ran = samehand(
        *("watchlist", "import", source, "--format", form, "--authority", "XX", "--out", tmp_path / "o")
    )
    assert (ran.code, "no line of these files" in ran.err) == (2, True)


def test_most_names_passed_over_are_counted_and_not_listed(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchlist, "PASSED_TOLD_MAX", 1)
    source = written(tmp_path / "l.csv", b"reference,name,aliases\n1,Southern Valley Army,SVA;ISI;AQI\n")
    ran = samehand("watchlist", "import", source, "--authority", "PK", "--out", tmp_path / "o")
    assert "… and 2 more names passed over" in ran.err


def test_without_a_file_the_names_are_published(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    source = written(tmp_path / "un.xml", UN_XML)
    ran = samehand("watchlist", "import", source, "--json")
    assert (ran.code, ran.figures["names"]) == (0, 3), ran.err
    assert servers


def test_a_programme_that_is_not_there_is_answered_with_what_there_is(
    samehand: Samehand, tmp_path: Path
) -> None:
    sdn, alt = written(tmp_path / "SDN.CSV", SDN_CSV), written(tmp_path / "ALT.CSV", ALT_CSV)
    ran = samehand("watchlist", "import", sdn, alt, "--programme", "NOPE", "--out", tmp_path / "o.jsonl")
    assert ran.code == 2
    assert "no entry is of the programme NOPE; there are: " in ran.err.splitlines()[-1]
    assert "FTO (1)" in ran.err


def test_columns_of_a_plain_list_that_are_not_read_are_told(samehand: Samehand, tmp_path: Path) -> None:
    source = written(tmp_path / "list.csv", b"Reference;Name;alias\n1;Northern Valley Front;NVF\n")
    line = ("watchlist", "import", source, "--authority", "PK", "--out", tmp_path / "o.jsonl", "--json")
    ran = samehand(*line)
    assert (ran.code, ran.figures["names"]) == (0, 1)
    assert f"warning: {source}: 1 column not read: alias" in ran.err
    assert samehand(*line, "--strict").code == 2


def test_a_list_without_listings_is_told(samehand: Samehand, tmp_path: Path) -> None:
    source = written(tmp_path / "list.csv", b"reference,name\n")
    ran = samehand("watchlist", "import", source, "--out", tmp_path / "o.jsonl")
    assert (ran.code, ran.err) == (0, "warning: there is no listing in these files\n")
    empty = written(tmp_path / "empty.csv", b"")
    ran = samehand("watchlist", "import", empty, "--out", tmp_path / "o.jsonl")
    assert (ran.code, ran.err) == (2, f"samehand: {empty}: is empty\n")


@pytest.mark.parametrize("raw", [EU_XML, FTM, UN_XML], ids=["eu", "ftm", "un"])
def test_each_list_alerts_by_name_and_description_only(
    samehand: Samehand, tmp_path: Path, raw: bytes
) -> None:
    out, alerts = tmp_path / "out.jsonl", tmp_path / "alerts.jsonl"
    source = written(tmp_path / "list", raw)
    ran = samehand("watchlist", "import", source, "--authority", "XX", "--persons", "--out", out, "--json")
    assert (ran.code, ran.figures["organisations"]) == (0, 1)
    assert {ban.basis.authority for ban in bans(out) if ban.basis} == {"XX"}
    persons = sorted(
        {str(ban.account.display_name) for ban in bans(out) if ban.platform.endswith("-persons")}
    )
    accounts = jsonl(
        tmp_path / "accounts.jsonl",
        a_sign_up("namesake", display_name=FRONT, handle="northern_valley_liberation_front"),
        a_sign_up("voice", display_name=FRONT, bio=f"Official voice of the {FRONT}"),
        *(
            a_sign_up(f"p{n}", display_name=name, bio=f"{name}")
            for n, name in enumerate(sorted(map(str, persons)))
        ),
    )
    samehand("score", "--bans", out, "--accounts", accounts, "--first-day", "--out", alerts, "--json")
    assert [line.split(b'"account_id":"')[1].split(b'"')[0] for line in alerts.read_bytes().splitlines()] == [
        b"voice"
    ]


def test_entities_without_an_authority_are_refused_in_one_line(samehand: Samehand, tmp_path: Path) -> None:
    source = written(tmp_path / "entities.ftm.json", FTM)
    ran = samehand("watchlist", "import", source, "--out", tmp_path / "o")
    assert (ran.code, ran.err) == (
        2,
        f"samehand: {source}: FollowTheMoney names no authority: give --authority\n",
    )


# Since the previous import: what came, changed and went.

BEFORE = (
    b"reference,name,aliases\n1,Northern Valley Front,Valley Brigades\n2,Southern Valley Army,\n"
    b"3,Eastern Ridge Column,\n"
)
AFTER = (
    b"reference,name,aliases\n3,Eastern Ridge Column,\n1,Northern Valley Front,Ridge Brigades\n"
    b"4,Western Plain Guard,WPG\n"
)


def test_what_came_changed_and_went_since_the_previous_import(samehand: Samehand, tmp_path: Path) -> None:
    source, state = written(tmp_path / "list.csv", BEFORE), tmp_path / "national.state"
    line = ("watchlist", "import", source, "--authority", "XX", "--state", state, "--out", tmp_path / "o")
    first = samehand(*line, "--json")
    assert (first.code, first.figures["changes"]) == (0, None)
    assert not any(samehand(*line, "--json").figures["changes"].values())
    written(source, AFTER)
    before = state.read_bytes()
    text = samehand(*line).out
    assert text.splitlines()[-4:] == [
        "since the previous import: 1 listed, 1 changed, 1 removed",
        "listed: XX 4 Western Plain Guard: + Western Plain Guard",
        "changed: XX 1 Northern Valley Front: + Ridge Brigades; - Valley Brigades",
        "removed: XX 2 Southern Valley Army: - Southern Valley Army",
    ]
    state.write_bytes(before)
    removed = samehand(*line, "--json").figures["changes"]["removed"]
    number = Alias("Southern Valley Army").number
    assert removed[0]["removed"] == {f"watchlist:XX:2:{number}": "Southern Valley Army"}
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_damaged_list_removes_nothing(samehand: Samehand, tmp_path: Path) -> None:
    source, state = written(tmp_path / "list.csv", BEFORE), tmp_path / "national.state"
    line = ("watchlist", "import", source, "--authority", "XX", "--state", state, "--out", tmp_path / "o")
    samehand(*line)
    written(source, BEFORE.replace(b"2,Southern", b",Southern"))
    for _ in range(2):
        changes = samehand(*line, "--json").figures["changes"]
        assert (changes["removed"], [it["reference"] for it in changes["not_found"]]) == ([], ["2"])
    written(source, BEFORE)
    assert not any(samehand(*line, "--json").figures["changes"].values())


@pytest.mark.parametrize("raw", [b"not ours\n", b'{"authority":"XX"}\n', b'{"a":' + b"[" * 100_000, b"\xff"])
def test_a_state_that_is_none_is_refused_before_the_import(
    samehand: Samehand, tmp_path: Path, raw: bytes
) -> None:
    source, state, out = written(tmp_path / "list.csv", BEFORE), tmp_path / "s", tmp_path / "o"
    written(state, raw)
    ran = samehand("watchlist", "import", source, "--authority", "XX", "--state", state, "--out", out)
    assert (ran.code, len(ran.err.splitlines()), f"{state}:1: not a state" in ran.err) == (2, 1, True)
    assert (state.read_bytes(), out.exists()) == (raw, False)


def test_bans_and_state_are_not_written_to_one_file(samehand: Samehand, tmp_path: Path) -> None:
    source, both = written(tmp_path / "list.csv", BEFORE), tmp_path / "both"
    ran = samehand("watchlist", "import", source, "--authority", "XX", "--state", both, "--out", both)
    assert (ran.code, "would hold the bans and the state" in ran.err, both.exists()) == (2, True, False)


def test_an_import_that_fails_leaves_the_state_as_it_was(samehand: Samehand, tmp_path: Path) -> None:
    source, state = written(tmp_path / "list.csv", BEFORE), tmp_path / "national.state"
    line = ("watchlist", "import", source, "--authority", "XX", "--state", state, "--out", tmp_path / "o")
    samehand(*line)
    before = state.read_bytes()
    assert samehand(*line, "--programme", "NOPE").code == 2
    written(source, b"{")
    assert samehand(*line).code == 2
    assert state.read_bytes() == before
    assert samehand(*line[:-3], tmp_path, *line[-2:]).code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.csv", "national.state", "o"]


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
