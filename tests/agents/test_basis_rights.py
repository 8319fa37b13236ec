"""What the rights of a ban's basis let alerts say, and whether there are any."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.common.queries.preview import Preview
from agents.common.queries.related import related
from agents.common.withdrawal import summary_of
from samehand.scoring.weights import Weights
from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.accounts import AccountBanned, Basis
from schemas.alerts import NOT_QUOTED
from schemas.basis_rights import BasisRights, RightsTable
from schemas.malformed import Malformed
from schemas.wire import Decoded, encode
from tests.agents.conftest import Life, MakeLife, a_life
from tests.makers import NOON, a_ban, a_change, a_listed_account, a_sign_up
from tests.samehand.test_watchlist import settings_of_all_kinds

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
FRONT = "Northern Valley Liberation Front"
SILENT = RightsTable({("pk", ""): BasisRights(may_alert=False), ("pk", "schedule i"): BasisRights()})
UNQUOTED = RightsTable({("pk", ""): BasisRights(may_be_quoted=False)})
ENTRY = WatchlistEntry(authority="PK", reference="N-7", aliases=(Alias(FRONT),))
MIRROR = a_sign_up("99", handle="um4r_media", device_id=DEVICE)
VOICE = a_sign_up("98", handle="northern_front", display_name=FRONT, bio=f"Voice of the {FRONT}")


def asked_by(authority: str, *programmes: str, account_id: str = "77") -> AccountBanned:
    basis = Basis(authority=authority, reference="N-7", programmes=programmes)
    return replace(a_ban(account_id, handle="umar_media", device_id=DEVICE), basis=basis)


def a_listing(account_id: str) -> AccountBanned:
    ban = replace(asked_by("PK", account_id=account_id), platform="watchlist", policy="watchlist")
    account = replace(ban.account, handle=FRONT.replace(" ", "_"), display_name=FRONT, device_id=None)
    return replace(ban, account=account, banned_at=None)


def counted(life: Life, name: str, kind: str) -> float:
    value = life.context.metrics.registry.get_sample_value(f"samehand_{name}_total", {"basis": kind})
    assert value is not None
    return value


async def test_ban_of_a_basis_that_may_not_alert_alerts_in_no_direction_and_is_counted(
    make_life: MakeLife,
) -> None:
    for ban, alerts in (
        (asked_by("PK", "Schedule II"), 0),
        (asked_by("PK"), 0),
        (asked_by("PK", "Schedule I"), 1),
        (asked_by("platform"), 1),
    ):
        forward, back = make_life(basis_rights=SILENT), make_life(basis_rights=SILENT)
        await forward.ban(ban)
        await forward.tell(forward.screen, MIRROR)
        await back.tell(back.remember, MIRROR)
        await back.ban(ban)
        for life in (forward, back):
            kind = "state" if ban.basis and ban.basis.authority == "PK" else "platform"
            assert len(life.alerts) == counted(life, "alerts_by_basis", kind) == alerts
            assert counted(life, "alerts_without_right", kind) == 1 - alerts


async def test_ban_that_may_not_alert_takes_no_place_from_another(make_life: MakeLife) -> None:
    life = make_life(basis_rights=SILENT, alerts_an_event=1)
    weaker = a_ban("78", handle="umar_medias", device_id=DEVICE, at=NOON - timedelta(days=1))
    await life.ban(asked_by("PK"), weaker)
    await life.tell(life.screen, MIRROR)
    assert [alert.matched.account_id for alert in life.alerts] == ["78"]


async def test_alert_is_marked_by_the_word_that_its_ban_rests_on(life: Life) -> None:
    for number, (authority, kind) in enumerate([("PK", "state"), ("platform", "platform")]):
        await life.ban(asked_by(authority, account_id=str(number)))
        await life.tell(life.screen, a_sign_up(f"9{number}", handle="um4r_media", device_id=DEVICE))
        assert {
            alert.matched.basis_kind for alert in life.alerts if alert.matched.account_id == str(number)
        } == {kind}


async def test_basis_that_may_not_be_quoted_is_in_no_alert_or_summary(make_life: MakeLife) -> None:
    life = make_life(basis_rights=UNQUOTED)
    await life.ban(asked_by("PK"))
    await life.tell(life.screen, MIRROR)
    (alert,) = life.alerts
    [ban] = await life.context.store.bans(["telegram:77"])
    assert ban is not None
    for matched in (alert.matched, summary_of(ban.facts, life.seconds, UNQUOTED).matched):
        assert (matched.basis, matched.basis_kind) == (None, "state")
    assert "umar_media" in {line.theirs for line in alert.evidence}  # the platform's own account


async def test_listed_name_that_may_not_be_quoted_is_in_no_word_of_its_alert(make_life: MakeLife) -> None:
    life = make_life(basis_rights=UNQUOTED)
    await life.ban(a_listing(ENTRY.unquoted_id(ENTRY.aliases[0])))
    await life.tell(life.screen, VOICE)
    (alert,) = life.alerts
    assert {(line.theirs, line.because) for line in alert.evidence} == {("", NOT_QUOTED)}
    assert alert.matched.basis_kind == "state"
    matched = encode(replace(alert, evidence=(), counter_evidence=()))
    assert not any(word in matched for word in (b"PK", b"N-7", b"Liberation"))


async def test_listed_name_whose_id_quotes_its_listing_waits_for_the_next_import(make_life: MakeLife) -> None:
    life = make_life(basis_rights=UNQUOTED)
    await life.ban(a_listing(ENTRY.account_id(ENTRY.aliases[0])))
    await life.tell(life.screen, VOICE)
    assert life.alerts == []
    assert counted(life, "alerts_without_right", "state") == 1
    assert (await related("telegram:98", life.context)).related == ()


rights = st.builds(BasisRights, st.booleans(), st.booleans(), st.booleans())


@given(
    weights=settings_of_all_kinds(),
    table=st.dictionaries(st.sampled_from([("pk", ""), ("*", ""), ("platform", "")]), rights),
    policy=st.fixed_dictionaries(
        {
            "across_platforms": st.booleans(),
            "dated": st.booleans(),
            "shadow": st.booleans(),
            "quote_bio": st.booleans(),
            "alerts_an_event": st.sampled_from((1, 3)),
            "sample_share": st.sampled_from((0.0, 1.0)),
        }
    ),
    persons=st.booleans(),
    bio=st.sampled_from((None, "News of the day, every morning.")),
)
def test_no_name_of_a_list_alerts_alone_under_any_setting_in_any_direction(
    weights: Weights,
    table: dict[tuple[str, str], BasisRights],
    policy: dict[str, Any],
    persons: bool,
    bio: str | None,
) -> None:
    listing = a_listing(ENTRY.unquoted_id(ENTRY.aliases[0]))
    if persons:
        listing = replace(listing, platform="watchlist-persons")
    profile: dict[str, Any] = {"handle": FRONT.replace(" ", "_"), "display_name": FRONT, "bio": bio}

    async def everything() -> None:
        life = a_life(weights, basis_rights=RightsTable(table), **policy)
        await life.tell(life.remember, a_sign_up("97", **profile))
        await life.ban(listing)
        await life.tell(life.screen, a_sign_up("98", **profile))
        await life.tell(life.changed, a_change("98", **profile))
        await life.tell(life.scan, a_listed_account("96", **profile))
        assert life.alerts == []
        foreseen = await Preview(life.context).foresee(Decoded(a_sign_up("95", **profile)))
        assert not isinstance(foreseen, Malformed)
        assert foreseen.alerts == ()

    asyncio.run(everything())
