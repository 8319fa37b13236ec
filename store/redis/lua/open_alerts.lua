-- ARGV: epoch, banned digests. Answers for each how many, and then the alerts, oldest first.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 2, #ARGV do
  local name = hex(ARGV[at])
  local order = call('LRANGE', ROOT .. 'q:' .. name, 0, -1)
  answers[#answers + 1] = #order
  if #order > 0 then
    for _, alert in ipairs(call('HMGET', ROOT .. 'o:' .. name, unpack(order))) do
      answers[#answers + 1] = alert or ''
    end
  end
end
return answers
