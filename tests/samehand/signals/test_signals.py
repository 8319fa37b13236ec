"""What each signal says of two accounts beyond the contract that all of them keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from itertools import pairwise
from random import Random
from statistics import median
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from samehand.account import Account, Avatar
from samehand.fingerprint.distil import Fingerprint, enrolment_keys, is_day, pack, query_keys, unpack
from samehand.frequency.name_prior import bits
from samehand.frequency.rates import LATELY, STRATUM_ACCOUNTS_MIN, NothingCounted
from samehand.keys import KeyKind, key_of, kind_of
from samehand.names.handle_trait import HandleTrait
from samehand.names.similarity import longest_run
from samehand.normalize.text.everyday import EVERYDAY
from samehand.normalize.text.fold import fold_name
from samehand.scoring.evidence import Evidence, Score
from samehand.scoring.score import score
from samehand.showings import COPYABLE, UNKNOWN, Changed, Showings
from samehand.signals.avatar import ALIKE_BITS, AVATAR, PDQ_BYTES, AvatarTrait
from samehand.signals.base import Example, Quoted, Signal
from samehand.signals.bio import BANDS, BIO, SIGNATURE_BYTES, BioTrait, resemblance
from samehand.signals.contact import CONTACT
from samehand.signals.cross_field import CROSS_FIELD, CrossedNames, names_of
from samehand.signals.device import DEVICE as DEVICE_SIGNAL
from samehand.signals.email import EMAIL, EmailTrait
from samehand.signals.fan_account import FAN_ACCOUNT
from samehand.signals.first_shown import FIRST_SHOWN, Order
from samehand.signals.handle import HANDLE
from samehand.signals.listed import Listed
from samehand.signals.name import NAME
from samehand.signals.own_contact import OWN_CONTACT, Reach
from samehand.signals.payment import PAYMENT
from samehand.signals.phone import PHONE
from tests.samehand.makers import (
    CONTEXT,
    DEVICE,
    WEIGHTS,
    Bearers,
    a_context,
    accounts,
    an_account,
    compared,
    keyer,
    nats,
    seen,
    trait_of,
)
from tests.tables import for_each

DAY, HOUR, NOW = 86_400.0, 3_600.0, 1_800_000_123.0

# Within whose names a name is weighed, and how common a value is.

WORD = b"spozhmai"
RARE = 1e-6


class AtHome(Bearers):
    """The name is borne by one in a hundred of those who write Pashto, and by nobody else."""

    def __init__(self) -> None:
        super().__init__(STRATUM_ACCOUNTS_MIN, 100 * STRATUM_ACCOUNTS_MIN)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return super().count(kind, value, stratum) if stratum == "ps" else 0


def among_namesakes(ours: str, theirs: str) -> tuple[float, int]:
    return a_context(AtHome(), ours, theirs).among_namesakes(KeyKind.WORD, WORD, RARE)


@for_each("other", ["latin", "en", "ps"])
def test_a_name_is_weighed_where_it_is_at_home(other: str) -> None:
    crowd = AtHome().count(KeyKind.WORD, WORD, "ps")
    for strata in (("ps", other), (other, "ps")):
        rate, counted = among_namesakes(*strata)
        assert rate == pytest.approx(0.01, rel=0.1)
        assert counted == crowd
    assert among_namesakes("latin", "en")[0] < 2 * RARE


@for_each(
    ("signal", "row", "value"),
    [
        (DEVICE_SIGNAL, "same", {"device_id": DEVICE}),
        (PAYMENT, "same", {"payment_token": "tok_1QxYz8"}),
        (PHONE, "same-number", {"phone": "+923012345678"}),
        (EMAIL, "same-address", {"email": "salma@valley.example"}),
        (CONTACT, "telegram-invite", {"bio": "join t.me/+AbCdEf123456"}),
    ],
)
def test_each_further_bearer_of_what_belongs_to_one_adds_their_share(
    signal: Signal[Any], row: str, value: dict[str, Any]
) -> None:
    """Two of the pair bear each value, with others or with nobody."""
    shipped = CONTEXT.shipped[signal.name][row]
    for bearers, others in ((0, 0), (1, 0), (2, 0), (3, 1), (42, 40)):
        counted = a_context(Bearers(bearers), "en", "en")
        found = compared(signal, an_account(**value), an_account(**value), counted)
        assert found.rate == pytest.approx(shipped + others / 20_000)


def test_who_gives_no_language_is_accused_no_more_than_who_does() -> None:
    def of_the_name(locale: str | None) -> float:
        ours, banned = (
            seen(an_account(display_name="Spozhmai Marwat", locale=it)) for it in (locale, "ps-AF")
        )
        lines = score(ours, banned, WEIGHTS, AtHome()).lines
        return sum(line.weight for line in lines if line.signal == "name")

    assert of_the_name(None) == pytest.approx(of_the_name("ps-AF"))


class OfToday(Bearers):
    """A platform of millions, where so many of the latest 100,000 bear one address, and few others."""

    def __init__(self, latest: int, bearers: int) -> None:
        super().__init__(bearers, 5_000_000)
        self._latest = latest

    def accounts(self, stratum: str) -> int:
        return 100_000 if stratum == LATELY else super().accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return self._latest if stratum == LATELY else super().count(kind, value, stratum)


def of_today(latest: int, bearers: int) -> float:
    return a_context(OfToday(latest, bearers), "ps", "ps").shared(KeyKind.ADDRESS, WORD, 2e-6)[0]


def test_what_a_crowd_of_today_bears_is_as_common_as_it_is_today_and_one_evaders_farm_is_none() -> None:
    assert of_today(latest=3_000, bearers=3_000) == pytest.approx(0.03, rel=0.05)
    assert of_today(latest=0, bearers=3_000) == pytest.approx(0.0006, rel=0.05)
    assert of_today(latest=60, bearers=60) == of_today(latest=0, bearers=60)


# Pictures: the further apart, the less they say, and strangers' are different.

STRANGERS_BITS_MIN = 84  # the nearest of 687,000 pairs of unrelated photographs


def pictures(apart_bits: int) -> tuple[str, float]:
    """The level and the nats of two pictures whose hashes differ in so many bits."""
    other = ((1 << apart_bits) - 1).to_bytes(PDQ_BYTES, "big")
    found = compared(AVATAR, AvatarTrait(bytes(PDQ_BYTES), 90), AvatarTrait(other, 90))
    return found.level, WEIGHTS.signals["avatar"].nats(found.level, found.rate or 1.0)


def test_what_pictures_say_fades_with_the_bits_that_differ() -> None:
    said = [pictures(bits)[1] for bits in range(256)]
    assert all(former >= later for former, later in pairwise(said))
    assert pictures(ALIKE_BITS)[1] > 2.5
    # Medians of a turn by 2 degrees, a screenshot and a cut of 4 % a side.
    assert [pictures(bits)[0] for bits in (56, 64, 74)] == ["alike-pictures", *["distantly-alike"] * 2]


def test_no_stranger_came_near_enough_to_be_taken_for_an_edit() -> None:
    assert ALIKE_BITS < STRANGERS_BITS_MIN
    assert pictures(ALIKE_BITS + 1)[0] == pictures(STRANGERS_BITS_MIN)[0] == "different"


def test_a_picture_that_nobody_else_shows_is_rarer_the_more_accounts_were_counted() -> None:
    shows = AvatarTrait(bytes(range(PDQ_BYTES)), 90)

    def rate(bearers: int, counted: int) -> float:
        return compared(AVATAR, shows, shows, a_context(Bearers(bearers, counted))).rate or 1.0

    assert rate(0, 0) == pytest.approx(CONTEXT.shipped["avatar"]["same-picture"])
    alone = [rate(2, counted) * counted for counted in (20_000, 1_000_000, 4_000_000)]
    assert (
        sorted(alone, reverse=True) == alone
    )  # below that of a found picture, which falls as the counted grow
    assert 1e-3 < alone[-1] < 0.01
    # One other bearer proves that it is found.
    assert rate(3, 4_000_000) * 4_000_000 == pytest.approx(1.25, rel=0.01)


@for_each(("quality", "kept"), [(49, None), (50, 50), (99, 99), (100, 100), (101, 100), (255, 100)])
def test_a_picture_is_kept_from_a_quality_of_fifty_on_and_as_a_hundred_at_most(
    quality: int, kept: int | None
) -> None:
    trait = AVATAR.distil(an_account(avatar=Avatar(pdq=bytes(range(PDQ_BYTES)), quality=quality)), keyer)
    assert (None if trait is None else trait.quality) == kept


# Self-descriptions that agree in part: what they say fades out with how much they share.

ALIKE_BYTES = 17  # of 64: fewer that agree are of different texts
WHOLE_BYTES = 55  # of 64: from here on the texts are almost the same, and counted as one


def agreeing_in(agreeing: int, length: int) -> float:
    """Nats for two texts of a length whose signatures agree in so many bytes."""
    one = BioTrait(bytes(SIGNATURE_BYTES), length)
    other = BioTrait(bytes(agreeing) + bytes([1]) * (SIGNATURE_BYTES - agreeing), length)
    found = compared(BIO, one, other)
    return WEIGHTS.signals["bio"].nats(found.level, found.rate or 1.0)


@for_each("length", [15, 40, 120, 255])
def test_the_more_is_shared_the_more_it_says_and_no_step_makes_a_case(length: int) -> None:
    said = [agreeing_in(agreeing, length) for agreeing in range(ALIKE_BYTES - 1, WHOLE_BYTES)]
    steps = [later - former for former, later in pairwise(said)]
    assert min(steps) >= 0.0
    # One byte of the estimate is .016 of the text and a standard error four of them.
    assert max(steps) < 2.0


def test_a_part_says_no_more_of_a_short_text_than_of_a_long_one() -> None:
    said = [agreeing_in(40, length) for length in (15, 30, 60, 200)]
    assert said == sorted(said)
    assert said[0] < said[-1] - 2.0


def test_what_many_strangers_of_one_language_share_says_little() -> None:
    likeness = resemblance(bytes(64), bytes(ALIKE_BYTES) + bytes([1]) * (64 - ALIKE_BYTES))
    assert 0.25 <= likeness < 0.28
    assert agreeing_in(ALIKE_BYTES, 60) < 1.5


@for_each(
    ("text", "edited", "bits"),
    [
        # A sentence of which one word is edited says almost what its copy does; a phrase stays cheap.
        ("Bees on the roof, debts in the cellar, songs between", "songs lantern", (17, 99)),
        ("Half surveyor, half baker, never awake before the muezzin", "baker lantern", (20, 99)),
        ("living my best life every day", "day week", (0, 12)),
    ],
)
def test_what_a_text_of_which_one_word_is_edited_says(text: str, edited: str, bits: tuple[int, int]) -> None:
    was, now = edited.split()
    rate = compared(BIO, an_account(bio=text), an_account(bio=text.replace(was, now))).rate
    assert rate is not None
    assert 2.0 ** -bits[1] < rate < 2.0 ** -bits[0]


@given(
    seed=st.integers(0, 1 << 32),
    agreeing=st.integers(0, 64),
    ours=st.integers(12, 255),
    theirs=st.integers(12, 255),
)
def test_no_two_texts_weigh_more_than_so_many_shared_bands_allow(
    seed: int, agreeing: int, ours: int, theirs: int
) -> None:
    same = set(Random(seed).sample(range(SIGNATURE_BYTES), agreeing))
    mine = BioTrait(bytes(SIGNATURE_BYTES), ours)
    other = BioTrait(bytes(int(at not in same) for at in range(SIGNATURE_BYTES)), theirs)
    shared, table = len({*BIO.keys(mine)} & {*BIO.keys(other)}), WEIGHTS.signals["bio"]
    found = compared(BIO, mine, other)
    if shared and found.rate is not None:
        most = BIO.most(mine, CONTEXT, table, banned=False).by_number
        assert table.nats(found.level, found.rate) <= most[shared - 1] + 1e-9


@for_each("length", [15, 120, 255])
def test_each_number_of_shared_bands_allows_no_less_than_fewer_and_all_of_them_the_whole_text(
    length: int,
) -> None:
    whole = BioTrait(bytes(SIGNATURE_BYTES), length)
    most = BIO.most(whole, CONTEXT, WEIGHTS.signals["bio"], banned=False)
    assert len(most.by_number) == BANDS
    assert [*most.by_number] == sorted(most.by_number)
    assert most.by_number[-1] == most.by_kind[KeyKind.BIO_BAND] >= nats(BIO, compared(BIO, whole, whole))


def test_the_signature_of_a_text_stays() -> None:
    """Stores keep it: another one would resemble nothing that they hold."""
    text = "Official channel of the northern valley. News, songs and statements. " * 20
    trait = BIO.distil(an_account(bio=text), keyer)
    assert trait is not None
    assert blake2b(trait.signature, digest_size=8).hexdigest() == "b63067c9e63ca216"


def test_a_text_of_twelve_letters_is_the_shortest_that_says_anything() -> None:
    said = [BIO.distil(an_account(bio="abcdefghijkl"[:length]), keyer) for length in (11, 12)]
    assert [None if trait is None else trait.length for trait in said] == [None, 12]


# A private mail domain agrees as counted; a public provider's never does.


def mailbox(address: str) -> Listed[EmailTrait]:
    return trait_of(EMAIL, email=address)


@for_each("provider", ["gmail.com", "mail.ru", "qq.com", "orange.fr"])
def test_two_mailboxes_of_a_public_provider_are_different(provider: str) -> None:
    ours, theirs = mailbox(f"salma@{provider}"), mailbox(f"umar@{provider}")
    assert compared(EMAIL, ours, theirs).level == "different"
    assert not ours[0][0].domain


def test_two_mailboxes_of_a_throw_away_provider_have_no_domain_in_common() -> None:
    found = compared(EMAIL, mailbox("a1@mailinator.com"), mailbox("b2@mailinator.com"))
    assert found.level == "both-disposable"


def test_a_private_domain_agrees_the_less_the_more_accounts_have_it() -> None:
    ours, theirs = mailbox("salma@valley.example"), mailbox("umar@valley.example")
    found = [compared(EMAIL, ours, theirs, a_context(Bearers(it, bans=300))) for it in (2, 40, 4_000)]
    assert {one.level for one in found} == {"same-domain"}
    weights = [nats(EMAIL, one) for one in found]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] > 6.0
    assert weights[-1] == 0.0


def test_a_domain_in_common_is_not_held_against_the_same_local_part_or_mailbox() -> None:
    apart, domain, whole = (
        compared(EMAIL, mailbox("salma.k@valley.example"), mailbox(other), a_context(NothingCounted(300)))
        for other in ("u@hill.example", "u@valley.example", "salma.k@valley.example")
    )
    assert (apart.level, domain.level, whole.level) == ("different", "same-domain", "same-address")
    assert "same-domain" in {one.level for one in whole.also}
    assert WEIGHTS.signals["email"].as_shipped["different"] < 0.0 < nats(EMAIL, domain)


def test_a_domain_is_looked_up_and_never_shown() -> None:
    ours, theirs = mailbox("salma@valley.example"), mailbox("umar@valley.example")
    assert len({*EMAIL.keys(ours)} & {*EMAIL.keys(theirs)}) == 1
    assert "valley" not in EMAIL.show(ours, Quoted())
    assert b"valley" not in EMAIL.pack(ours)


# Handles: which likeness explains a pair, and which may alert with nothing else.


def handles(ours: str, theirs: str) -> str:
    """The level of two handles."""
    return compared(HANDLE, an_account(handle=ours), an_account(handle=theirs)).level


def worth(ours: str, theirs: str) -> float:
    """What two handles weigh by whatever weighs most."""
    found = compared(HANDLE, an_account(handle=ours), an_account(handle=theirs))
    assert found.rate is not None
    return max(nats(HANDLE, one) for one in (found, *found.also))


@for_each(
    ("ours", "theirs"),
    [("7amza_alfaris", "hamza_alfaris"), ("abu_3antar", "abu_antar_"), ("sa3eed_", "saeed")],
)
def test_another_reading_of_a_sign_is_not_passed_over_for_a_piece_in_common(ours: str, theirs: str) -> None:
    assert handles(ours, theirs) in ("same", "personal-name")
    assert handles(ours, "zarghun") == "different"


@for_each(
    ("more", "less", "theirs", "by_nats"),
    [
        # Who keeps most of a handle weighs more than who shares a word.
        ("zarghonaya_of_swat", "zarghonaya_xq_hills_brq", "zarghonaya_swat", 4.0),
        # Words in another order are all in common.
        ("wozmarak_zarghonaya", "zarghonaya_teacher", "zarghonaya_wozmarak", 0.0),
        # A number that was cut short is the same number so far.
        ("gulab4821", "gulab9076", "gulab482137", 4.0),
        ("gulab482137", "gulab4821", "gulab482137", 0.0),
        # A long number is kept as a digest which counts up with it.
        ("gulab48213771", "gulab90764771", "gulab48213770", 4.0),
        # What decorates a handle is not missing from the other.
        ("zarghonaya_official", "zarghonaya_hillsides", "zarghonaya", 1.5),
    ],
)
def test_a_nearer_handle_weighs_more(more: str, less: str, theirs: str, by_nats: float) -> None:
    assert worth(more, theirs) > worth(less, theirs) + by_nats


@for_each("disguised", ["{}57204", "{}_official", "{}_backup_2", "0fficial_{}"])
def test_disguise_costs_a_rare_handle_a_bit_at_most(disguised: str) -> None:
    handle = "midnight_walrus_lantern"
    assert worth(disguised.format(handle), handle) >= worth(handle, handle) - 0.7


@for_each(
    ("ours", "theirs"),
    [
        ("antoniolopez2003", "antoniolopez19"),
        ("mashuya", "mashu12581951"),
        ("maxs15", "MaxS23889331"),
        ("user122760999", "user122778374"),
    ],
)
def test_names_behind_other_numbers_are_none_ten_minutes_after(ours: str, theirs: str) -> None:
    pair = seen(an_account(handle=ours), NOW), seen(an_account(handle=theirs), NOW - 600)
    assert score(*pair, WEIGHTS, NothingCounted(1_000, 100_000)).band == "none"


def test_doubled_letters_make_no_name_rarer() -> None:
    assert worth("jamessmith04", "jamessmith1979") == worth("james_smith04", "james_smith1979")


def test_common_handle_behind_a_disguise_stays_common() -> None:
    assert worth("john_smith_official", "john_smith") < worth("zarghonaya_official", "zarghonaya") - 2.0


@for_each("name", ["አበበ ከበደ", "ታደሰ ኃይለ", "สมชาย ใจดี"])
def test_name_of_a_script_without_lists_is_no_rarer_than_john_smith(name: str) -> None:
    counts = NothingCounted()
    for handle in (None, "zheputruskov_lantern"):  # Latin letters, more than the name has
        pair = (seen(an_account(display_name=shown, handle=handle)) for shown in ("John Smith", name))
        john, own = (score(it, it, WEIGHTS, counts).log_odds for it in pair)
        assert own < john + 0.5


@for_each(
    ("handle", "sign_ups_a_day", "seconds", "band"),
    [
        ("um4r_media_2", 1_000, 3_600, "possible"),
        ("um4r_media_2", 100_000, 600, "possible"),
        ("um4r_media_2", 100_000, 3_600, "none"),
        ("um4r_media_2", 5_000_000, 600, "none"),
        ("m1dnight_walrus_lantern83721", 100_000, 20 * 86_400, "possible"),
        ("midnight_walrus_lantern_official", 100_000, 20 * 86_400, "possible"),
        ("midnight_walrus_lantern", 5_000_000, 20 * 86_400, "none"),
    ],
)
def test_undone_handle_is_possible_as_long_as_strangers_choose_it_more_rarely_than_mirrors_come(
    handle: str, sign_ups_a_day: int, seconds: float, band: str
) -> None:
    theirs = "umar_media" if handle.startswith("um") else "midnight_walrus_lantern"
    pair = seen(an_account(handle=handle), NOW), seen(an_account(handle=theirs), NOW - seconds)
    assert score(*pair, WEIGHTS, NothingCounted(1_000, sign_ups_a_day)).band == band


def test_two_digits_may_begin_any_year() -> None:
    assert worth("gulab1999", "gulab19") == worth("gulab1998", "gulab19")


def test_a_long_number_is_kept_as_a_digest() -> None:
    one: HandleTrait = trait_of(HANDLE, handle="gulab48213770")
    assert (one.word.base, len(one.digits)) == ("gulab", 8)
    assert "48213770" not in one.literal + one.digits
    assert handles("kite_48213770", "salma48213770") == "same-number"
    assert handles("48213770", "0048213770") == "different"


@for_each(
    "written", ["umar.farooq@gmail.com", "umar.farooq.gmail.com", "u m a r f a r o o q @ g m a i l . c o m"]
)
def test_a_handle_that_is_an_address_is_the_same_or_another_and_nothing_between(written: str) -> None:
    assert handles("umar#farooq#gmail.com", written) == "same-handle"
    assert handles("umar.farooqi@gmail.com", written) == "different"


def test_a_number_that_is_nobodys_leads_to_no_more_than_its_letters() -> None:
    """A single digit is in no key with letters of an end, so what it says may come with any of them."""
    alone, one, two = (
        HANDLE.most(trait_of(HANDLE, handle=handle), CONTEXT, WEIGHTS.signals["handle"], banned=False).by_kind
        for handle in ("umar", "umar1", "umar12")
    )
    assert {kinds[KeyKind.HANDLE_NUMBERED] for kinds in (alone, one, two)} == {0.0}
    letters = [kinds[KeyKind.HANDLE_SORTED] for kinds in (alone, two, one)]
    assert letters[0] == letters[1] < letters[2]


def test_a_number_drawn_at_random_tells_more_than_one_that_many_choose() -> None:
    assert handles("kite_4827", "salma4827") == "same-number"
    assert worth("kite_4827", "salma4827") > 6.0
    for chosen in ("1776", "5000", "2004"):
        found = compared(HANDLE, an_account(handle=f"kite_{chosen}"), an_account(handle=f"salma{chosen}"))
        assert WEIGHTS.signals["handle"].nats(found.level, found.rate or 1.0) < 3.0, chosen


# What a misspelling is worth: the name that was meant, whoever of the two wrote it.


def rate_of_names(ours: str, theirs: str) -> float:
    """The share of accounts whose display name is as like theirs as ours is."""
    context = a_context(NothingCounted(1_000), "", "")
    rate = compared(NAME, an_account(display_name=ours), an_account(display_name=theirs), context).rate
    assert rate is not None
    return rate


@for_each(
    ("ours", "theirs"),
    [
        ("Muhammad Ahmed", "Muhamad Ahmeed"),
        ("Martinez", "Martnez"),
        ("Waziri Gulzar", "Wazitri Zgulzar"),
        ("Umar Waziri Khan", "Khan Wazitri"),
    ],
)
def test_whoever_bears_a_name_is_a_letter_away_from_each_of_its_misspellings(ours: str, theirs: str) -> None:
    assert rate_of_names(ours, theirs) >= rate_of_names(ours, ours)


@for_each(
    ("ours", "theirs"),
    [
        ("Хрущев", "Хруев"),  # shch: one letter of the script, four of ours
        ("Хрущев", "Хрушев"),
        ("Хрущев", "Хрурев"),
        ("Хрушев", "Хруев"),
    ],
)
def test_a_letter_of_the_script_that_is_several_of_ours_is_one_typo(ours: str, theirs: str) -> None:
    context = a_context(NothingCounted(1_000), "", "")
    for one, other in ((ours, theirs), (theirs, ours)):
        found = compared(NAME, an_account(display_name=one), an_account(display_name=other), context)
        assert found.level == "near-same"


# A handle and a display name of two accounts, told to be one name.


class Crossed:
    """The signal on names, which are two traits of an account."""

    name = CROSS_FIELD.name
    compare = CROSS_FIELD.compare

    @staticmethod
    def distil(account: Account, keyer: Any) -> CrossedNames:
        return CrossedNames(HANDLE.distil(account, keyer), NAME.distil(account, keyer))


def scored(ours: Fingerprint, theirs: Fingerprint, bans: int = 0, **more: Any) -> Score:
    result = score(ours, theirs, WEIGHTS, NothingCounted(bans), **more)
    assert sum([result.prior, *(line.weight for line in result.lines)]) == pytest.approx(result.log_odds)
    return result


def evidence(ours: dict[str, Any], theirs: dict[str, Any]) -> set[str]:
    """The signals that speak for a pair."""
    result = scored(seen(an_account(**ours)), seen(an_account(**theirs)))
    return {line.signal for line in result.evidence}


@for_each(
    ("ours", "theirs"),
    [
        ({"handle": "gulz4r_w4ziri_2"}, {"display_name": "Gulzar Waziri"}),
        ({"display_name": "Gulzar Waziri"}, {"handle": "gulzar.waziri99"}),
    ],
)
def test_a_banned_name_come_back_in_the_other_field_is_evidence(
    ours: dict[str, str], theirs: dict[str, str]
) -> None:
    assert "crossing" in evidence(ours, theirs)


def test_it_says_nothing_new_beside_a_field_that_says_as_much() -> None:
    both = {"handle": "gulzar_waziri", "display_name": "Gulzar Waziri"}
    assert evidence(both, both) == {"handle", "name"}


@for_each(("handle", "told"), [("johnxy", True), ("johnxyz", True), ("omarkhan", False), ("omar_xyz", True)])
def test_a_part_across_fields_is_told_if_it_says_anything_at_all(handle: str, told: bool) -> None:
    """Of three bits in a short name one or less is left."""
    ours = Crossed.distil(an_account(handle=handle), keyer)
    theirs = Crossed.distil(an_account(display_name=handle[:4].title()), keyer)
    assert (CROSS_FIELD.compare(ours, theirs, CONTEXT) is not None) is told


@for_each("shown", [{"handle": "gulzar_waziri_press"}, {"display_name": "Gulzar Waziri Press"}])
def test_a_word_of_either_field_leads_to_less_than_the_whole_field(shown: dict[str, str]) -> None:
    names = Crossed.distil(an_account(**shown), keyer)
    most = CROSS_FIELD.most(names, CONTEXT, WEIGHTS.signals["crossing"], banned=False)
    words = [most.by_key[key_of(KeyKind.NAMING_WORD, word)] for word in (b"gulzar", b"waziri", b"pres")]
    assert 0.0 < min(words) < max(words) < most.by_kind[KeyKind.NAMING_WORD]


@for_each(
    ("signal", "ours", "theirs"),
    [
        (NAME, {"display_name": "Gulzar Waziri"}, {"display_name": "Gulzar Waziri"}),
        (NAME, {"display_name": "Gulzar Waziri"}, {"display_name": "Waziri Gulzar"}),
        (NAME, {"display_name": "Gulzar Waziri Press"}, {"display_name": "Gulzer Waziri"}),
        (Crossed, {"handle": "gulzar_waziri"}, {"display_name": "Gulzar Waziri"}),
        (Crossed, {"handle": "gulzarwaziri_dxb"}, {"display_name": "Gulzar Waziri"}),
    ],
)
def test_a_name_is_as_rare_as_shipped_until_others_are_counted_with_each_of_its_words(
    signal: Any, ours: dict[str, str], theirs: dict[str, str]
) -> None:
    mine, other = an_account(**ours), an_account(**theirs)
    alone, borne = (compared(signal, mine, other, a_context(counts)) for counts in (None, Bearers(42)))
    assert (alone.crowd, borne.crowd) == (0, 42)
    assert alone.rate == alone.rate_unshared == borne.rate_unshared
    assert alone.rate is not None
    assert borne.rate is not None
    assert borne.rate > alone.rate


def test_a_common_name_across_fields_never_alerts_alone() -> None:
    ours, theirs = an_account(handle="ahmedraza"), an_account(display_name="Ahmed Raza")
    assert scored(seen(ours), seen(theirs)).band == "none"


def test_words_in_another_order_say_less_than_in_their_own() -> None:
    named = an_account(display_name="Gulzar Waziri")
    turned, own = (compared(Crossed, an_account(handle=it), named) for it in ("wazirigulzar", "gulzarwaziri"))
    assert turned.level == own.level == "spells-it"
    assert (turned.rate or 0.0) > (own.rate or 0.0)


def test_a_handle_without_a_vowel_is_no_rarer_than_the_name_in_it() -> None:
    handle = names_of(trait_of(HANDLE, handle="martinez"), None)
    misspelt, spelt = (
        compared(
            Crossed,
            handle,
            names_of(None, trait_of(NAME, display_name=name)),
            a_context(NothingCounted(1_000), "", ""),
        )
        for name in ("Martnez", "Martinez")
    )
    assert (misspelt.rate or 0.0) >= (spelt.rate or 1.0)


def test_both_names_of_a_side_are_shown() -> None:
    assert CROSS_FIELD.show(Quoted(handle="gulzar", display_name="Gulzar Waziri")) == "gulzar / Gulzar Waziri"


# What two names share never speaks against the pair; only where nothing is shared are they different.

# Names, family names, everyday words and letters of no list, so that what is shared is common, rare or both.
words = st.sampled_from(
    ("umar", "khan", "gulzar", "waziri", "media", "official", "news", "ali", "bob", "historian", "daya")
) | st.text("abdehimnorstuz", min_size=1, max_size=9)
phrases = st.lists(words, min_size=1, max_size=4)
FIELDS: dict[str, tuple[Signal[Any], str]] = {"handle": (HANDLE, "_"), "display_name": (NAME, " ")}


def named(field: str, words: str | list[str]) -> Any:
    """What is kept of a handle or a display name on Facebook, whose handles have no words of their own."""
    signal, space = FIELDS[field]
    return trait_of(
        signal, platform="facebook", **{field: words if isinstance(words, str) else space.join(words)}
    )


def speaks_against(field: str, mine: Any, banned: Any) -> bool:
    """Whether two names speak against their pair, which they may only as different."""
    signal, _ = FIELDS[field]
    found = signal.compare(mine, banned, CONTEXT)
    weight = nats(signal, found)
    different = found is not None and found.level == "different"
    assert weight <= 0.0 if different else weight >= 0.0
    return different


@for_each(
    ("field", "ours", "theirs"),
    [
        ("handle", "BalancedHistorians", "UNIVERSITYHISTORIAN"),
        ("handle", "Aapkadayaram", "Dayaramkookna"),
        ("handle", "umar_media", "salma_media"),
        ("handle", "bob_smith", "bob_jones"),
        ("display_name", "प्रिया शर्मा", "काजल शर्मा"),
        ("display_name", "Umar Media", "Salma Media"),
        ("display_name", "Ali Xqzvkt Bramwell Ortenzo", "Ali Zarfeshan Toryalai Nangyal"),
    ],
)
def test_a_part_in_common_does_not_speak_against_a_pair(field: str, ours: str, theirs: str) -> None:
    assert not speaks_against(field, named(field, ours), named(field, theirs))


@given(phrases, phrases, words)
def test_names_are_different_only_where_nothing_is_shared(
    one: list[str], other: list[str], both: str
) -> None:
    for ours, theirs in ((one, other), ([*one, both], [both, *other])):
        for field in FIELDS:
            mine, banned = named(field, ours), named(field, theirs)
            shared = longest_run(mine.word.base, banned.word.base) or not set(mine.word.tokens).isdisjoint(
                banned.word.tokens
            )
            assert not (speaks_against(field, mine, banned) and shared)


# An account that calls itself an admirer's says so, and names and picture are then one ground, not two.

STAR = an_account(
    handle="zarghun_kakar",
    display_name="Zarghun Kakar",
    avatar=Avatar(pdq=bytes(range(0, 256, 8)), quality=90),
    device_id=DEVICE,
)
FAN = replace(STAR, handle="zarghun_kakar_fans", display_name="Zarghun Kakar quotes")


@for_each(
    ("ours", "band"),
    [
        (replace(FAN, device_id="another"), "none"),
        (replace(STAR, handle="zarghun_kakar_two", device_id="another"), "possible"),
        (FAN, "likely"),  # calling oneself an admirer does not hide the same device
    ],
)
def test_an_admirer_who_shows_the_picture_is_not_called_likely(ours: Account, band: str) -> None:
    assert scored(seen(ours), seen(STAR), bans=100).band == band


def test_a_word_of_admirers_in_both_names_says_nothing() -> None:
    both = seen(an_account(handle="kakar_fans"))
    assert FAN_ACCOUNT.between(both.trait, both.trait, a_context(NothingCounted(), "", "")) is None


# A profile names the mailbox or number with which another account signed up: both are found and told.

NOWHERE = Reach(frozenset(), frozenset())


def stored(account: Account) -> Fingerprint:
    return unpack(pack(seen(account)))


def reach(account: Account) -> Reach:
    return OWN_CONTACT.of(stored(account).trait) or NOWHERE


@for_each("example", [one for one in OWN_CONTACT.examples if one.level])
def test_who_is_named_is_found_either_way(example: Example) -> None:
    for ours, theirs in ((example.ours, example.theirs), (example.theirs, example.ours)):
        assert set(query_keys(stored(ours))).intersection(enrolment_keys(stored(theirs)))


@for_each(
    ("bio", "several"),
    [
        ("t.me/+AbCdEf123456", "."),
        ("t.me/+AbCdEf123456 mail umarmedia@gmail.com", " and 1 more."),
        ("t.me/+AbCdEf123456 mail umarmedia@gmail.com call +923012345678", " and 2 more."),
    ],
)
def test_a_shared_contact_point_is_told_with_how_many_more_there_are(bio: str, several: str) -> None:
    found = compared(CONTACT, an_account(bio=bio), an_account(bio=bio))
    assert found.because == f"Both profiles give the same contact point (telegram-invite){several}"


def test_a_profile_without_mailbox_or_number_grows_by_nothing() -> None:
    contact: Any = seen(an_account(handle="umar", bio="t.me/+AbCdEf123456")).trait("contact")
    assert [len(digest) for digest, _ in contact.points] == [8]


@given(accounts, accounts)
def test_who_names_whom_is_the_same_from_both_sides(one: Account, other: Account) -> None:
    here, there = reach(one), reach(other)
    meets = not (here.named.isdisjoint(there.own) and there.named.isdisjoint(here.own))
    assert (OWN_CONTACT.compare(here, there, CONTEXT) is not None) is meets
    assert (OWN_CONTACT.compare(there, here, CONTEXT) is not None) is meets


def test_a_mirror_that_writes_the_banned_mailbox_into_its_profile_is_told_once() -> None:
    def told(ours: Account) -> dict[str, float]:
        banned = an_account(handle="umar_media", email="umar.media@gmail.com")
        return {line.signal: line.weight for line in scored(stored(ours), stored(banned)).lines}

    names = an_account(handle="valley_news", email="other@example.org", bio="mail umarmedia@gmail.com")
    assert told(names)["reach"] > 5.0
    assert "reach" not in told(an_account(handle="valley_news", bio="mail a@example.org"))
    both = told(an_account(email="umarmedia@gmail.com", bio="mail umarmedia@gmail.com"))
    assert "email" in both
    assert "reach" not in both


# What singles nobody out is no evidence, and no key by which anybody is found.


@for_each("pdq", [bytes(32), b"\xff" * 32, bytes(31) + b"\x01", b"\x0f" * 32, b"\x0f\x0f\xf0\xf0" * 8])
def test_a_picture_hash_without_content_says_nothing_and_finds_nobody(pdq: bytes) -> None:
    shown = seen(an_account(avatar=Avatar(pdq=pdq, quality=100)))
    assert {kind_of(key) for key in enrolment_keys(shown)} == {KeyKind.RUNNER}, "what it runs may name it"
    assert scored(shown, shown).evidence == ()


@for_each(
    "digits",
    [
        *("1234567890", "0123456789", "9876543210", "0000000", "7777", "123123123", "12341234", "786786"),
        *("1122334455", "112233", "1010101010", "123454321", "2468024680", "13579", "1_2_3_4_5_6_7_8_9_0"),
        *("١٢٣٤٥٦٧٨٩٠", "१२३४५६७८९०", "@1234567890", "12 34 56 78 90"),
    ],
)
@for_each("field", ["handle", "display_name"])
def test_a_pattern_of_digits_as_a_name_says_nothing_and_finds_nobody(digits: str, field: str) -> None:
    shown = seen(an_account(**{field: digits}))
    assert {kind_of(key) for key in enrolment_keys(shown)} <= {KeyKind.OWN_CONTACT, KeyKind.RUNNER}, (
        "others may name it"
    )
    assert scored(shown, shown).evidence == ()


@for_each("handle", ["7385019264", "03012345678", "30013001", "user1234567890", "a1234567890", "786", "2024"])
def test_a_handle_of_other_digits_or_with_a_letter_is_found_as_ever(handle: str) -> None:
    assert enrolment_keys(seen(an_account(handle=handle)))


# What the banned account took over from the new one is taken back: all of it, and nothing else.

PICTURE = Avatar(pdq=bytes.fromhex("f1c47a0e93b25d680f1ec8a3574bd29e60a75c1b38f49d02e6b17c5aa9034fd8"))
WORDS = "Beekeeper in the upper valley, honey and candles every second Saturday at the old mill market"
EARLY, LATE = Showings(100, 100), Showings(900, 900)


def shows(account_id: str, **profile: Any) -> Fingerprint:
    return seen(an_account(**{"account_id": account_id, "avatar": PICTURE, "bio": WORDS} | profile))


def both_show(**profile: Any) -> tuple[Fingerprint, Fingerprint]:
    return shows("1", **profile), shows("2", **profile)


def first_shown(
    pair: tuple[Fingerprint, Fingerprint], mine: Showings = EARLY, other: Showings = LATE
) -> tuple[Score, list[Evidence]]:
    """The score of a pair, and its lines on who showed what first."""
    result = scored(*pair, bans=1_000, showings=(mine, other))
    return result, [line for line in result.lines if line.signal == FIRST_SHOWN.name]


def gave(result: Score, *signals: str) -> float:
    return sum(line.weight for line in result.lines if line.signal in signals)


def test_what_the_new_account_showed_first_says_nothing_any_more() -> None:
    pair = both_show(handle="valley_bees", display_name="Valley Bees", links=("https://t.me/valley_bees",))
    result, [line] = first_shown(pair)
    assert line.weight == 0.0
    assert gave(result, "handle", "name", "crossing", "avatar", "bio", "contact") == 0.0
    assert result.band == "none"
    assert scored(*pair, bans=1_000).band == "possible"


def test_what_the_banned_account_showed_first_speaks_as_ever() -> None:
    assert first_shown(both_show(), LATE, EARLY)[0] == scored(*both_show(), bans=1_000)


def test_each_value_counts_by_itself() -> None:
    """A sleeper had the picture before, and took the words on later."""
    took_words_on = Showings(100, 100, (Changed(COPYABLE.index("bio"), 950, 950),))
    result, [line] = first_shown(both_show(), took_words_on, LATE)
    assert gave(result, "avatar") == 0.0
    assert result.log_odds > first_shown(both_show())[0].log_odds, "the words speak on"
    assert "the picture before" in line.because


def test_a_device_speaks_on_for_itself() -> None:
    result, _ = first_shown(both_show(device_id=DEVICE))
    assert gave(result, "avatar", "bio") == 0.0
    bare, lines = first_shown(both_show(avatar=None, bio=None, device_id=DEVICE))
    assert result.log_odds == pytest.approx(bare.log_odds)
    assert lines == [], "they share nothing to copy"


def test_what_may_never_alert_alone_is_alone_when_the_rest_is_taken_back() -> None:
    line = {
        "ip": "103.12.9.1",
        "user_agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8)",
        "locale": "ur-PK",
        "referrer": "https://a.example/?c=77",
    }
    result, _ = first_shown(both_show(**line))
    assert (result.rivals[0].name, result.band) == ("neighbour", "none")


@for_each(("mine", "other"), [(UNKNOWN, EARLY), (EARLY, UNKNOWN), (Showings(None, 950), LATE)])
def test_where_nobody_knows_it_is_said_and_what_can_be_copied_makes_no_likely_mirror(
    mine: Showings, other: Showings
) -> None:
    result, [line] = first_shown(both_show(), mine, other)
    assert (line.level, line.weight, result.band) == ("unknown", 0.0, "possible")


@for_each("shared", [{"device_id": DEVICE}, {"email": "u@valley.example"}, {"payment_token": "tok_1QxYz8"}])
def test_what_cannot_be_copied_counts_in_full_beside_values_of_unknown_order(shared: dict[str, Any]) -> None:
    result, _ = first_shown(both_show(**shared), UNKNOWN, EARLY)
    assert result.band == "likely"
    assert result.log_odds == pytest.approx(scored(*both_show(**shared), bans=1_000).log_odds)


def test_both_at_once_is_no_first_and_whom_an_account_names_was_not_copied() -> None:
    assert FIRST_SHOWN.order("avatar", LATE, LATE) is Order.BANNED
    assert FIRST_SHOWN.order("crossing", EARLY, LATE) is Order.FOUND
    copied = (("contact", "shared"), ("contact", "announced"), ("device", "same"))
    assert [FIRST_SHOWN.copied(*it) for it in copied] == [True, False, False]


# How soon after a ban an account was made.

MIDNIGHT = NOW - NOW % DAY


def timing(since: float, *, ban: float = NOW - DAY) -> Evidence:
    """The line on an account that was made so many seconds after a ban."""
    ours, theirs = seen(an_account(), ban + since), seen(an_account(account_id="2"), ban)
    (line,) = [line for line in scored(ours, theirs, bans=10_000).lines if line.signal == "timing"]
    return line


@for_each(
    ("since", "said"),
    [(9 * 60.0, "9 minutes after"), (0.0, "within a second of"), (0.9, "within a second of")],
)
def test_the_sentence_gives_the_minutes_and_of_one_second_no_number(since: float, said: str) -> None:
    line = timing(since)
    assert line.because == f"The account was made {said} the ban."


@given(st.floats(0.0, 400 * DAY), st.floats(0.0, 400 * DAY))
def test_who_comes_sooner_after_a_ban_weighs_no_less(one: float, other: float) -> None:
    sooner, later = sorted((one, other))
    ban = NOW + 0.5 if is_day(NOW) else NOW
    assume(not is_day(ban + sooner) and not is_day(ban + later))
    assert timing(sooner, ban=ban).weight >= timing(later, ban=ban).weight - 1e-9


@for_each(("ban", "since"), [(MIDNIGHT, 8 * 60.0), (MIDNIGHT - HOUR, HOUR), (MIDNIGHT, 0.0)])
def test_where_the_day_alone_is_known_of_either_moment_no_minute_is_near(ban: float, since: float) -> None:
    line = timing(since, ban=ban)
    assert line.level == "within-a-week"


# What was done to a name weighs the same, in whichever script the name is written.

WITHIN_NATS: Final = 2.0
BITS: Final = 20.75
"""Of each whole name, and a bit more or less: below the ceiling of what a name may weigh."""


class Bearer(NamedTuple):
    """A name of two words, what stands between them, and what its writers would exchange for its parts."""

    given: str
    family: str
    latin: str  # as its bearers spell it in Latin letters
    language: str  # of the everyday words
    letters: str  # two letters of the script
    middle: str  # a word to put in, as common as the others
    other: str  # a given name of somebody else
    stranger: str  # somebody else's family name
    space: str = " "

    @property
    def whole(self) -> str:
        return f"{self.given}{self.space}{self.family}"


# The ones written first by family are so here: `given` is what stands first.
BEARERS: Final = {
    "Latin": Bearer(
        "Cassandra", "Fletcher", "Cassandra Fletcher", "en", "om", "Sullivan", "Jessica", "Mendoza"
    ),
    "Arabic": Bearer("ابتسام", "درويش", "Ibtisam Darwish", "ar", "بم", "شعبان", "محمود", "الخطيب"),
    "Devanagari": Bearer("अर्चना", "शुक्ला", "Archana Shukla", "hi", "कद", "अमृता", "प्रिया", "शर्मा"),
    "Bengali": Bearer("অনিন্দিতা", "মজুমদার", "Anindita Majumdar", "bn", "কম", "অর্পিতা", "রাহুল", "বিশ্বাস"),
    "Gurmukhi": Bearer("ਅੰਮ੍ਰਿਤ", "ਪਨੇਸਰ", "Amrit Panesar", "pa", "ਕਮ", "ਕਿਰਨ", "ਸੁਨੀਤਾ", "ਅਰੋੜਾ"),
    "Tamil": Bearer("வர்ஷா", "ராஜ்குமார்", "Varsha Rajkumar", "ta", "மத", "ஹரிஷ்", "முருகன்", "செல்வம்"),
    "Cyrillic": Bearer("Антонин", "Макаров", "Antonin Makarov", "ru", "дм", "Борисов", "Сергей", "Иванов"),
    "Hebrew": Bearer("יהושע", "גולדברג", "Yehoshua Goldberg", "he", "מד", "גבריאל", "דוד", "כהן"),
    "Hangul": Bearer("황보", "영재", "Hwangbo Yeongjae", "ko", "수지", "경숙", "김", "민준", ""),
    "Han": Bearer("欧阳", "冬梅", "Ouyang Dongmei", "zh", "文明", "建平", "王", "伟", ""),
}

Relation = Callable[[Bearer], str | None]


def _word(bearer: Bearer, concept: str) -> str | None:
    """The first of the words for it that is in the bearer's own script; ``None`` where none is listed."""
    words = EVERYDAY[concept].get(bearer.language, ())
    return next((word for word in words if word.isascii() == (bearer.language == "en")), None)


