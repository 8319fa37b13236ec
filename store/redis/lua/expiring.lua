-- ARGV: epoch, now, how many. Returns the quotes of bans whose hour of expiry is over, the oldest hours first.
local most, slots = tonumber(ARGV[3]), {}
local hours = call('ZRANGEBYSCORE', ROOT .. 'x', '-inf', math.floor(tonumber(ARGV[2]) / 3600) - 1, 'LIMIT', 0, most)
for _, hour in ipairs(hours) do
  for _, slot in ipairs(call('LRANGE', ROOT .. 'x' .. hour, 0, most - #slots - 1)) do slots[#slots + 1] = slot end
  if #slots == most then break end
end
local answers = {}
for at, slot in ipairs(slots) do answers[at] = page_get(ROOT .. 'b:q', tonumber(slot)) end
return answers
