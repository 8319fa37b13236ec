-- ARGV: epoch, banned digest and alert digest in turn. Answers the open alerts, empty where there is none.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 2, #ARGV, 2 do
  answers[#answers + 1] = call('HGET', ROOT .. 'o:' .. hex(ARGV[at]), ARGV[at + 1]) or ''
end
return answers
