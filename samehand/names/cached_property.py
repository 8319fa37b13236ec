"""A property computed when it is first read, and then kept with its object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class kept(Generic[T]):  # noqa: N801  # a decorator, written as `property` is
    """``functools.cached_property`` without its lock, which costs more than most values cached here.

    Python 3.12 removed that lock. Two threads that read at the same time may both compute the value.
    """

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        """Takes the method that computes the value, and that method's docstring."""
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Notes the attribute's name. The instance's own attribute is found before this descriptor."""
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> kept[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> kept[T] | T:
        """The value for an instance, or this descriptor where the class is asked."""
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._work_out(instance)
        return value
