"""The page of quarantine: a lead presses what it offers, others press nothing, and nothing becomes markup."""

from __future__ import annotations

import re

import pytest

from tests.desk.people import Office
from tests.desk.review.test_quarantine import VALUE, dismissed
from tests.desk.web.client import at_the_desk


def forms(page: str) -> dict[str, dict[str, str]]:
    """What each form of the page would send, by its button."""
    found = re.findall(r'<form method="post" action="/quarantine/(\w+)"(.*?)</form>', page, re.DOTALL)
    return {
        name: dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        for name, form in found
    }


async def test_lead_puts_a_proposed_value_in_quarantine_and_ends_it(office: Office) -> None:
    await dismissed(office)
    async with at_the_desk(office, role="lead") as client:
        page = (await client.get("/quarantine")).text
        assert "Device" in page
        assert VALUE[:8] in page
        form = forms(page)["put"] | {"days": "30", "reason": "<b>a shop</b>"}
        answer = await client.post("/quarantine/put", data=form, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        page = (await client.get("/quarantine")).text
        assert "&lt;b&gt;a shop" in page
        assert forms(page).keys() == {"end"}
        again = await client.post("/quarantine/put", data=form, follow_redirects=False)
        assert again.status_code == 409
        form = forms(page)["end"] | {"reason": "it was sold"}
        assert (await client.post("/quarantine/end", data=form, follow_redirects=False)).status_code == 303
        for wrong in ({"digest": "x"}, {"knowing": "-1"}, {"days": "9e9"}):
            answer = await client.post("/quarantine/put", data=form | wrong, follow_redirects=False)
            assert answer.status_code == 400, wrong


@pytest.mark.parametrize(("role", "looks"), [("auditor", 200), ("moderator", 403)])
async def test_auditor_looks_a_moderator_does_not_and_neither_decides(
    office: Office, role: str, looks: int
) -> None:
    await dismissed(office)
    form = {"digest": VALUE, "knowing": "0", "reason": "because", "days": "30"}
    async with at_the_desk(office, role=role) as client:
        answer = await client.get("/quarantine")
        assert (answer.status_code, forms(answer.text)) == (looks, {})
        assert (await client.post("/quarantine/put", data=form)).status_code == 403
