"""Every limit of a store, each with its reason."""

from __future__ import annotations

from samehand.keys import KeyKind, falls_silent, posting_cap

# How long the first event that proposes a pair keeps other events from publishing it, while its alert is not
# confirmed. If its worker died, the event is delivered again: 20 s after a kill, or once an outage of the
# broker is over. Ten minutes are longer than either should last, and short enough that another event can
# publish a pair whose first event never comes again (its group's offsets were moved by hand).
CLAIM_SECONDS = 600

# Room for an alert on each account of a raid of a thousand under a banned name, and as many again. Nobody
# reads more on one ban, nor about one account; further pairs are counted in the ban's summary.
OPEN_ALERTS_A_BAN = 2_000

# Dismissed alerts on one ban whose innocent reasons are kept: one more proves little beside so many.
CLEARED_A_BAN = 64

# Pairs that a ban's summary counts, some 60 bytes each: a higher count would change nobody's decision.
COUNTED_A_BAN = 10_000

# A growing summary is published no more often than this: nobody follows a count by the second.
SUMMARY_SECONDS = 10

# Withdrawals published together, 3 KB each: at most some hundred milliseconds of a broker, and no reply of
# Redis above a few hundred kilobytes, however many alerts a ban had.
OWED_AT_ONCE = 100

# The process that publishes what is owed keeps others from it for this long after its last request. It asks
# each second, so after ten seconds it is dead or hangs, and another one takes over; at worst a record is
# published twice.
RELAY_SECONDS = 10

# Published alerts without a verdict, 90 bytes each: as many as a team of twenty judges in a year. Beyond that
# nobody will get to the oldest, and the metric has long shown operators so.
AWAITING_MAX = 100_000

# Remembered accounts are dropped in whole generations, eight in a retention time: an account is kept for at
# least the retention time and at most an eighth longer, and each write touches one generation only.
GENERATIONS = 8

# Accounts that one script remembers: a millisecond or two of Redis, during which it serves nobody else. A
# generation is closed only between two such scripts.
REMEMBERED_AT_ONCE = 64

# What one remembered account costs beside its record and postings: its key, and when that ends.
REMEMBERED_OVERHEAD_BYTES = 80
# An entry has some 14 bytes; on average Redis reserves nearly half as much again for the next one. Both are
# fitted to 4,000 simulated accounts, which took 1,209 bytes each.
REMEMBERED_ENTRY_BYTES = 20

# A process asks no more often than this whether the frozen counts have changed: they are frozen once an hour,
# and each batch would wait for the answer.
SNAPSHOT_SECONDS = 1.0

# Every thirty days all counts are halved (the reset of TinyLFU, Einziger, Friedman and Manes 2017), so that a
# phone number that changed hands or last year's farm loses its weight, while rates stay the same. For as long
# a cluster counts a value once, unless the filter that recognises the pair fills up before: a filter that is
# a third full, with three places for each pair, takes one new pair in 27 for a known one.
HALF_LIFE_SECONDS = 30 * 86_400
FILTER_FULL = 1 / 3

# A worker's doorkeeper has two filters of two million bytes. Two million values set a third of one filter's
# bits; at three bits for each value, it then takes one new value in 27 for a known one. Two million values
# are some 370,000 sign-ups of people who share next to nothing (5.4 such values each, simulated), more than
# most platforms have in a month.
DOOR_BITS = 24
DOOR_VALUES = 2_000_000

# One in four of the first sightings is counted. A value that no worker ever meets twice thus counts, in the
# mean, three bearers too few; in one case of 18 ten or more, in one of 100 sixteen or more.
OPENERS = 4

# Strata that one shard counts; people use some dozens of scripts and languages.
STRATA = 512

# The most expired bans that one sweep removes, so that it never holds up a batch of events for long.
SWEEP_AT_ONCE = 1_000

# A value that falls silent lists four times as many accounts as it may propose. Reinstatements may bring it
# under its cap again, and accounts turned away in between would then be missing: that takes as many
# reinstatements as three times the cap. Four times, so that a name lists as many as a whole handle, whose
# posting it may share by a hash collision (key_digests.py).
SILENT_LISTS = 4


def listed_at_most(kind: KeyKind) -> int:
    """The most accounts that one value of a kind lists."""
    return posting_cap(kind) * (SILENT_LISTS if falls_silent(kind) else 1)


# Kinds of keys that name a person or a machine. A full posting of these turns no account away for good
# (common/crowd.py): else decoys on one device would hide the next account, even after they are gone. In a
# full posting of a picture or a network, the newest account takes the place of one in the middle.
NAMING_KINDS = frozenset(
    (KeyKind.EMAIL, KeyKind.PHONE, KeyKind.DEVICE, KeyKind.PAYMENT, KeyKind.CONTACT, KeyKind.OWN_CONTACT)
)

# How many accounts such a full posting lists beside the first sixty, and how many more wait. On the busiest
# device that makes half as many candidates again. A waiting account costs six bytes, as a listed one does. A
# thousand decoys in an eighth of the retention time thus drop nobody, and one value's crowd stays below 7 KB.
LISTED_LATER = 30
WAITING_MAX = 1_024

# A deletion may arrive before the account's creation (another topic, another partition), so it is remembered
# for longer than consumers ever lag behind each other.
DELETION_MARKER_SECONDS = 2 * 86_400

# Accounts that each noted value keeps, the latest: four times as many as one account is compared with. The
# longest value of a crowd (a carrier's network, a campaign's link) thus costs 1.4 KB.
WAVE_NOTED = 64
# Accounts a day, by what the store is laid out for, per bucket of noted values: some 30 entries each.
WAVE_ACCOUNTS_A_BUCKET = 80
# A bucket that is longer has values by the dozen, and its oldest entries fall away.
WAVE_BUCKET_ENTRIES = 1_024

# How soon a wave that grew by a few members is published again: a person who reads it does not need each.
WAVE_QUIET_SECONDS = 600
# Waves that a store keeps, of 1 to 100 KB each; beyond that the one that changed longest ago is forgotten. A
# team that reads one in two minutes reads as many in four months.
WAVES_KEPT_MAX = 20_000
# Waves published together, of up to 100 KB each.
WAVES_OWED_AT_ONCE = 10

# How long alerts of an expired ban stay open; no look-up finds the ban itself.
SWEEP_SECONDS = 60.0
