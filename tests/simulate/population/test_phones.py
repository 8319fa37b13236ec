"""Numbers that exist in their country, however they are typed."""

from random import Random

import phonenumbers
import pytest

from simulate.population.phones import BLOCK_NUMBERS, COUNTRIES, neighbouring, phone, written
from simulate.sampling import seeded

every = pytest.mark.parametrize("country", COUNTRIES)


@every
def test_a_number_is_valid_in_its_country(country: str) -> None:
    rng = seeded(1, country)
    for _ in range(300):
        number = phone(rng, country)
        parsed = phonenumbers.parse(number)
        assert phonenumbers.is_valid_number(parsed), number
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
        assert phonenumbers.region_code_for_number(parsed) == country, number


@every
def test_it_reads_back_however_it_is_written(country: str) -> None:
    rng = seeded(2, country)
    forms = set()
    for _ in range(300):
        number = phone(rng, country)
        typed = written(rng, number, country)
        forms.add(typed[:2])
        # 00 is what people outside North America dial and type for +.
        parsed = phonenumbers.parse("+" + typed[2:] if typed.startswith("00") else typed, country)
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number, typed
    assert len(forms) > 1


@every
def test_a_neighbouring_number_is_another_of_the_same_block(country: str) -> None:
    rng = seeded(3, country)
    for _ in range(200):
        number = phone(rng, country)
        other = neighbouring(rng, number)
        assert other != number
        assert len(other) == len(number)
        assert int(other) // BLOCK_NUMBERS == int(number) // BLOCK_NUMBERS


def test_most_numbers_are_written_in_full() -> None:
    rng = Random(1)
    share = sum(written(rng, "+923001234567", "PK") == "+923001234567" for _ in range(1000)) / 1000
    assert share == pytest.approx(0.85, abs=0.04)
