"""Times patterns on texts made of their own pieces; a program, so that what hangs can be ended.

``python -m tests.hostile.patterns`` imports all modules of the shipped rooms and judges each pattern that
they compile; with arguments, those patterns, each within a second. It prints a line of JSON a pattern: where
it stands, its text, and, if time grows faster than length, on which text.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import resource
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import islice, product
from time import thread_time
from typing import Any, NamedTuple

from tests.house import ROOT, modules

# The shorter is twice the longest bounded repeat (253, of a host), which looks like growth until it is full.
SHORT, LONG = 512, 2_048
# Over two doublings linear time grows by 4 and quadratic time by 16; noise would have to double it.
NOT_IMPORTED = frozenset({"desk.database.migrations.env"})
"""Modules that only their caller can run: Alembic gives that one its context."""
GROWTH_MAX = 9.0
# What takes less at the longer length is not told from noise, and is nothing to wait for.
SECONDS_MIN = 0.001
# Processor time of one pattern on all its texts: three times what the slowest of ours takes.
CPU_SECONDS_MAX = 4
# Of one that is given by a test: the fast ones take a tenth of it, and the slow one never ends.
GIVEN_CPU_SECONDS_MAX = 1
UNITS_MAX = 120
BEGINNINGS_MAX = 8
PIECES_MAX = 32

# Characters of which one or the other is in any class.
_PROBES = "a0 _-./@:(+|\\\nZé\u0643\u093f\u200d\x00!"


class Pattern(NamedTuple):
    """A compiled pattern and the line that compiled it."""

    where: str
    pattern: re.Pattern[Any]


def collect() -> list[Pattern]:
    """Imports every module and notes each pattern that a line of the house compiles, however it is kept."""
    found: dict[tuple[str, str], Pattern] = {}
    compile_ = vars(re)["_compile"]

    def noted(pattern: Any, flags: Any) -> Any:
        compiled = compile_(pattern, flags)
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename == re.__file__:
            frame = frame.f_back
        file = frame.f_code.co_filename
        if file.startswith(f"{ROOT}/") and "/.venv/" not in file and "/tests/" not in file:
            where = f"{file.removeprefix(f'{ROOT}/')}:{frame.f_lineno}"
            found[where, str(compiled.pattern)] = Pattern(where, compiled)
        return compiled

    vars(re)["_compile"] = noted
    try:
        for module in modules():
            name = ".".join(module.with_suffix("").parts).removesuffix(".__init__")
            if name not in NOT_IMPORTED and not name.endswith("__main__"):
                importlib.import_module(name)
    finally:
        vars(re)["_compile"] = compile_
    return [found[place] for place in sorted(found)]


def units(pattern: re.Pattern[Any]) -> list[str]:
    """Texts to be repeated: what each part of the pattern matches, alone and side by side."""
    own = _pieces(pattern)
    pairs = ("".join(pair) for pair in product(own, repeat=2))
    return list(dict.fromkeys([*own, *_PROBES, *pairs]))[:UNITS_MAX]


def _pieces(pattern: re.Pattern[Any]) -> list[str]:
    """What repeated groups, branches, assertions and beginnings of the pattern match, the shortest first."""
    pieces: dict[str, None] = {}
    wholes = list(islice(_samples(_parsed(pattern), pieces), 8))
    found = {*pieces, *wholes, *_beginnings(pattern)} - {""}
    return sorted(found, key=lambda unit: (len(unit), unit))[:PIECES_MAX]


def _beginnings(pattern: re.Pattern[Any]) -> list[str]:
    """What may stand before each part of the pattern, so that what is repeated meets that part first."""
    begun, found = "", [""]
    for op, given in _parsed(pattern):
        if str(op) != "LITERAL":
            found.append(begun)
        begun += next(iter(_of_node(str(op), given, {})), "")
    return list(dict.fromkeys(found))[:BEGINNINGS_MAX]


class Frame(NamedTuple):
    """What texts of any length are made of: a beginning, a unit over and over, an end."""

    start: str
    unit: str
    end: str

    def __str__(self) -> str:
        return f"{self.start!r} + {self.unit!r} × n + {self.end!r}"

    def text(self, length: int) -> str:
        """The text whose repeated part has that length."""
        return f"{self.start}{(self.unit * (length // len(self.unit) + 1))[:length]}{self.end}"


def frames(pattern: re.Pattern[Any]) -> list[Frame]:
    """What texts for the pattern are made of. Finding units takes longer than matching most texts."""
    framed = [Frame("", unit, end) for unit in units(pattern) for end in ("", "\n\x00")]
    pieces = _pieces(pattern)
    return framed + [Frame(start, unit, "!") for start in _beginnings(pattern) for unit in pieces]


def grows_too_fast(pattern: re.Pattern[Any], say: Callable[[str], None]) -> str:
    """On which text time grows faster than length; empty if on none. ``say`` is told before each is tried."""

    def seconds(text: str, times: int) -> float:
        given: Any = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "replace")
        best = float("inf")
        for _ in range(times):
            begun = thread_time()
            pattern.sub("" if isinstance(given, str) else b"", given)
            best = min(best, thread_time() - begun)
        return best

    if not _repeats(_parsed(pattern)):
        return ""  # at each place of a text it looks at no more than its own length
    # Exponential time shows on a few dozen letters already; nothing longer is tried before.
    framed = frames(pattern)
    for length in (16, 32, 64, 128):
        for frame in framed:
            say(f"{frame}, n up to {length}")
            seconds(frame.text(length), 1)
    for frame in framed:
        say(f"{frame}, n up to {LONG}")
        short, long = frame.text(SHORT), frame.text(LONG)
        took = seconds(long, 1)
        if took < SECONDS_MIN or took < GROWTH_MAX * seconds(short, 1):
            continue
        growth = seconds(long, 5) / max(seconds(short, 5), 1e-6)
        if growth > GROWTH_MAX:
            return f"{frame}: {growth:.0f} times as long for {LONG // SHORT} times the text"
    return ""


@cache
def judged(pattern: re.Pattern[Any], cpu_seconds: int) -> str:
    """The same, asked in a process of its own that ends when it has used its time."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
        _tell(writer, grows_too_fast(pattern, partial(_tell, writer)))
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as told:
        last: str = json.loads(deque(told, maxlen=1).pop())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code > 0:
        raise RuntimeError(f"a pattern could not be timed: {pattern.pattern!r}")
    return last if not code else f"{last}: not done after {cpu_seconds} seconds of processor time"


