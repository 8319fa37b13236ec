"""A schema registry over HTTP, as Confluent documents it and Apicurio and Karapace speak it, too.

Three questions are asked: the schema of an id, that of a subject's version, and for Protobuf either as a
serialized descriptor. A final answer (there is no such schema) is distinguished from one that the registry
cannot give now: only the latter may hold up a partition.
"""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

import msgspec

from streams.errors import SettingsError, Transient
from streams.settings import PREFIX, Settings

Language = Literal["AVRO", "PROTOBUF", "JSON"]

TIMEOUT_SECONDS: Final = 5.0
"""Of one question: a registry on the same network answers within milliseconds."""

ANSWER_BYTES_MAX: Final = 1024 * 1024
"""As large as a record of Kafka's topic `_schemas` may be, in which registries keep them."""

REFERENCES_MAX: Final = 64
"""Schemas that one refers to, directly or not: those of whole companies have some dozen."""

_ACCEPT: Final = "application/vnd.schemaregistry.v1+json, application/json"


class RegistryUnavailable(Transient):
    """The registry does not answer, or cannot answer now. Records that need it wait."""


class SchemaUnusable(Exception):  # says what the schema is, as its siblings do
    """A schema that is not there or cannot be read: its records are dead letters. Quotes nothing of it."""


class _Reference(msgspec.Struct):
    name: str
    subject: str
    version: int


class _Answer(msgspec.Struct):
    schema: str
    schemaType: Language = "AVRO"  # noqa: N815  # as the registry spells it
    references: list[_Reference] = []


_decoder: Final = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema as the registry has it: `text` of Avro, the serialized `descriptor` of Protobuf.

    ``references``: the schemas that it refers to, by the name that it uses, each before those that refer to
    it.
    """

    language: Language
    text: str = ""
    descriptor: bytes = b""
    references: Mapping[str, Schema] = field(default_factory=dict)


class Registry:
    """Asks one registry. Blocks, `TIMEOUT_SECONDS` a question at most; may be asked from any thread."""

    def __init__(
        self, url: str, *, username: str = "", password: str = "", context: ssl.SSLContext | None = None
    ) -> None:
        """``url`` without a user in it; ``context`` for a certificate authority of one's own."""
        self._url = url.rstrip("/")
        self._opener: OpenerDirector = build_opener(_NoRedirects(), HTTPSHandler(context=context))
        self._headers = {"Accept": _ACCEPT}
        if username:
            login = base64.b64encode(f"{username}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {login}"

    def schema(self, id_: int) -> Schema:
        """The schema of an id, with all that it refers to.

        Raises:
            RegistryUnavailable: ask again later.
            SchemaUnusable: asking again would not help.
        """
        return self._whole(f"/schemas/ids/{id_}", {}, [])

    def _whole(self, path: str, known: dict[tuple[str, int], Schema], names: list[str]) -> Schema:
        answer = self._asked(path)
        references: dict[str, Schema] = {}
        for each in answer.references:
            names.append(each.name)
            if len(names) > REFERENCES_MAX:
                raise SchemaUnusable(f"refers to more than {REFERENCES_MAX} other schemas")
            where = (each.subject, each.version)
            if where not in known:
                subject = quote(each.subject, safe="")
                known[where] = self._whole(f"/subjects/{subject}/versions/{each.version}", known, names)
            references |= {**known[where].references, each.name: known[where]}
        if answer.schemaType == "PROTOBUF":
            try:
                serialized = self._asked(f"{path}?format=serialized").schema
                descriptor = base64.b64decode(serialized, validate=True)
            except (binascii.Error, ValueError):
                raise SchemaUnusable(
                    "the registry gives no serialized descriptor of it (?format=serialized)"
                ) from None
            return Schema("PROTOBUF", descriptor=descriptor, references=references)
        return Schema(answer.schemaType, text=answer.schema, references=references)

    def _asked(self, path: str) -> _Answer:
        request = Request(self._url + path, headers=self._headers)  # noqa: S310  # the operator's own URL
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                read: bytes = answer.read(ANSWER_BYTES_MAX + 1)
        except HTTPError as fault:
            code = fault.code
            fault.close()
            if code in (404, 422):  # no such schema, no such version
                raise SchemaUnusable("the registry has no such schema") from None
            raise RegistryUnavailable(f"the schema registry answers HTTP status {code}") from None
        except (URLError, OSError, ValueError) as fault:
            raise RegistryUnavailable(
                f"the schema registry cannot be reached ({type(fault).__name__})"
            ) from None
        if len(read) > ANSWER_BYTES_MAX:
            raise SchemaUnusable("has an answer of over 1 MiB from the registry")
        try:
            return _decoder.decode(read)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # Most often the error page of a proxy.
            raise RegistryUnavailable(
                "the schema registry's answer is not the JSON of its API; does a proxy answer instead?"
            ) from None


class _NoRedirects(HTTPRedirectHandler):
    """Follows no redirect: the other server would be sent our login."""

    def redirect_request(self, *given: Any, **more: Any) -> None:
        return None


def registry_of(settings: Settings) -> Registry | None:
    """The registry that the settings name, if they name one. Raises `SettingsError`."""
    if settings.registry_url is None:
        return None
    context = None
    if settings.registry_ca_file is not None:
        try:
            context = ssl.create_default_context(cafile=str(settings.registry_ca_file))
        except (OSError, ssl.SSLError):
            raise SettingsError(
                {f"{PREFIX}REGISTRY_CA_FILE": "cannot be read, or holds no PEM certificate"}
            ) from None
    return Registry(
        settings.registry_url,
        username=settings.registry_username or "",
        password=settings.registry_secret() or "",
        context=context,
    )
