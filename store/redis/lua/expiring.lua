-- ARGV: epoch, now, how many. Returns the quotes of expired bans, the oldest hours of the calendar first; of the hour
-- that has begun it looks at as many as fit.
local now, most, slots = tonumber(ARGV[2]), tonumber(ARGV[3]), {}
local hours = call('ZRANGEBYSCORE', ROOT .. 'x', '-inf', math.floor(now / 3600), 'LIMIT', 0, most)
for _, hour in ipairs(hours) do
  for _, slot in ipairs(call('LRANGE', ROOT .. 'x' .. hour, 0, most - #slots - 1)) do slots[#slots + 1] = tonumber(slot) end
  if #slots == most then break end
end
local answers = {}
for _, slot in ipairs(slots) do
  if expired(page_get(ROOT .. 'b:r', slot), now) then answers[#answers + 1] = page_get(ROOT .. 'b:q', slot) end
end
return answers
