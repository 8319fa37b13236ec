-- Included in every script. KEYS[1] is the shard's root (`prefix{shard}:`). No key has that very name (client.py says
-- why it is passed beside the epoch's key), but all keys of the shard begin with it, so they are in one cluster slot.
-- ARGV[1] is the epoch that the caller knows, or ''.
local ROOT = KEYS[1]
local PLACE = 6 -- bytes of an entry of an account map: print 3 + slot 3
local PAGE = 32 -- slots per page; must equal PAGE_SLOTS in layout.py
local HEAD = PAGE * 3 -- a page begins with the end of each of its records, 3 bytes each

local call, sub, byte, char = redis.call, string.sub, string.byte, string.char

-- If there are several shards, the number of this one, and how many bits a place has for a slot. If these leave no bits
-- for the shard, a further byte names it.
local SHARD, SLOT_BITS
local function one_of(shards, slot_bits)
  if tonumber(shards) == 1 then return end
  SHARD, SLOT_BITS = tonumber(string.match(ROOT, '{(%d+)}:$')), tonumber(slot_bits)
end

-- Whether the store lacks the caller's epoch. One that was left for another layout is closed to all but the process
-- that carries it over (store_meta.py: MOVED). Each script but history.lua begins with this question (scripts.py).
local function emptied()
  local epoch = call('GET', ROOT .. 'e')
  if epoch == 'moved' then return ARGV[1] ~= epoch end
  return ARGV[1] ~= '' and epoch ~= ARGV[1]
end

-- To be called before the first write: raises an error if memory is short or the disk is full. Redis checks only the
-- first write of a script; a script that began with a harmless one (LPOP) would run on.
local function room()
  call('SETRANGE', ROOT .. 'e', 0, '') -- writes nothing, but is refused as a write that needs memory
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

local function cut(key, s, i, width)
  if #s == width then call('DEL', key) else call('SET', key, sub(s, 1, i - 1) .. sub(s, i + width), 'KEEPTTL') end
end

-- Pages: a string holds the records, of any length, of PAGE slots.
local function page_get(key, slot)
  local i = slot % PAGE
  local page = key .. (slot - i) / PAGE
  local from, ends
  if i == 0 then
    ends = call('GETRANGE', page, 0, 2)
    if ends == '' then return '' end
    from, ends = 0, u24(ends, 1)
  else
    ends = call('GETRANGE', page, (i - 1) * 3, i * 3 + 2)
    if ends == '' then return '' end
    from, ends = u24(ends, 1), u24(ends, 4)
  end
  if from == ends then return '' end
  return call('GETRANGE', page, HEAD + from, HEAD + ends - 1)
end

-- The offsets in a page at which the record of its i-th slot begins and ends.
local function page_span(name, i)
  if i == 0 then return 0, u24(call('GETRANGE', name, 0, 2), 1) end
  local both = call('GETRANGE', name, i * 3 - 3, i * 3 + 2)
  return u24(both, 1), u24(both, 4)
end

