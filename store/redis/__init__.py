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
* s:, o:, c:: a pair; open alerts on a ban; withdrawn ones that are known (rules/ban_alerts.py)
* h:, hs:, unjudged: pairs that are only counted; which alert sums them up; alerts without a verdict
* due, relay: since when each pair is owed to consumers, and which worker relays
* l:, n:, a:, ac:: where a pair lies; its verdict; alerts about an account; counted ones about it
* q:, i:: what dismissals showed of an account, and what explains those on a ban
* v:, vm:, vo, vx, vr: waves; who is in which; owed, since when; kept, until when; who relays
* j:, k:: ancestry; a founder's name
* o, w, n, u, f<v>, h<v>: counted values: growing sketch, filter, strata, latest event; frozen (first tag)
"""

from store.redis.client import RedisEndpoint
from store.redis.layout import Sizes
from store.redis.store import RedisStore

__all__ = ["RedisEndpoint", "RedisStore", "Sizes"]
