-- Enrols, expunges, retires. ARGV: epoch, now, marker seconds, account-map buckets, slots at most, then
-- nine for each operation: verb, digest, occurred_at, expected frame, frame, quote, rows to take out,
-- rows to put in, expiry ('' for none). Answers for each a word, and after `conflict` the frame found.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local now, seconds, buckets, slots = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local INDEX = ROOT .. 'b:'
local answers = {}

local function full()
  return call('LLEN', INDEX .. 'f') == 0 and tonumber(call('HGET', INDEX .. 'c', 'next') or 0) >= slots
end

local function one(verb, digest, occurred, expect, frame, quote, out, rows, expiry)
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
    entry_write(INDEX, buckets, digest, slot, frame, quote, rows)
    if expiry == '' then call('ZREM', ROOT .. 'x', digest) else call('ZADD', ROOT .. 'x', expiry, digest) end
    return slot and 'changed' or 'new'
  end
  if later then return 'later' end
  if slot and verb == 'sweep' and not expired(known, now) then return 'nothing' end
  if slot and known ~= expect then return 'conflict', known end
  if slot then entry_remove(INDEX, buckets, digest, slot, out) end
  call('ZREM', ROOT .. 'x', digest)
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