-- Puts a record in the middle of a page (or removes one), which writes the whole page anew.
local function page_splice(name, i, from, ends, record)
  local page = call('GET', name)
  local grown = #record - (ends - from)
  if #page + grown == HEAD then return call('DEL', name) end
  local parts = {sub(page, 1, i * 3)}
  for j = i, PAGE - 1 do parts[#parts + 1] = to24(u24(page, j * 3 + 1) + grown) end
  parts[#parts + 1] = sub(page, HEAD + 1, HEAD + from)
  parts[#parts + 1] = record
  parts[#parts + 1] = sub(page, HEAD + ends + 1)
  call('SET', name, table.concat(parts), 'KEEPTTL')
end

local function page_put(key, slot, record, ttl)
  local i = slot % PAGE
  local name = key .. (slot - i) / PAGE
  local size = call('STRLEN', name)
  if size == 0 then
    if record == '' then return end
    call('SET', name, string.rep('\0', i * 3) .. string.rep(to24(#record), PAGE - i) .. record)
    if ttl then call('EXPIRE', name, ttl) end
    return
  end
  local from, ends = page_span(name, i)
  if from < ends or HEAD + ends < size then return page_splice(name, i, from, ends, record) end
  -- Slots fill up in turn: there is no record here or behind, so nothing has to be moved.
  call('SETRANGE', name, i * 3, string.rep(to24(ends + #record), PAGE - i))
  call('APPEND', name, record)
  if i == PAGE - 1 then call('SET', name, call('GET', name), 'KEEPTTL') end -- full: frees what APPEND reserved
end

local function place_of(slot)
  if not SHARD then return to24(slot) end
  return SLOT_BITS == 24 and char(SHARD) .. to24(slot) or to24(SHARD * 2 ^ SLOT_BITS + slot)
end

-- Postings: an entry is a print (short hash of a key) and a place, the record's shard and slot (3 or 4 bytes). Rows, as
-- the caller packs them: the length of a print (a byte), the account's cluster (2 bytes, crowd.py), then for each key
-- its bucket (4 bytes), print, cap (u16) and kind (a byte). All these buckets are in this shard. `held` counts the
-- entries of a print.
local function held(posting, print, width)
  local count, i = 0, aligned(posting, print, width)
  while i do
    count = count + 1
    i = aligned(posting, print, width, i + width)
  end
  return count
end

-- Iterates over rows: the posting's key, print, and where the row's cap (u16) and kind (a byte) stand.
local function each_row(index, rows)
  local start, size, at = index .. 'p', byte(rows), 4
  return function()
    if at > #rows then return nil end
    local here = at + 4
    at = here + size + 3
    return start .. sub(rows, here - 4, here - 1), sub(rows, here, here + size - 1), at - 3
  end
end

local function cap_of(rows, at)
  local high, low = byte(rows, at, at + 1)
  return high * 256 + low
end

-- Adds an entry, unless it is listed already or the posting is full; returns a full posting's content. A posting
-- without a time to live is written whole, so that Redis keeps it at its exact size.
local function list_exactly(key, print, place, rows, at, ttl)
  local posting, entry = call('GET', key), print .. place
  if not posting then
    call('SET', key, entry)
    if ttl then call('EXPIRE', key, ttl) end
    return
  elseif aligned(posting, entry, #entry) then
    return
  end
  local cap = cap_of(rows, at)
  if #posting >= cap * #entry and held(posting, print, #entry) >= cap then -- a shorter posting cannot hold as many
    return posting
  elseif ttl then
    call('APPEND', key, entry)
  else
    call('SET', key, posting .. entry, 'KEEPTTL')
  end
end

-- The same by APPEND, for an entry that is not listed: one command instead of two, at the cost of memory that Redis
-- reserves for the next entry. Meant for postings that are written with every event and have a time to live, and for
-- bans in bulk, after which compact.lua frees what was reserved.
local function list_quickly(key, print, place, rows, at, ttl)
  local size, width = call('APPEND', key, print .. place), #print + #place
  if size == width then
    if ttl then call('EXPIRE', key, ttl) end
    return
  end
  local cap = cap_of(rows, at)
  if size > cap * width then
    local posting = call('GET', key)
    if held(posting, print, width) > cap then
      posting = sub(posting, 1, -width - 1)
      call('SET', key, posting, 'KEEPTTL')
      return posting
    end
  end
end

-- Kinds of keys that name a person or a machine (limits.py: NAMING_KINDS), and those that fall silent (keys.py).
local NAMING = {[32] = true, [34] = true, [36] = true, [37] = true, [40] = true, [49] = true}
local function silent(kind) return kind < 32 and kind ~= 1 end
local LATER, WAITING = 30, 1024 -- limits.py: LISTED_LATER, WAITING_MAX
local CLUSTER = 2

-- Crowds (crowd.py): the hash `o` of an index has a field for the bucket and print of each value that names a person or
-- a machine and whose posting was full. Its value describes the accounts that came later: how many are listed (a byte),
-- how many were dropped (u32), then place and cluster of each listed one, in order, and of each waiting one.
local function crowd_get(index, where)
  local raw = call('HGET', index .. 'o', where)
  if not raw then return 0, 0, '' end
  return byte(raw), (struct.unpack('>I4', raw, 2)), sub(raw, 6)
end

local function crowd_put(index, where, listed, gone, entries, ttl)
  local key = index .. 'o'
  if entries == '' and gone == 0 then return call('HDEL', key, where) end
  call('HSET', key, where, char(listed) .. struct.pack('>I4', gone) .. entries)
  if ttl and call('HLEN', key) == 1 then call('EXPIRE', key, ttl) end
end

-- The position of the entry that is crowded out: the middle one, by arrival, of those whose cluster has most places.
local function crowded_out(entries, width)
  local counts, most, of = {}, 0, {}
  for i = 1, #entries, width do
    local cluster = sub(entries, i + width - CLUSTER, i + width - 1)
    counts[cluster] = (counts[cluster] or 0) + 1
    most = math.max(most, counts[cluster])
  end
  for i = 1, #entries, width do
    if counts[sub(entries, i + width - CLUSTER, i + width - 1)] == most then of[#of + 1] = i end
  end
  return of[math.floor((#of + 1) / 2)]
end

-- Lists an account that comes to a full posting; returns whether some account has to wait, or is dropped, for it.
local function crowd_in(index, key, where, print, place, cluster, posting, cap, ttl, again)
  local listed, gone, entries = crowd_get(index, where)
  local width, entry = #place + CLUSTER, #print + #place
  if aligned(entries, place, width) then return end
  local full = #entries >= (listed + WAITING) * width
  if again and full then return end
  local those, others = sub(entries, 1, listed * width) .. place .. cluster, sub(entries, listed * width + 1)
  posting = posting .. print .. place
  local over = held(posting, print, entry) > cap + LATER
  if over then
    local at = crowded_out(those, width)
    local out = sub(those, at, at + width - 1)
    those = sub(those, 1, at - 1) .. sub(those, at + width)
    local i = aligned(posting, print .. sub(out, 1, #place), entry)
    if i then posting = sub(posting, 1, i - 1) .. sub(posting, i + entry) end
    if full then gone = gone + 1 else others = others .. out end
  end
  call('SET', key, posting, 'KEEPTTL')
  crowd_put(index, where, #those / width, gone, those .. others, ttl)
  return over
end

-- Removes an account that is listed or waits, and lists waiting ones in its place, the latest first.
local function crowd_out(index, key, where, print, place, cap)
  local listed, gone, entries = crowd_get(index, where)
  local width, entry = #place + CLUSTER, #print + #place
  if entries == '' then return end
  local i = aligned(entries, place, width)
  if i then
    if i <= listed * width then listed = listed - 1 end
    entries = sub(entries, 1, i - 1) .. sub(entries, i + width)
  end
  local posting = call('GET', key)
  local room = posting and cap + LATER - held(posting, print, entry) or 0
  local before = posting
  while room > 0 and #entries > listed * width do
    local ends, latest = listed * width, sub(entries, -width)
    entries = sub(entries, 1, ends) .. latest .. sub(entries, ends + 1, -width - 1)
    posting = posting .. print .. sub(latest, 1, #place)
    listed, room = listed + 1, room - 1
  end
  if posting ~= before then call('SET', key, posting, 'KEEPTTL') end
  crowd_put(index, where, listed, gone, entries)
end

-- In a full posting of a kind that names nobody, the newest account takes the place of one in the middle.
local function middle_out(key, print, place, posting, cap)
  local entry = #print + #place
  local i = aligned(posting, print, entry)
  for _ = 1, math.floor(cap / 2) do i = aligned(posting, print, entry, i + entry) end
  call('SET', key, sub(posting, 1, i - 1) .. sub(posting, i + entry) .. print .. place, 'KEEPTTL')
  return true
end

-- Whether postings and account maps without a time to live grow by APPEND, too. Set by ban_write.lua.
local BULK = false

-- Lists an account in all its rows. `again`: the account was written before, so it is not counted as turned away once
-- more. `apart`: not in one step with its record, so a repeated command may find the entry listed already.
local function list_all(index, rows, place, ttl, again, apart)
  local list = (ttl or BULK) and not again and not apart and list_quickly or list_exactly
  local cluster = sub(rows, 2, 1 + CLUSTER)
  for key, print, at in each_row(index, rows) do
    local posting, turned_away = list(key, print, place, rows, at, ttl), not again
    if posting then
      local cap, kind = cap_of(rows, at), byte(rows, at + 2)
      if NAMING[kind] then
        local where = sub(rows, at - 4 - #print, at - 1) -- bucket and print
        turned_away = crowd_in(index, key, where, print, place, cluster, posting, cap, ttl, again) and not again
      elseif not again and not silent(kind) then
        middle_out(key, print, place, posting, cap)
      end
      if turned_away then call('HINCRBY', ROOT .. 'ta', (ttl and 'g' or 'b') .. kind, 1) end
    end
  end
end

local function unlist_all(index, rows, place)
  local crowds = call('EXISTS', index .. 'o') == 1
  for key, print, at in each_row(index, rows) do
    local posting, entry = call('GET', key), print .. place
    local i = posting and aligned(posting, entry, #entry)
    if i then cut(key, posting, i, #entry) end
    if crowds and NAMING[byte(rows, at + 2)] then
      crowd_out(index, key, sub(rows, at - 4 - #print, at - 1), print, place, cap_of(rows, at))
    end
  end
end

-- The account map: from digest to slot. It keeps three bytes of the digest beside the slot. The account's tag, in its
-- frame, is four other bytes, so an account is identified by 56 bits and those that choose the bucket.
local function map_key(index, digest, buckets)
  -- the low 32 bits of the digest's second half, as in Python
  return string.format('%sa%x', index, struct.unpack('>I4', digest, 13) % buckets)
end

local function map_print(digest)
  return sub(digest, 5, 7)
end

local function map_get(index, digest, buckets)
  local map = call('GET', map_key(index, digest, buckets))
  local print, tag = map_print(digest), sub(digest, 1, 4)
  local i = map and aligned(map, print, PLACE)
  while i do
    local slot = u24(map, i + 3)
    if sub(page_get(index .. 'r', slot), 2, 5) == tag then return slot end
    i = aligned(map, print, PLACE, i + PLACE)
  end
end

local function map_put(index, digest, buckets, slot, ttl)
  local key = map_key(index, digest, buckets)
  if BULK then return call('APPEND', key, map_print(digest) .. to24(slot)) end
  local map = call('GET', key)
  call('SET', key, (map or '') .. map_print(digest) .. to24(slot), 'KEEPTTL')
  if ttl and not map then call('EXPIRE', key, ttl) end
end

local function map_cut(index, digest, buckets, slot)
  local key = map_key(index, digest, buckets)
  local map = call('GET', key)
  local i = map and aligned(map, map_print(digest) .. to24(slot), PLACE)
  if i then cut(key, map, i, PLACE) end
end

-- An index: for each slot a frame, a quote, an entry in the account map, and entries in the postings of this shard. An
-- index with a time to live (`ttl`) uses no slot twice.
local function entry_write(index, buckets, digest, frame, quote, rows, ttl)
  local slot = not ttl and call('LPOP', index .. 'f')
  slot = tonumber(slot or call('HINCRBY', index .. 'c', 'next', 1) - 1)
  if ttl and slot == 0 then call('EXPIRE', index .. 'c', ttl) end
  map_put(index, digest, buckets, slot, ttl)
  call('HINCRBY', index .. 'c', 'n', 1)
  page_put(index .. 'r', slot, frame, ttl)
  page_put(index .. 'q', slot, quote, ttl)
  list_all(index, rows, place_of(slot), ttl)
  return slot
end

local function entry_remove(index, buckets, digest, slot, rows)
  unlist_all(index, rows, place_of(slot))
  page_put(index .. 'r', slot, '')
  page_put(index .. 'q', slot, '')
  map_cut(index, digest, buckets, slot)
  call('HINCRBY', index .. 'c', 'n', -1)
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

local function expired(frame, now)
  return byte(frame) >= 128 and struct.unpack('>d', frame, 6) <= now
end

local function in_force(digest, buckets, now)
  local slot = map_get(ROOT .. 'b:', digest, buckets)
  return slot ~= nil and not expired(page_get(ROOT .. 'b:r', slot), now)
end
