-- ARGV: as remember.lua's first eight, marker seconds (0: no marker and whatever was seen later), then five for
-- each: digest, moment, expected frame, rows to take out, bytes without quote. Answers a word each, and after
-- `conflict` the frame found.
if emptied() then return redis.error_reply('EMPTIED') end
local seconds = tonumber(ARGV[9])
local answers = {}

local function one(digest, moment, expect, out, bytes)
  local seq, slot = find(digest)
  if seq then
    local index = ROOT .. name(seq)
    local known, words = page_get(index .. 'r', slot), page_get(index .. 'q', slot)
    if seconds > 0 and struct.unpack('>d', words) > moment then return 'later' end
    if known ~= expect then return 'conflict', known end
    grow(seq, -(tonumber(bytes) + #words))
    entry_remove(index, BUCKETS, digest, slot, out, SECONDS)
  end
  if seconds > 0 then mark(ROOT .. 'd:' .. hex(digest), moment, NOW, seconds) end
  return seq and 'removed' or 'nothing'
end

retire()
for at = 10, #ARGV, 5 do
  local word, found = one(ARGV[at], tonumber(ARGV[at + 1]), unpack(ARGV, at + 2, at + 4))
  answers[#answers + 1] = word
  answers[#answers + 1] = found or ''
  answers[#answers + 1] = '' -- as remember.lua, which answers a quote
end
flush()
return answers
