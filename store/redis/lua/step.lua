-- Runs commands, those of a step only if its keys still hold what its caller read. ARGV: epoch; `reads` or `writes`; then for
-- each step: the root of its tag; how many keys were read, two for each: its name, and its value ('' for none; eight bytes:
-- how it begins); how many commands there are, and for each: how many parts it has, its verb, its key and its arguments.
-- Names stand without the root. Steps of several tags come in one call where one server holds all. Returns for each step the
-- replies of one that reads; 1 if it wrote; else the values found.
local READS = ARGV[2] == 'reads'
if not READS then room() end
local at, whole = 3, {}

local function count()
  at = at + 1
  return tonumber(ARGV[at - 1])
end

local function step(root)
  local same, found, replies = true, {}, {}
  for i = 1, count() do
    local name, known = root .. ARGV[at], ARGV[at + 1]
    found[i] = (#known == 8 and call('GETRANGE', name, 0, 7) or call('GET', name)) or ''
    same = same and found[i] == known
    at = at + 2
  end
  for i = 1, count() do
    local parts = count()
    if same then replies[i] = call(ARGV[at], root .. ARGV[at + 1], unpack(ARGV, at + 2, at + parts - 1)) end
    at = at + parts
  end
  return READS and replies or same and 1 or found
end

local answers = {}
while at <= #ARGV do
  local root = ARGV[at]
  if not whole[root] and emptied(root) then return EMPTIED end
  whole[root], at = true, at + 1
  answers[#answers + 1] = step(root)
end
return answers
