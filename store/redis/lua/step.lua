-- Runs commands, those of a step only if keys are still what its caller read (rules/keyspace.py). ARGV: epoch; `reads` or
-- `writes`; then for each step: how many keys were read, two for each: its name, and how its value began, '' if there was
-- none; how many commands there are, and for each: how many parts it has, its verb, its key and its arguments. Returns for
-- each step the replies, nil if a key has changed.
if ARGV[2] == 'writes' then room() end
local at = 3

local function count()
  at = at + 1
  return tonumber(ARGV[at - 1])
end

local function step()
  local same = true
  for _ = 1, count() do
    local known = ARGV[at + 1]
    same = same and call('GETRANGE', ROOT .. ARGV[at], 0, math.max(#known, 8) - 1) == known
    at = at + 2
  end
  local answers = same and {}
  for _ = 1, count() do
    local parts = count()
    if same then answers[#answers + 1] = call(ARGV[at], ROOT .. ARGV[at + 1], unpack(ARGV, at + 2, at + parts - 1)) end
    at = at + parts
  end
  return answers
end

local several = {}
while at <= #ARGV do several[#several + 1] = step() end
return several
