-- On the account's shard. What account_check.lua would return; writes nothing. ARGV: epoch, now, account-map buckets,
-- marker seconds, alerts at most, then three for each: account digest, when it was seen, alert digest and banned digest
-- as one string. Returns for each '' or why there must be no alert.
local now, buckets, seconds, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local answers = {}

local function full(about, pair)
  if call('ZCARD', about) < most then return false end -- counts expired alerts too, of which there are few
  local living = call('ZRANGEBYSCORE', about, '(' .. string.format('%.17g', now - seconds), '+inf')
  for _, known in ipairs(living) do
    if known == pair then return false end
  end
  return #living >= most
end

local function one(account, seen, pair)
  if in_force(account, buckets, now) then return 'account-banned' end
  local name = hex(account)
  local deleted = marked(ROOT .. 'd:' .. name, now)
  if deleted and deleted >= seen then return 'account-deleted' end
  return full(ROOT .. 'a:' .. name, pair) and 'withheld' or ''
end

for at = 6, #ARGV, 3 do answers[#answers + 1] = one(ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]) end
return answers
