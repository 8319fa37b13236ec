"""Why something cannot be done: each is shown to the person who asked, in one sentence."""

from __future__ import annotations


class ReviewError(Exception):
    """The root of the family. `code` is for programs and the same in every language."""

    code = "refused"


class NotFound(ReviewError):
    """There is no such alert, read, verdict or person."""

    code = "not-found"


class Forbidden(ReviewError):
    """Who asks may not: the role, or having read it before."""

    code = "forbidden"


class Conflict(ReviewError):
    """Somebody else was faster. `initials` are theirs, "" where nobody in particular was."""

    code = "conflict"

    def __init__(self, message: str, initials: str = "") -> None:
        """Takes the sentence and whose hands it is in."""
        super().__init__(message)
        self.initials = initials


class SelectionChanged(Conflict):
    """Some of what was to be decided together cannot be. `read_ids`: which, in order."""

    def __init__(self, read_ids: tuple[int, ...]) -> None:
        super().__init__("some of these were decided, withdrawn or taken in hand a moment ago")
        self.read_ids = read_ids


class TooLate(ReviewError):
    """The verdict is on its way; it can still be taken back."""

    code = "too-late"


class UnusableInput(ReviewError):
    """What was given cannot be used. `field` says which part."""

    code = "unusable"

    def __init__(self, field: str, message: str) -> None:
        """Takes the field and the sentence."""
        super().__init__(message)
        self.field = field
