"""Mobile numbers that are valid in their country, and the ways people write them."""

from random import Random

from simulate.sampling import below, digits, one_of

# Country: calling code, mobile prefixes, digits after the prefix, trunk prefix of the national form.
_PLANS: dict[str, tuple[str, tuple[str, ...], int, str]] = {
    "US": ("1", ("212", "213", "312", "415", "512", "617", "646", "713", "786", "917"), 7, ""),
    "GB": ("44", ("7400", "7500", "7725", "7710", "7780", "7810", "7850", "7903", "7950"), 6, "0"),
    "CA": ("1", ("416", "604", "514", "403", "647"), 7, ""),
    "ES": ("34", ("600", "610", "620", "630", "650", "660", "670", "690"), 6, ""),
    "MX": ("52", ("55", "33", "81"), 8, ""),
    "CO": ("57", ("300", "301", "310", "311", "315", "320"), 7, ""),
    "AR": ("54", ("911",), 8, ""),
    "CN": ("86", ("130", "131", "135", "138", "139", "150", "158", "186", "188"), 8, ""),
    "TW": ("886", ("910", "912", "920", "932", "955", "988"), 6, "0"),
    "KR": ("82", ("1025", "1032", "1047", "1062", "1088", "1091"), 6, "0"),
    "EG": ("20", ("100", "101", "106", "111", "112", "120", "122"), 7, "0"),
    "SA": ("966", ("50", "53", "54", "55", "56", "59"), 7, "0"),
    "IQ": ("964", ("770", "771", "780", "781", "750"), 7, "0"),
    "MA": ("212", ("661", "662", "650", "670"), 6, "0"),
    "PK": ("92", ("300", "301", "311", "321", "331", "333", "341", "345"), 7, "0"),
    "AF": ("93", ("70", "77", "78", "79"), 7, "0"),
    "RU": ("7", ("903", "905", "910", "916", "921", "926", "961", "985"), 7, "8"),
    "KZ": ("7", ("701", "705", "707", "777"), 7, "8"),
    "TR": ("90", ("530", "532", "535", "541", "542", "505", "555"), 7, "0"),
    "DE": ("49", ("1511", "1512", "1520", "1590"), 7, "0"),
    "IN": ("91", ("98", "99", "97", "96", "90", "88", "70"), 8, "0"),
}
COUNTRIES = tuple(_PLANS)
"""The countries whose numbers can be made, as ISO 3166 codes."""
BLOCK_NUMBERS = 100
"""Neighbouring numbers are sold together in blocks of a hundred."""


def phone(rng: Random, country: str) -> str:
    """A mobile number in E.164, valid in its country."""
    calling_code, prefixes, length, _ = _PLANS[country]
    prefix = one_of(rng, prefixes)
    if calling_code == "1":
        # North American exchanges start at 2, and x11 and 555 are not given out.
        return f"+1{prefix}{2 + below(rng, 3)}{below(rng, 9)}{2 + below(rng, 8)}{digits(rng, 4)}"
    # A leading zero or one is not in service everywhere; two to eight is.
    return f"+{calling_code}{prefix}{2 + below(rng, 7)}{digits(rng, length - 1)}"


def neighbouring(rng: Random, number: str) -> str:
    """Another number of the same block of a hundred, as cards bought together have."""
    last = int(number[-2:])
    return number[:-2] + f"{(last + 1 + below(rng, BLOCK_NUMBERS - 1)) % BLOCK_NUMBERS:02d}"


def written(rng: Random, number: str, country: str) -> str:
    """The same number as its owner types it: mostly E.164, sometimes spaced, with 00, or national."""
    draw = rng.random()
    if draw < 0.85:
        return number
    calling_code, _, _, trunk = _PLANS[country]
    national = number[1 + len(calling_code) :]
    if draw < 0.92:
        return f"+{calling_code} {national[:3]} {national[3:]}"
    if draw < 0.97:
        return f"00{calling_code}{national}"
    return f"{trunk}{national}"
