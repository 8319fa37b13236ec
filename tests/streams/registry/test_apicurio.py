"""A real registry: Apicurio's, which speaks Confluent's API; where ``SAMEHAND_TEST_REGISTRY_URL`` names one.

Tried with 2.6.13.Final of Maven Central (`io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all`), whose
runner Java 17 starts; 3.x asks for Java 21::

    REGISTRY_STORAGE_DB_KIND=h2 REGISTRY_DATASOURCE_DB_KIND=h2 REGISTRY_DATASOURCE_URL=jdbc:h2:mem:registry \
    QUARKUS_HTTP_HOST=127.0.0.1 QUARKUS_HTTP_PORT=8081 java -jar apicurio-registry-app-2.6.13.Final-runner.jar
    SAMEHAND_TEST_REGISTRY_URL=http://127.0.0.1:8081/apis/ccompat/v7 pytest tests/streams/registry
"""

from __future__ import annotations

import json
import os
import uuid
from typing import Any
from urllib.request import Request, urlopen

import pytest

from schemas.malformed import Malformed
from streams.registry.client import Registry, SchemaUnusable
from streams.registry.transcode import Transcoder
from tests.makers import arrival
from tests.streams.registry.makers import USER, avro, of_wire

URL = os.environ.get("SAMEHAND_TEST_REGISTRY_URL", "")
pytestmark = pytest.mark.skipif(not URL, reason="SAMEHAND_TEST_REGISTRY_URL names no registry")

COUNTRY = {"type": "enum", "name": "Country", "symbols": ["PK", "IN"]}


def registered(subject: str, schema: str, **more: Any) -> int:
    """Puts a schema under a subject; answers its id."""
    body = json.dumps({"schema": schema, **more}).encode()
    headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
    with urlopen(Request(f"{URL}/subjects/{subject}/versions", body, headers), timeout=30) as answer:
        return int(json.load(answer)["id"])


def test_a_record_is_read_by_a_schema_that_refers_to_another() -> None:
    unique = uuid.uuid4().hex
    registered(f"country-{unique}", json.dumps(COUNTRY))
    row = {**USER, "name": f"U{unique}", "fields": [*USER["fields"], {"name": "country", "type": "Country"}]}
    references = [{"name": "Country", "subject": f"country-{unique}", "version": 1}]
    id_ = registered(f"users-{unique}", json.dumps(row), references=references)
    whole = {**row, "fields": [*USER["fields"], {"name": "country", "type": COUNTRY}]}
    raw = avro(whole, {"id": 7, "handle": "umar", "at": 0, "country": "IN"})
    made, record = Transcoder(Registry(URL), lambda: 0.0), arrival(of_wire(id_, raw))
    made.prepare([record])
    found = made.json_of(record)
    assert not isinstance(found, Malformed)
    assert json.loads(found.value or b"")["country"] == "IN"


def test_an_id_that_it_does_not_have_is_told_for_good() -> None:
    with pytest.raises(SchemaUnusable, match="no such schema"):
        Registry(URL).schema(2_000_000_000)


def test_it_gives_protobuf_as_text_alone_which_is_told() -> None:
    text = f'syntax = "proto3";\npackage p{uuid.uuid4().hex};\nmessage User {{ int64 id = 1; }}'
    id_ = registered(f"proto-{uuid.uuid4().hex}", text, schemaType="PROTOBUF")
    with pytest.raises(SchemaUnusable, match="no serialized descriptor"):
        Registry(URL).schema(id_)
