"""The registry of signals, in the order in which fingerprints hold their traits.

Order and codes are part of the stored form: append, never reorder.
"""

from __future__ import annotations

from typing import Any

from samehand.signals.avatar import AVATAR
from samehand.signals.base import PairSignal, Signal
from samehand.signals.bio import BIO
from samehand.signals.contact import CONTACT
from samehand.signals.cross_field import CROSS_FIELD
from samehand.signals.device import DEVICE
from samehand.signals.email import EMAIL
from samehand.signals.fan_account import FAN_ACCOUNT
from samehand.signals.first_shown import FIRST_SHOWN
from samehand.signals.handle import HANDLE
from samehand.signals.invitation import INVITATION
from samehand.signals.listed import ListedSignal
from samehand.signals.locale import LOCALE
from samehand.signals.mention import MENTION
from samehand.signals.name import NAME
from samehand.signals.network import NETWORK
from samehand.signals.obfuscation import OBFUSCATION
from samehand.signals.own_contact import OWN_CONTACT
from samehand.signals.payment import PAYMENT
from samehand.signals.phone import PHONE
from samehand.signals.platform import PLATFORM
from samehand.signals.referrer import REFERRER
from samehand.signals.runs import RUNS
from samehand.signals.timing import TIMING
from samehand.signals.user_agent import AGENT

# `Any`: each signal has a trait type of its own; the registry only hands each its own traits back.
SIGNALS: tuple[Signal[Any], ...] = (
    HANDLE,
    NAME,
    EMAIL,
    PHONE,
    DEVICE,
    PAYMENT,
    NETWORK,
    AGENT,
    LOCALE,
    REFERRER,
    AVATAR,
    BIO,
    CONTACT,
    OBFUSCATION,
    MENTION,
    RUNS,
)

PAIRWISE: tuple[PairSignal[Any], ...] = (CROSS_FIELD, OWN_CONTACT, FAN_ACCOUNT, PLATFORM, INVITATION)

# Signals without a trait of their own; weights, alerts and metrics name them as well.
UNKEPT: tuple[str, ...] = (FIRST_SHOWN.name, TIMING.name, *(signal.name for signal in PAIRWISE))

SENTENCES: dict[tuple[str, str], str] = {
    (signal.name, level): sentence
    for signals in (SIGNALS, PAIRWISE, (FIRST_SHOWN, TIMING))
    for signal in signals
    for level, sentence in signal.sentences.items()
}

LISTED: tuple[ListedSignal[Any], ...] = (EMAIL, PHONE, DEVICE, PAYMENT, NETWORK)
"""Those of which an account may have several values."""

BY_CODE: dict[int, Signal[Any]] = {signal.code: signal for signal in SIGNALS}
POSITION: dict[str, int] = {signal.name: place for place, signal in enumerate(SIGNALS)}
