"""What a registry says for good, and what it cannot say now: only the latter holds a partition."""

from __future__ import annotations

import pytest

from local.ports import take_port
from streams.errors import SettingsError
from streams.registry.client import (
    ANSWER_BYTES_MAX,
    Registry,
    RegistryUnavailable,
    SchemaUnusable,
    registry_of,
)
from streams.settings import load
from tests.streams.registry.makers import USER, a_file, registry


def test_a_schema_comes_with_all_that_it_refers_to() -> None:
    with registry() as fake:
        fake.avro(7, USER, [{"name": "shop.Country", "subject": "country", "version": 2}])
        fake.answers["/subjects/country/versions/2"] = {"schema": '"string"'}
        found = Registry(fake.url).schema(7)
    assert found.language == "AVRO"
    assert found.references["shop.Country"].text == '"string"'


def test_a_schema_of_protobuf_comes_as_a_descriptor() -> None:
    with registry() as fake:
        fake.protobuf(9, a_file(id=3))
        found = Registry(fake.url + "/").schema(9)
    assert found.descriptor == a_file(id=3).SerializeToString()


def test_a_login_is_sent_and_stands_in_no_message() -> None:
    with registry() as fake:
        fake.avro(1, USER)
        Registry(fake.url, username="samehand", password="hunter2").schema(1)
        assert fake.logins == ["Basic c2FtZWhhbmQ6aHVudGVyMg=="]
        fake.down = True
        with pytest.raises(RegistryUnavailable) as told:
            Registry(fake.url, username="samehand", password="hunter2").schema(1)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"),
        (503, b"{}"),
        (401, b"{}"),
        (429, b"{}"),
        (302, b""),
        (200, b"<html>sorry</html>"),
        (200, b"\xff"),
        (200, b"[" * 100_000),
        (200, b'{"schema": 7}'),
    ],
)
def test_what_may_pass_is_an_outage(answer: tuple[int, bytes]) -> None:
    with registry() as fake:
        fake.answers["/schemas/ids/1"] = answer
        with pytest.raises(RegistryUnavailable):
            Registry(fake.url).schema(1)


def test_nobody_at_the_address_is_an_outage() -> None:
    port = take_port()
    try:
        with pytest.raises(RegistryUnavailable):
            Registry(f"http://127.0.0.1:{port.number}").schema(1)
    finally:
        port.release()


@pytest.mark.parametrize("answer", [None, (422, b"{}"), (200, b" " * (ANSWER_BYTES_MAX + 1))])
def test_what_will_not_pass_makes_a_schema_unusable(answer: object) -> None:
    with registry() as fake:
        if answer is not None:
            fake.answers["/schemas/ids/1"] = answer
        with pytest.raises(SchemaUnusable):
            Registry(fake.url).schema(1)


def test_schemas_that_refer_to_one_another_for_ever_come_to_an_end() -> None:
    with registry() as fake:
        itself = [{"name": "a", "subject": "a", "version": 1}]
        fake.avro(1, USER, itself)
        fake.answers["/subjects/a/versions/1"] = {"schema": '"string"', "references": itself}
        with pytest.raises(SchemaUnusable, match="more than 64"):
            Registry(fake.url).schema(1)
    assert len(fake.asked) < 100


def test_settings_name_a_registry_or_none(tmp_path: object) -> None:
    assert registry_of(load({})) is None
    assert registry_of(load({"SAMEHAND_REGISTRY_URL": "http://registry:8081"})) is not None
    with pytest.raises(SettingsError, match="REGISTRY_URL"):
        load({"SAMEHAND_REGISTRY_URL": "http://user:secret@registry:8081"})
    with pytest.raises(SettingsError, match="REGISTRY_CA_FILE"):
        registry_of(load({"SAMEHAND_REGISTRY_URL": "https://r:1", "SAMEHAND_REGISTRY_CA_FILE": __file__}))
