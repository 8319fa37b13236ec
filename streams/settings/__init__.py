"""Every setting, from the environment: `SAMEHAND_` and the field's name in capitals. Nothing else reads it.

Secrets come from files where they can (`…_FILE`), so that they stand in no process list; those that come from
the environment are `SecretStr`. A wrong setting is a `SettingsError` that names it and the reason, never its
value. Each subject has a module of its own; `Settings` is all of them, and `desk.settings` adds the desk's.
"""

from streams.settings.delivery import LETTERS_AT_LEAST, SHARE_MAX, WINDOW_RECORDS
from streams.settings.environment import Described, describe, load, unknown_names
from streams.settings.fields import PREFIX
from streams.settings.scoring import PolicyBands
from streams.settings.settings import Settings
from streams.settings.store import STORE_PREFIX

__all__ = [
    "LETTERS_AT_LEAST",
    "PREFIX",
    "SHARE_MAX",
    "STORE_PREFIX",
    "WINDOW_RECORDS",
    "Described",
    "PolicyBands",
    "Settings",
    "describe",
    "load",
    "unknown_names",
]
