"""The Latin reading of each letter of the Arabic, Cyrillic, Greek, Hebrew and Devanagari scripts.

General-purpose romanisations of these scripts suit names badly (a plain transliteration of official
Arabic-script aliases resembles their Latin originals in 2 of 100 cases). Every other script is read by
anyascii. tools/build_fold_table.py builds the readings into the fold table: a change here has no effect until
the table is built again and FOLD_VERSION raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def _pairs(text: str) -> dict[str, str]:
    """A table from ``ab=x c=y``: each letter left of a sign reads as the text right of it, `-` as nothing."""
    read: dict[str, str] = {}
    for item in text.split():
        letters, _, sound = item.partition("=")
        read.update(dict.fromkeys(letters, "" if sound == "-" else sound))
    return read


# One table for Arabic, Urdu, Pashto, Persian, Sindhi and Balochi: letters that typists exchange freely
# (Arabic and Persian yeh and kaf, the three hehs, alef with and without hamza) are read alike, so that a name
# reads the same whichever keyboard it was typed on. These scripts do not write short vowels, and none are
# added here.
ARABIC: Mapping[str, str] = MappingProxyType(
    _pairs(
        """
        اأإآٱٲٳٵ=a ء=- ؤ=w ئ=y
        ب=b ٻݐ=b پ=p ڀ=bh
        ت=t ٹټط=t ٺ=th ٿ=th ث=s ةۃ=h
        جڄ=j ڃ=j چ=ch ڇ=ch څ=ts ځ=z
        ح=h خ=kh
        دڈډڊڏ=d ڌ=dh ذ=z
        رڑړڕ=r زظض=z ژ=zh ږ=g
        س=s ص=s ش=sh ښ=sh
        ع=a غ=gh
        ف=f ڤڦ=v
        ق=q كکڪګگڰڬ=k ڳ=g ڱ=ng
        ل=l ڵ=l م=m نںڼڻ=n
        وۆۇۈۉۊ=w ۋ=v
        هہھەۀۂة=h
        يیىېےۓۍۑێٸٶ=y
        ـ=-
        """
    )
    | {"گ": "g", "ګ": "g", "ھ": "h"}
)

# Russian, Ukrainian, Belarusian, Serbian, Macedonian, Bulgarian and the larger Turkic and Mongolian
# additions, as people spell their own names in handles (zh, kh, ts, sh; the hard and soft signs are silent).
CYRILLIC: Mapping[str, str] = MappingProxyType(
    _pairs(
        """
        а=a б=b в=v г=g ґ=g д=d е=e ё=e є=ye ж=zh з=z и=i і=i ї=i й=y ј=j к=k л=l љ=l м=m н=n њ=n о=o п=p
        р=r с=s т=t ћ=c у=u ў=u ф=f х=kh ц=ts ч=ch џ=dz ш=sh щ=shch ъ=- ы=y ь=- э=e ю=yu я=ya ђ=d ѓ=g ќ=k ѕ=dz
        ғ=g қ=k ң=n ө=o ү=u ұ=u һ=h ә=a җ=j ҳ=h ӣ=i ӯ=u ҷ=j ҥ=n ӧ=o ӱ=u ӑ=a ӗ=e ҫ=s
        """
    )
)

# Modern Greek as people write it in Latin letters; accents are removed before the table is used.
GREEK: Mapping[str, str] = MappingProxyType(
    _pairs(
        """
        α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o
        """
    )
)

HEBREW: Mapping[str, str] = MappingProxyType(
    _pairs(
        """
        א=a ב=b ג=g ד=d ה=h ו=v ז=z ח=h ט=t י=y כך=k ל=l מם=m נן=n ס=s ע=a פף=p צץ=ts ק=k ר=r ש=sh ת=t
        """
    )
)


# Hindi and its neighbours as people write them in Latin letters (Sharma, Chauhan, Rishi, Zafar); anyascii
# writes s, c, r and j. samehand/normalize/text/indic.py adds the vowels that are not written.
DEVANAGARI: Mapping[str, str] = MappingProxyType(
    _pairs("च=ch शष=sh ऋॠ\u0943\u0944=ri")
    | {"\u0958": "q", "\u0959": "kh", "\u095a": "gh", "\u095b": "z", "\u095c": "r", "\u095d": "rh"}
    | {"\u095e": "f", "\u095f": "y"}
)

# The nasal of the Indic scripts is an n to most ears (Gandhi, Singh); anyascii writes m.
INDIC: Mapping[str, str] = MappingProxyType(
    dict.fromkeys("\u0902\u0982\u0a02\u0a82\u0b02\u0c02\u0c82\u0d02", "n")
)


def _with_capitals(table: Mapping[str, str]) -> dict[str, str]:
    return dict(table) | {
        letter.upper(): sound for letter, sound in table.items() if len(letter.upper()) == 1
    }


OWN_ROMANISATION: Mapping[str, str] = MappingProxyType(
    {**ARABIC, **_with_capitals(CYRILLIC), **_with_capitals(GREEK), **HEBREW, **DEVANAGARI, **INDIC}
)
"""The lower-case Latin reading (possibly empty) of each letter that the tables of this module read."""
