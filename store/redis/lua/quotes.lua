-- ARGV: epoch, then three for each: index name, slot, tag. Returns the quotes; '' where another account has the slot.
local answers = {}
for at = 2, #ARGV, 3 do
  local slot = tonumber(ARGV[at + 1])
  local frame = page_get(ROOT .. ARGV[at] .. 'r', slot)
  local same = sub(frame, 2, 5) == ARGV[at + 2]
  answers[#answers + 1] = same and page_get(ROOT .. ARGV[at] .. 'q', slot) or ''
end
return answers
