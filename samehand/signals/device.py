"""The device from which the account was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from samehand.account import Account
from samehand.keys import KeyKind
from samehand.normalize.device import normal_device
from samehand.signals.base import Example, Keyer
from samehand.signals.digest import DigestSignal
from samehand.signals.listed import ListedSignal


class DeviceSignal(DigestSignal):
    """Both accounts were made on the same device."""

    name = "device"
    personal = "device"
    field = "device_id"
    code = 5
    kind = KeyKind.DEVICE
    owned = True
    sentences: Mapping[str, str] = {
        "same": "Both accounts were made on the same device.",
        "different": "The accounts were made on different devices.",
    }

    def distil(self, account: Account, keyer: Keyer) -> bytes | None:
        """The keyed device id; ``None`` for a junk id (all zero, `unknown`)."""
        given = account.already_keyed.get("device")
        if given is not None:
            return keyer("device", b"keyed:" + given)
        device = normal_device(account.device_id) if account.device_id else None
        return keyer("device", device.encode()) if device else None

    @property
    def examples(self) -> tuple[Example, ...]:
        """The same device, another one, and a junk id, which faulty software gives to many."""
        device_id = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
        return (
            Example(_made_on(device_id), _made_on(device_id.upper()), "same"),
            Example(_made_on(device_id), _made_on("0b7d5a34-9c11-4c0e-8a57-2f4e6b1c3d99"), "different"),
            Example(_made_on("0" * 32), _made_on("0" * 32), None),
        )


def _made_on(device_id: str) -> Account:
    return Account(platform="x", account_id="1", device_id=device_id)


DEVICE: Final = ListedSignal(
    DeviceSignal(), half_days=540
)  # assumed: half of all phones are replaced within 18 months
