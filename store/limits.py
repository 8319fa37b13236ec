"""Every bound of a store, each with its reason."""

from __future__ import annotations

from samehand.keys import KeyKind, falls_silent, posting_cap

# Markers of what was published, and of reinstatements, outlive the accounts that are remembered (30 days)
# by a working week: a record that arrives again within Kafka's own retention is still recognised.
MARKER_SECONDS = 35 * 86_400

# How long the first event to propose a pair keeps it from others before its alert is confirmed. Its worker
# may have died, and its event then comes again: after 20 s on a killed worker, after as long as an outage of
# the broker lasts otherwise. Ten minutes are longer than either should be, and short enough that a pair whose
# event never comes again (its group's offsets were moved by hand) can be told by the next one.
CLAIM_SECONDS = 600

# A raid of a thousand accounts under a banned name has an alert for each, and as many again. Nobody reads
# more on one ban, nor about one account; what comes on top is counted in the ban's summary.
OPEN_ALERTS_A_BAN = 2_000

# Pairs that a ban's summary counts, some 60 bytes each: nobody decides otherwise for the next ten thousand.
COUNTED_A_BAN = 10_000

# A summary that grows is told anew no more often than this: nobody follows a count by the second.
SUMMARY_SECONDS = 10

# Withdrawals that are published together, 3 KB each: some hundred milliseconds of a broker at most, and no
# answer of Redis above a few hundred kilobytes, however many alerts a ban had.
OWED_AT_ONCE = 100

# Who publishes what is owed keeps others from it for so long after it asked last: it asks each second, and is
# dead, or hangs, when it has not for ten. Then another one takes over; at worst something is told twice.
RELAY_SECONDS = 10

# Bans that are taken out by one script, with up to 2,000 open alerts each: a tenth of a second of Redis at
# worst.
TAKEN_OUT_AT_ONCE = 4

# Published alerts without a verdict, 90 bytes each: what a team of twenty judges in a year. Beyond it nobody
# will get to the oldest, and operators have long been told.
AWAITING_MAX = 100_000

# Remembered accounts go in whole generations: eight in a retention time, so that an account is kept for
# at least the retention and at most an eighth longer, and each write touches one generation only.
GENERATIONS = 8

# Accounts that are remembered by one script: a millisecond or two of Redis, during which nobody else is
# served. A generation is closed between two of them.
REMEMBERED_AT_ONCE = 64

# What one remembered account costs beside its records and postings: its place in the account map, in the
# page headers and its share of key overhead (measured: 20 to 40 bytes).
REMEMBERED_OVERHEAD_BYTES = 40
# An entry has six bytes; Redis sets half as much again aside for the next, on average.
REMEMBERED_ENTRY_BYTES = 9

# The latest enrolments of each shard, seven bytes each, of which a process learns that knows when the bans
# before them took effect. Who missed more than half of them reads all moments anew, four bytes a slot.
ENROLMENTS_NOTED = 8_192


# Days for which bans are counted by the minute, and by the hour, at least: spans of minutes are then still
# exact for events that come a day late, and spans of hours for a month of them.
BAN_MINUTES_DAYS = 2
BAN_HOURS_DAYS = 32

# Policies with a calendar of their own; all others share one. Platforms have some dozens of rules.
BAN_POLICIES = 63

# A process reads the calendar of bans no more often than this: what a second of bans is among all changes no
# price, and a million bans of two years are 83 KB.
CALENDAR_SECONDS = 1.0

# What was counted fades: every thirty days all counts are halved (the reset of TinyLFU, Einziger, Friedman
# and Manes 2017), so that a number that changed hands or last year's farm stops weighing, and rates stay what
# they are. As long a cluster counts a value once, unless the filter that knows it fills up before: three
# places of a filter a third full call one new pair in 27 known.
HALF_LIFE_SECONDS = 30 * 86_400
FILTER_FULL = 1 / 3

# A worker's doorkeeper has two filters of two million bytes. Two million values set a third of the bits of
# one, three of which then say falsely of one value in 27 that it was met: some 370,000 sign-ups of people who
# share next to nothing (5.4 such values each, simulated), more than most platforms have in a month.
DOOR_BITS = 24
DOOR_VALUES = 2_000_000

# One in four of those first sightings is counted: a value that no worker ever meets twice is taken for three
# bearers rarer than it is in the mean, in one case of 18 for ten or more, in one of 100 for sixteen or more.
OPENERS = 4

# A sketch learns of the strata it counts; scripts and languages that people use are some dozens.
STRATA = 512

# One sweep removes so many expired bans at most, so that it never holds up a batch of events for long.
SWEEP_AT_ONCE = 1_000
# Of several shards, so long a slot is given to nobody else after its ban was taken out: whoever still writes
# or takes out an entry of it has ended by then, for each command has a deadline of seconds. Two minutes leave
# room for a stalled server, and a slot costs half a kilobyte meanwhile.
SLOT_RESTS_SECONDS = 120.0

# Expired bans are found no more from that moment on, and are taken out once their hour is over: a calendar of
# hours costs five bytes a ban, one of moments 77 (measured).
SWEPT_SECONDS = 3_600


# A value that falls silent lists four times as many as it may propose. Reinstatements may bring it under its
# cap again, and whoever was turned away in between would be missing: that takes three times the cap of them.
# Four, so that a name lists as many as a whole handle, whose posting it may share by chance (key_digests.py).
SILENT_LISTS = 4


def listed_at_most(kind: KeyKind) -> int:
    """The most accounts that one value of a kind lists."""
    return posting_cap(kind) * (SILENT_LISTS if falls_silent(kind) else 1)


# Kinds of keys that name a person or a machine. Whoever comes to a full posting of these is not turned away
# for good (crowd.py): decoys on one device would hide the account that comes next, also once they are gone.
# Of a picture or a network as popular as that the newest takes the place of one in the middle.
NAMING_KINDS = frozenset(
    (KeyKind.EMAIL, KeyKind.PHONE, KeyKind.DEVICE, KeyKind.PAYMENT, KeyKind.CONTACT, KeyKind.OWN_CONTACT)
)

# Of those who come once such a posting is full so many are listed beside the first sixty: half as many
# candidates more on the busiest device. The others wait, for six bytes each, as a listed one costs. A
# thousand decoys in an eighth of the retention let nobody go, and one value's crowd stays below 7 KB.
LISTED_LATER = 30
WAITING_MAX = 1_024

# A deletion that overtook the account's creation (another topic, another partition) is remembered for
# longer than consumers ever lag behind each other.
DELETION_MARKER_SECONDS = 2 * 86_400
