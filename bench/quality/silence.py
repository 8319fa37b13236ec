"""``python -m bench.quality.silence [--write]``: what recall a silent signal costs, on simulated platforms.

The fields that a signal reads are taken out of bans and sign-ups alike, and the platform is judged again. To
be done within minutes, each platform is its true pairs among a sample of its other bans and sign-ups. Figures
are for comparison with one another: on a whole platform values are less telling, and recall is lower.
``--write`` keeps the figures for `samehand map` and `samehand try`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.quality.platform import judged_platform
from bench.quality.simulated import HELD_OUT_SEEDS, together
from cli import output
from cli.inputs.truths import read_truth
from report.accuracy import JudgedRun, catchable_pairs
from simulate.files import simulate_command

KEPT: Final = Path("cli/offline/silence.json")

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "handle": ("handle",),
    "name": ("display_name",),
    "email": ("email",),
    "phone": ("phone",),
    "device": ("device_id",),
    "payment": ("payment_token",),
    "network": ("ip",),
    "avatar": ("avatar",),
    "bio": ("bio",),
    "contact": ("bio", "links"),
    "timing": ("banned_at",),
}
"""The fields of our records without which a signal has nothing to compare; others cost less than chance."""

_ACCOUNTS: Final = 20_000
_OTHERS: Final = 300
"""Sign-ups, and bans, beside the true pairs of a platform."""


def measured(seeds: Sequence[int], accounts: int, others: int) -> Iterator[tuple[str, JudgedRun]]:
    """The run with every field, named "", and those without the fields of each signal."""
    with TemporaryDirectory(prefix="samehand-silence-") as top:
        folders = [Path(top) / str(seed) for seed in seeds]
        for seed, folder in zip(seeds, folders, strict=True):
            simulate_command(seed, accounts, folder, edits="held_out")
            _sample(folder, others)
        whole = {
            folder: {
                name: [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]
                for name in ("bans.jsonl", "accounts.jsonl")
            }
            for folder in folders
        }
        for signal, fields in {"": (), **FIELDS}.items():
            for folder in folders:
                files = whole[folder]
                for name, records in files.items():
                    lines = [json.dumps(_less(record, fields)) for record in records]
                    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
            yield signal, together(judged_platform(folder, folder.name) for folder in folders)


def recall(run: JudgedRun) -> float:
    """The share of catchable pairs at `possible` and above."""
    wanted = catchable_pairs(run)
    found = {one.pair for one in run.judged if one.band != "none"}
    return len(found & wanted) / len(wanted)


def _sample(folder: Path, others: int) -> None:
    """Leaves of both files whoever is in a true pair, and so many others."""
    truth = read_truth(folder / "truth.csv")
    for name, wanted in (
        ("accounts.jsonl", {pair.account for pair in truth}),
        ("bans.jsonl", {pair.banned for pair in truth}),
    ):
        path, kept, left = folder / name, [], others
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            paired = f"{record['platform']}:{record['account']['account_id']}" in wanted
            if paired or left > 0:
                kept.append(line)
                left -= not paired
        path.write_text("\n".join(kept) + "\n", "utf-8")


def _less(record: Mapping[str, Any], without: Sequence[str]) -> dict[str, Any]:
    account = {name: value for name, value in record["account"].items() if name not in without}
    return {**{name: value for name, value in record.items() if name not in without}, "account": account}


def main() -> int:
    """0 with the figures on standard output."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality.silence", description=__doc__)
    parser.add_argument("--platforms", type=int, default=2)
    parser.add_argument("--accounts", type=int, default=_ACCOUNTS, help="sign-ups simulated a platform")
    parser.add_argument("--others", type=int, default=_OTHERS, help="of these, beside the mirrors")
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {KEPT}")
    given = parser.parse_args()
    told: dict[str, Any] = {"without": {}}
    with output.progress("signals taken away", 1 + len(FIELDS)) as hear:
        runs = measured(HELD_OUT_SEEDS[: given.platforms], given.accounts, given.others)
        for done, (signal, run) in enumerate(runs, 1):
            if signal:
                told["without"][signal] = round(recall(run), 3)
            else:
                told |= {
                    "pairs": len(catchable_pairs(run)),
                    "sign_ups": run.sign_ups,
                    "recall": round(recall(run), 3),
                }
            print(signal or "all fields", round(recall(run), 3), file=sys.stderr)
            hear(done)
    text = json.dumps(told, indent=2) + "\n"
    print(text, end="")
    if given.write:
        KEPT.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
