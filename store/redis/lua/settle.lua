-- ARGV: epoch, then alert digest and revision in turn: owed no more, unless it is owed under another one. Answers 1
-- for each that was.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 2, #ARGV, 2 do
  local owed = call('HGET', OWED, ARGV[at])
  local same = owed and struct.unpack('>I4', owed) == tonumber(ARGV[at + 1])
  if same then owe_no_more(ARGV[at]) end
  answers[#answers + 1] = same and 1 or 0
end
return answers