def _tell(writer: int, text: str) -> None:
    os.write(writer, f"{json.dumps(text)}\n".encode())


def _repeats(part: Any) -> bool:
    """Whether anything in a part of a pattern may be repeated."""
    if isinstance(part, tuple) and str(part[0]).endswith("_REPEAT"):
        return True
    inner = [] if isinstance(part, str) or not hasattr(part, "__getitem__") else part
    return any(_repeats(inner[place]) for place in range(len(inner)))


def _parsed(pattern: re.Pattern[Any]) -> Any:
    written = pattern.pattern
    text = written if isinstance(written, str) else written.decode("latin-1")
    return importlib.import_module("re._parser").parse(text, pattern.flags)


def _samples(parsed: Any, pieces: dict[str, None]) -> Iterator[str]:
    """Texts that the pattern may match, and (in ``pieces``) such of its parts. Assertions are not obeyed."""
    options = [list(islice(_of_node(str(op), given, pieces), 6)) or [""] for op, given in parsed]
    if not options:
        yield ""
        return
    yield "".join(option[0] for option in options)
    for place, option in enumerate(options):
        for other in option[1:]:
            yield "".join(other if here == place else one[0] for here, one in enumerate(options))


def _of_node(op: str, given: Any, pieces: dict[str, None]) -> Iterable[str]:
    match op:
        case "LITERAL":
            found: Iterable[str] = [chr(given)]
        case "NOT_LITERAL":
            found = [probe for probe in _PROBES if probe != chr(given)][:2]
        case "ANY" | "ANY_ALL":
            found = ["a", " "]
        case "IN":
            found = _of_class(given)
        case "BRANCH":
            found = [sample for branch in given[1] for sample in islice(_samples(branch, pieces), 2)]
            pieces.update(dict.fromkeys(found))
        case "SUBPATTERN":
            found = list(_samples(given[-1], pieces))
        case "ATOMIC_GROUP":
            found = list(_samples(given, pieces))
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, _, inner = given
            bodies = list(islice(_samples(inner, pieces), 6))
            pieces.update(dict.fromkeys(bodies))
            found = [body * max(least, 1) for body in bodies]
        case "ASSERT" | "ASSERT_NOT":
            pieces.update(dict.fromkeys(islice(_samples(given[1], pieces), 4)))
            found = [""]
        case "AT" | "GROUPREF":
            found = [""]
        case _:
            raise TypeError(f"no hostile texts are made of {op}: say above what matches it")
    return found


def _of_class(items: Any) -> list[str]:
    """One character of each part of a class; of an inverted one, those of the probes that are in none."""
    inverted = str(items[0][0]) == "NEGATE"
    members = []  # how a class writes each, and one character of it
    for op, given in items[1 if inverted else 0 :]:
        if str(op) == "LITERAL":
            members.append((re.escape(chr(given)), chr(given)))
        elif str(op) == "RANGE":
            members.append((f"{re.escape(chr(given[0]))}-{re.escape(chr(given[1]))}", chr(given[0])))
        else:
            category = _CATEGORIES[str(given)]
            members.append((category, next(filter(re.compile(category).match, _PROBES))))
    if inverted:
        none_of = re.compile(f"[^{''.join(written for written, _ in members)}]")
        return [probe for probe in _PROBES if none_of.match(probe)][:3]
    return [character for _, character in members[:12]]


_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


if __name__ == "__main__":
    asked = [Pattern("", re.compile(text)) for text in sys.argv[1:]]
    limit = GIVEN_CPU_SECONDS_MAX if asked else CPU_SECONDS_MAX
    for one in asked or collect():
        sys.stdout.write(f"{json.dumps([one.where, str(one.pattern.pattern), judged(one.pattern, limit)])}\n")
        sys.stdout.flush()
