-- ARGV: epoch, account digests. Answers for each how many alerts are about it, and then alert digest and banned digest
-- of each as one.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 2, #ARGV do
  local found = call('ZRANGE', ROOT .. 'a:' .. hex(ARGV[at]), 0, -1)
  answers[#answers + 1] = #found
  for _, pair in ipairs(found) do answers[#answers + 1] = pair end
end
return answers
