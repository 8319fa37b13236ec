-- ARGV: epoch, now, account-map buckets, digests. Answers 1 where a ban is in force.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 4, #ARGV do
  answers[#answers + 1] = in_force(ARGV[at], tonumber(ARGV[3]), tonumber(ARGV[2])) and 1 or 0
end
return answers
