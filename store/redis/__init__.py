"""The store that workers share: plain Redis (6.2 or later) or Valkey, alone, under Sentinel or as a Cluster.

docs/adr/0053-store-in-redis.md says what lies where, and why.
"""

from store.redis.client import RedisEndpoint
from store.redis.layout import Sizes
from store.redis.store import RedisStore

__all__ = ["RedisEndpoint", "RedisStore", "Sizes"]
