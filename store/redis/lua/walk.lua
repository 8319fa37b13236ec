-- ARGV: epoch, index, first slot, how many slots. Returns how many slots there are, then slot, frame and quote of each
-- that is in use.
local index = ROOT .. ARGV[2]
local first, total = tonumber(ARGV[3]), tonumber(call('HGET', index .. 'c', 'next') or 0)
local answers = {total}
for slot = first, math.min(first + tonumber(ARGV[4]), total) - 1 do
  local frame = page_get(index .. 'r', slot)
  if frame ~= '' then
    answers[#answers + 1] = slot
    answers[#answers + 1] = frame
    answers[#answers + 1] = page_get(index .. 'q', slot)
  end
end
return answers