def _with(concept: str, place: str) -> Relation:
    """The name with the word where ``{1}`` stands."""

    def changed(bearer: Bearer) -> str | None:
        word = _word(bearer, concept)
        return None if word is None else place.format(bearer.whole, word)

    return changed


def _spaced(change: Callable[[Bearer], str]) -> Relation:
    """What needs words written apart, or letters, of which a syllable block or an ideograph has none."""
    return lambda bearer: change(bearer) if bearer.space else None


def _cased(bearer: Bearer) -> str | None:
    return None if bearer.whole.upper() == bearer.whole else bearer.whole.upper()


_VOWELS: Final = "aeiouаеиоуыяюاويוי"
# The sign of no vowel, by the block of 128 characters: Devanagari, Bengali, Gurmukhi, Tamil.
_VIRAMAS: Final = {0x12: "\u094d", 0x13: "\u09cd", 0x14: "\u0a4d", 0x17: "\u0bcd"}


def _exchanged(word: str, letters: str) -> str:
    """The last of its letters but one is another."""
    at = _places(word)[-2]
    another = next(one for one in letters if one != word[at])
    return word[:at] + another + word[at + 1 :]


def _left_out(word: str) -> str:
    at = _places(word)[-2]
    return word[:at] + word[at + 1 :]


def _places(word: str) -> list[int]:
    """Where its consonants stand, which all scripts write as letters."""
    return [at for at, char in enumerate(word) if char.isalpha() and char.lower() not in _VOWELS]


