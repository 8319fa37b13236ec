-- ARGV: epoch, account digests. Returns for each how many alerts are about it, then for each alert one string: its
-- digest and that of its banned account.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 2, #ARGV do
  local found = call('ZRANGE', ROOT .. 'a:' .. hex(ARGV[at]), 0, -1)
  answers[#answers + 1] = #found
  for _, pair in ipairs(found) do answers[#answers + 1] = pair end
end
return answers
