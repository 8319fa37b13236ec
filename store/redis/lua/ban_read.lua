-- ARGV: epoch, account-map buckets, digests. Returns three for each: frame and quote, empty where there is none, and what
-- show.lua has noted of its dismissed alerts.
local answers = {}
for at = 3, #ARGV do
  local slot = map_get(ROOT .. 'b:', ARGV[at], tonumber(ARGV[2]))
  answers[#answers + 1] = slot and page_get(ROOT .. 'b:r', slot) or ''
  answers[#answers + 1] = slot and page_get(ROOT .. 'b:q', slot) or ''
  answers[#answers + 1] = slot and call('HGETALL', ROOT .. 'i:' .. hex(sub(ARGV[at], 1, 4))) or {}
end
return answers
