-- On the banned account's shard. What propose.lua would find there; writes nothing. ARGV: epoch, now, account-map
-- buckets, then four for each: banned digest, alert digest, band rank, summary digest ('' for none). Returns three for
-- each: whether it is open (-1 if there is no ban), how many alerts on the ban are open, its summary excepted, and the
-- revision under which this alert is or would be published.
local now, buckets = tonumber(ARGV[2]), tonumber(ARGV[3])
local answers = {}

local function one(banned, alert, rank, summary)
  if not in_force(banned, buckets, now) then return -1, 0, 0 end
  local open = ROOT .. 'o:' .. hex(banned)
  local is_open, told = call('HEXISTS', open, alert), call('HLEN', open)
  if summary ~= '' then told = told - call('HEXISTS', open, summary) end
  local revision, noted = pair_get(ROOT .. 's:' .. hex(alert))
  local stands = revision and is_open == 1 and rank <= noted
  return is_open, told, stands and revision or next_revision(revision or 0, now)
end

for at = 4, #ARGV, 4 do
  for _, part in ipairs({one(ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3])}) do
    answers[#answers + 1] = part
  end
end
return answers
