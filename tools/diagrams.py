"""Draws the diagrams of README and docs: `python -m tools.diagrams` writes docs/images/*.svg.

Plain SVG without a drawing program or service, the same to the byte on every machine. Colours follow the
reader's light or dark mode; title and desc tell screen readers what is shown. The picture of the rooms is
read from `.importlinter`, so it shows the layers that `make lint` enforces. tests/test_diagrams.py holds the
files current.
"""

from __future__ import annotations

import configparser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"

LINE: Final = 17
"""Pixels between two lines of text."""

_EM: Final = 0.56
"""Width of a character in font sizes: wider than the mean of the usual sans-serif fonts."""

_SIZES: Final = {"name": 14.0, "note": 12.0, "label": 12.0}

_STYLE: Final = """
  text { font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: #1f2328; }
  .name { font-size: 14px; font-weight: 600; }
  .note { font-size: 12px; fill: #59636e; }
  .label { font-size: 12px; fill: #59636e; }
  .box { fill: #f6f8fa; stroke: #8c959f; }
  .work { fill: #ddf4ff; stroke: #0969da; }
  .out { fill: #fff1e5; stroke: #bc4c00; }
  .floor { fill: none; stroke: #d1d9e0; }
  .arrow { fill: none; stroke: #59636e; stroke-width: 1.5; marker-end: url(#head); }
  .tip { fill: #59636e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note, .label { fill: #a5aeb8; }
    .box { fill: #212830; stroke: #656c76; }
    .work { fill: #10233d; stroke: #4493f8; }
    .out { fill: #341a00; stroke: #db6d28; }
    .floor { stroke: #3d444d; }
    .arrow { stroke: #a5aeb8; }
    .tip { fill: #a5aeb8; }
  }
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with a name and lines below it, in pixels."""

    x: int
    y: int
    width: int
    name: str
    notes: tuple[str, ...] = ()
    kind: str = "box"

    @property
    def height(self) -> int:
        return 18 + LINE * (1 + len(self.notes)) - 3

    @property
    def left(self) -> tuple[int, int]:
        return self.x, self.y + self.height // 2

    @property
    def right(self) -> tuple[int, int]:
        return self.x + self.width, self.y + self.height // 2

    @property
    def bottom(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height

    @property
    def top(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y


@dataclass(slots=True)
class Picture:
    """What is drawn, in the order in which it lies; `title` and `description` are for who cannot see it."""

    width: int
    height: int
    title: str
    description: str
    parts: list[str] = field(default_factory=list)

    def text(
        self, x: int, y: int, text: str, kind: str, *, anchor: str = "start", room: int | None = None
    ) -> None:
        """A line of text. Raises `ValueError` where it fits neither `room` pixels nor the picture."""
        wide = len(text) * _SIZES[kind] * _EM
        begins = x - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        if (room is not None and wide > room) or begins < 0 or begins + wide > self.width or y > self.height:
            raise ValueError(f"{text!r} takes {wide:.0f} pixels, which do not fit")
        self.parts.append(
            f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
        )

    def box(self, box: Box) -> Box:
        self.parts.append(
            f'<rect class="{box.kind}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" '
            'rx="6"/>'
        )
        middle = box.x + box.width // 2
        for number, line in enumerate((box.name, *box.notes)):
            kind = "note" if number else "name"
            self.text(middle, box.y + 21 + number * LINE, line, kind, anchor="middle", room=box.width - 8)
        return box

    def arrow(self, *points: tuple[int, int]) -> None:
        """Straight lines from point to point, with a tip at the last."""
        path = " L".join(f"{x} {y}" for x, y in points)
        self.parts.append(f'<path class="arrow" d="M{path}"/>')

    def floor(self, y: int, height: int, name: str) -> None:
        """A floor of the house: a frame across the picture with its name at the left."""
        self.parts.append(
            f'<rect class="floor" x="8" y="{y}" width="{self.width - 16}" height="{height}" rx="6"/>'
        )
        self.text(20, y + 22, name, "label")

    def svg(self) -> str:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img" aria-labelledby="title desc">'
        )
        marker = (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path class="tip" d="M0 0 L8 4 L0 8 z"/></marker></defs>'
        )
        lines = [
            "<!-- Drawn by tools/diagrams.py: change it there. -->",
            head,
            f'<title id="title">{escape(self.title)}</title>',
            f'<desc id="desc">{escape(self.description)}</desc>',
            f"<style>{_STYLE}</style>",
            marker,
            *self.parts,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"


def flow() -> Picture:
    """What comes from the platform, what each agent does with it, and what goes out."""
    agents = (
        (("accounts.created", "accounts.updated"), "screen", "who resembles a banned account?"),
        (("accounts.banned",), "enrol", "keeps the banned account's fingerprint"),
        (("fingerprints.enrolled",), "lookback", "which accounts were there before the ban?"),
        (("accounts.remembered",), "remember", "who was there before: no look-up"),
        (("accounts.scanned",), "scan", "who of a list resembles a banned account?"),
        (("accounts.reinstated",), "expunge", "forgets the ban, withdraws its alerts"),
        (("accounts.deleted",), "forget", "forgets the account"),
        (("alerts.verdicts",), "judge", "never again, or one more of the family"),
    )
    picture = Picture(
        940,
        602,
        "What samehand reads, does and publishes",
        "Eight agents each read a Kafka topic: screen reads new and changed accounts, enrol bans, lookback "
        "enrolled fingerprints, remember old accounts, scan lists of accounts, expunge reinstatements, "
        "forget deletions, judge verdicts. All work on one store in Redis: fingerprints, blocking keys, "
        "counts. Screen, scan and lookback publish alerts, which people decide, or alerts.shadow in a dry "
        "run; a record that cannot be used becomes a dead letter.",
    )
    y, worked = 20, list[Box]()
    for topics, verb, note in agents:
        for place, topic in enumerate(topics):
            picture.text(12, y + place * LINE + (28 if len(topics) == 1 else 20), topic, "label")
        box = picture.box(Box(230, y, 300, verb, (note,), "work"))
        picture.arrow((168, box.left[1]), box.left)
        worked.append(box)
        y += 72
    redis = picture.box(
        Box(590, worked[2].y + 36, 130, "Redis", ("fingerprints,", "blocking keys,", "counts"))
    )
    x, middle = 560, redis.left[1]
    for box in worked:
        picture.arrow(box.right, (x, box.right[1]), (x, middle), redis.left)
    alerts = picture.box(Box(770, 20, 158, "alerts", ("people decide",), "out"))
    shadow = picture.box(Box(770, 110, 158, "alerts.shadow", ("a dry run",), "out"))
    dead = picture.box(Box(770, 416, 158, "deadletters", ("with address, reason",), "out"))
    up = redis.top[0]
    picture.arrow(redis.top, (up, alerts.left[1]), alerts.left)
    picture.arrow((up, shadow.left[1]), shadow.left)
    picture.arrow((x, middle), (x, dead.left[1]), dead.left)
    picture.text(up + 8, redis.y - 24, "candidates", "label")
    picture.text(762, alerts.left[1] - 8, "prior + evidence = log-odds", "label", anchor="end")
    picture.text(762, dead.left[1] - 8, "what cannot be used", "label", anchor="end")
    return picture


def journey() -> Picture:
    """The six steps of an event, and the rooms in which they are done."""
    picture = Picture(
        940,
        330,
        "The journey of an event, from the topic to its outcome",
        "An event is decoded to a record or becomes a dead letter; distilled to a fingerprint and blocking "
        "keys; the store proposes candidates that can alert; each is compared trait by trait; the weights "
        "are held against rivals and summed to log-odds and a band; the outcome is published, and only then "
        "the event is acknowledged.",
    )
    steps = (
        ("1 Decode", ("bytes to a record", "schemas/")),
        ("2 Distil", ("fingerprint and keys", "samehand/normalize/", "samehand/fingerprint/")),
        ("3 Propose", ("candidates that can alert", "samehand/blocking/", "store/")),
        ("4 Compare", ("each trait, with a sentence", "samehand/signals/")),
        ("5 Weigh rivals, sum", ("log-odds and a band", "samehand/scoring/")),
        ("6 Publish", ("one alert a pair", "agents/, streams/")),
    )
    boxes = []
    for number, (name, notes) in enumerate(steps):
        row, column = divmod(number, 3)
        boxes.append(picture.box(Box(110 + column * 270, 28 + row * 120, 220, name, notes, "work")))
    first, last = boxes[0], boxes[-1]
    picture.text(10, first.left[1] - 8, "an event", "label")
    picture.arrow((10, first.left[1]), first.left)
    for box, other in pairwise(boxes[:3]):
        picture.arrow(box.right, (other.x, box.right[1]))
    turn = boxes[2].bottom[1] + 17
    third, fourth = boxes[2], boxes[3]
    picture.arrow(third.bottom, (third.bottom[0], turn), (fourth.top[0], turn), fourth.top)
    for box, other in pairwise(boxes[3:]):
        picture.arrow(box.right, (other.x, box.right[1]))
    letter = picture.box(Box(110, 258, 220, "a dead letter", ("with its address and a reason",), "out"))
    x, y = 134, first.bottom[1]
    picture.arrow((x, y), (x, y + 22), (80, y + 22), (80, letter.left[1]), letter.left)
    alert = picture.box(Box(650, 258, 220, "alerts", ("durable: then acknowledged",), "out"))
    picture.arrow(last.bottom, alert.top)
    return picture


def layers_of(contract: str) -> list[list[str]]:
    """The layers of a contract of `.importlinter`, the highest first, each with its packages."""
    parser = configparser.ConfigParser()
    parser.read_string((ROOT / ".importlinter").read_text("utf-8"))
    lines = parser[f"importlinter:contract:{contract}"]["layers"].split("\n")
    return [[part.strip() for part in line.split("|")] for line in lines if line.strip()]


def rooms() -> Picture:
    """The floors, and within the four largest packages the layers of their rooms."""
    floors = layers_of("floors")
    towers = [
        (name, layers_of(contract))
        for name, contract in (
            ("agents", "rooms-of-agents"),
            ("streams", "rooms-of-streams"),
            ("store", "rooms-of-the-store"),
            ("samehand", "rooms-of-the-mind"),
        )
    ]
    lines = [(name, list(_rows(layers, 32))) for name, layers in towers]
    below = len(floors) * 66 + 40
    height = below + 50 + max(len(rows) for _, rows in lines) * LINE + 20
    words = "; ".join(f"{name}: {', '.join(_bare(layer) for layer in layers)}" for name, layers in towers)
    picture = Picture(
        940,
        height,
        "Floors and rooms: each imports only from what lies below it",
        f"Floors from the top: {', then '.join(' and '.join(floor) for floor in floors)}. "
        f"Within packages, highest layer first: {words}.",
    )
    names = ("door", "top", "drawings", "middle", "ground")
    for number, (name, floor) in enumerate(zip(names, floors, strict=True)):
        y = 12 + number * 66
        picture.floor(y, 56, name)
        wide = (picture.width - 120) // len(floor)
        for place, package in enumerate(floor):
            picture.box(Box(96 + place * wide, y + 12, wide - 14, package, (), "work"))
    picture.text(20, below - 8, "Within a package a room imports only from lines below its own:", "label")
    for place, (name, rows) in enumerate(lines):
        x = 12 + place * 232
        picture.text(x + 8, below + 24, f"{name}/", "name")
        picture.parts.append(
            f'<rect class="floor" x="{x}" y="{below + 4}" width="222" height="{height - below - 14}" rx="6"/>'
        )
        for number, row in enumerate(rows):
            begins = x + (22 if row.startswith(" ") else 8)
            picture.text(begins, below + 48 + number * LINE, row.strip(), "note", room=x + 220 - begins)
    return picture


def _bare(layer: Sequence[str]) -> str:
    return " | ".join(package.partition(".")[2] for package in layer)


def _rows(layers: Sequence[Sequence[str]], most: int) -> Iterator[str]:
    """Each layer in lines of at most so many characters; what continues a layer is indented."""
    for layer in layers:
        row = ""
        for package in layer:
            word = package.partition(".")[2]
            if row and len(row) + 3 + len(word) > most - 2:
                yield row
                row = "   " + word
            else:
                row = f"{row} · {word}" if row.strip() else row + word
        yield row


DIAGRAMS: Final[dict[str, Callable[[], Picture]]] = {"flow": flow, "journey": journey, "rooms": rooms}


def main() -> None:
    for name, draw in DIAGRAMS.items():
        (IMAGES / f"{name}.svg").write_text(draw().svg(), "utf-8", newline="\n")


if __name__ == "__main__":
    main()
