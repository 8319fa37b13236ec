"""What simulated people show beside their names."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address, ip_address, ip_network
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.population import avatars, bios
from simulate.population.avatars import (
    DEFAULT_SHARE,
    POPULAR_SHARE,
    AvatarEdit,
    Gallery,
    PictureHash,
    edited,
    photo,
)
from simulate.population.devices import JUNK_IDS, JUNK_SHARE, device_id, payment_token, referrer, user_agent
from simulate.population.languages import LANGUAGES, tongue
from simulate.population.networks import Networks, neighbouring
from simulate.population.phones import COUNTRIES
from simulate.sampling import seeded

# Bios: clichés that many share, words of one's own, addresses elsewhere.


@pytest.mark.parametrize("language", LANGUAGES)
def test_cliches_repeat_and_own_words_hardly_do(language: str) -> None:
    rng, speech = Random(1), tongue(language)
    cliches = Counter(bios.cliche(rng, speech) for _ in range(1_000))
    own = Counter(bios.own_words(rng, speech, "somebody") for _ in range(1_000))
    assert cliches.most_common(1)[0][1] > 50
    assert len(own) > 750


def test_a_quarter_of_bios_are_cliches() -> None:
    rng, speech = Random(1), tongue("en")
    plain = [bios.bio(rng, speech, "somebody").rstrip(" " + "".join(bios.EMOJI)) for _ in range(4_000)]
    share = sum(each in speech.cliches.values for each in plain) / 4_000
    assert share == pytest.approx(bios.CLICHE_SHARE, abs=0.03)


def test_a_contact_point_points_to_nobody_else() -> None:
    rng = Random(1)
    contacts = [bios.contact(rng, "سارة_2001") for _ in range(2_000)]
    assert len(set(contacts)) > 1_850
    assert any(each.startswith("t.me/+") for each in contacts)
    assert any("[at]" in each for each in contacts)


def test_who_is_asked_for_a_contact_point_gives_one() -> None:
    rng, speech = Random(1), tongue("tr")
    marks = ("t.me/", "wa.me/", "instagram.com/", "gmail", "IG: @")
    for _ in range(200):
        words = bios.own_words(rng, speech, "umut", contact_share=1.0)
        assert any(mark in words for mark in marks), words


# Devices and browsers: mostly one's own, sometimes nobody's.


def test_a_few_device_ids_are_junk_and_the_rest_are_nobody_elses() -> None:
    rng = Random(1)
    seen = Counter(device_id(rng) for _ in range(20_000))
    junk = sum(seen.pop(each) for each in JUNK_IDS)
    assert junk / 20_000 == pytest.approx(JUNK_SHARE, abs=0.006)
    assert max(seen.values()) == 1


def test_browsers_are_many_and_some_are_common() -> None:
    rng = Random(1)
    seen = Counter(user_agent(rng) for _ in range(20_000))
    assert len(seen) > 150
    assert 0.01 < seen.most_common(1)[0][1] / 20_000 < 0.1


def test_cards_are_ones_own() -> None:
    rng = Random(1)
    assert len({payment_token(rng) for _ in range(1_000)}) == 1_000


def test_most_come_from_where_everyone_comes_and_few_by_invitation() -> None:
    rng = Random(1)
    seen = Counter(referrer(rng) for _ in range(10_000))
    invited = [each for each in seen if each.startswith("invite/")]
    assert sum(seen[each] for each in invited) == len(invited)
    assert 0.03 < len(invited) / 10_000 < 0.07
    assert seen.most_common(1)[0][1] > 1_000


# Addresses of the open net, some of them shared by thousands.


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_of_phones_has_addresses_of_the_open_net(country: str) -> None:
    networks, rng = Networks(1), seeded(1, country)
    for _ in range(300):
        line = networks.line(rng, country)
        assert ip_address(line.ip).is_global == (line.kind != "junk"), line
        assert str(ip_address(line.ip)) == line.ip or ":" in line.ip


def test_homes_are_apart_and_mobile_lines_share() -> None:
    networks, rng = Networks(1), seeded(1, "lines")
    homes = Counter(networks.home(rng, "PK").ip for _ in range(5_000))
    mobiles = Counter(networks.mobile(rng, "PK").ip for _ in range(5_000))
    assert homes.most_common(1)[0][1] <= 3
    assert mobiles.most_common(1)[0][1] > 100
    assert len([ip for ip in mobiles if "." in ip]) == 48


def test_vpn_exits_are_few_and_the_same_in_every_country() -> None:
    networks, rng = Networks(1), seeded(1, "exits")
    assert len({networks.vpn(rng).ip for _ in range(5_000)}) <= 300


def test_a_third_of_homes_have_ipv6_with_a_prefix_of_their_own() -> None:
    networks, rng = Networks(1), seeded(1, "ipv6")
    six = [ip for ip in (networks.home(rng, "TR").ip for _ in range(2_000)) if ":" in ip]
    assert 0.25 < len(six) / 2_000 < 0.35
    assert len({ip_network(f"{ip}/64", strict=False) for ip in six}) == len(six)


def test_a_neighbouring_address_is_another_of_the_same_line() -> None:
    networks, rng = Networks(1), seeded(1, "neighbours")
    for _ in range(500):
        ip = networks.home(rng, "US").ip
        other = neighbouring(rng, ip)
        assert ip_address(other) != ip_address(ip)
        bits = 24 if isinstance(ip_address(ip), IPv4Address) else 64
        assert ip_address(other) in ip_network(f"{ip}/{bits}", strict=False)


# Avatars: many share a picture, few share a photo, an edit moves what it says.


def distance(one: PictureHash, other: PictureHash) -> int:
    return (int(one.pdq, 16) ^ int(other.pdq, 16)).bit_count()


def test_defaults_and_favourites_are_shared_and_photos_are_not() -> None:
    gallery, rng = Gallery(1), Random(1)
    seen = Counter(gallery.avatar(rng, "x").pdq for _ in range(10_000))
    shared = sum(times for times in seen.values() if times > 1)
    assert shared / 10_000 == pytest.approx(DEFAULT_SHARE + POPULAR_SHARE, abs=0.02)


def test_defaults_differ_between_platforms() -> None:
    gallery, rng = Gallery(1), Random(1)
    common = set()
    for platform in ("x", "facebook", "telegram"):
        seen = Counter(gallery.avatar(rng, platform).pdq for _ in range(500))
        common.add(seen.most_common(1)[0][0])
    assert len(common) == 3


def test_unrelated_photos_are_far_apart() -> None:
    rng = Random(1)
    photos = [photo(rng) for _ in range(200)]
    assert min(distance(one, other) for one in photos for other in photos if one is not other) > 80


FAMILIES = (avatars.TUNING, avatars.VALIDATION, avatars.HELD_OUT)
CROPS = [avatars.TUNING_CROP, avatars.VALIDATION_CROP, avatars.HELD_OUT_CROP]
EDITS = [*(edit for family in FAMILIES for edit in family.values), *CROPS]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
@given(seed=st.integers(0, 2**32))
def test_an_edit_moves_as_many_bits_as_it_says(edit: AvatarEdit, seed: int) -> None:
    rng = Random(seed)
    before = photo(rng)
    after = edited(rng, before, edit)
    assert len(after.pdq) == 64
    assert 0 <= after.quality <= 100
    moved = distance(before, after)
    if edit.mirrored:
        assert 128 - edit.bits_high <= moved <= 128 + edit.bits_high
    else:
        assert edit.bits_low <= moved <= edit.bits_high


def test_half_the_edits_move_at_most_the_median() -> None:
    edit, rng = avatars.HELD_OUT_CROP, Random(1)
    assert sum(edit.bits(rng) <= edit.bits_median for _ in range(4_000)) / 4_000 == pytest.approx(
        0.5, abs=0.04
    )


def test_no_family_uses_an_edit_of_another() -> None:
    named = [edit.name for family in FAMILIES for edit in family.values]
    assert len(named) == len(set(named))
    assert len(set(CROPS)) == len(CROPS)
