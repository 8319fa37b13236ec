-- ARGV: epoch, now, account-map buckets, account digests. Returns three for each: `banned`, or `expired` if its ban is yet
-- to be removed, else ''; when it was deleted ('' for unknown); and 1 if a reinstatement is known.
local now, answers = tonumber(ARGV[2]), {}
for at = 4, #ARGV do
  local name, slot = hex(ARGV[at]), map_get(ROOT .. 'b:', ARGV[at], tonumber(ARGV[3]))
  local over, deleted = slot and expired(page_get(ROOT .. 'b:r', slot), now), marked(ROOT .. 'd:' .. name, now)
  answers[#answers + 1] = over and 'expired' or slot and 'banned' or ''
  answers[#answers + 1] = deleted and string.format('%.17g', deleted) or ''
  answers[#answers + 1] = marked(ROOT .. 'm:' .. name, now) and 1 or 0
end
return answers
