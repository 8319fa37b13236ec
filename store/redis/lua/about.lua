-- ARGV: epoch, 'about' or 'on', account digests. Returns for each how many alerts are about it, or on its ban, then for
-- each alert one string: its digest and that of its banned account.
local answers = {}

local function found_of(account)
  if ARGV[2] == 'about' then return call('ZRANGE', ROOT .. 'a:' .. hex(account), 0, -1) end
  local found = {}
  for _, kind in ipairs({'o:', 'c:'}) do
    local entries = call('HGETALL', ROOT .. kind .. hex(account))
    for place = 1, #entries, 2 do found[#found + 1] = entries[place] .. account end
  end
  return found
end

for at = 3, #ARGV do
  local found = found_of(ARGV[at])
  answers[#answers + 1] = #found
  for _, pair in ipairs(found) do answers[#answers + 1] = pair end
end
return answers
