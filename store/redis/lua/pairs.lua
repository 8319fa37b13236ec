-- ARGV: epoch, banned digest and alert digest in turn. Answers for each whether it is open, and the alert, empty where
-- none is known.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 2, #ARGV, 2 do
  local banned = hex(ARGV[at])
  local open = call('HGET', ROOT .. 'o:' .. banned, ARGV[at + 1])
  answers[#answers + 1] = open and 1 or 0
  answers[#answers + 1] = open or call('HGET', ROOT .. 'c:' .. banned, ARGV[at + 1]) or ''
end
return answers