def _vowel(bearer: Bearer) -> str:
    """The first vowel after the beginning, where vowels are letters."""
    return next((char for char in bearer.whole[1:] if char in _VOWELS), "")


def _doubled(word: str) -> str:
    """A letter stands twice; in a script whose letters carry a vowel, with the sign that it has none."""
    at = _places(word)[-2]
    return word[: at + 1] + _VIRAMAS.get(ord(word[at]) >> 7, "") + word[at:]


def _swapped(word: str) -> str:
    one, other = _places(word)[-3:-1]
    letters = list(word)
    letters[one], letters[other] = letters[other], letters[one]
    return "".join(letters)


CONCEPTS: Final = (
    *("media", "news", "official", "backup", "channel", "page", "account", "group"),
    *("archive", "second", "video", "new"),
)
RELATIONS: Final[dict[str, Relation]] = {
    **{f"{concept} behind": _with(concept, "{0} {1}") for concept in CONCEPTS},
    **{f"{concept} before": _with(concept, "{1} {0}") for concept in CONCEPTS},
    "news on both sides": _with("news", "{1} {0} {1}"),
    "media behind, without a space": _with("media", "{0}{1}"),
    "official behind, after a bar": _with("official", "{0} | {1}"),
    "the very name": lambda one: one.whole,
    "two digits behind": lambda one: f"{one.whole} 27",
    "a year behind": lambda one: f"{one.whole} 1994",
    "signs around": lambda one: f"★ {one.whole} ★",
    "a flag behind": lambda one: f"{one.whole} 🇵🇰",
    "an invisible character inside": lambda one: f"{one.given[0]}\u200b{one.whole[1:]}",
    "in brackets": lambda one: f"【{one.whole}】",
    "capitals": _cased,
    "reordered": _spaced(lambda one: f"{one.family} {one.given}"),
    "reordered, with a comma": _spaced(lambda one: f"{one.family}, {one.given}"),
    "spaces removed": _spaced(lambda one: f"{one.given}{one.family}"),
    "a dot for the space": _spaced(lambda one: f"{one.given}.{one.family}"),
    "a low line for the space": _spaced(lambda one: f"{one.given}_{one.family}"),
    "a letter exchanged in the second word": _spaced(
        lambda one: f"{one.given} {_exchanged(one.family, one.letters)}"
    ),
    "a letter exchanged in the first word": _spaced(
        lambda one: f"{_exchanged(one.given, one.letters)} {one.family}"
    ),
    "a letter left out": _spaced(lambda one: f"{one.given} {_left_out(one.family)}"),
    "a letter doubled": _spaced(lambda one: f"{_doubled(one.given)} {one.family}"),
    "a vowel left out": lambda one: one.whole.replace(_vowel(one), "", 1) if _vowel(one) else None,
    "two letters exchanged": _spaced(lambda one: f"{one.given} {_swapped(one.family)}"),
    "first word dropped": lambda one: one.family,
    "second word dropped": lambda one: one.given,
    "a word put between": _spaced(lambda one: f"{one.given} {one.middle} {one.family}"),
    "a word put behind": lambda one: f"{one.whole}{one.space}{one.middle}",
    "another first word": _spaced(lambda one: f"{one.other} {one.family}"),
    "another second word": _spaced(lambda one: f"{one.given} {one.stranger}"),
    "somebody else": lambda one: f"{one.other}{one.space}{one.stranger}",
    "spelt in Latin letters": lambda one: None if one.language == "en" else one.latin,
    "spelt in Latin letters, official behind": (
        lambda one: None if one.language == "en" else f"{one.latin} official"
    ),
}


