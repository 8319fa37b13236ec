-- On the account's shard. ARGV: as generations.lua says, account-map buckets of bans, then nine for each operation:
-- digest, seen_at, expected frame, new frame and quote, rows of this shard to remove and to add, bytes without quote of
-- the old state and of the new. Returns three for each: a word, then after `conflict` the frame and quote found, else
-- the account's place now and before, '' for none. Then by how much each generation has grown, and how many slots the
-- last one has used.
room()
local answers = {}

local function one(digest, seen, expect, frame, quote, out, rows, old_bytes, new_bytes)
  local deleted = marked(ROOT .. 'd:' .. hex(digest), NOW)
  if deleted and deleted >= seen then return 'deleted' end
  local seq, slot = find(digest)
  if seq then
    local index = ROOT .. name(seq)
    local known, words = page_get(index .. 'r', slot), page_get(index .. 'q', slot)
    if known == frame and words == quote then
      list_all(index, rows, place_of(slot), SECONDS, true) -- also where it was turned away, if there is room by now
      return 'same', name(seq) .. slot
    end
    if struct.unpack('>d', words) > seen then return 'older' end
    if known ~= expect then return 'conflict', known, words end
    grow(seq, -(tonumber(old_bytes) + #words), -1)
    entry_remove(index, BUCKETS, digest, slot, out)
  end
  local place = entry_write(ROOT .. name(LAST), BUCKETS, digest, frame, quote, rows, SECONDS)
  grow(LAST, tonumber(new_bytes) + #quote, 1)
  local word = in_force(digest, tonumber(ARGV[HEADS + 1]), NOW) and 'banned' or 'kept'
  return word, name(LAST) .. place, seq and name(seq) .. slot
end

for at = HEADS + 2, #ARGV, 9 do
  local word, found, words = one(ARGV[at], tonumber(ARGV[at + 1]), unpack(ARGV, at + 2, at + 8))
  answers[#answers + 1] = word
  answers[#answers + 1] = found or ''
  answers[#answers + 1] = words or ''
end
note_generations()
answers[#answers + 1] = growth()
answers[#answers + 1] = tonumber(call('HGET', ROOT .. name(LAST) .. 'c', 'next') or 0)
return answers
