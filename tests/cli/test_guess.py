"""A mapping proposed for a table: what it takes columns for, and what it leaves to a person."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from cli.evaluate.guess import Guess, guess
from schemas.mapping.compiler import compile_mappings
from tests.cli.running import Samehand
from tests.tables import for_each


def guessed(**columns: list[str]) -> Guess:
    """The proposal for a table of these columns."""
    names = list(columns)
    rows = [dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    found = guess("site.users", rows)
    assert found is not None
    return found


def test_forum_table_is_read_with_its_own_guess(samehand: Samehand, tmp_path: Path) -> None:
    users, mapping = tmp_path / "users.csv", tmp_path / "mappings.toml"
    users.write_text(
        "user_id;User Name;E-mail;joined;last ip;banned;posts\n"
        "1;umar_media;umar@example.org;24.11.2026 13:10;203.0.113.4;-;17\n"
        "2;zara;zara@example.org;25.11.2026 09:05;203.0.113.5;26.11.2026 10:00;2\n"
    )
    ran = samehand("map", "--guess", users)
    assert "not read: posts" in ran.err
    assert "unsure: occurred_at: the dates say no zone" in ran.err
    mapping.write_text(ran.out)
    figures = samehand("map", "--mapping", mapping, "--sample", users, "--json").figures
    assert (figures["mapped"]["created"], figures["mapped"]["banned"], figures["dead"]) == (1, 1, 0)
    assert set(figures["filled"]["banned"]) >= {"account_id", "handle", "email", "ip", "banned_at"}


@for_each(
    ("values", "line"),
    [
        (["2026-11-24T13:10:00Z"], 'occurred_at = { from = "created" }'),
        (["2026-11-24 13:10:00", "0000-00-00"], 'occurred_at = { from = "created", zone = "UTC" }'),
        (["1795525800"], 'occurred_at = { from = "created", unit = "s" }'),
        (["1795525800123"], 'occurred_at = { from = "created", unit = "ms" }'),
        (["24/11/2026"], 'occurred_at = { from = "created", format = "%d/%m/%Y", zone = "UTC" }'),
        (["Nov 24, 2026"], 'occurred_at = { from = "created", format = "%b %d, %Y", zone = "UTC" }'),
        (["soon"], 'occurred_at = { from = "\\"@timestamp\\"", unit = "ms" }'),
    ],
)
def test_dates_are_read_as_all_of_them_can_be(values: list[str], line: str) -> None:
    found = guessed(id=[str(place) for place in range(len(values))], created=values)
    assert line in found.toml.splitlines()


def test_date_that_reads_both_ways_is_left_to_a_person() -> None:
    found = guessed(id=["1", "2"], created=["03/04/2026", "05/06/2026"])
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        assert f'# occurred_at = {{ from = "created", format = "{form}", zone = "UTC" }}' in found.toml
    assert any("created reads in 2 ways" in why for why in found.unsure)


def test_column_of_a_usual_name_with_other_values_is_not_taken() -> None:
    found = guessed(id=["1", "1"], mail=["yes", "no"], contact=["a@example.org", "b@example.org"])
    assert 'email = "contact"' in found.toml
    assert "# account_id = ..." in found.toml


@for_each(
    ("column", "values", "line"),
    [
        (
            "Known IPs",
            ["203.0.113.4; 203.0.113.5", "203.0.113.6"],
            'ips = { from = "\\"Known IPs\\"", separator = ";" }',
        ),
        ("ips", ["203.0.113.4,203.0.113.5"], 'ips = { from = "ips", separator = "," }'),
        ("devices", ["ab12cd34 ef56ab78"], 'device_ids = { from = "devices", separator = " " }'),
        ("emails", ["a@example.org|b@example.org"], 'emails = { from = "emails", separator = "|" }'),
        ("phones", ["+1 202 555 0143"], 'phones = { from = "phones", separator = "," }'),
    ],
)
def test_column_of_several_values_fills_a_list(column: str, values: list[str], line: str) -> None:
    found = guessed(**{"id": [str(place) for place in range(len(values))], column: values})
    assert line in found.toml.splitlines()
    compile_mappings(found.toml.encode(), "guess")


@example({"nick\x7f": "umar"})
@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40), min_size=1, max_size=8))
def test_any_table_gets_a_proposal_that_compiles(row: dict[str, str]) -> None:
    found = guessed(**{name: [value] for name, value in {**row, "id": "7", "joined": "2026-11-24"}.items()})
    compile_mappings(found.toml.encode(), "guess")


def test_table_of_channels_names_kind_creator_admins_and_invitations() -> None:
    found = guessed(
        chat_id=["5", "6"],
        type=["channel", "group"],
        title=["Zarf News", "Readers"],
        owner_id=["41", "44"],
        admins=["41;42", "44;42"],
        invite_link=["https://t.me/+Zq00aa", "https://t.me/+Zq00ab"],
        created=["2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"],
    )
    assert found.unread == ()
    compile_mappings(found.toml.encode(), "guess")
    for line in ('kind = "type"', 'created_by = "owner_id"', 'admins = { from = "admins", separator = ";" }'):
        assert line in found.toml.splitlines()
    assert "kind" not in guessed(id=["1", "2"], type=["premium", "free"]).toml
