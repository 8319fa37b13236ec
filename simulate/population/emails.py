"""Mailboxes at the providers people use."""

from random import Random

from simulate.population.handles import fitted
from simulate.population.languages import Name
from simulate.sampling import Weighted, between, one_of

_COMMON = ["gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com", "proton.me"]
_PROVIDERS = {
    "": Weighted(_COMMON, [62, 11, 12, 9, 5, 1]),
    "ru": Weighted(["mail.ru", "yandex.ru", "bk.ru", *_COMMON], [34, 26, 4, 28, 2, 2, 2, 1, 1]),
    "zh": Weighted(["qq.com", "163.com", "126.com", *_COMMON], [42, 24, 8, 16, 4, 1, 3, 1, 1]),
    "ko": Weighted(["naver.com", "daum.net", *_COMMON], [52, 10, 30, 2, 1, 2, 2, 1]),
}
_DISPOSABLE = ("mailinator.com", "guerrillamail.com", "10minutemail.com", "temp-mail.org", "yopmail.com")
DISPOSABLE_SHARE = 0.01
"""Share of ordinary accounts with a throw-away mailbox; of evaders who take a new one, far more."""


def email(
    rng: Random,
    language: str,
    given: Name,
    family: Name,
    handle: str,
    disposable_share: float = DISPOSABLE_SHARE,
) -> str:
    """A mailbox of one's own: named after the person, after the handle, or a throw-away."""
    if rng.random() < disposable_share:
        return f"{given.latin[0]}{between(rng, 100, 99_999)}@{one_of(rng, _DISPOSABLE)}"
    domain = _PROVIDERS.get(language, _PROVIDERS[""]).pick(rng)
    if domain == "qq.com":
        return f"{between(rng, 10_000_000, 4_000_000_000)}@{domain}"
    first, last = given.latin[0], family.latin[0]
    draw = rng.random()
    if draw < 0.35:
        local = f"{first}{one_of(rng, ('.', '', '_'))}{last}{between(rng, 1, 9999)}"
    elif draw < 0.5:
        local = f"{first[0]}{last}{between(rng, 1, 99_999)}"
    elif draw < 0.52:
        local = f"{first}{last}+{one_of(rng, ('social', 'x', 'apps', 'new'))}"
        local = local.replace("+", f"{between(rng, 1, 9999)}+")
    else:
        local = f"{handle}{between(rng, 1, 999)}"
    name, _, tag = local.lower().partition("+")
    return f"{fitted('instagram', name).strip('._')}{'+' + tag if tag else ''}@{domain}"
