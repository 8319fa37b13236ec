-- Enrols, expunges, retires. ARGV: epoch, now, marker seconds, account-map buckets, slots at most, then
-- nine for each operation: verb, digest, occurred_at, why its alerts are withdrawn, expected frame, frame, quote, rows
-- to take out, rows to put in. Answers for each a word, and after `conflict` the frame found.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local now, seconds, buckets, slots = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local INDEX = ROOT .. 'b:'
local answers = {}

-- the calendar of bans that expire: at `x` the hours in which any do, for each a list of their slots, which Redis
-- packs five bytes each. Who is taken out of its turn is looked for in the hour's list.
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

local function full()
  return call('LLEN', INDEX .. 'f') == 0 and tonumber(call('HGET', INDEX .. 'c', 'next') or 0) >= slots
end

local function one(verb, digest, occurred, reason, expect, frame, quote, out, rows)
  local name = hex(digest)
  local slot = map_get(INDEX, digest, buckets)
  local known = slot and page_get(INDEX .. 'r', slot)
  local words = slot and page_get(INDEX .. 'q', slot)
  local later = slot and struct.unpack('>d', words) > occurred
  if verb == 'enrol' then
    local lifted = marked(ROOT .. 'm:' .. name, now)
    if later or (lifted and lifted >= occurred) then return 'superseded' end
    if slot and known == frame and words == quote then return 'unchanged' end
    if slot and known ~= expect then return 'conflict', known end
    if not slot and full() then return redis.error_reply('FULL') end
    if slot then unlist_all(INDEX, out, slot) end
    local place = entry_write(INDEX, buckets, digest, slot, frame, quote, rows)
    calendar_move(place, slot and hour_of(known), hour_of(frame))
    return slot and 'changed' or 'new'
  end
  if later then return 'later' end
  if slot and verb == 'sweep' and not expired(known, now) then return 'nothing' end
  if slot and known ~= expect then return 'conflict', known end
  if slot then
    entry_remove(INDEX, buckets, digest, slot, out)
    calendar_move(slot, hour_of(known), nil)
  end
  withdraw_all(digest, reason, now, seconds)
  if verb ~= 'sweep' then mark(ROOT .. 'm:' .. name, occurred, now, seconds) end
  if verb == 'expunge' then call('DEL', ROOT .. 'j:' .. name, ROOT .. 'k:' .. name) end
  return slot and 'removed' or 'nothing'
end

for at = 6, #ARGV, 9 do
  local word, found = one(ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), unpack(ARGV, at + 3, at + 8))
  if type(word) == 'table' then return word end
  answers[#answers + 1] = word
  answers[#answers + 1] = found or ''
end
return answers
