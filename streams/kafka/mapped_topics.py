"""Reads the operator's table that maps foreign topics to ours (`SAMEHAND_MAPPINGS`)."""

from __future__ import annotations

from typing import Final

from schemas.mapping.compiler import MAPPING_BYTES_MAX, MappingError, Mappings, compile_mappings
from schemas.mapping.fields import Kind
from streams.errors import SettingsError
from streams.kafka.topics import Names, names
from streams.settings import PREFIX, Settings

VARIABLE: Final = f"{PREFIX}MAPPINGS"


def mappings_of(settings: Settings) -> Mappings:
    """What becomes of each foreign topic's records.

    Raises `SettingsError`: no file is set, or it cannot be used; says which lines, and why.
    """
    path = settings.mappings
    if path is None:
        raise SettingsError({VARIABLE: "is not set: it names the file of mappings (docs/mapping.md)"})
    try:
        with path.open("rb") as file:
            mappings = compile_mappings(file.read(MAPPING_BYTES_MAX + 1), str(path))
    except OSError as fault:
        reason = f"{path}: {fault.strerror or 'cannot be read'}"
        raise SettingsError({VARIABLE: reason}) from None
    except MappingError as fault:
        raise SettingsError({VARIABLE: str(fault)}) from None
    ours = mappings.topics.keys() & set(vars(names(settings)).values())
    if ours:
        # A mapping from a topic of ours would read its own output, for ever.
        raise SettingsError(
            {VARIABLE: f"{path}: {', '.join(sorted(ours))}: a topic of samehand cannot be mapped"}
        )
    if mappings.of_registry and settings.registry_url is None:
        needing = ", ".join(mappings.of_registry)
        raise SettingsError({f"{PREFIX}REGISTRY_URL": f"is not set, and {needing} needs a schema registry"})
    return mappings


def topic_of(topics: Names) -> dict[Kind, str]:
    return {
        "created": topics.created,
        "updated": topics.updated,
        "remembered": topics.remembered,
        "banned": topics.banned,
        "reinstated": topics.reinstated,
        "deleted": topics.deleted,
        "actioned": topics.actioned,
    }


def foreign_topics(settings: Settings) -> tuple[str, ...]:
    """The foreign topics, none where no file is set. Raises `SettingsError`."""
    return () if settings.mappings is None else tuple(mappings_of(settings).topics)
