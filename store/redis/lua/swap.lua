-- Runs commands on the keys of accounts, each account's only if keys still hold what the caller read. KEYS: a root and
-- its epoch (client.py). ARGV: epoch, then for each account: the root of its tag, how many keys were read, two for each
-- (name, value or ''), how many commands, and for each how many parts it has, verb, key and arguments. Names stand
-- without the root. Accounts of several tags come in one call where one server holds all. Returns for each 1, or the
-- values found ('' for none).
local answers, at, whole = {}, 2, {}
room(ARGV[2])
while at <= #ARGV do
  local root, found, same = ARGV[at], {}, true
  if not whole[root] and emptied(root) then return EMPTIED end
  whole[root] = true
  for i = 1, tonumber(ARGV[at + 1]) do
    found[i] = call('GET', root .. ARGV[at + 2 * i]) or ''
    same = same and found[i] == ARGV[at + 2 * i + 1]
  end
  at = at + 2 * #found + 2
  local commands = tonumber(ARGV[at])
  at = at + 1
  for _ = 1, commands do
    local parts = tonumber(ARGV[at])
    if same then call(ARGV[at + 1], root .. ARGV[at + 2], unpack(ARGV, at + 3, at + parts)) end
    at = at + parts + 1
  end
  answers[#answers + 1] = same and 1 or found
end
return answers
