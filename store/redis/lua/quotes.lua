-- ARGV: epoch, then three for each: index name, slot, tag. Returns two for each: its quote ('' where another account has the
-- slot), and of a ban what show.lua has noted of its dismissed alerts.
local answers = {}
for at = 2, #ARGV, 3 do
  local slot = tonumber(ARGV[at + 1])
  local frame = page_get(ROOT .. ARGV[at] .. 'r', slot)
  local same = sub(frame, 2, 5) == ARGV[at + 2]
  answers[#answers + 1] = same and page_get(ROOT .. ARGV[at] .. 'q', slot) or ''
  answers[#answers + 1] = same and ARGV[at] == 'b:' and call('HGETALL', ROOT .. 'i:' .. hex(ARGV[at + 2])) or {}
end
return answers
