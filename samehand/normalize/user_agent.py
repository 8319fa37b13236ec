"""The family of a user agent: browser, operating system and model, without versions, which change often."""

from __future__ import annotations

import re
from typing import Final

# User agents are short; what follows is padding.
_TEXT_LENGTH_MAX: Final = 512
_MODEL_LENGTH_MAX: Final = 32

# In the order in which they must be tested: all browsers claim to be Safari, and most claim to be Chrome.
_BROWSERS: tuple[tuple[str, str], ...] = (
    ("instagram", "instagram"),
    ("fban/", "facebook"),
    ("fbav/", "facebook"),
    ("telegram", "telegram"),
    ("whatsapp", "whatsapp"),
    ("twitter", "x"),
    ("edg", "edge"),
    ("opr/", "opera"),
    ("opera", "opera"),
    ("opios/", "opera"),
    ("samsungbrowser/", "samsung"),
    ("ucbrowser/", "uc"),
    ("yabrowser/", "yandex"),
    ("vivaldi/", "vivaldi"),
    ("miuibrowser/", "miui"),
    ("huaweibrowser/", "huawei"),
    ("firefox/", "firefox"),
    ("fxios/", "firefox"),
    ("crios/", "chrome"),
    ("headlesschrome/", "headless-chrome"),
    ("; wv)", "webview"),
    ("chrome/", "chrome"),
    ("cfnetwork/", "ios-app"),
    ("okhttp/", "okhttp"),
    ("dalvik/", "android-app"),
    ("safari/", "safari"),
)
_SYSTEMS: tuple[tuple[str, str], ...] = (
    ("windows phone", "windows-phone"),
    ("android", "android"),
    ("iphone", "ios"),
    ("ipad", "ipados"),
    ("ipod", "ios"),
    ("cros", "chromeos"),
    ("windows", "windows"),
    ("mac os x", "macos"),
    ("macintosh", "macos"),
    ("darwin", "darwin"),
    ("linux", "linux"),
    ("x11", "linux"),
)
# `android 13; sm-a536b build/…)`, with a locale in between in old ones. Browsers that hide the model say `k`.
_ANDROID_MODEL: Final = re.compile(r"android[ /][\d.]+;(?: [a-z]{2}[-_][a-z]{2};)? ?([^;)]*)(?=[;)])")
_NAMELESS_MODELS: Final = frozenset({"", "k", "mobile", "tablet", "wv", "u", "linux"})
_NO_NAME: Final = re.compile(r"[^a-z0-9]+")
_PRODUCT: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}(?=/)", re.IGNORECASE)


def agent_family(user_agent: str) -> str | None:
    """Browser, system and model such as `chrome/android/sm-a536b`, or ``None`` if nothing is recognised."""
    text = user_agent.strip()[:_TEXT_LENGTH_MAX].lower()
    browser = _first(_BROWSERS, text)
    system = _first(_SYSTEMS, text)
    if not browser and not system:
        product = _PRODUCT.match(text)
        return product.group() if product else None
    model = ""
    # The model stands in brackets, so none stands behind the last closing one.
    if system == "android" and (match := _ANDROID_MODEL.search(text, 0, text.rfind(")") + 1)):
        model = _NO_NAME.sub("-", match.group(1).partition(" build/")[0]).strip("-")
        model = "" if model in _NAMELESS_MODELS else model[:_MODEL_LENGTH_MAX]
    return "/".join(filter(None, (browser or "other", system, model)))


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for sign, name in names if sign in text), "")
