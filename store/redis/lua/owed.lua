-- ARGV: epoch, holder, seconds that it keeps others away, how many. Answers what is owed, the oldest first; nothing
-- while another one holds.
if emptied() then return redis.error_reply('EMPTIED') end
local holder = ROOT .. 'relay'
if call('EXISTS', DUE) == 0 then return {} end
if call('GET', holder) ~= ARGV[2] then
  if not call('SET', holder, ARGV[2], 'EX', ARGV[3], 'NX') then return {} end
else
  call('EXPIRE', holder, ARGV[3])
end
local answers = {}
for _, alert in ipairs(call('ZRANGE', DUE, 0, ARGV[4] - 1)) do
  answers[#answers + 1] = call('HGET', OWED, alert) or ''
end
return answers
