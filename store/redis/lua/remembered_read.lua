-- ARGV: as remember.lua's first eight, then digests. Answers frame and quote of each, empty where there is none.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}

local function one(digest)
  local seq, slot = find(digest)
  if not seq or number('s' .. seq) + SPAN + RETENTION <= NOW then return '', '' end
  return page_get(ROOT .. name(seq) .. 'r', slot), page_get(ROOT .. name(seq) .. 'q', slot)
end

for at = 9, #ARGV do
  local frame, quote = one(ARGV[at])
  answers[#answers + 1] = frame
  answers[#answers + 1] = quote
end
return answers
