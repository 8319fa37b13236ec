"""A property computed when it is first read, and then kept with its object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class kept(Generic[T]):  # noqa: N801  # a decorator, written as `property` is
    """``functools.cached_property`` without its lock, which costs more than most of what is kept here.

    Python 3.12 has taken the lock away; until then two threads that ask at once may both work it out.
    """

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        """Takes the method that works it out, and its docstring."""
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Notes under which name of the instance it is kept; there it is found before this is asked again."""
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> kept[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> kept[T] | T:
        """The value of an instance."""
        if instance is None:
            return self
        found = instance.__dict__[self._name] = self._work_out(instance)
        return found
