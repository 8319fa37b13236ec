-- ARGV: as generations.lua says, then digests. Returns frame and quote of each, '' where there is none.
local answers = {}
for at = HEADS + 1, #ARGV do
  local seq, slot = find(ARGV[at])
  answers[#answers + 1] = seq and page_get(ROOT .. name(seq) .. 'r', slot) or ''
  answers[#answers + 1] = seq and page_get(ROOT .. name(seq) .. 'q', slot) or ''
end
return answers
