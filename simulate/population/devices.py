"""Device ids, among them the junk that real clients send, and user agents."""

from random import Random

from simulate.sampling import Weighted, below, one_of, zipf

JUNK_IDS = (
    "00000000-0000-0000-0000-000000000000",  # limited ad tracking
    "9774d56d682e549c",  # an early Android bug: the same id on many models
    "unknown",
    "null",
    "0",
)
JUNK_SHARE = 0.03
"""Share of accounts whose device id says nothing."""

_ANDROID = """
SM-A125F SM-A515F SM-G991B SM-S911B SM-A047F Redmi_Note_11 Redmi_9A M2101K6G 22101316G CPH2325 CPH2269 V2120
RMX3085 RMX3511 Pixel_6 Pixel_7 TECNO_KG5k Infinix_X6812 itel_A56 moto_g(30)
"""


def _user_agents() -> list[str]:
    """Some 400 user agents, the commonest first: phones before desktops, newer versions before older."""
    agents = []
    for age in range(8):
        chrome, firefox, ios = 141 - age, 143 - age, 18 - age // 2
        for model in _ANDROID.split():
            agents.append(
                f"Mozilla/5.0 (Linux; Android {15 - age // 2}; {model.replace('_', ' ')}) AppleWebKit/537.36 "
                f"(KHTML, like Gecko) Chrome/{chrome}.0.0.0 Mobile Safari/537.36"
            )
            if model in {"SM-A515F", "Redmi_9A", "CPH2325", "Pixel_7"}:
                agents.append(
                    f"Mozilla/5.0 (iPhone; CPU iPhone OS {ios}_{age % 7} like Mac OS X) AppleWebKit/605.1.15 "
                    f"(KHTML, like Gecko) Version/{ios}.{age % 7} Mobile/15E148 Safari/604.1"
                )
        agents.append(
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{chrome}.0.0.0 Safari/537.36"
        )
        agents.append(
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{firefox}.0) Gecko/20100101 Firefox/{firefox}.0"
        )
        agents.append(
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            f"Version/{ios}.{age % 5} Safari/605.1.15"
        )
    return list(dict.fromkeys(agents))


_AGENTS: Weighted[str] = zipf(_user_agents(), exponent=0.8)


def user_agent(rng: Random) -> str:
    """A browser, as common as its rank says."""
    return _AGENTS.pick(rng)


def device_id(rng: Random) -> str:
    """A device of one's own: a UUID or sixteen hexadecimal digits, seldom junk."""
    draw = rng.random()
    if draw < JUNK_SHARE:
        return one_of(rng, JUNK_IDS)
    if draw < 0.35:
        return f"{rng.getrandbits(64):016x}"
    value = f"{rng.getrandbits(128):032x}"
    return f"{value[:8]}-{value[8:12]}-4{value[13:16]}-a{value[17:20]}-{value[20:]}"


def payment_token(rng: Random) -> str:
    """What a payment provider gives back for one card."""
    return f"tok_{rng.getrandbits(80):020x}"


_REFERRERS = zipf(["https://www.google.com/", "app-store", "play-store", "https://t.co/", "direct"])


def referrer(rng: Random) -> str:
    """Where a sign-up came from: mostly where everyone comes from, sometimes one person's invitation."""
    draw = rng.random()
    if draw < 0.8:
        return _REFERRERS.pick(rng)
    if draw < 0.95:
        return f"campaign-{below(rng, 500)}"
    return f"invite/{rng.getrandbits(40):010x}"
