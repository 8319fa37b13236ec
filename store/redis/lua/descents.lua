-- ARGV: epoch, account digests. Returns for each its descent by the latest decision (family.lua): the founder's digest
-- and the generation, '' if it is in no family.
local answers = {}

local function later(one, other)
  for at = 1, #one do
    local mine, yours = byte(one, at), byte(other, at)
    if mine ~= yours then return mine > yours end
  end
  return false
end

for at = 2, #ARGV do
  local noted, best, found = call('HGETALL', ROOT .. 'j:' .. hex(ARGV[at])), nil, ''
  for place = 1, #noted, 2 do
    local rank = sub(noted[place + 1], 1, 8) .. noted[place] -- at equal moments the higher alert digest wins
    if not best or later(rank, best) then best, found = rank, sub(noted[place + 1], 9) end
  end
  answers[at - 1] = found
end
return answers
