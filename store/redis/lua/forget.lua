-- On the account's shard. ARGV: as generations.lua says, marker seconds (0: leave no marker, and forget even what was
-- seen later), then five for each: digest, moment, expected frame, rows of this shard to remove, bytes without quote.
-- Returns three for each: a word, then after `conflict` the frame and quote found, else '' and the account's former
-- place. Then by how much each generation has grown.
local seconds = tonumber(ARGV[HEADS + 1])
local NO_LINES = '\144' -- of a dismissed alert, as show.lua has it: the packed empty list
local answers = {}

local function one(digest, moment, expect, out, bytes)
  local seq, slot = find(digest)
  if seconds > 0 then mark(ROOT .. 'd:' .. hex(digest), moment, NOW, seconds) end
  if seq then
    local index = ROOT .. name(seq)
    local known, words = page_get(index .. 'r', slot), page_get(index .. 'q', slot)
    if seconds > 0 and struct.unpack('>d', words) > moment then return 'later' end
    if known ~= expect then return 'conflict', known, words end
    grow(seq, -(tonumber(bytes) + #words), -1)
    entry_remove(index, BUCKETS, digest, slot, out)
  end
  local shown = ROOT .. 'q:' .. hex(digest)
  local fields = seconds > 0 and call('HGETALL', shown) or {}
  for at = 1, #fields, 2 do call('HSET', shown, fields[at], NO_LINES) end
  return seq and 'removed' or 'nothing', nil, seq and name(seq) .. slot
end

for at = HEADS + 2, #ARGV, 5 do
  local word, found, words = one(ARGV[at], tonumber(ARGV[at + 1]), unpack(ARGV, at + 2, at + 4))
  answers[#answers + 1] = word
  answers[#answers + 1] = found or ''
  answers[#answers + 1] = words or ''
end
answers[#answers + 1] = growth()
answers[#answers + 1] = 0 -- where remember.lua returns the number of slots
return answers
