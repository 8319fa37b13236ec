"""Who is like an account: what a lead asks a gate, what the gate notes of it, and what it answers."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal, get_args

from msgspec import Meta, Struct

from schemas import fields
from schemas.accounts import Version
from schemas.keys import OfAccount
from schemas.record import Record

Purpose = Literal["ban-evasion", "coordination", "appeal", "lawful-request", "false-alarm"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)

RELATED_MAX: Final = 50
"""Accounts of an answer: more than anybody compares by hand, and an answer of some 10 KB."""

Standing = Literal["banned", "remembered", "unknown"]


class RelatedQuestion(OfAccount, Record, frozen=True, kw_only=True):
    """Who is like an account, why that is asked, and by whom."""

    platform: fields.Platform
    account_id: fields.AccountId
    purpose: Annotated[Purpose, Meta(description="Of a closed list, so that no words about people travel.")]
    reader: Annotated[fields.Opaque, Meta(description="The opaque id of the person who asks.")]


class RelatedAsked(RelatedQuestion, frozen=True, kw_only=True):
    """A question that a gate is about to answer: published first, else it does not answer."""

    MOMENTS: ClassVar[tuple[str, ...]] = ("asked_at",)

    asked_at: fields.Moment
    asked_by: Annotated[fields.Slug, Meta(description="The name of the key that the gate was asked with.")]
    version: Version = 1


class RelatedAccount(OfAccount, Struct, frozen=True, kw_only=True):
    """An account that shares traits with the one asked about; quotes neither of them."""

    platform: fields.Platform
    account_id: fields.AccountId
    standing: Standing
    agrees: Annotated[tuple[fields.Slug, ...], Meta(max_length=64, description="Classes of traits, sorted.")]
    probability: Annotated[float, Meta(ge=0, le=1, description="As of an alert, below the bands too.")]


class RelatedAnswer(Struct, frozen=True, kw_only=True):
    """The accounts that are like one, likeliest first; none where the store does not know it."""

    standing: Annotated[Standing, Meta(description="How the store knows the account asked about.")]
    related: Annotated[tuple[RelatedAccount, ...], Meta(max_length=RELATED_MAX)] = ()
