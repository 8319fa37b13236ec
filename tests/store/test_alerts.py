"""What every store promises of alerts: proposed once, decided, owed, known, counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf

import pytest

from samehand.fingerprint.distil import pack
from samehand.keys import KeyKind, falls_silent, posting_cap
from samehand.lineage import Descent, founder
from samehand.showings import Showings
from schemas.alerts import WithdrawnReason
from schemas.revisions import by_time
from store.base import (
    Candidate,
    ConfirmedEntry,
    Decided,
    OpenAlert,
    Owed,
    Proposal,
    Ruled,
    Ruling,
    Shown,
    ShownLine,
    Store,
    Summary,
)
from store.bounds import Bounds
from store.common.records import frame_of, read_frame
from store.errors import StoreError, StoreMismatch, StoreRefused, StoreUnavailable
from store.limits import (
    CLAIM_SECONDS,
    CLEARED_A_BAN,
    OPEN_ALERTS_A_BAN,
    OWED_AT_ONCE,
    SILENT_LISTS,
    listed_at_most,
)
from tests.store.conftest import MakeStore
from tests.store.makers import (
    DAY,
    NOW,
    a_ban,
    a_claim,
    a_decision,
    a_member,
    a_proposal,
    a_query,
    a_remembered,
    an_account,
    fingerprints,
    nth,
    open_on,
)
from tests.tables import for_each

# What every store promises about pairs, their alerts, and decisions on them.


PUBLISH, DUPLICATE = Ruling.PUBLISH, Ruling.DUPLICATE


class TestPairs:
    async def test_an_alert_is_published_once_a_band(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        proposal = a_proposal(band="possible")
        assert await store.propose([proposal], now=NOW) == [Ruled(PUBLISH, nth(1))]
        await store.confirm([a_claim(proposal)], now=NOW)
        assert await store.propose([proposal], now=NOW) == [Ruled(DUPLICATE, 0)]
        higher = a_proposal(band="likely")
        assert await store.propose([higher], now=NOW) == [Ruled(PUBLISH, nth(2))]
        await store.confirm([a_claim(proposal, nth(2))], now=NOW)
        assert await store.propose([proposal, higher], now=NOW) == [Ruled(DUPLICATE, 0)] * 2

    async def test_what_a_crash_left_unconfirmed_is_published_again_under_its_revision(
        self, store: Store
    ) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        assert await store.propose([a_proposal()], now=NOW) == [Ruled(PUBLISH, nth(1))]
        assert await store.propose([a_proposal()], now=NOW) == [Ruled(PUBLISH, nth(1))]
        await store.confirm([a_claim(a_proposal())], now=NOW)
        assert await store.propose([a_proposal(band="likely")], now=NOW) == [Ruled(PUBLISH, nth(2))]
        assert await store.propose([a_proposal(band="possible")], now=NOW) == [Ruled(DUPLICATE, 0)]
        assert await store.propose([a_proposal(band="likely")], now=NOW) == [Ruled(PUBLISH, nth(2))]

    async def test_a_pair_that_one_event_claimed_is_no_other_events_to_tell(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        first, second = a_proposal(), a_proposal(claimant="lookback:x:9001:1")
        assert await store.propose([first], now=NOW) == [Ruled(PUBLISH, nth(1))]
        assert await store.propose([second], now=NOW + 1) == [Ruled(DUPLICATE, 0)]
        assert await store.propose([first], now=NOW + 2) == [Ruled(PUBLISH, nth(1))]
        await store.confirm([a_claim(first)], now=NOW + 2)
        assert await store.propose([first, second], now=NOW + 3) == [Ruled(DUPLICATE, 0)] * 2

    async def test_what_is_proposed_only_again_is_told_by_who_noted_it(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        first, another = a_proposal(), a_proposal(claimant="lookback:x:9001:1")
        again, anothers = replace(first, again_only=True), replace(another, again_only=True)
        assert await store.propose([again], now=NOW) == [Ruled(DUPLICATE, 0)], "nobody noted it"
        assert await store.propose([first], now=NOW) == [Ruled(PUBLISH, nth(1))]
        assert await store.propose([anothers, again], now=NOW) == [
            Ruled(DUPLICATE, 0),
            Ruled(PUBLISH, nth(1)),
        ]
        await store.confirm([a_claim(first)], now=NOW)
        assert await store.propose([again], now=NOW) == [Ruled(DUPLICATE, 0)]

    async def test_a_claim_lapses_and_another_event_takes_over(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        first, second = a_proposal(), a_proposal(claimant="lookback:x:9001:1")
        await store.propose([first], now=NOW)
        renewed = NOW + CLAIM_SECONDS - 1
        assert await store.propose([first], now=renewed) == [Ruled(PUBLISH, nth(1))]
        assert await store.propose([second], now=renewed + CLAIM_SECONDS - 1) == [Ruled(DUPLICATE, 0)]
        assert await store.propose([second], now=renewed + CLAIM_SECONDS) == [Ruled(PUBLISH, nth(1))]
        assert await store.propose([first], now=renewed + CLAIM_SECONDS) == [Ruled(DUPLICATE, 0)]

    async def test_a_higher_band_is_told_whoever_claimed_the_lower_one(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        lower, higher = a_proposal(), a_proposal(band="likely", claimant="update:event-2")
        await store.propose([lower], now=NOW)
        assert await store.propose([higher], now=NOW) == [Ruled(PUBLISH, nth(2))]
        assert await store.propose([lower], now=NOW) == [Ruled(DUPLICATE, 0)]

    async def test_confirming_a_lost_claim_does_not_confirm_the_one_that_took_over(
        self, store: Store
    ) -> None:
        """Or the higher band, should its worker die now, would never be told."""
        await store.enrol([a_ban("9001")], now=NOW)
        lower, higher = a_proposal(), a_proposal(band="likely", claimant="update:event-2")
        await store.propose([lower], now=NOW)
        await store.propose([higher], now=NOW)
        await store.confirm([a_claim(lower)], now=NOW)
        assert await store.propose([higher], now=NOW) == [Ruled(PUBLISH, nth(2))]

    async def test_no_alert_on_a_ban_that_is_gone_nor_for_an_account_that_is_banned(
        self, store: Store
    ) -> None:
        await store.enrol([a_ban("9001", expires_at=NOW + 1), a_ban("7002")], now=NOW)
        assert await store.propose([a_proposal(banned="x:404")], now=NOW) == [Ruled(Ruling.NOT_BANNED, 0)]
        assert await store.propose([a_proposal(account="x:7002")], now=NOW) == [
            Ruled(Ruling.ACCOUNT_BANNED, 0)
        ]
        assert await store.propose([a_proposal()], now=NOW + 1) == [Ruled(Ruling.NOT_BANNED, 0)]

    async def test_a_pair_that_a_moderator_silenced_stays_silent(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.decide([a_decision(a_proposal().alert_id)], now=NOW)
        assert await store.propose([a_proposal(band="likely")], now=NOW) == [Ruled(Ruling.SUPPRESSED, 0)]

    async def test_what_dismissed_alerts_showed_is_kept_by_account_until_it_is_deleted(
        self, store: Store
    ) -> None:
        bio, device = ShownLine("bio", "same", b"\x01" * 8, 3.5), ShownLine("device", "same", b"", -inf)
        await store.remember([a_remembered("5001")], now=NOW)
        noted = [
            Shown("x:5001", "a", (bio,), "x:9001"),
            Shown("x:5001", "b", (bio, device), "x:9001"),
            Shown("x:5002", "c", (device,), "x:9001"),
        ]
        await store.show(noted)
        await store.show([Shown("x:5001", "a", (device,), "x:9001"), Shown("x:5002", "c", (), "x:9001")])
        accounts = ["x:5001", "x:5002"]
        assert await store.shown(accounts) == [{"a": (device,), "b": (bio, device)}, {}]
        assert await store.alerts_and_shown(accounts) == ([[], []], await store.shown(accounts))
        await store.forget([("x:5001", NOW)], now=NOW)
        assert await store.shown(accounts) == [{"a": (), "b": ()}, {}]
        await store.show([Shown("x:5001", f"{n}", (bio,), f"x:{n}") for n in range(OPEN_ALERTS_A_BAN)])
        assert len((await store.shown(accounts))[0]) == OPEN_ALERTS_A_BAN

    async def test_bans_facts_count_the_reasons_that_explain_dismissed_alerts_on_it(
        self, store: Store
    ) -> None:
        line, reason = ShownLine("device", "same", b"\x01" * 8, 3.5), ("household",)
        await store.enrol([a_ban("9001"), a_ban("9002", handle="salma_kitchen")], now=NOW)
        await store.show([Shown(f"x:{n}", f"{n}", (line,), "x:9001", reason) for n in range(CLEARED_A_BAN)])
        both = Shown("x:1", "1", (line,), "x:9001", ("household", "copier"))
        beyond = Shown("x:more", "more", (line,), "x:9001", reason)
        await store.show([beyond, both, Shown("x:0", "0", (), "x:9001")])

        async def cleared(account: str) -> Mapping[str, int]:
            (ban,) = await store.bans([account])
            assert ban is not None
            return ban.facts.cleared

        assert await cleared("x:9001") == {"household": CLEARED_A_BAN - 1, "copier": 1}
        assert await cleared("x:9002") == {}
        ((candidate,),) = await store.bans_like([a_query(handle="salma_kitchen")], now=NOW)
        ((found,),) = await store.bans_like([a_query()], now=NOW)
        known, nothing = await store.facts([found.ref, candidate.ref])
        assert known is not None
        assert nothing is not None
        assert (known.cleared, nothing.cleared) == (await cleared("x:9001"), {})
        await store.expunge([("x:9001", NOW)], now=NOW)
        await store.enrol([a_ban("9001", occurred_at=NOW + 1)], now=NOW + 2)
        assert await cleared("x:9001") == {}

    async def test_open_alerts_are_found_by_ban_and_by_id(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        proposals = [a_proposal(f"x:{n}", payload=f"alert {n}".encode()) for n in range(3)]
        await store.propose(proposals, now=NOW)
        expected = [
            OpenAlert(one.alert_id, one.account, one.banned, one.band, nth(1), one.payload, NOW)
            for one in proposals
        ]
        assert await open_on(store, "x:9001", "x:404") == [expected, []]
        assert await store.pairs([proposals[1].alert_id, "unknown"]) == [expected[1], None]

    async def test_whoever_ends_a_ban_ends_its_alerts_in_the_same_step(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        proposals = [a_proposal(f"x:{n}") for n in range(3)]
        await store.propose(proposals, now=NOW)
        await store.expunge([("x:9001", NOW)], now=NOW + 1, reason="ban-forgotten")
        assert await open_on(store, "x:9001") == [[]]
        assert await store.pairs([proposals[0].alert_id]) == [None]
        owed = await store.owed("holder", now=NOW + 1)
        assert {(one.alert.account, one.revision, one.reason, one.at) for one in owed} == {
            (one.account, nth(2), "ban-forgotten", NOW + 1) for one in proposals
        }

    async def test_an_expired_ban_takes_its_alerts_along_when_it_is_swept_or_sent_again(
        self, store: Store
    ) -> None:
        ends = a_ban("9001", expires_at=NOW + 1), a_ban("9002", expires_at=NOW + 1)
        await store.enrol(ends, now=NOW)
        await store.propose([a_proposal(banned="x:9001"), a_proposal(banned="x:9002")], now=NOW)
        await store.enrol([ends[1]], now=NOW + 2)
        assert [it.alert.banned for it in await store.owed("holder", now=NOW)] == ["x:9002"]
        await store.sweep(now=NOW + 2 * 3_600)
        owed = await store.owed("holder", now=NOW + 2 * 3_600)
        assert {(it.alert.banned, it.reason) for it in owed} == {
            ("x:9001", "ban-expired"),
            ("x:9002", "ban-expired"),
        }

    async def test_what_was_ended_is_owed_until_its_own_revision_is_settled(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal()], now=NOW)
        await store.expunge([("x:9001", NOW)], now=NOW)
        (owed,) = await store.owed("holder", now=NOW)
        assert await store.owed("holder", now=NOW) == [owed], "whoever took it may have died"
        for revision in (nth(1), nth(3)):
            await store.settle([ConfirmedEntry(owed.alert.alert_id, "x:9001", revision)])
        assert await store.owed("holder", now=NOW) == [owed]
        await store.settle([ConfirmedEntry(owed.alert.alert_id, "x:9001", nth(2))])
        assert await store.owed("holder", now=NOW) == []

    async def test_proposal_that_overtakes_what_is_owed_is_owed_itself(self, store: Store) -> None:
        """What the withdrawal has made room for is yet to be looked at, whoever publishes the alert."""
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal()], now=NOW)
        await store.confirm([a_claim(a_proposal())], now=NOW)
        await store.expunge([("x:9001", NOW)], now=NOW)
        await store.enrol([a_ban("9001", occurred_at=NOW + 1)], now=NOW + 1)
        (ruled,) = await store.propose([a_proposal(claimant="anew")], now=NOW + 1)
        assert ruled.ruling is Ruling.PUBLISH
        (owed,) = await store.owed("holder", now=NOW + 1)
        assert (owed.alert.alert_id, owed.revision, owed.reason) == (
            a_proposal().alert_id,
            ruled.revision,
            None,
        )
        await store.settle([ConfirmedEntry(owed.alert.alert_id, "x:9001", owed.revision, is_open=True)])
        assert await store.owed("holder", now=NOW + 1) == []
        assert [it.open for it in (await store.alerts_on(["x:9001"]))[0]] == [True]

    async def test_one_holder_at_a_time_is_told_what_is_owed(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal()], now=NOW)
        await store.expunge([("x:9001", NOW)], now=NOW)
        assert len(await store.owed("one", now=NOW)) == 1
        assert await store.owed("another", now=NOW + 1) == []
        assert len(await store.owed("one", now=NOW + 2)) == 1

    async def test_more_than_fit_into_one_answer_are_owed_one_after_the_other(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal(f"x:{n}") for n in range(OWED_AT_ONCE + 3)], now=NOW)
        await store.expunge([("x:9001", NOW)], now=NOW)
        told = 0
        while owed := await store.owed("holder", now=NOW):
            assert len(owed) <= OWED_AT_ONCE
            await store.settle(
                [ConfirmedEntry(it.alert.alert_id, it.alert.banned, it.revision) for it in owed]
            )
            told += len(owed)
        assert told == OWED_AT_ONCE + 3

    async def test_banned_again_the_pair_is_told_at_once_above_the_withdrawal(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal()], now=NOW)
        await store.confirm([a_claim(a_proposal())], now=NOW)
        await store.expunge([("x:9001", NOW)], now=NOW)
        (owed,) = await store.owed("holder", now=NOW)
        await store.enrol([a_ban("9001", occurred_at=NOW + 1)], now=NOW)
        assert await store.propose([a_proposal()], now=NOW) == [Ruled(PUBLISH, nth(3))], (
            "nothing was settled yet"
        )
        await store.settle(
            [ConfirmedEntry(owed.alert.alert_id, "x:9001", nth(2))]
        )  # by a worker that is late
        ((open_,),) = await open_on(store, "x:9001")
        (owed,) = await store.owed("holder", now=NOW)
        assert (open_.revision, owed.revision, owed.reason) == (nth(3), nth(3), None)

    async def test_a_late_confirmation_of_a_withdrawn_alert_confirms_nothing(self, store: Store) -> None:
        """The same event, read by another worker, has proposed the pair anew, and that worker may die."""
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal()], now=NOW)
        await store.expunge([("x:9001", NOW)], now=NOW)
        await store.enrol([a_ban("9001", occurred_at=NOW + 1)], now=NOW)
        assert await store.propose([a_proposal()], now=NOW) == [Ruled(PUBLISH, nth(3))]
        await store.confirm([a_claim(a_proposal(), revision=nth(1))], now=NOW)
        assert await store.propose([a_proposal()], now=NOW) == [Ruled(PUBLISH, nth(3))]
        await store.confirm([a_claim(a_proposal(), revision=nth(3))], now=NOW)
        assert await store.propose([a_proposal()], now=NOW) == [Ruled(DUPLICATE, 0)]

    async def test_a_ban_that_is_replaced_keeps_its_alerts(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal()], now=NOW)
        await store.enrol([a_ban("9001", occurred_at=NOW + 1)], now=NOW)
        assert await store.expunge([("x:9001", NOW)], now=NOW) == [False]
        assert await store.owed("holder", now=NOW) == []

    async def test_alerts_are_found_by_their_account(self, store: Store) -> None:
        await store.enrol([a_ban("9001"), a_ban("9002")], now=NOW)
        proposals = [a_proposal("x:7", "x:9001"), a_proposal("x:7", "x:9002"), a_proposal("x:8", "x:9001")]
        await store.propose(proposals, now=NOW)
        about = await store.alerts_about(["x:7", "x:8", "x:404"])
        assert [[it.banned for it in several] for several in about] == [["x:9001", "x:9002"], ["x:9001"], []]

    async def test_an_alert_is_withdrawn_under_the_revision_under_which_it_was_read(
        self, store: Store
    ) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal()], now=NOW)
        ((read,),) = await store.alerts_about(["x:7001"])
        await store.propose([a_proposal(band="likely")], now=NOW)
        await store.withdraw([read], reason="no-longer-resembles", now=NOW)
        assert await store.owed("holder", now=NOW) == [], "it has another revision by now"
        ((read,),) = await store.alerts_about(["x:7001"])
        for _ in range(2):
            await store.withdraw([read], reason="no-longer-resembles", now=NOW + 1)
        (owed,) = await store.owed("holder", now=NOW)
        assert (owed.revision, owed.reason, owed.at) == (nth(3), "no-longer-resembles", NOW + 1)
        assert await open_on(store, "x:9001") == [[]]

    async def test_no_alert_about_an_account_that_was_deleted_since_it_was_seen(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.forget([("x:7001", NOW)], now=NOW)
        gone, back = a_proposal(seen_at=NOW), a_proposal(seen_at=NOW + 1)
        assert await store.propose([gone, back], now=NOW) == [
            Ruled(Ruling.ACCOUNT_DELETED, 0),
            Ruled(PUBLISH, nth(1)),
        ]

    @pytest.mark.parametrize(
        ("cause", "reason"),
        [("ban", "account-banned"), ("deletion", "account-deleted"), ("silence", "verdict")],
    )
    async def test_what_a_dead_worker_noted_is_withdrawn_when_it_comes_again_and_must_not_be(
        self, store: Store, cause: str, reason: str
    ) -> None:
        """It died before it looked once more; what forbids the alert found nothing to withdraw."""
        await store.enrol([a_ban("9001")], now=NOW)
        proposal = a_proposal()
        await store.propose([proposal], now=NOW)
        if cause == "ban":
            await store.enrol([a_ban("7001", platform="x")], now=NOW)
        elif cause == "deletion":
            await store.forget([("x:7001", NOW)], now=NOW)
        else:
            await store.decide([a_decision(proposal.alert_id)], now=NOW)
        (ruled,) = await store.propose([proposal], now=NOW)
        assert ruled.revision == 0
        assert [it.reason for it in await store.owed("holder", now=NOW)] == [reason]
        assert await open_on(store, "x:9001") == [[]]

    async def test_a_withdrawn_alert_is_known_to_a_late_verdict_until_its_ban_or_account_goes(
        self, store: Store
    ) -> None:
        await store.enrol([a_ban("9001"), a_ban("9002")], now=NOW)
        proposals = [a_proposal("x:7", "x:9001"), a_proposal("x:8", "x:9001"), a_proposal("x:7", "x:9002")]
        await store.propose(proposals, now=NOW)
        found = await store.alerts_about(["x:7", "x:8"])
        await store.withdraw([it for several in found for it in several], reason="account-banned", now=NOW)
        owed = await store.owed("holder", now=NOW)
        known = [
            replace(it.alert, revision=it.revision, payload=b"", open=False, withdrawn=it.reason)
            for it in owed
        ]
        await store.settle([ConfirmedEntry(it.alert_id, it.banned, it.revision, it) for it in known])
        assert await store.pairs([one.alert_id for one in proposals]) == [
            next(it for it in known if it.alert_id == one.alert_id) for one in proposals
        ]
        ((first, _),) = await store.alerts_about(["x:7"])
        await store.withdraw([first], reason="account-deleted", now=NOW)
        await store.expunge([("x:9002", NOW)], now=NOW)
        left = await store.pairs([one.alert_id for one in proposals])
        assert [it and it.account for it in left] == [None, "x:8", None]

    async def test_what_is_settled_after_its_ban_has_gone_is_not_known(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal()], now=NOW)
        ((read,),) = await store.alerts_about(["x:7001"])
        await store.withdraw([read], reason="account-banned", now=NOW)
        await store.expunge([("x:9001", NOW)], now=NOW)
        await store.settle([ConfirmedEntry(read.alert_id, "x:9001", nth(2), replace(read, open=False))])
        assert await store.pairs([read.alert_id]) == [None]

    async def test_beyond_the_cap_of_a_ban_pairs_are_counted_in_its_summary(
        self, store: Store, few_alerts: int
    ) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        several = [summed_up(f"x:{n}") for n in range(few_alerts)]
        assert {it.ruling for it in await store.propose(several, now=NOW)} == {PUBLISH}
        beyond = [summed_up("x:7001"), summed_up("x:7002", band="likely"), summed_up("x:7001")]
        assert await store.propose(beyond, now=NOW) == [Ruled(Ruling.WITHHELD, 0)] * 3
        (owed,) = await store.owed("holder", now=NOW)
        assert (owed.alert.alert_id, owed.reason, owed.revision) == (SUMMARY.alert_id, None, nth(2))
        assert owed.counts == (few_alerts, 1, 1)
        assert await store.propose([replace(several[1], band="likely")], now=NOW) == [Ruled(PUBLISH, nth(2))]

    async def test_everything_that_was_told_is_withdrawn_and_the_summary_too(
        self, store: Store, few_alerts: int
    ) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        several = [summed_up(f"x:{n}") for n in range(few_alerts + 2)]
        await store.propose(several, now=NOW)
        await store.expunge([("x:9001", NOW)], now=NOW)
        told: dict[str, str | None] = {}
        while owed := await store.owed("holder", now=NOW):
            told |= {it.alert.alert_id: it.reason for it in owed}
            await store.settle(
                [ConfirmedEntry(it.alert.alert_id, it.alert.banned, it.revision) for it in owed]
            )
        assert len(told) == few_alerts + 1
        assert set(told.values()) == {"reinstated"}
        assert SUMMARY.alert_id in told
        await store.enrol([a_ban("9001", occurred_at=NOW + 1)], now=NOW)
        assert await store.propose([several[-1]], now=NOW) == [Ruled(PUBLISH, nth(1))], (
            "nothing is counted any more"
        )

    async def test_a_summary_is_revised_when_it_grows_and_told_no_more_often_than_need_be(
        self, store: Store
    ) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        one, other = (replace(summed_up(who), again_only=True, counted=True) for who in ("x:1", "x:2"))
        assert await store.propose([one], now=NOW) == [Ruled(Ruling.WITHHELD, 0)]
        (owed,) = await store.owed("holder", now=NOW)
        await store.propose([other], now=NOW)
        await store.settle([ConfirmedEntry(SUMMARY.alert_id, "x:9001", owed.revision)])
        (grown,) = await store.owed("holder", now=NOW)
        assert (grown.revision, grown.counts) == (nth(2), (0, 0, 2)), "what was told is behind by now"
        await store.settle([ConfirmedEntry(SUMMARY.alert_id, "x:9001", grown.revision)])
        await store.propose([replace(other, band="likely")], now=NOW)
        assert await store.owed("holder", now=NOW + 1) == [], "it was told a moment ago"

    async def test_a_summary_is_revised_when_alerts_beside_it_open_or_end(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        counted = replace(summed_up("x:1"), again_only=True, counted=True)
        await store.propose([counted], now=NOW)
        assert await store.withheld(["x:9001", "x:9002"]) == [True, False]
        await store.propose([summed_up("x:2")], now=NOW)
        (owed,) = await store.owed("holder", now=NOW)
        assert (owed.revision, owed.counts) == (nth(2), (1, 0, 1))
        ((told,),) = await store.alerts_about(["x:2"])
        await store.withdraw([told], reason="no-longer-resembles", now=NOW)
        owed, _ = sorted(await store.owed("holder", now=NOW), key=lambda it: it.reason or "")
        assert (owed.revision, owed.counts) == (nth(3), (0, 0, 1))

    async def test_a_summary_that_the_store_lost_is_open_again_until_its_ban_goes(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        told = OpenAlert(SUMMARY.alert_id, "x:9001", "x:9001", "none", 4, SUMMARY.payload, 0.0)
        assert await store.recall([told], now=NOW) == [True]
        assert await store.recall([told], now=NOW) == [False]
        assert await store.owed("holder", now=NOW) == [], "that its account is banned is no reason to end it"
        assert await open_on(store, "x:9001") == [[told]]
        assert await store.alerts_about(["x:9001"]) == [[]]
        await store.propose([replace(summed_up("x:1"), again_only=True, counted=True)], now=NOW)
        (owed,) = await store.owed("holder", now=NOW)
        assert (owed.alert.alert_id, owed.counts) == (SUMMARY.alert_id, (0, 0, 1)), "counted anew"
        await store.expunge([("x:9001", NOW)], now=NOW)
        (owed,) = await store.owed("holder", now=NOW)
        assert (owed.alert.alert_id, owed.reason) == (SUMMARY.alert_id, "reinstated")

    async def test_pairs_about_those_who_are_gone_are_withheld_no_more(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        several = [replace(summed_up(f"x:{n}"), again_only=True, counted=True) for n in range(3)]
        await store.propose(several, now=NOW)
        await store.uncount(["x:0", "x:1", "x:unknown"], now=NOW)
        await store.uncount(["x:1"], now=NOW)
        (owed,) = await store.owed("holder", now=NOW)
        assert (owed.revision, owed.counts) == (nth(5), (0, 0, 1))
        await store.uncount(["x:2"], now=NOW)
        assert await store.withheld(["x:9001"]) == [False]
        (owed,) = await store.owed("holder", now=NOW)
        assert (owed.revision, owed.counts, owed.reason) == (nth(6), (0, 0, 0), None), "none is left"

    async def test_what_is_told_after_all_is_counted_no_more(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        counted = replace(summed_up("x:1"), again_only=True, counted=True)
        await store.propose([counted], now=NOW)
        assert await store.propose([summed_up("x:1")], now=NOW) == [Ruled(PUBLISH, nth(1))]
        (owed,) = await store.owed("holder", now=NOW)
        assert (owed.revision, owed.counts) == (nth(2), (1, 0, 0))
        assert await store.propose([counted], now=NOW) == [Ruled(PUBLISH, nth(1))], "noted, and not confirmed"
        await store.confirm([a_claim(counted)], now=NOW)
        assert await store.propose([counted], now=NOW) == [Ruled(DUPLICATE, 0)]

    async def test_beyond_the_cap_of_an_account_pairs_are_counted_on_their_bans(
        self, store: Store, few_alerts: int
    ) -> None:
        bans = [a_ban(f"b{n}") for n in range(few_alerts + 1)]
        await store.enrol(bans, now=NOW)
        ruled = await store.propose([a_proposal("x:7001", ban.account) for ban in bans], now=NOW)
        assert [it.ruling for it in ruled] == [PUBLISH] * few_alerts + [Ruling.WITHHELD]
        ((*about,),) = await store.alerts_about(["x:7001"])
        assert len(about) == few_alerts


SUMMARY = Summary("summary of x:9001", b"summary")


def summed_up(account: str, band: str = "possible") -> Proposal:
    """A proposal on a ban that may be counted only."""
    return replace(a_proposal(account, band=band), summary=SUMMARY)


class TestFamilies:
    async def test_who_joined_a_family_descends_from_its_founder(self, store: Store) -> None:
        await store.join([a_member("x:2", Descent("x:1", 1))], now=NOW)
        assert await store.descents(["x:2", "x:3"]) == [Descent("x:1", 1), None]

    async def test_a_ban_names_its_founder_until_that_one_is_reinstated(self, store: Store) -> None:
        child = a_ban("2", descent=Descent("x:1", 1))
        await store.enrol([a_ban("1"), child], now=NOW)
        await store.join([a_member("x:3", Descent("x:1", 1))], now=NOW)
        assert await store.bans(["x:2"]) == [child]
        await store.expunge([("x:1", NOW)], now=NOW)
        (left,) = await store.bans(["x:2"])
        assert left is not None
        assert left.facts.descent == founder("x:2")
        assert await store.descents(["x:3"]) == [None]
        await store.join([a_member("x:4", Descent("x:1", 1))], now=NOW)
        assert await store.descents(["x:4"]) == [None]

    async def test_who_leaves_is_of_the_family_that_another_decision_put_it_into(self, store: Store) -> None:
        one, other = a_member("x:3", Descent("x:1", 1)), a_member("x:3", Descent("x:2", 4), at=NOW + 1)
        await store.join([other, one], now=NOW)
        assert await store.descents(["x:3"]) == [Descent("x:2", 4)], "the later decision"
        await store.leave([other.alert_id, "nobody joined by it"])
        assert await store.descents(["x:3"]) == [Descent("x:1", 1)]
        await store.leave([one.alert_id, other.alert_id])
        assert await store.descents(["x:3"]) == [None]
        await store.join([one], now=NOW)
        assert await store.descents(["x:3"]) == [Descent("x:1", 1)]

    async def test_who_is_to_leave_is_known_whatever_was_decided_since(self, store: Store) -> None:
        member = a_member("x:3", Descent("x:1", 1))
        await store.decide([a_decision(member.alert_id, "mirror", at=NOW)], now=NOW)
        await store.join([member], now=NOW)
        await store.decide([a_decision(member.alert_id, "unsure", at=NOW + 1)], now=NOW)
        await store.leave([member.alert_id])
        assert await store.descents(["x:3"]) == [None]

    async def test_decision_of_a_ban_gives_way_to_a_persons_of_any_moment_and_never_returns(
        self, store: Store
    ) -> None:
        member = a_member("x:3", Descent("x:1", 1), at=0.0)
        by_ban = a_decision(member.alert_id, "mirror", at=0.0, identity="ban")
        assert await store.decide([by_ban], now=NOW) == [Decided("mirror", 0.0, new=True)]
        await store.join([member], now=NOW)
        assert await store.descents(["x:3"]) == [Descent("x:1", 1)]
        cut = a_decision(member.alert_id, "unsure", at=1.0)
        assert await store.decide([cut], now=NOW) == [Decided("unsure", 1.0, new=True)]
        await store.leave([member.alert_id])
        for repeat in (by_ban, by_ban._replace(identity="another ban")):
            assert await store.decide([repeat], now=NOW) == [Decided("unsure", 1.0, new=False)]
        assert await store.descents(["x:3"]) == [None]


class TestDecisions:
    async def test_the_latest_holds_in_whatever_order_they_come(self, store: Store) -> None:
        first, second = a_decision("1", "not_mirror", at=NOW), a_decision("1", "mirror", at=NOW + 1)
        assert await store.decide([first], now=NOW) == [Decided("not_mirror", NOW, new=True)]
        assert await store.decide([second], now=NOW) == [Decided("mirror", NOW + 1, new=True)]
        assert await store.decide([first], now=NOW) == [Decided("mirror", NOW + 1, new=False)]
        assert await store.decided(["1", "2"]) == [Decided("mirror", NOW + 1, new=False), None]

    async def test_a_repeat_of_an_id_is_ignored_whatever_else_it_says(self, store: Store) -> None:
        one = a_decision("1", "mirror", at=NOW, identity="v1")
        assert [it.new for it in await store.decide([one, one], now=NOW)] == [True, False]
        changed = a_decision("1", "not_mirror", at=NOW + 9, identity="v1")
        assert await store.decide([changed], now=NOW) == [Decided("mirror", NOW, new=False)]

    async def test_of_two_at_one_moment_the_same_one_holds_for_everybody(self, make_store: MakeStore) -> None:
        one, other = (a_decision("1", verdict, at=NOW) for verdict in ("mirror", "not_mirror"))
        held = []
        for number, order in enumerate([(one, other), (other, one)]):
            store = await make_store()
            name = f"{number}"
            await store.decide([it._replace(alert_id=name) for it in order], now=NOW)
            held += await store.decided([name])
        assert held[0] == held[1]

    async def test_silence_is_lifted_by_a_later_decision_and_no_earlier_one(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        alert = a_proposal().alert_id
        await store.decide([a_decision(alert, "not_mirror", at=NOW)], now=NOW)
        await store.decide([a_decision(alert, "mirror", at=NOW - 1)], now=NOW)
        assert await store.propose([a_proposal()], now=NOW) == [Ruled(Ruling.SUPPRESSED, 0)]
        await store.decide([a_decision(alert, "unsure", at=NOW + 1)], now=NOW)
        assert await store.propose([a_proposal()], now=NOW) == [Ruled(PUBLISH, nth(1))]

    @pytest.mark.parametrize("told", [True, False], ids=["told", "still owed"])
    async def test_what_was_withdrawn_for_a_verdict_is_open_again_at_a_higher_revision(
        self, store: Store, told: bool
    ) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        gone = await _withdrawn_for_a_verdict(store, told=told)
        assert (gone.open, gone.withdrawn, gone.revision) == (False, "verdict", nth(2))
        await store.decide([a_decision(gone.alert_id, "mirror", at=NOW + 1)], now=NOW)
        await store.reopen([replace(gone, payload=b"as it was")], now=NOW + 2)
        back = replace(gone, payload=b"as it was", revision=nth(3), open=True, withdrawn=None)
        assert await store.pairs([gone.alert_id]) == [back]
        assert await open_on(store, "x:9001") == [[back]]
        (owed,) = await store.owed("holder", now=NOW + 2)
        assert (owed.alert, owed.revision, owed.reason, owed.counts) == (back, nth(3), None, None)
        assert await store.propose([a_proposal()], now=NOW + 2) == [Ruled(DUPLICATE, 0)], "it is told already"
        assert await store.propose([a_proposal(band="likely")], now=NOW + 2) == [Ruled(PUBLISH, nth(4))]
        (owed,) = await store.owed("holder", now=NOW + 2)
        assert (owed.alert.band, owed.revision, owed.reason) == ("likely", nth(4), None)

    async def test_opening_again_twice_opens_once(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        gone = await _withdrawn_for_a_verdict(store)
        await store.decide([a_decision(gone.alert_id, "mirror", at=NOW + 1)], now=NOW)
        await store.reopen([gone, gone], now=NOW)
        await store.reopen([gone], now=NOW)
        assert [it.revision for it in await store.owed("holder", now=NOW)] == [nth(3)]
        await store.settle([ConfirmedEntry(gone.alert_id, gone.banned, nth(3))])
        assert await store.owed("holder", now=NOW) == []
        (open_,) = await store.pairs([gone.alert_id])
        assert open_ is not None
        assert open_.open

    async def test_open_alert_that_is_revised_is_owed_and_waits_for_a_verdict_as_before(
        self, store: Store
    ) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal()], now=NOW)
        await store.confirm([a_claim(a_proposal())], now=NOW)
        ((open_,),) = await open_on(store, "x:9001")
        await store.revise([replace(open_, payload=b"with a name")], now=NOW + 1)
        await store.revise([replace(open_, payload=b"too late")], now=NOW + 1)
        (owed,) = await store.owed("holder", now=NOW + 1)
        assert (owed.alert.payload, owed.revision, owed.reason) == (b"with a name", nth(2), None)
        entry = ConfirmedEntry(open_.alert_id, open_.banned, nth(2), None, open_.account, is_open=True)
        await store.settle([entry])
        assert await store.propose([a_proposal()], now=NOW + 1) == [Ruled(DUPLICATE, 0)]
        assert await store.owed("holder", now=NOW + 1) == []
        assert (await store.figures()).unjudged == 1

    async def test_alert_that_is_withdrawn_is_not_revised(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        gone = await _withdrawn_for_a_verdict(store)
        await store.revise([replace(gone, open=True, payload=b"with a name")], now=NOW)
        assert await open_on(store, "x:9001") == [[]]

    async def test_superseded_alert_is_withdrawn_with_what_names_its_successor(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([a_proposal()], now=NOW)
        ((open_,),) = await open_on(store, "x:9001")
        await store.withdraw([replace(open_, payload=b"by another")], reason="superseded", now=NOW)
        (owed,) = await store.owed("holder", now=NOW)
        assert (owed.alert.payload, owed.reason) == (b"by another", "superseded")
        (known,) = await store.pairs([open_.alert_id])
        assert known is not None
        assert (known.open, known.withdrawn) == (False, "superseded")
        assert await store.propose([a_proposal()], now=NOW) == [Ruled(PUBLISH, nth(3))]

    async def test_dismissed_pair_is_raised_anew_until_a_later_decision(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        first, anew = a_proposal(), replace(a_proposal(band="likely"), dismissed_at=NOW)
        await store.decide([a_decision(first.alert_id, at=NOW)], now=NOW)
        assert await store.rulings([first, anew], now=NOW) == [
            Ruled(Ruling.SUPPRESSED, 0),
            Ruled(PUBLISH, nth(1)),
        ]
        assert await store.propose([anew], now=NOW) == [Ruled(PUBLISH, nth(1))]
        assert await store.propose([first], now=NOW) == [Ruled(Ruling.SUPPRESSED, 0)]
        ((open_,),) = await open_on(store, "x:9001")
        assert (open_.revision, open_.dismissed_at) == (nth(1), NOW), "the earlier one does not end it"
        await store.decide([a_decision(first.alert_id, at=NOW + 1)], now=NOW + 1)
        assert await store.propose([anew], now=NOW + 1) == [Ruled(Ruling.SUPPRESSED, 0)]
        assert await open_on(store, "x:9001") == [[]]

    async def test_deletion_forbids_earlier_states_though_a_later_one_is_remembered(
        self, store: Store
    ) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.remember([replace(a_remembered("7001"), seen_at=NOW + 2)], now=NOW + 2)
        assert await store.forget([("x:7001", NOW + 1)], now=NOW + 2) == [False]
        later, earlier = a_proposal(seen_at=NOW + 2), a_proposal(seen_at=NOW)
        assert await store.propose([later], now=NOW + 2) == [Ruled(PUBLISH, nth(3))]
        assert await store.propose([earlier], now=NOW + 2) == [Ruled(Ruling.ACCOUNT_DELETED, 0)]
        assert len((await open_on(store, "x:9001"))[0]) == 1, "which is about the later state"

    @pytest.mark.parametrize("cause", ["ban", "deletion", "silence", "reinstatement", "another reason"])
    async def test_what_must_not_be_open_is_not_opened_again(self, store: Store, cause: str) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        gone = await _withdrawn_for_a_verdict(store)
        if cause != "silence":
            await store.decide([a_decision(gone.alert_id, "mirror", at=NOW + 1)], now=NOW)
        if cause == "ban":
            await store.enrol([a_ban("7001", platform="x")], now=NOW)
        elif cause == "deletion":
            await store.forget([("x:7001", NOW)], now=NOW)
        elif cause == "reinstatement":
            await store.expunge([("x:9001", NOW)], now=NOW)
        elif cause == "another reason":
            gone = replace(gone, withdrawn="account-banned")
        await store.reopen([gone], now=NOW)
        assert await open_on(store, "x:9001") == [[]]
        assert [
            it for it in await store.owed("holder", now=NOW) if it.reason is None and not it.forgotten
        ] == []

    async def test_what_a_dead_worker_opened_is_withdrawn_when_it_comes_again_and_must_not_be(
        self, store: Store
    ) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        gone = await _withdrawn_for_a_verdict(store)
        await store.decide([a_decision(gone.alert_id, "mirror", at=NOW + 1)], now=NOW)
        await store.reopen([gone], now=NOW)
        await store.enrol([a_ban("7001", platform="x")], now=NOW)
        (open_,) = await store.pairs([gone.alert_id])
        assert open_ is not None
        await store.reopen([open_], now=NOW)
        assert await open_on(store, "x:9001") == [[]]
        assert [it.reason for it in await store.owed("holder", now=NOW)] == ["account-banned"]

    async def test_of_a_deleted_account_nothing_is_told_that_was_owed_for_another_reason(
        self, store: Store
    ) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        gone = await _withdrawn_for_a_verdict(store, told=False)
        (before,) = await store.owed("holder", now=NOW)
        await store.withdraw([gone], reason="account-deleted", now=NOW)
        await store.settle([ConfirmedEntry(gone.alert_id, gone.banned, before.revision, gone)])
        (owed,) = await store.owed("holder", now=NOW)
        assert (owed.reason, owed.revision) == ("account-deleted", before.revision + 1)
        await store.settle([ConfirmedEntry(gone.alert_id, gone.banned, owed.revision)])
        assert await store.pairs([gone.alert_id]) == [None]


async def _withdrawn_for_a_verdict(store: Store, *, told: bool = True) -> OpenAlert:
    """An alert on a ban that stands, which a person dismissed."""
    proposal = a_proposal()
    await store.propose([proposal], now=NOW)
    await store.confirm([a_claim(proposal)], now=NOW)
    await store.decide([a_decision(proposal.alert_id, "not_mirror", at=NOW)], now=NOW)
    (open_,) = await store.pairs([proposal.alert_id])
    assert open_ is not None
    await store.withdraw([open_], reason="verdict", now=NOW)
    (owed,) = await store.owed("holder", now=NOW)
    if told:
        known = replace(owed.alert, revision=owed.revision, open=False, withdrawn=owed.reason)
        await store.settle([ConfirmedEntry(known.alert_id, known.banned, known.revision, known)])
    (gone,) = await store.pairs([proposal.alert_id])
    assert gone is not None
    return gone


# What a store knows of alerts for how long, and what it takes back after it was lost.


PAIR = a_proposal()
YEARS = 400 * DAY
KNOWN: tuple[WithdrawnReason, ...] = ("verdict", "account-banned", "no-longer-resembles")


def an_open(revision: int = nth(1), *, band: str = "possible") -> OpenAlert:
    """The pair's alert as the topic of states has it."""
    return OpenAlert(PAIR.alert_id, PAIR.account, PAIR.banned, band, revision, PAIR.payload, PAIR.seen_at)


