"""The store that workers share: plain Redis (6.2 or later) or Valkey, alone, under Sentinel or as a Cluster.

docs/adr/0053-store-in-redis.md says why. Keys of a shard, after ``prefix{n}:``, and what they hold:

* e: the epoch
* b:p<bucket>: postings: a print (2 bytes) and a place (3; 4 with more shards)
* b:o: accounts that wait for a place in a full posting of a personal value
* b:r<page>, b:q<page>: pages of 32 slots: what is scored, and what alerts quote
* b:a<bucket>: account map: 24 bits of the digest and 24 of the slot
* b:f, b:v, b:c: free slots; resting slots; counters
* b:m, b:n: when the ban of each slot took effect; the latest enrolments
* x, x<hour>: hours in which bans expire, and their slots
* m:, d:: markers of reinstatement and deletion
* g, gl, g<i>:…: generations of remembered accounts, each an index like `b:`
* ta: how often a full posting refused an entry
* s:, o:, c:: a pair; open alerts on a ban; withdrawn ones that are known (rules/ban_alerts.py)
* h:, hs:, unjudged: pairs that are only counted; which alert sums them up; alerts without a verdict
* due, relay: since when each pair is owed to consumers, and which worker relays
* l:, n:, a:, ac:: where a pair lies; its verdict; alerts about an account; counted ones about it
* q:, i:: what dismissals showed of an account, and what explains those on a ban
* v:, vm:, vo, vx, vr: waves; who is in which; owed, since when; kept, until when; who relays
* j:, k:: ancestry; a founder's name
* o, w, n, u, f<v>, h<v>: counted values: growing sketch, filter, strata, latest event; frozen ones
"""

from store.redis.client import RedisEndpoint
from store.redis.layout import Sizes
from store.redis.store import RedisStore

__all__ = ["RedisEndpoint", "RedisStore", "Sizes"]
