"""The store that workers share: plain Redis (6.2 or later) or Valkey, alone, under Sentinel or as a Cluster.

docs/adr/0092-plain-store.md says why. Keys of a tag, after ``prefix{tag}:``, and what they hold (an id is
eight bytes of an account's digest):

* e: the epoch
* b<id>: a ban; s<id>: a remembered account: what is scored, and what alerts quote
* r<id>, u<id>: the former state of either, while its entries are still to be dropped
* p<bucket>, g<generation><bucket>: postings of bans, and of a generation of remembered accounts
* x: when bans expire; bans: how many there are; ta: how often a crowded key gave an entry up
* g, gn: the book of generations, and their sizes (first tag)
* m:, d:: markers of reinstatement and deletion
* s:, o:, a:, c:: a pair's marker; open alerts on a ban; alerts about an account; withdrawn alerts awaiting
  verdicts
* h1:, h2:, y:: pairs that are only counted; when their summary was published
* owed, due, relay: the outbox, since when, and which worker relays
* l:, n:, q:: where a pair lies; its verdict; what dismissals showed of an account
* j:, k:: ancestry; a founder's name
* o, w, n, u, f<v>, h<v>: counted values: growing sketch, filter, strata, latest event; frozen (first tag)
"""

from store.redis.client import RedisEndpoint
from store.redis.layout import Sizes
from store.redis.store import RedisStore

__all__ = ["RedisEndpoint", "RedisStore", "Sizes"]