def a_withdrawn(reason: WithdrawnReason, revision: int = nth(2)) -> OpenAlert:
    return replace(an_open(revision), open=False, withdrawn=reason)


async def told_on_a_ban(store: Store, *, expires_at: float | None = None) -> OpenAlert:
    """The pair is told on a ban."""
    await store.enrol([a_ban("9001", expires_at=expires_at)], now=NOW)
    (ruled,) = await store.propose([PAIR], now=NOW)
    await store.confirm([a_claim(PAIR, ruled.revision)], now=NOW)
    (alert,) = await store.pairs([PAIR.alert_id])
    assert alert is not None
    return alert


async def settled(store: Store, *, now: float) -> list[Owed]:
    """Publishes all that is owed, as the relay does."""
    owed = await store.owed("holder", now=now)
    await store.settle(
        [
            ConfirmedEntry(
                it.alert.alert_id,
                it.alert.banned,
                it.revision,
                replace(it.alert, open=False, withdrawn=it.reason) if it.reason in KNOWN else None,
                it.alert.account,
            )
            for it in owed
        ]
    )
    return owed


async def test_revision_of_a_pair_nobody_knows_is_the_time(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    assert await store.propose([PAIR], now=NOW + 40 * DAY) == [Ruled(PUBLISH, by_time(NOW + 40 * DAY))]
    assert await store.rulings([a_proposal("x:7002")], now=NOW + 2) == [Ruled(PUBLISH, by_time(NOW + 2))]


@pytest.mark.parametrize("clock", [NOW, NOW - YEARS, 0.0], ids=["same second", "set back", "1970"])
async def test_revision_rises_whatever_the_clock_says(store: Store, clock: float) -> None:
    alert = await told_on_a_ban(store)
    await store.withdraw([alert], reason="verdict", now=clock)
    (owed,) = await store.owed("holder", now=NOW)
    assert owed.revision == alert.revision + 1
    assert await store.propose([PAIR], now=clock) == [Ruled(PUBLISH, alert.revision + 2)]


async def test_revision_by_a_wild_clock_leaves_room_for_the_next_ones(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    (ruled,) = await store.propose([PAIR], now=1e12)
    alerts = await store.pairs([PAIR.alert_id])
    await store.withdraw([it for it in alerts if it], reason="verdict", now=1e12)
    (owed,) = await store.owed("holder", now=NOW)
    assert ruled.revision < owed.revision < 2**31 - 1


async def test_redelivery_of_the_claimant_keeps_the_revision(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    for seconds in (0, 30, 40 * DAY):
        assert await store.propose([PAIR], now=NOW + seconds) == [Ruled(PUBLISH, nth(1))]


async def test_open_alert_is_known_for_as_long_as_its_ban(store: Store) -> None:
    alert = await told_on_a_ban(store)
    for _ in range(3):
        await settled(store, now=NOW + YEARS)
    other = a_proposal(claimant="update:years-later")
    assert await store.propose([other], now=NOW + YEARS) == [Ruled(DUPLICATE, 0)]
    assert await store.alerts_about([PAIR.account]) == [[alert]]
    await store.expunge([("x:9001", NOW)], now=NOW + YEARS)
    (owed,) = await store.owed("holder", now=NOW + YEARS)
    assert (owed.reason, owed.revision) == ("reinstated", by_time(NOW + YEARS))


@pytest.mark.parametrize("published_first", [True, False], ids=["published", "still owed"])
@pytest.mark.parametrize("then", ["reinstated", "ban-expired", "account-deleted"])
@pytest.mark.parametrize("reason", KNOWN)
async def test_withdrawn_alert_is_withdrawn_once_more_when_it_is_to_be_forgotten(
    store: Store, reason: WithdrawnReason, then: WithdrawnReason, published_first: bool
) -> None:
    alert = await told_on_a_ban(store, expires_at=NOW + YEARS if then == "ban-expired" else None)
    await store.withdraw([alert], reason=reason, now=NOW)
    if published_first:
        assert [owed.reason for owed in await settled(store, now=NOW)] == [reason]
        assert await settled(store, now=NOW + YEARS - DAY) == []
    ((known,),) = await store.alerts_on(["x:9001"])
    assert (known.open, known.withdrawn) == (False, reason)
    later = NOW + YEARS + DAY
    for _ in range(2):
        if then == "account-deleted":
            await store.withdraw([known], reason=then, now=later)
        elif then == "ban-expired":
            await store.sweep(now=later)
        else:
            await store.expunge([("x:9001", NOW)], now=later, reason=then)
    (owed,) = await settled(store, now=later)
    assert (owed.reason, owed.revision) == (then, by_time(later))
    assert owed.alert.withdrawn == (reason if published_first else None)
    assert await store.pairs([alert.alert_id]) == [None]
    assert await settled(store, now=later) == []


async def test_pair_proposed_anew_owes_no_forgetting(store: Store) -> None:
    alert = await told_on_a_ban(store)
    await store.withdraw([alert], reason="no-longer-resembles", now=NOW)
    await settled(store, now=NOW)
    assert (await store.propose([PAIR], now=NOW))[0].ruling is PUBLISH
    assert await settled(store, now=NOW + YEARS) == []


class TestRecall:
    """The store is empty but for its bans."""

    async def test_open_alert_is_not_told_again_and_ends_with_its_ban(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        assert await store.recall([an_open()], now=NOW + DAY) == [True]
        assert await store.propose([PAIR], now=NOW + DAY) == [Ruled(DUPLICATE, 0)]
        assert await store.alerts_about([PAIR.account]) == [[an_open()]]
        assert await store.pairs([PAIR.alert_id]) == [an_open()]
        await store.expunge([("x:9001", NOW)], now=NOW + DAY)
        (owed,) = await store.owed("holder", now=NOW + DAY)
        assert (owed.reason, owed.revision) == ("reinstated", by_time(NOW + DAY))

    async def test_band_that_rises_is_told_as_a_higher_revision(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.recall([an_open()], now=NOW)
        assert await store.propose([a_proposal(band="likely")], now=NOW) == [Ruled(PUBLISH, nth(2))]

    async def test_open_alert_on_a_ban_that_is_gone_is_withdrawn(self, store: Store) -> None:
        assert await store.recall([an_open()], now=NOW + DAY) == [True]
        (owed,) = await settled(store, now=NOW + DAY)
        assert (owed.reason, owed.revision) == ("ban-forgotten", by_time(NOW + DAY))
        assert await store.alerts_about([PAIR.account]) == [[]]

    async def test_open_alert_on_an_account_that_is_banned_is_withdrawn(self, store: Store) -> None:
        await store.enrol([a_ban("9001"), a_ban("7001")], now=NOW)
        await store.recall([an_open()], now=NOW)
        assert [it.reason for it in await store.owed("holder", now=NOW)] == ["account-banned"]

    async def test_dismissed_pair_stays_silent_and_can_be_opened_again(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.decide([a_decision(PAIR.alert_id)], now=NOW)
        gone = a_withdrawn("verdict")
        assert await store.recall([gone], now=NOW + DAY) == [True]
        assert await store.propose([PAIR], now=NOW + DAY) == [Ruled(Ruling.SUPPRESSED, 0)]
        assert await store.pairs([PAIR.alert_id]) == [gone]
        await store.decide([a_decision(PAIR.alert_id, "unsure", at=NOW + 1)], now=NOW + DAY)
        await store.reopen([gone], now=NOW + DAY)
        (owed,) = await store.owed("holder", now=NOW + DAY)
        assert (owed.reason, owed.revision) == (None, by_time(NOW + DAY))

    @pytest.mark.parametrize("reason", KNOWN)
    @pytest.mark.parametrize("gone", ["ban", "account"])
    async def test_withdrawn_alert_of_which_something_is_gone_is_withdrawn_once_more(
        self, store: Store, reason: WithdrawnReason, gone: str
    ) -> None:
        if gone == "account":
            await store.enrol([a_ban("9001")], now=NOW)
            await store.forget([(PAIR.account, NOW)], now=NOW)
        await store.recall([a_withdrawn(reason)], now=NOW + DAY)
        why = "ban-forgotten" if gone == "ban" else "account-deleted"
        assert [it.reason for it in await settled(store, now=NOW + DAY)] == [why]
        assert await settled(store, now=NOW + DAY) == []

    @pytest.mark.parametrize("make", [an_open, lambda revision: a_withdrawn("verdict", revision)])
    async def test_store_that_knows_as_much_is_left_alone(
        self, store: Store, make: Callable[[int], OpenAlert]
    ) -> None:
        alert = await told_on_a_ban(store)
        assert await store.recall([make(alert.revision)], now=NOW) == [False]
        assert await store.pairs([PAIR.alert_id]) == [alert]
        await store.expunge([("x:9001", NOW)], now=NOW)
        await settled(store, now=NOW)
        await store.enrol([a_ban("9001", occurred_at=NOW + 1)], now=NOW + 1)
        assert await store.recall([make(alert.revision)], now=NOW) == [False]
        assert await open_on(store, "x:9001") == [[]]

    async def test_older_dump_takes_what_happened_since(self, store: Store) -> None:
        """It has the alert open; it was withdrawn since, opened again, and withdrawn once more."""
        await told_on_a_ban(store)
        for later in (a_withdrawn("verdict", nth(2)), an_open(nth(3)), a_withdrawn("verdict", nth(4))):
            assert await store.recall([later], now=NOW) == [True]
            assert await store.pairs([PAIR.alert_id]) == [later]
        assert await settled(store, now=NOW) == []

    async def test_claimant_that_was_not_confirmed_publishes_again(self, store: Store) -> None:
        """The worker died between its state and its confirmation: the store noted the pair itself."""
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([PAIR], now=NOW)
        await store.recall([an_open()], now=NOW)
        assert await store.propose([PAIR], now=NOW) == [Ruled(PUBLISH, nth(1))]

    async def test_many_at_once(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        several: Sequence[OpenAlert] = [
            replace(an_open(), alert_id=f"{n:032x}", account=f"x:{n}") for n in range(300)
        ]
        assert all(await store.recall(several, now=NOW))
        ((*found,),) = await open_on(store, "x:9001")
        assert found == sorted(several, key=lambda it: it.alert_id)


# A candidate reads its records when somebody asks.


def test_a_candidate_gives_the_fingerprints_that_were_packed() -> None:
    (one,) = fingerprints(an_account())
    candidate = Candidate("ref", (pack(one), pack(one)), 12.5)
    assert candidate.fingerprint == one
    assert candidate.fingerprints == (one, one)
    assert candidate.fingerprints is candidate.fingerprints


def test_a_candidate_shows_no_trait_of_its_account() -> None:
    frame = read_frame(frame_of(b"tags", fingerprints(an_account(handle="zufar_zarif")), None))
    assert "zufar" not in repr(Candidate("ref", frame.records, 12.5))


# A store that is another one says in what, since each has a cure of its own.


def test_a_mismatch_says_in_what() -> None:
    assert (StoreMismatch("other").kind, StoreMismatch("other", "pepper").kind) == ("layout", "pepper")
    assert str(StoreMismatch("other", "pepper")) == "other"


def test_a_refusal_is_waited_out_by_who_runs_already() -> None:
    with pytest.raises(StoreUnavailable):
        raise StoreRefused("Redis refuses the login")
    assert issubclass(StoreRefused, StoreError)


# The caps that follow from others.


@for_each("kind", list(KeyKind))
def test_a_name_lists_more_than_it_proposes_and_all_else_as_many(kind: KeyKind) -> None:
    assert listed_at_most(kind) == posting_cap(kind) * (SILENT_LISTS if falls_silent(kind) else 1)


# Which published alerts nobody has judged: counted, and how long the oldest of them waits.


async def published(store: Store, *numbers: int, now: float = NOW) -> list[str]:
    """Publishes alerts on one ban; their ids."""
    proposals = [a_proposal(f"x:new-{number}", claimant=f"forward:{number}") for number in numbers]
    await store.enrol([a_ban("9001", handle="umar_media")], now=NOW)
    ruled = await store.propose(proposals, now=now)
    claims = [a_claim(one, it.revision) for one, it in zip(proposals, ruled, strict=True)]
    await store.confirm(claims, now=now)
    return [one.alert_id for one in proposals]


async def waiting(store: Store) -> tuple[int, float | None]:
    """How many wait, and since when."""
    figures = await store.figures()
    return figures.unjudged, figures.oldest_unjudged_at


async def test_a_store_without_alerts_has_nobody_waiting(store: Store) -> None:
    assert await waiting(store) == (0, None)


async def test_published_alerts_wait_until_they_are_judged(store: Store) -> None:
    first = await published(store, 1, 2)
    second = await published(store, 3, now=NOW + 60)
    assert await waiting(store) == (3, NOW)
    await store.judged(first)
    assert await waiting(store) == (1, NOW + 60)
    await store.judged([*second, "f" * 32])
    assert await waiting(store) == (0, None)


async def test_one_that_is_published_again_has_waited_since_the_first_time(store: Store) -> None:
    await published(store, 1)
    await published(store, 1, now=NOW + 3600)
    assert await waiting(store) == (1, NOW)


async def test_a_withdrawn_alert_waits_for_nobody(store: Store) -> None:
    (alert_id,) = await published(store, 1)
    banned = a_proposal("x:new-1").banned
    await store.expunge([(banned, NOW)], now=NOW)
    await store.settle([ConfirmedEntry(alert_id, banned, nth(2))])
    assert await waiting(store) == (0, None)


async def test_what_is_older_than_alerts_are_known_is_forgotten(store: Store) -> None:
    await published(store, 1)
    await published(store, 2, now=NOW + 3600)
    await store.sweep(now=NOW + Bounds().dedup_seconds + 1)
    assert await waiting(store) == (1, NOW + 3600)


# What a store would say and do, asked by somebody who writes nothing down.


async def would(store: Store, *proposals: object) -> list[Ruled]:
    """The rulings, asked twice: asking changes nothing."""
    first = await store.rulings(proposals, now=NOW)  # type: ignore[arg-type]  # makers of proposals
    assert await store.rulings(proposals, now=NOW) == first  # type: ignore[arg-type]  # the same
    return first


async def test_what_was_never_told_would_be_and_is_not_noted_by_asking(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    assert await would(store, a_proposal()) == [Ruled(PUBLISH, nth(1))]
    assert await store.pairs([a_proposal().alert_id]) == [None]
    assert await store.propose([a_proposal()], now=NOW) == [Ruled(PUBLISH, nth(1))]


async def test_what_is_told_already_has_its_revision_and_the_next_where_its_band_has_risen(
    store: Store,
) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    lower, higher = a_proposal(band="possible"), a_proposal(band="likely", claimant="forward:event-2")
    await store.propose([lower], now=NOW)
    await store.confirm([a_claim(lower)], now=NOW)
    assert await would(store, lower, higher) == [Ruled(PUBLISH, nth(1)), Ruled(PUBLISH, nth(2))]


async def test_nobody_hears_of_a_pair_that_was_silenced_nor_of_a_ban_that_is_gone(store: Store) -> None:
    await store.enrol([a_ban("9001"), a_ban("9002", expires_at=NOW)], now=NOW - 1)
    await store.decide([a_decision(a_proposal().alert_id)], now=NOW)
    rulings = await would(store, a_proposal(), a_proposal(banned="x:404"), a_proposal(banned="x:9002"))
    assert [it.ruling for it in rulings] == [Ruling.SUPPRESSED, Ruling.NOT_BANNED, Ruling.NOT_BANNED]


async def test_nobody_hears_of_an_account_that_is_banned_or_deleted(store: Store) -> None:
    await store.enrol([a_ban("9001"), a_ban("7002")], now=NOW)
    await store.forget([("x:7003", NOW)], now=NOW)
    rulings = await would(store, a_proposal("x:7002"), a_proposal("x:7003"))
    assert [it.ruling for it in rulings] == [Ruling.ACCOUNT_BANNED, Ruling.ACCOUNT_DELETED]


@pytest.mark.usefixtures("few_alerts")
async def test_a_ban_with_more_alerts_than_anybody_reads_has_no_further_one(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    told = [a_proposal(f"x:{n}") for n in range(2)]
    await store.propose(told, now=NOW)
    assert await would(store, *told, a_proposal("x:9")) == [
        Ruled(PUBLISH, nth(1)),
        Ruled(PUBLISH, nth(1)),
        Ruled(Ruling.WITHHELD, 0),
    ]


@pytest.mark.usefixtures("few_alerts")
async def test_an_account_with_more_alerts_than_anybody_reads_has_no_further_one(store: Store) -> None:
    await store.enrol([a_ban(f"900{n}") for n in range(3)], now=NOW)
    told = [a_proposal(banned=f"x:900{n}") for n in range(2)]
    await store.propose(told, now=NOW)
    assert [it.ruling for it in await would(store, *told, a_proposal(banned="x:9002"))] == [
        PUBLISH,
        PUBLISH,
        Ruling.WITHHELD,
    ]


@pytest.mark.usefixtures("few_alerts")
async def test_the_summary_of_a_ban_is_none_of_its_alerts(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    summary = Summary("summary of x:9001", b"counts")
    kept_back = replace(a_proposal("x:8"), again_only=True, counted=True, summary=summary)
    await store.propose([replace(a_proposal("x:1"), summary=summary), kept_back], now=NOW)
    assert await would(store, replace(a_proposal("x:2"), summary=summary)) == [Ruled(PUBLISH, nth(1))]


async def test_since_when_an_account_shows_what_it_shows_is_told_as_if_it_were_remembered(
    store: Store,
) -> None:
    first = replace(a_remembered("7", handle="umar_media"), shown=Showings(int(NOW), int(NOW)))
    assert await store.showings([first], now=NOW) == [first.shown]
    await store.remember([first], now=NOW)
    changed = replace(
        a_remembered("7", handle="salma_travels", seen_at=NOW + 2 * DAY),
        shown=Showings(None, int(NOW + 2 * DAY)),
    )
    would_show = await store.showings([changed], now=NOW + 2 * DAY)
    kept = await store.remembered(["x:7"], now=NOW + 2 * DAY)
    assert [it and it.seen_at for it in kept] == [NOW], "asking must not remember"
    assert await store.remember([changed], now=NOW + 2 * DAY) == would_show
    assert would_show != [changed.shown], "what was known of it counts"


async def test_a_later_state_says_nothing_of_an_earlier_one(store: Store) -> None:
    later = replace(a_remembered("7", seen_at=NOW), shown=Showings(int(NOW), int(NOW)))
    await store.remember([later], now=NOW)
    earlier = replace(a_remembered("7", seen_at=NOW - DAY), shown=Showings(None, int(NOW - DAY)))
    assert await store.showings([earlier], now=NOW) == [earlier.shown]
