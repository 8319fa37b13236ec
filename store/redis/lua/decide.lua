-- On the alert's shard. ARGV: epoch, marker seconds, then two for each: alert digest, and a decision, of which 16 bytes
-- say when it was given and which it is, and one what was decided. Keeps the latest. Of a repeat nothing changes. Answers
-- for each whether it is new and holds, and the one that holds; behind it stands the account that joined a family by it.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local answers = {}

local function later(told, known)
  for at = 1, 16 do
    local one, other = byte(told, at), byte(known, at)
    if one ~= other then return one > other end
  end
  return false
end

for at = 3, #ARGV, 2 do
  local name, told = hex(ARGV[at]), ARGV[at + 1]
  local known = call('GET', ROOT .. 'n:' .. name)
  local new = not known or (sub(known, 9, 16) ~= sub(told, 9, 16) and later(told, known))
  if new then
    known = told .. (known and sub(known, 18) or '')
    call('SET', ROOT .. 'n:' .. name, known)
    call('EXPIRE', ROOT .. 'l:' .. name, ARGV[2]) -- or it could not be taken back for as long as the alert is known
  end
  answers[#answers + 1] = new and 1 or 0
  answers[#answers + 1] = known
end
return answers
