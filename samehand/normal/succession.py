"""Profiles that call another account their own: `backup of @umar_media`, `old account @umar_media`.

Only words that claim an account are read, and only beside the place that they claim: who merely names a
banned account may follow it or report it, and `former @club player` tells of an employer.
"""

from __future__ import annotations

import re
from typing import Final

# A second account, whichever of the two it is.
_SPARE: Final = """
    backup back-up bkp respaldo secours rezerv yedek cadangan poshtiban ihtiyat ihtiyati badil
    بیک بیکاپ متبادل احتياط احتياطي الاحتياطي بديل البديل پشتیبان رزرو резерв резервный резервная запасной
    запасная बैकअप 백업 부계 부계정 备用 备用号 小号
"""
# Who is not somebody's second account, but on stage or on the bench behind somebody.
_BEHIND: Final = "singer singers dancer dancers vocal vocals vocalist quarterback goalkeeper keeper"
# An account of before, if it is said to be an account. That it was banned its critics say as well.
_OLD: Final = """
    old previous prev antigua anterior vieja ancien ancienne eski önceki lama sebelumnya purana
    پرانا سابقہ القديم السابق پخوانی قبلی سابق старый прежний पुराना पुरानी 이전 예전
"""
_ACCOUNT: Final = """
    account acc acct id page channel profile cuenta compte hesap hesabım hesabi kanal akun khata
    اکاؤنٹ اکاونټ حساب الحساب حسابي صفحة قناة اکانت کانال аккаунт канал страница खाता अकाउंट 계정 채널
"""
# Chinese is written without spaces, and says both at once.
_RUN_ON: Final = re.compile("原号|旧号|老号|前号|备用|小号|백업|부계정|이전계정")
_NEAR: Final = 40  # characters on either side: a short sentence


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_SPARES, _BEHINDS, _OLDS, _ACCOUNTS = map(_words, (_SPARE, _BEHIND, _OLD, _ACCOUNT))


def claims(text: str, start: int, end: int) -> bool:
    """Whether the words around a place of a text say that the account named there is the writer's own."""
    around = f"{text[max(0, start - _NEAR) : start]} {text[end : end + _NEAR]}".lower()
    words = {word.strip(".,:;|()[]!") for word in around.split()}
    if (words & _SPARES and not words & _BEHINDS) or _RUN_ON.search(around):
        return True
    return bool(words & _OLDS) and bool(words & _ACCOUNTS)
