-- ARGV: epoch, first slot, how many slots. Answers how many slots there are, then frame and quote of each taken slot.
if emptied() then return redis.error_reply('EMPTIED') end
local INDEX = ROOT .. 'b:'
local first, total = tonumber(ARGV[2]), tonumber(call('HGET', INDEX .. 'c', 'next') or 0)
local answers = {total}
for slot = first, math.min(first + tonumber(ARGV[3]), total) - 1 do
  local frame = page_get(INDEX .. 'r', slot)
  if frame ~= '' then
    answers[#answers + 1] = frame
    answers[#answers + 1] = page_get(INDEX .. 'q', slot)
  end
end
return answers