def names_weigh(ours: str, theirs: str) -> float:
    """What two display names weigh."""
    mine, other = (trait_of(NAME, display_name=one) for one in (ours, theirs))
    return nats(NAME, NAME.compare(mine, other, CONTEXT))


def crossing_weighs(handle: str, theirs: str) -> float:
    mine = HANDLE.distil(an_account(platform="facebook", handle=handle), keyer)
    other = trait_of(NAME, display_name=theirs)
    return nats(
        CROSS_FIELD, CROSS_FIELD.compare(CrossedNames(mine, None), CrossedNames(None, other), CONTEXT)
    )


def by_script(relation: str) -> dict[str, float]:
    """What it weighs in each script that has it."""
    if relation == "a handle in Latin letters":
        return {
            script: crossing_weighs(one.latin.lower().replace(" ", "_"), one.whole)
            for script, one in BEARERS.items()
        }
    changed = {script: (RELATIONS[relation](one), one.whole) for script, one in BEARERS.items()}
    return {
        script: names_weigh(ours, theirs) for script, (ours, theirs) in changed.items() if ours is not None
    }


@for_each("script", BEARERS)
def test_the_names_are_alike_common(script: str) -> None:
    folded = fold_name(BEARERS[script].whole)
    assert folded is not None
    assert sum(map(bits, folded.tokens)) == pytest.approx(BITS, abs=1.0)


@for_each("relation", [*RELATIONS, "a handle in Latin letters"])
def test_a_relation_weighs_the_same_in_every_script(relation: str) -> None:
    weights = by_script(relation)
    middle = median(weights.values())
    assert {script: each for script, each in weights.items() if abs(each - middle) > WITHIN_NATS} == {}, (
        weights
    )


def test_handle_is_shown_as_it_was_given_and_folded_where_it_was_not_kept() -> None:
    trait = HANDLE.distil(an_account(handle="Um4r"), keyer)
    assert trait is not None
    assert HANDLE.show(trait, Quoted(handle="Um4r")) == "Um4r"
    assert HANDLE.show(trait, Quoted()) == trait.literal != "Um4r"
