"""`samehand watchlist`: from an official list to names that accounts are held to, and nobody accused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from samehand.watchlist.entry import Alias
from schemas.accounts import AccountBanned, Basis
from schemas.wire import Decoded, Decoder
from tests.cli.running import Ran, Samehand, jsonl
from tests.makers import a_sign_up
from tests.watchlists.makers import ALT_CSV, EU_XML, FTM, PLAIN_CSV, SDN_CSV, SDN_XML, UK_CSV, UN_XML
from watchlists import bans as listed
from watchlists.lists import FORMATS

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


def first_import(samehand: Samehand, *line: object) -> Ran:
    """A list is imported for the first time, as somebody allowed."""
    assert samehand(*line).code == 1
    return samehand(*line, "--allow-change", "--json")


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
    monkeypatch.setattr(listed, "PASSED_TOLD_MAX", 1)
    source = written(tmp_path / "l.csv", b"reference,name,aliases\n1,Southern Valley Army,SVA;ISI;AQI\n")
    ran = samehand("watchlist", "import", source, "--authority", "PK", "--out", tmp_path / "o")
    assert "… and 2 more names passed over" in ran.err


def test_without_a_file_the_names_are_published(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    source = written(tmp_path / "un.xml", UN_XML)
    ran = samehand("watchlist", "import", source, "--json")
    assert (ran.code, "--state FILE is missing" in ran.err) == (2, True)
    state = tmp_path / "un.state"
    ran = first_import(samehand, "watchlist", "import", source, "--state", state)
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
    first = first_import(samehand, *line)
    assert (first.code, first.figures["changes"]) == (0, None)
    assert not any(samehand(*line, "--json").figures["changes"].values())
    written(source, AFTER)
    before = state.read_bytes()
    stopped = samehand(*line)
    assert stopped.code == 1
    assert "removed: XX 2 Southern Valley Army: - Southern Valley Army" in stopped.err
    text = samehand(*line, "--allow-change").out
    assert text.splitlines()[-4:] == [
        "since the previous import: 1 listed, 1 changed, 1 removed",
        "listed: XX 4 Western Plain Guard: + Western Plain Guard",
        "changed: XX 1 Northern Valley Front: + Ridge Brigades; - Valley Brigades",
        "removed: XX 2 Southern Valley Army: - Southern Valley Army",
    ]
    state.write_bytes(before)
    removed = samehand(*line, "--allow-change", "--json").figures["changes"]["removed"]
    number = Alias("Southern Valley Army").number
    assert removed[0]["removed"] == {f"watchlist:XX:2:{number}": "Southern Valley Army"}
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_damaged_list_removes_nothing(samehand: Samehand, tmp_path: Path) -> None:
    source, state = written(tmp_path / "list.csv", BEFORE), tmp_path / "national.state"
    line = ("watchlist", "import", source, "--authority", "XX", "--state", state, "--out", tmp_path / "o")
    first_import(samehand, *line)
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
    first_import(samehand, *line)
    before = state.read_bytes()
    assert samehand(*line, "--programme", "NOPE").code == 2
    written(source, b"{")
    assert samehand(*line).code == 2
    assert state.read_bytes() == before
    assert samehand(*line[:-3], tmp_path, *line[-2:]).code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [*("list.csv", "national.state", "o")]


# An import that stops until somebody allows its change.


def a_national_list(path: Path, count: int, first: int = 0) -> Path:
    """A list of so many organisations with names of their own."""
    names = ("Northern", "Southern", "Eastern", "Western", "Central", "Upper", "Lower", "Coastal")
    rows = (f"{n},{names[n % 8]} Valley {chr(97 + n // 8) * 6} Front" for n in range(first, first + count))
    return written(path, "\n".join(["reference,name", *rows]).encode() + b"\n")


@pytest.fixture
def line(tmp_path: Path) -> tuple[object, ...]:
    """An import of a national list of forty organisations into a file."""
    source = a_national_list(tmp_path / "list.csv", 40)
    where = ("--state", tmp_path / "pk.state", "--out", tmp_path / "o")
    return ("watchlist", "import", source, "--authority", "PK", *where)


def test_new_list_stops_until_its_change_is_allowed(
    samehand: Samehand, tmp_path: Path, line: tuple[object, ...]
) -> None:
    state = tmp_path / "pk.state"
    ran = samehand(*line)
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "nothing was imported: the list was never imported under this state" in ran.err
    assert (state.exists(), (tmp_path / "o").read_bytes()) == (False, b"")
    assert samehand(*line, "--allow-change").code == 0
    assert len(bans(tmp_path / "o")) == 40
    assert samehand(*line).code == 0


def test_change_above_a_tenth_stops_and_a_smaller_one_goes_on(
    samehand: Samehand, tmp_path: Path, line: tuple[object, ...]
) -> None:
    source, state = tmp_path / "list.csv", tmp_path / "pk.state"
    first_import(samehand, *line)
    a_national_list(source, 40, first=2)  # two went, two came: a tenth
    assert samehand(*line).code == 0
    before = state.read_bytes()
    a_national_list(source, 45, first=2)
    ran = samehand(*line)
    assert (ran.code, "5 of 40 listings came, changed or went" in ran.err) == (1, True)
    assert state.read_bytes() == before
    assert samehand(*line, "--allow-change").code == 0


def test_small_changes_one_after_another_stop_as_one_large_change(
    samehand: Samehand, tmp_path: Path, line: tuple[object, ...]
) -> None:
    first_import(samehand, *line)
    for first, code in ((1, 0), (2, 0), (2, 0), (3, 1)):
        a_national_list(tmp_path / "list.csv", 40, first=first)
        ran = samehand(*line)
        assert ran.code == code, ran.err
    assert "2 of 40 listings came, changed or went, and 4 in the 30 days before" in ran.err


def test_file_cut_short_imports_nothing_and_removes_nothing(samehand: Samehand, tmp_path: Path) -> None:
    for form, raw, ending in (("un", UN_XML, b"</ENTITIES>"), ("eu", EU_XML, b"    <sanctionEntity desig")):
        source, state = tmp_path / f"{form}.xml", tmp_path / f"{form}.state"
        line = ("watchlist", "import", source, "--state", state, "--out", tmp_path / "o")
        written(source, raw)
        first_import(samehand, *line)
        before = state.read_bytes()
        whole = raw[: raw.rindex(ending)]
        for cut in (whole, whole + b"<cut", raw[:-2]):
            written(source, cut)
            ran = samehand(*line)
            assert (ran.code, ran.out) == (2, "")
            assert "the file is damaged or was cut short" in ran.err.splitlines()[-1]
        assert state.read_bytes() == before
        assert (tmp_path / "o").read_bytes() == b""


def test_listing_whose_basis_may_not_be_quoted_is_enrolled_under_a_digest(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = "version = 1\n[[rights]]\nauthority = 'PK'\nprogramme = 'Schedule I'\nmay_alert = false\n"
    rights = written(tmp_path / "r.toml", f"{table}may_be_quoted = false\nmay_be_exported = true\n".encode())
    monkeypatch.setenv("SAMEHAND_BASIS_RIGHTS", str(rights))
    source, out = written(tmp_path / "list.csv", PLAIN_CSV + b"S3,Southern Valley Army,,,,\n"), tmp_path / "o"
    ran = samehand("watchlist", "import", source, "--authority", "PK", "--out", out, "--json")
    assert ran.figures["names_that_may_not_alert"] == 3
    by_reference = {str(ban.basis and ban.basis.reference): ban for ban in bans(out)}
    assert by_reference["S1"].account.account_id.startswith("-:")
    assert by_reference["S3"].account.account_id.startswith("PK:S3:")
    assert by_reference["S1"].basis == Basis(authority="PK", reference="S1", programmes=("Schedule I",))


def eu_entity(reference: str, *names: str) -> str:
    aliases = "".join(f'<nameAlias wholeName="{name}" strong="true" logicalId="1"/>' for name in names)
    return (
        f'<sanctionEntity designationDate="2011-07-29" euReferenceNumber="{reference}" logicalId="7">'
        f'<regulation programme="XX"/><subjectType code="enterprise" classificationCode="E"/>{aliases}'
        "</sanctionEntity>"
    )


def ftm_entity(reference: str, *names: str) -> str:
    properties = {"name": [names[0]], "alias": list(names[1:]), "topics": ["sanction"]}
    entity = {"id": reference, "caption": names[0], "schema": "Organization", "properties": properties}
    return json.dumps({**entity, "datasets": ["xx_list"]}, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    ("entity", "head", "tail"),
    [
        (
            eu_entity,
            '<?xml version="1.0"?><export xmlns="http://eu.europa.ec/fpi/fsd/export" globalFileId="1">',
            "</export>",
        ),
        (ftm_entity, "", ""),
    ],
    ids=["eu", "ftm"],
)
def test_deltas_of_a_list_are_listed_changed_and_removed(
    samehand: Samehand, tmp_path: Path, entity: Callable[..., str], head: str, tail: str
) -> None:
    source, state = tmp_path / "list", tmp_path / "s"
    line = ("watchlist", "import", source, "--authority", "XX", "--state", state, "--out", tmp_path / "o")

    def a_list(*entities: str) -> None:
        written(source, (head + "".join(entities) + tail).encode())

    kept = [entity(f"K{n}", f"Kept {chr(97 + n % 26) * (7 + n // 26)} Front") for n in range(40)]
    went, before = entity("W", "Southern Valley Army"), ("Northern Valley Front", "جبهة الوادي الشمالي")
    a_list(*kept, went, entity("C", *before))
    assert first_import(samehand, *line).figures["changes"] is None
    a_list(entity("L", "Western Plain Guard"), entity("C", before[0], "Ridge Brigades"), *kept)
    changes = samehand(*line, "--json").figures["changes"]
    told = {
        kind: [(it["reference"], list(it["added"].values()), list(it["removed"].values())) for it in each]
        for kind, each in changes.items()
    }
    assert told == {
        "listed": [("L", ["Western Plain Guard"], [])],
        "changed": [("C", ["Ridge Brigades"], [before[1]])],
        "removed": [("W", [], ["Southern Valley Army"])],
        "not_found": [],
    }
