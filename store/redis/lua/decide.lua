-- On the alert's shard. ARGV: epoch, then two for each: alert digest, and a decision (its moment and
-- its identity in 8 bytes each, and the verdict in one). Keeps the latest; a repeat changes nothing. Returns two for
-- each: whether the given decision is new and in force, and the one in force, followed by the digest of the account
-- that joined a family by it, if any.
room()
local answers = {}

local function later(told, known)
  for at = 1, 16 do
    local one, other = byte(told, at), byte(known, at)
    if one ~= other then return one > other end
  end
  return false
end

for at = 2, #ARGV, 2 do
  local name, told = hex(ARGV[at]), ARGV[at + 1]
  local known = call('GET', ROOT .. 'n:' .. name)
  local new = not known or (sub(known, 9, 16) ~= sub(told, 9, 16) and later(told, known))
  if new then
    known = told .. (known and sub(known, 18) or '')
    call('SET', ROOT .. 'n:' .. name, known)
  end
  answers[#answers + 1] = new and 1 or 0
  answers[#answers + 1] = known
end
return answers
