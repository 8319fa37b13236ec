"""What could not be read of an account is counted, and goes with it to the alerts about it."""

from __future__ import annotations

from agents.common.distilled import distilled
from schemas.unusable import FieldFault, Unusable
from schemas.wire import Decoded
from tests.agents.conftest import Life
from tests.makers import a_sign_up


def test_what_could_not_be_read_goes_with_the_account_and_is_counted(life: Life) -> None:
    left_out = Unusable("phone", FieldFault.WRONG_TYPE)
    found = Decoded(a_sign_up("99", handle="umar_media", ip="nope"), unusable=(left_out,))
    account = distilled(found, life.context.topics.created, life.context)
    assert (account.account, account.quoted.handle) == ("telegram:99", "umar_media")
    assert set(account.not_read) == {left_out, Unusable("ip", FieldFault.UNREADABLE)}
    counted = life.context.meters.fields_unusable.labels(life.context.topics.created, "ip", "unreadable")
    assert counted._value.get() == 1
