-- ARGV: epoch, now, retention, span, budget, bytes that close a generation, account-map buckets, posting
-- buckets, account-map buckets of bans, then nine for each operation: digest, seen_at, expected frame,
-- frame, quote, rows to take out, rows to put in, bytes without quote of the old state and of the new.
-- Answers a word for each, and after `conflict` the frame and the quote found.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local answers = {}

local function one(digest, seen, expect, frame, quote, out, rows, old_bytes, new_bytes)
  local deleted = marked(ROOT .. 'd:' .. hex(digest), NOW)
  if deleted and deleted >= seen then return 'deleted' end
  local seq, slot = find(digest)
  if seq then
    local index = ROOT .. name(seq)
    local known, words = page_get(index .. 'r', slot), page_get(index .. 'q', slot)
    if known == frame and words == quote then return 'same' end
    if struct.unpack('>d', words) > seen then return 'older' end
    if known ~= expect then return 'conflict', known, words end
    grow(seq, -(tonumber(old_bytes) + #words))
    entry_remove(index, BUCKETS, digest, slot, out, SECONDS)
  end
  local current = open_one()
  entry_write(ROOT .. name(current), BUCKETS, digest, nil, frame, quote, rows, SECONDS)
  grow(current, tonumber(new_bytes) + #quote)
  evict()
  return in_force(digest, tonumber(ARGV[9]), NOW) and 'banned' or 'kept'
end

retire()
for at = 10, #ARGV, 9 do
  local word, found, words = one(ARGV[at], tonumber(ARGV[at + 1]), unpack(ARGV, at + 2, at + 8))
  answers[#answers + 1] = word
  answers[#answers + 1] = found or ''
  answers[#answers + 1] = words or ''
end
clean()
flush()
return answers
