"""What simple rules find on a simulated platform: the yardstick of README's table."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from bench.page import markdown
from bench.quality.platform import NOW
from bench.quality.simulated import ACCOUNTS, HELD_OUT_SEEDS
from cli.inputs.input_files import read_accounts, read_bans
from cli.inputs.truths import read_truth
from report.accuracy import AccountPair
from schemas.malformed import Malformed
from simulate.files import simulate_command

_EXACT: Final = ("email", "phone", "device_id")
_BEARERS: Final = 3  # a value of more bans is a placeholder, as everybody soon sees
_ALIKE: Final = 90.0  # of 100, as guides to RapidFuzz take it


def by_rules(folder: Path) -> dict[str, Counter[str]]:
    """By rule, how many mirrors and how many other accounts it alerts on, beside whatever ban."""
    truth = {AccountPair(pair.account, pair.banned) for pair in read_truth(folder / "truth.csv")}
    signing_up = read_accounts(folder / "accounts.jsonl", now=NOW, platform="x")
    accounts = [it.outcome for it in signing_up if not isinstance(it.outcome, Malformed)]
    listed = read_bans(folder / "bans.jsonl", now=NOW, platform="x")
    bans = [it.outcome for it in listed if not isinstance(it.outcome, Malformed)]
    exact = set[AccountPair]()
    for field in _EXACT:
        bearers: dict[str, list[str]] = {}
        for ban in bans:
            bearers.setdefault(getattr(ban.account, field) or "", []).append(ban.key)
        bearers.pop("", None)
        for account in accounts:
            several = bearers.get(getattr(account.account, field) or "", ())
            exact |= {AccountPair(account.key, key) for key in several if len(several) <= _BEARERS}
    alike = set(exact)
    for field in ("handle", "display_name"):
        names = [[(getattr(it.account, field) or "").lower() for it in side] for side in (accounts, bans)]
        scores = cdist(*names, scorer=ratio, score_cutoff=_ALIKE)
        for row, column in zip(*scores.nonzero(), strict=True):
            alike.add(AccountPair(accounts[row].key, bans[column].key))
    mirrors = {pair.account for pair in truth}
    alerted = {"exact": {it.account for it in exact}, "exact or alike names": {it.account for it in alike}}
    return {rule: Counter(found=len(it & mirrors), false=len(it - mirrors)) for rule, it in alerted.items()}


def main() -> None:
    """Prints what the rules find on the platforms that judge (``python -m bench.quality.rules``)."""
    found: dict[str, Counter[str]] = {}
    for seed in HELD_OUT_SEEDS:
        with TemporaryDirectory(prefix="samehand-quality-") as folder:
            simulate_command(seed, ACCOUNTS, Path(folder), edits="held_out")
            for rule, counts in by_rules(Path(folder)).items():
                found.setdefault(rule, Counter()).update(counts)
    rows = [(rule, str(counts["found"]), f"{counts['false']:,}") for rule, counts in found.items()]
    print(markdown(("rule", "mirrors", "others"), rows))


if __name__ == "__main__":
    main()
