"""Data scope: what part of the organisation a reader may see. It fails closed.

A scope is a set of materialised paths of organisation nodes (a path covers all that start with it), and optionally one
staff member to whose own customers it is limited. Reading a scoped model without saying the scope raises.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from collections.abc import Iterator


class UnscopedReadError(RuntimeError):
    """A scoped model was read without `within(scope)`: a fault of the program, never of the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataScope:
    """`paths`: prefixes of organisation paths; `("",)` is the whole chain, `()` is nothing. `staff_id`: own customers only."""

    paths: tuple[str, ...]
    staff_id: int | None = None

    @classmethod
    def whole_chain(cls) -> Self:
        """Everything (headquarters, and the system itself)."""
        return cls(paths=("",))

    @classmethod
    def nothing(cls) -> Self:
        """Nothing at all."""
        return cls(paths=())

    @property
    def is_whole_chain(self) -> bool:
        """True when no filter applies."""
        return "" in self.paths and self.staff_id is None

    def covers(self, path: str | None) -> bool:
        """Whether a node with `path` lies inside; None (no store yet) only lies inside the whole chain."""
        if path is None:
            return "" in self.paths
        return any(path.startswith(prefix) for prefix in self.paths)

    def path_condition(self, lookup: str) -> Q:
        """The condition on a model whose organisation path is reached by `lookup`.

        For the whole chain it is one that always holds: an empty one would vanish when it is joined by OR.
        """
        if "" in self.paths:
            return ~Q(pk__in=())
        condition = Q(pk__in=())
        for prefix in self.paths:
            condition |= Q(**{f"{lookup}__startswith": prefix})
        return condition


class ScopedQuerySet(models.QuerySet[Any]):
    """A queryset that refuses to be evaluated before `within(scope)` was said."""

    _is_scoped = False

    def within(self, scope: DataScope) -> Self:
        """The part of the rows that `scope` may see."""
        condition = scope.path_condition(self.model.SCOPE_PATH)
        if scope.staff_id is not None and self.model.SCOPE_STAFF:
            condition &= Q(**{self.model.SCOPE_STAFF: scope.staff_id})
        found = self.filter(condition)
        if scope.staff_id is not None and self.model.SCOPE_STAFF and "__" in self.model.SCOPE_STAFF:
            found = found.distinct()
        found._is_scoped = True
        return found

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]  # the stubs leave it out
        clone._is_scoped = self._is_scoped
        return clone

    def _refuse_unscoped(self) -> None:
        if not self._is_scoped:
            msg = f"{self.model.__name__} was read without within(scope)"
            raise UnscopedReadError(msg)

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self._refuse_unscoped()
        super()._fetch_all()

    def iterator(self, chunk_size: int | None = None) -> "Iterator[Any]":
        self._refuse_unscoped()
        return super().iterator(chunk_size)

    def count(self) -> int:
        self._refuse_unscoped()
        return super().count()

    def exists(self) -> bool:
        self._refuse_unscoped()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._refuse_unscoped()
        return super().aggregate(*args, **kwargs)


class ScopedModel(models.Model):
    """Base of every table with people's or stores' data: `objects` fails closed, `unscoped` is for operations of the room."""

    SCOPE_PATH: ClassVar[str] = "store__path"
    SCOPE_STAFF: ClassVar[str | None] = None

    objects = ScopedQuerySet.as_manager()
    unscoped = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "unscoped"
