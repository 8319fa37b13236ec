-- Enrols, expunges, retires or sweeps bans, on the account's shard. ARGV: epoch, now, marker seconds, account-map
-- buckets, slots at most, enrolments noted, shards, bits of a slot, 1 for bans in bulk (else 0), then ten for each
-- operation: verb, digest, occurred_at, expected frame and quote, new frame and quote, rows
-- of this shard to remove (`=`: the same as those to add, so that the ban keeps its slot) and to add, and rows of all
-- shards to remove. Returns three for each: a word, then after `conflict` the frame and quote found, else the ban's place
-- now and before, '' for none.
room()
local now, seconds, buckets, slots = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local noted = tonumber(ARGV[6])
local INDEX = ROOT .. 'b:'
local answers = {}
one_of(ARGV[7], ARGV[8])
BULK = ARGV[9] == '1'

-- The expiry calendar: `x` is a sorted set of the hours in which bans expire, and each hour has a list of their slots,
-- which Redis packs in five bytes each (a calendar by moments would take 77). Removing a ban before its expiry searches the list of its hour.
local function hour_of(frame)
  if frame == '' or byte(frame) < 128 then return nil end
  return string.format('%.0f', math.floor(struct.unpack('>d', frame, 6) / 3600))
end

local function calendar_cut(slot, hour)
  local key = ROOT .. 'x' .. hour
  call('LREM', key, 1, slot)
  if call('EXISTS', key) == 0 then call('ZREM', ROOT .. 'x', hour) end
end

local function calendar_put(slot, hour)
  if call('RPUSH', ROOT .. 'x' .. hour, slot) == 1 then call('ZADD', ROOT .. 'x', hour, hour) end
end

local function calendar_move(slot, before, after)
  if before == after then return end
  if before then calendar_cut(slot, before) end
  if after then calendar_put(slot, after) end
end

-- At `m` the moment of each slot's ban: Unix seconds in four bytes, 0 where unknown. At `n` the latest enrolments, for
-- processes that have a copy of `m`: how many older ones were dropped, then moment and slot of each. When there are
-- too many, the older half is dropped at once.
local function moment_put(slot, frame)
  local key, at = INDEX .. 'n', 6
  if byte(frame) >= 128 then at = at + 8 end
  at = at + 4 * (byte(frame) % 8 - 1) + 3
  local moment = sub(frame, at, at + 3)
  call('SETRANGE', INDEX .. 'm', 4 * slot, moment)
  if call('EXISTS', key) == 0 then call('SET', key, '\0\0\0\0') end
  if call('APPEND', key, moment .. to24(slot)) <= 4 + 7 * noted then return end
  local all, less = call('GET', key), math.ceil(noted / 2)
  call('SET', key, struct.pack('>I4', struct.unpack('>I4', all) + less) .. sub(all, 5 + 7 * less))
end

local function full()
  return call('LLEN', INDEX .. 'f') == 0 and tonumber(call('HGET', INDEX .. 'c', 'next') or 0) >= slots
end

-- With several shards, a slot rests before it is used again (rest.lua).
local function take_out(digest, slot, frame, out, all_out)
  entry_remove(INDEX, buckets, digest, slot, out)
  calendar_move(slot, hour_of(frame), nil)
  if not SHARD then
    call('RPUSH', INDEX .. 'f', slot)
  else
    call('RPUSH', INDEX .. 'v', struct.pack('>dB', now, 0) .. to24(slot) .. all_out)
  end
end

local function put_in(digest, slot, known, frame, quote, rows, stays)
  if slot then
    page_put(INDEX .. 'r', slot, frame)
    page_put(INDEX .. 'q', slot, quote)
    list_all(INDEX, rows, place_of(slot), nil, stays)
  else
    slot = entry_write(INDEX, buckets, digest, frame, quote, rows)
  end
  calendar_move(slot, known and hour_of(known), hour_of(frame))
  moment_put(slot, frame)
  return slot
end

local function one(verb, digest, occurred, expect, expect_quote, frame, quote, out, rows, all_out)
  local name = hex(digest)
  local slot = map_get(INDEX, digest, buckets)
  local known = slot and page_get(INDEX .. 'r', slot)
  local words = slot and page_get(INDEX .. 'q', slot)
  local later = slot and struct.unpack('>d', words) > occurred
  local unlike = slot and (known ~= expect or words ~= expect_quote)
  if verb == 'enrol' then
    local lifted = marked(ROOT .. 'm:' .. name, now)
    if later or (lifted and lifted >= occurred) then return 'superseded' end
    if slot and known == frame and words == quote then
      list_all(INDEX, rows, place_of(slot), nil, true) -- also where it was turned away, if there is room by now
      return 'unchanged', 'b:' .. slot
    end
    if unlike then return 'conflict', known, words end
    if slot and (out == '=' or not SHARD) then
      if out ~= '=' then unlist_all(INDEX, out, place_of(slot)) end
      put_in(digest, slot, known, frame, quote, rows, out == '=')
      return 'changed', 'b:' .. slot
    end
    if full() then return redis.error_reply('FULL') end
    if slot then take_out(digest, slot, known, out, all_out) end
    local here = put_in(digest, nil, nil, frame, quote, rows)
    return slot and 'changed' or 'new', 'b:' .. here, slot and 'b:' .. slot
  end
  if later then return 'later' end
  if slot and verb == 'sweep' and not expired(known, now) then return 'nothing' end
  if unlike then return 'conflict', known, words end
  if slot then take_out(digest, slot, known, out, all_out) end
  call('DEL', ROOT .. 'i:' .. hex(sub(digest, 1, 4)))
  if verb ~= 'sweep' then mark(ROOT .. 'm:' .. name, occurred, now, seconds) end
  if verb == 'expunge' then call('DEL', ROOT .. 'j:' .. name, ROOT .. 'k:' .. name) end
  return slot and 'removed' or 'nothing', nil, slot and 'b:' .. slot
end

for at = 10, #ARGV, 10 do
  local word, found, words = one(ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), unpack(ARGV, at + 3, at + 9))
  if type(word) == 'table' then return word end
  answers[#answers + 1] = word
  answers[#answers + 1] = found or ''
  answers[#answers + 1] = words or ''
end
return answers
