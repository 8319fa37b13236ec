-- ARGV: epoch, account-map buckets, digests. Returns frame and quote of each, empty where there is none.
local answers = {}
for at = 3, #ARGV do
  local slot = map_get(ROOT .. 'b:', ARGV[at], tonumber(ARGV[2]))
  answers[#answers + 1] = slot and page_get(ROOT .. 'b:r', slot) or ''
  answers[#answers + 1] = slot and page_get(ROOT .. 'b:q', slot) or ''
end
return answers
