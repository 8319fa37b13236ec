-- ARGV: epoch, then index name, slot and tag, in turn. Answers the quotes; empty where the slot is another's now.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 2, #ARGV, 3 do
  local slot = tonumber(ARGV[at + 1])
  local frame = page_get(ROOT .. ARGV[at] .. 'r', slot)
  local same = sub(frame, 2, 5) == ARGV[at + 2]
  answers[#answers + 1] = same and page_get(ROOT .. ARGV[at] .. 'q', slot) or ''
end
return answers
