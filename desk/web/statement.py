"""A statement of reasons in one language, as paragraphs, plain text and HTML.

What others wrote is isolated and its unseen characters are written out: it reorders nothing around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from desk.review.reports.statement import Reasons, Resembled
from desk.web.environment import environment, moment
from desk.web.languages import Language
from report.text import visible
from samehand.normalize.contact.redact import redacted
from samehand.scoring.evidence import SENTENCES

ACTIONS: Final = {
    "suspended": "Your account was suspended.",
    "terminated": "Your account was closed.",
    "restricted": "Your account was restricted.",
}
GROUNDS: Final = {
    "illegal": "It is against the law: %(clause)s.",
    "terms": "It is against the platform’s terms: %(clause)s.",
}
WITHOUT_CLAUSE: Final = {"illegal": "It is against the law.", "terms": "It is against the platform’s terms."}
RESEMBLED: Final[Mapping[Resembled, str]] = {
    "banned": "The account resembles one that the platform had banned.",
    "elsewhere": "The account resembles one that another platform had banned.",
    "listed": "The account resembles a name on an official list.",
}
SOURCES: Final = {
    "own-initiative": "The platform looked into it on its own initiative.",
    "notice": "Somebody had notified the platform of the account.",
    "trusted-flagger": "A trusted flagger had notified the platform of the account.",
    "other-notice": "The platform had been notified of the account.",
}
DETECTIONS: Final = {
    "yes": "Software compared accounts and drew attention to this one.",
    "no": "No software drew attention to the account.",
}
DECISIONS: Final = {
    "fully": "Software took the decision.",
    "partially": "Software took part of the decision, and a person the rest.",
    "no": "A person took the decision.",
}
REDRESS: Final = (
    "You can complain to the platform, electronically and free of charge, for at least six months. A person"
    " takes part in the answer.",
    "You can turn to a certified body for out-of-court dispute settlement.",
    "You can go to court.",
)

_GAP: Final = re.compile(r"%\((\w+)\)s")
_VALUE_CHARS_MAX: Final = 1_000  # a clause has 500, some of which may be written out


@dataclass(frozen=True, slots=True)
class StatementPart:
    """A part of a paragraph. `quoted`: a value, which is isolated from what stands around it."""

    text: str
    quoted: bool = False


Paragraph = tuple[StatementPart, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and the paragraphs below it."""

    heading: str
    paragraphs: tuple[Paragraph, ...]


def sections(reasons: Reasons, language: Language) -> tuple[Section, ...]:
    """Returns a statement in one language. What is missing is left out."""
    said = _Said(language)
    written = (
        ("What was decided", _decision(said, reasons)),
        ("The facts", _facts(said, reasons)),
        ("The ground", _ground(said, reasons)),
        ("Software", _software(said, reasons)),
        ("What you can do", (said(sentence) for sentence in REDRESS)),
    )
    made = (Section(language.gettext(heading), tuple(paragraphs)) for heading, paragraphs in written)
    return tuple(section for section in made if section.paragraphs)


def as_text(made: Iterable[Section], language: Language) -> str:
    """Returns a statement as plain text, each value between the marks that isolate it."""
    lines = [language.gettext("Statement of reasons"), ""]
    for section in made:
        lines += [section.heading, ""]
        lines += [
            "".join(f"\u2068{part.text}\u2069" if part.quoted else part.text for part in paragraph)
            for paragraph in section.paragraphs
        ]
        lines.append("")
    return "\n".join(lines)


def as_html(made: Iterable[Section], language: Language) -> str:
    """Returns a statement as a page of its own, without a script or a file beside it."""
    template = environment().get_template("statement_file.html")
    return template.render(sections=made, language=language, _=language.gettext)


class _Said:
    """Sentences of one language, with values in their gaps."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, sentence: str, **values: str) -> Paragraph:
        pieces = _GAP.split(self.language.gettext(sentence))
        made = (
            StatementPart(visible(" ".join(values[text].split()), _VALUE_CHARS_MAX), quoted=True)
            if place % 2
            else StatementPart(text)
            for place, text in enumerate(pieces)
        )
        return tuple(piece for piece in made if piece.text)


def _decision(said: _Said, reasons: Reasons) -> Iterator[Paragraph]:
    action = reasons.action
    yield said(ACTIONS[action.action])
    platform, _, account_id = action.account.partition(":")
    names = [name for name in (reasons.name, reasons.handle) if name]
    if names:
        yield said("Name: %(name)s", name=" · ".join(names))
    yield said("Platform: %(platform)s. Account: %(account)s", platform=platform, account=account_id)
    yield said("It took effect on %(date)s.", date=moment(action.at))
    if action.until is not None:
        yield said("It ends on %(date)s.", date=moment(action.until))
    else:
        yield said("No end is set.")
    if action.territory:
        yield said("It holds in: %(places)s.", places=", ".join(action.territory))
    else:
        yield said("It holds everywhere.")


def _facts(said: _Said, reasons: Reasons) -> Iterator[Paragraph]:
    if reasons.resembles is not None:
        yield said(RESEMBLED[reasons.resembles])
    for fact in reasons.facts:
        sentence = SENTENCES.get((fact.signal, fact.level))
        if sentence is None:
            continue
        yield said(sentence)
        if fact.ours and fact.theirs:
            yield said(
                "Yours: %(ours)s. The banned account’s: %(theirs)s.", ours=fact.ours, theirs=fact.theirs
            )
    if reasons.withheld:
        yield said(
            "More agrees that profiles do not show. It is not named, so that nobody learns to avoid it."
        )
    if reasons.action.source in SOURCES:
        yield said(SOURCES[reasons.action.source])


def _ground(said: _Said, reasons: Reasons) -> Iterator[Paragraph]:
    ground, clause = reasons.action.ground, reasons.action.clause
    if ground is not None and clause:
        yield said(GROUNDS[ground], clause=redacted(clause))
    elif ground is not None:
        yield said(WITHOUT_CLAUSE[ground])


def _software(said: _Said, reasons: Reasons) -> Iterator[Paragraph]:
    action = reasons.action
    if action.automated_detection is not None:
        yield said(DETECTIONS[action.automated_detection])
    if action.automated_decision is not None:
        yield said(DECISIONS[action.automated_decision])
