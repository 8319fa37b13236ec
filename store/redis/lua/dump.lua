-- ARGV: epoch, names. Answers for each the milliseconds that it still lives (-1 for no end) and its value as DUMP has
-- it, '' where there is none any more.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 2, #ARGV do
  local key = ROOT .. ARGV[at]
  answers[#answers + 1] = call('PTTL', key)
  answers[#answers + 1] = call('DUMP', key) or ''
end
return answers
