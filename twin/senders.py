"""Which sources a sender may report for, kept for each scope until the sources are read anew.

Without it every request of a restricted seat would go through all 240,000 sources of a city.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from twin.readings import Source
from twin.scope import Scope

_KEPT_MAX = 64
"""Scopes that are kept; those asked for longest ago are forgotten first."""


def sources_of(sources: Mapping[str, Source], scope: Scope) -> Mapping[str, Source]:
    """Return the sources whose assets a scope holds; the same mapping, without a copy, for a full scope.

    An asset without an owner belongs to every company's scope, as in the SQL predicate. A linear pass: 0.1 s for 240,000.
    """
    if scope.layers is None and scope.areas is None and scope.company_ids is None:
        return sources
    kinds = None if scope.layers is None else frozenset(scope.layers)
    areas = None if scope.areas is None else frozenset(scope.areas)
    companies = None if scope.company_ids is None else frozenset({None, 0, *scope.company_ids})
    return {
        code: source
        for code, source in sources.items()
        if (kinds is None or source.kind in kinds)
        and (areas is None or source.area_id in areas)
        and (companies is None or source.company_id in companies)
    }


class SenderSources:
    """The sources of each scope of each city. A mapping that is not the one last seen for its city is a new state of it."""

    def __init__(self) -> None:
        self._all: dict[int, Mapping[str, Source]] = {}
        self._kept: OrderedDict[tuple[int, Scope], Mapping[str, Source]] = OrderedDict()

    def of(self, city_id: int, sources: Mapping[str, Source], scope: Scope) -> Mapping[str, Source]:
        """Return the sources of a city that a scope may report for.

        Parameters
        ----------
        sources
            All sources of the city by code; never changed in place.
        """
        if self._all.get(city_id) is not sources:
            self._all[city_id] = sources
            for key in [key for key in self._kept if key[0] == city_id]:
                del self._kept[key]
        key = (city_id, Scope(layers=scope.layers, areas=scope.areas, company_ids=scope.company_ids))
        if key not in self._kept:
            self._kept[key] = sources_of(sources, scope)
            while len(self._kept) > _KEPT_MAX:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]
