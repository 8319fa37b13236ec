-- Runs commands, if keys are still what the caller read (rules/keyspace.py). ARGV: epoch; how many keys were read, '' if
-- nothing is to be written; two for each: its name, and the first bytes of its value, '' if there was none; then for
-- each command: how many parts it has, its verb, its key and its arguments. Returns the replies, nil if a key has changed.
local at = 3
if ARGV[2] ~= '' then
  for _ = 1, tonumber(ARGV[2]) do
    local known = ARGV[at + 1]
    if call('GETRANGE', ROOT .. ARGV[at], 0, math.max(#known, 8) - 1) ~= known then return false end
    at = at + 2
  end
  room()
end
local answers = {}
while at <= #ARGV do
  local last = at + tonumber(ARGV[at])
  answers[#answers + 1] = call(ARGV[at + 1], ROOT .. ARGV[at + 2], unpack(ARGV, at + 3, last))
  at = last + 1
end
return answers
