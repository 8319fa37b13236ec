"""Records carry the person, and nothing of what is only known here."""

from datetime import UTC, datetime

from schemas.wire import encode
from simulate.population.people import Person, Population
from simulate.sampling import seeded
from simulate.timeline import records

AT = datetime(2026, 10, 5, 12, 30, tzinfo=UTC).timestamp()


def somebody() -> Person:
    population, rng = Population(1, 100), seeded(1, "somebody")
    traits = frozenset({"bio", "photo", "email", "number", "device", "display_name", "payment", "contact"})
    return population.equipped(rng, population.person(rng, platform="x"), traits)


def test_a_sign_up_says_all_that_the_person_carries() -> None:
    person = somebody()
    record = records.created(person, AT)
    assert record.occurred_at == datetime(2026, 10, 5, 12, 30, tzinfo=UTC)
    assert record.key == person.key
    account = record.account
    assert (account.handle, account.email, account.phone) == (person.handle, person.email, person.phone)
    assert (account.device_id, account.ip, account.payment_token) == (
        person.device_id,
        person.ip,
        person.payment_token,
    )
    assert account.avatar
    assert person.avatar
    assert (account.avatar.pdq, account.avatar.quality) == person.avatar


def test_names_and_networks_known_here_alone_do_not_cross_the_wire() -> None:
    raw = encode(records.created(somebody(), AT))
    for hidden in (b'"given"', b'"family"', b'"network"', b'"number"', b'"language"', b'"country"'):
        assert hidden not in raw


def test_a_ban_says_when_and_why_and_for_whom() -> None:
    record = records.banned(somebody(), AT, "violent-extremism")
    assert record.banned_at == record.occurred_at
    assert record.policy == "violent-extremism"
    assert record.queue == "counter-terrorism"
    assert record.basis
    assert record.expires_at is None


def test_only_spammers_are_banned_for_a_time() -> None:
    record = records.banned(somebody(), AT, "spam")
    assert record.expires_at
    assert (record.expires_at - record.occurred_at).days == 365


def test_updates_reinstatements_and_deletions_are_of_the_same_account() -> None:
    person = somebody()
    updated, reinstated = records.updated(person, AT), records.reinstated(person, AT)
    deleted = records.deleted(person, AT)
    assert updated.key == reinstated.key == deleted.key == person.key
    assert updated.at == reinstated.at == deleted.at == AT
