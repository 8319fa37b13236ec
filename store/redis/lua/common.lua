-- Included in every script. KEYS[1] is the root of a tag (`prefix{tag}:`). No key has that very name (client.py says
-- why it is passed beside the epoch's key), but all keys of the tag begin with it, so they are in one cluster slot.
-- ARGV[1] is the epoch that the caller knows, or ''.
local ROOT = KEYS[1]
local call, sub, byte, char = redis.call, string.sub, string.byte, string.char

-- Whether the store lacks the caller's epoch. One that was left for another layout is closed to all but the process
-- that carries it over (store_meta.py: MOVED). Each script but history.lua begins with this question (scripts.py).
local EMPTIED = redis.error_reply('EMPTIED')
local function emptied(root)
  local epoch = call('GET', (root or ROOT) .. 'e')
  if epoch == 'moved' then return ARGV[1] ~= epoch end
  return ARGV[1] ~= '' and epoch ~= ARGV[1]
end

-- To be called before the first write: raises an error if memory is short or the disk is full. Redis checks only the
-- first write of a script; a script that began with a harmless one (LPOP) would run on.
local function room(root)
  call('SETRANGE', (root or ROOT) .. 'e', 0, '') -- writes nothing, but is refused as a write that needs memory
end

local function u24(s, i)
  local a, b, c = byte(s, i, i + 2)
  return a * 65536 + b * 256 + c
end

local function to24(n)
  local low = n % 65536
  return char((n - low) / 65536, (low - low % 256) / 256, low % 256)
end

-- The position of a pattern in a packed string, at a multiple of the width; nil if there is none.
local function aligned(s, pattern, width, from)
  local i = string.find(s, pattern, from or 1, true)
  while i do
    local off = (i - 1) % width
    if off == 0 then return i end
    i = string.find(s, pattern, i + 1, true)
  end
end

local function hex(digest)
  return string.format(string.rep('%02x', #digest), byte(digest, 1, -1))
end

-- Markers: `moment until`, in force while `until` is in the future.
local function marked(key, now)
  local value = call('GET', key)
  if not value then return nil end
  local moment, over = string.match(value, '^(%S+) (%S+)$')
  if tonumber(over) <= now then return nil end
  return tonumber(moment)
end

local function mark(key, moment, now, seconds)
  local known = marked(key, now)
  if known and known > moment then moment = known end
  call('SET', key, string.format('%.17g %.17g', moment, now + seconds), 'EX', seconds)
end

-- Markers of pairs: `revision noted confirmed until claim claimed-at` (alert_dedup.py).
local function pair_get(key)
  local marker = call('GET', key)
  if not marker then return nil end
  local revision, noted, confirmed, claim, since = string.match(marker, '^(%S+) (%S+) (%S+) %S+ (%S+) (%S+)$')
  return tonumber(revision), tonumber(noted), tonumber(confirmed), claim, tonumber(since)
end

-- A pair that is not open (noted: -1) is kept for so many seconds. The fourth field is an end in time for releases up
-- to 0.2.0, which took an open pair for unknown from then on.
local function pair_put(key, revision, noted, confirmed, claim, since, seconds)
  local marker = string.format('%d %d %d 1e15 %s %.17g', revision, noted, confirmed, claim, since)
  if noted < 0 then call('SET', key, marker, 'EX', seconds) else call('SET', key, marker) end
end

-- The score in `a:` of an alert that is known: beyond every moment.
local AS_LONG_AS_KNOWN = 1e15
-- Seconds of a hundred years, for a key that releases up to 0.2.0 let expire and that is kept until it is deleted: users
-- need no right to PERSIST.
local LASTING = 3153600000

-- What is noted of alerts about an account is kept for as long as one of them is known.
local function about_kept(key, seconds)
  local known = call('ZRANGEBYSCORE', key, AS_LONG_AS_KNOWN, '+inf', 'LIMIT', 0, 1)
  call('EXPIRE', key, #known > 0 and LASTING or seconds)
end

-- The revision after a known one (0 for none): schemas/revisions.py.
local function next_revision(known, now)
  return math.max(known + 1, math.floor(math.min(now - 1577836800, 2146435071)))
end

local function expired(frame, now)
  return byte(frame) >= 128 and struct.unpack('>d', frame, 6) <= now
end

-- Whether an account is banned now. In its record (records.py) six bytes stand before the frame.
local function in_force(digest, _, now)
  local record = call('GET', ROOT .. 'b' .. sub(digest, 1, 8))
  return record ~= false and not expired(sub(record, 7, 19), now)
end
