"""A table of cases as one test, which lists every case that fails."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import Any

Test = Callable[..., Any]


def for_each(names: str | Sequence[str], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Runs a test for each case, as ``pytest.mark.parametrize`` does, but as one test.

    For cases that take no fixture or share one without harm: a test of their own costs several milliseconds.
    """
    called = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    table = [dict(zip(called, _values(case, len(called)), strict=True)) for case in cases]
    if not table:
        raise ValueError(f"no case of {names}: nothing would be tried")

    def decorate(test: Test) -> Test:
        shown = inspect.signature(test)
        rest = [value for name, value in shown.parameters.items() if name not in called]

        if inspect.iscoroutinefunction(test):

            @wraps(test)
            async def of_all_async(**fixtures: Any) -> None:
                failed = []
                for case in table:
                    try:
                        await test(**fixtures, **case)
                    except Exception as fault:
                        failed.append(_named(fault, case))
                _judge(failed, len(table))

            made: Test = of_all_async
        else:

            @wraps(test)
            def of_all(**fixtures: Any) -> None:
                failed = []
                for case in table:
                    try:
                        test(**fixtures, **case)
                    except Exception as fault:
                        failed.append(_named(fault, case))
                _judge(failed, len(table))

            made = of_all
        made.__signature__ = shown.replace(parameters=rest)  # type: ignore[attr-defined]  # as inspect reads it
        return made

    return decorate


def _values(case: Any, count: int) -> Sequence[Any]:
    if getattr(case, "marks", ()):
        raise ValueError(f"a marked case needs a test of its own: {case}")
    values = getattr(case, "values", None) if type(case).__name__ == "ParameterSet" else None
    if values is not None:
        return tuple(values)
    return (case,) if count == 1 else tuple(case)


def _named(fault: Exception, case: dict[str, Any]) -> Exception:
    fault.add_note("case: " + ", ".join(_parts(case)))
    return fault


def _parts(case: dict[str, Any]) -> Iterator[str]:
    for name, value in case.items():
        yield f"{name}={value!r:.200}"


def _judge(failed: list[Exception], count: int) -> None:
    if failed:
        raise ExceptionGroup(f"{len(failed)} of {count} cases failed", failed)
