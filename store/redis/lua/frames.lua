-- ARGV: epoch, then index name and slots (3 bytes each), in turn. Answers the frames, in order.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 2, #ARGV, 2 do
  local key, slots = ROOT .. ARGV[at] .. 'r', ARGV[at + 1]
  for i = 1, #slots, 3 do answers[#answers + 1] = page_get(key, u24(slots, i)) end
end
return answers
