"""The gate's OpenAPI 3.1 document, made of the records that cross its addresses.

Bodies are checked by our own decoders, as on the topics: a field that cannot be used costs itself and not the
record. So the document describes what is understood, and a framework's own idea of a body would be narrower.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from gate.answers import IntakeReport, Problem, Score
from gate.intake import KINDS, RECORDS_MAX
from gate.related import ASKED_MAX
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.appeals import AppealMade, AppealTaken
from schemas.internal.related import RelatedAnswer, RelatedQuestion
from schemas.mapping.fields import TARGETS
from schemas.verdicts import VerdictGiven

_REF: Final = "#/components/schemas/{name}"

_FAULTS: Final[Mapping[int, str]] = {
    400: "The body, or a header, is not what it should be: where, and why.",
    401: "No key, or one that is not in force; of a webhook, a signature that does not fit.",
    403: "The key may not do this.",
    404: "There is no such resource.",
    405: "The method is not allowed here.",
    408: "The body took too long to arrive.",
    413: "The body is over 1 MiB.",
    415: "The body is packed (`Content-Encoding`): send it as it is.",
    429: "The rate limit of the key, or of an appeal's account, is exceeded: retry after so many seconds.",
    500: "An internal error.",
    503: "Kafka or the store is unavailable: retry after so many seconds.",
}


@cache
def document() -> bytes:
    """The document, in UTF-8; the same bytes for the same program."""
    records = [
        Score,
        Problem,
        IntakeReport,
        MirrorAlert,
        AlertSummary,
        VerdictGiven,
        AppealMade,
        AppealTaken,
        RelatedQuestion,
        RelatedAnswer,
        *_event_types().values(),
    ]
    _, components = msgspec.json.schema_components(records, ref_template=_REF)
    _standard(components)
    described = {
        "openapi": "3.1.0",
        "info": {
            "title": "samehand gate",
            "version": version("samehand"),
            "description": "Scores accounts as they sign up, takes events, webhooks and verdicts. `match` "
            "advises friction and never refusal: resemblance, not identity; a person decides. An account "
            "that was scored is not remembered: its event must still be published.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": _paths(),
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "As `samehand keys new` prints it, once.",
                }
            },
        },
    }
    return msgspec.json.format(msgspec.json.encode(described), indent=1)


def _event_types() -> dict[str, type[Any]]:
    return {kind: target.decode.record_type for kind, target in TARGETS.items()}


def _paths() -> dict[str, Any]:
    return {
        "/v1/score": {
            "post": {
                "operationId": "score",
                "summary": "Whether an account resembles a banned one, before its event is published.",
                "description": "Answers within the deadline, whatever is away: then it is `undecided`.",
                "parameters": [
                    {
                        "name": "Samehand-Deadline-Ms",
                        "in": "header",
                        "required": False,
                        "description": "Milliseconds until the answer is of no use any more.",
                        "schema": {"type": "integer", "minimum": 1, "maximum": 10_000},
                    }
                ],
                "requestBody": _body([_ref("AccountCreated")]),
                "responses": _answers(
                    {200: ("Score", "The answer, and why where it is undecided.")}, 400, 413
                ),
            }
        },
        "/v1/events/{kind}": {
            "post": {
                "operationId": "events",
                "summary": "Publishes events; each is checked as on its topic.",
                "description": "`kind` says which of the records the body holds.",
                "parameters": [_named("kind", {"type": "string", "enum": list(KINDS)})],
                "requestBody": _body(
                    _one_or_several([_ref(record_type.__name__) for record_type in _event_types().values()])
                ),
                "responses": _intake(404),
            }
        },
        "/v1/verdicts": {
            "post": {
                "operationId": "verdicts",
                "summary": "Publishes what people decided about alerts.",
                "requestBody": _body(_one_or_several([_ref("VerdictGiven")])),
                "responses": _intake(),
            }
        },
        "/v1/appeals": {
            "post": {
                "operationId": "appeals",
                "summary": "Relays what an account holder contests to the desk, for somebody else to read.",
                "description": "A repeat of an `appeal_id` with the same body is answered as the first time."
                " With `preset=coop` the body is that of Coop's `POST /api/v1/report/appeal`, whose actioned"
                " item is the alert. A key with `appeals@PLATFORM` names `platform` and `account_id`.",
                "parameters": [
                    {
                        "name": "preset",
                        "in": "query",
                        "required": False,
                        "schema": {"type": "string", "enum": ["coop"]},
                    }
                ],
                "requestBody": _body([_ref("AppealMade"), {"type": "object", "title": "Coop's appeal"}]),
                "responses": _answers(
                    {
                        202: ("AppealTaken", "The desk has stored it."),
                        404: ("Problem", "`unknown-alert`, or this gate relays to no desk (`no-desk`)."),
                        409: (
                            "Problem",
                            "`other-body`: the id was used for something else; `open-appeal`: another one"
                            " waits; `not-decided`: no verdict holds; `evidence-erased`: nothing is left;"
                            " `too-many`: read anew often enough.",
                        ),
                        503: ("Problem", "The desk did not confirm it: send the same again."),
                    },
                    *(400, 413),
                ),
            }
        },
        "/v1/webhooks/{mapping}": {
            "post": {
                "operationId": "webhooks",
                "summary": "Translates another service's webhook by one of the operator's mappings.",
                "description": "Its signature proves the sender: Standard Webhooks, X-Hub-Signature,"
                " Discourse's or Coop's. Actions of moderators in ROOST's Coop become verdicts.",
                "parameters": [_named("mapping", {"type": "string"})],
                "security": [],
                "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
                "responses": _answers(
                    {
                        200: ("IntakeReport", "Accepted; the mapping publishes nothing for it."),
                        202: ("IntakeReport", "Kafka has acknowledged the records made from it."),
                        503: (
                            "IntakeReport or Problem",
                            "Kafka does not take them, or too much is on its way here.",
                        ),
                    },
                    *(400, 401, 404, 413),
                    keyed=False,
                ),
            }
        },
        "/v1/related": {
            "post": {
                "operationId": "related",
                "summary": "Who is like an account that the store knows, below the bands too.",
                "description": "For desks: published on `gate.audit` before it is answered, and never by a"
                f" key that scores. A reader may ask {ASKED_MAX} times an hour.",
                "requestBody": _body([_ref("RelatedQuestion")]),
                "responses": _answers(
                    {200: ("RelatedAnswer", "The accounts, likeliest first; none of their values.")},
                    *(400, 413, 503),
                ),
            }
        },
        "/v1/alerts/{alert_id}": {
            "get": {
                "operationId": "alert",
                "summary": "An alert as it stands, or as it was withdrawn while a verdict may still come.",
                "parameters": [_named("alert_id", {"type": "string", "minLength": 1, "maxLength": 128})],
                "responses": _answers({200: ("Alert", "The alert, or the summary of a ban's.")}, 404, 503),
            }
        },
        "/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This document.",
                "security": [],
                "responses": {
                    "200": {
                        "description": "The document.",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                },
            }
        },
    }


def _intake(*also: int) -> dict[str, Any]:
    return _answers(
        {
            202: ("IntakeReport", "Kafka has acknowledged every record that is accepted."),
            400: ("IntakeReport or Problem", "No record could be read: each with its reason."),
            503: ("IntakeReport", "Kafka does not take them: which ones to send again."),
        },
        *(413, *also),
    )


_BODIES: Final[Mapping[str, Any]] = {
    "Alert": {"anyOf": [{"$ref": _REF.format(name=name)} for name in ("MirrorAlert", "AlertSummary")]},
    "IntakeReport or Problem": {
        "anyOf": [{"$ref": _REF.format(name=name)} for name in ("IntakeReport", "Problem")]
    },
}


def _answers(good: Mapping[int, tuple[str, str]], *faults: int, keyed: bool = True) -> dict[str, Any]:
    responses = {str(status): _answer(description, body) for status, (body, description) in good.items()}
    others = {*faults, 408, 415, 500, *((401, 403, 429) if keyed else ())} - set(good)
    for status in sorted(others):
        responses[str(status)] = _answer(_FAULTS[status], "Problem")
        if status in (429, 503):
            responses[str(status)]["headers"] = {
                "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}
            }
    return dict(sorted(responses.items()))


def _answer(description: str, body: str) -> dict[str, Any]:
    schema = _BODIES.get(body, _ref(body))
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _body(schemas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _one_or_several(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    schema: Mapping[str, Any] = records[0] if len(records) == 1 else {"anyOf": list(records)}
    return [schema, {"type": "array", "items": schema, "minItems": 1, "maxItems": RECORDS_MAX}]


def _named(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(name=name)}


def _standard(node: Any) -> None:
    """Patterns as JSON Schema alone has them: `(?!\\n)` after `$` is for Python's own reading."""
    if isinstance(node, dict):
        if isinstance(pattern := node.get("pattern"), str):
            node["pattern"] = pattern.replace(r"$(?!\n)", "$")
        for value in node.values():
            _standard(value)
    elif isinstance(node, list):
        for value in node:
            _standard(value)
