-- On the account's shard. ARGV: epoch, now, account-map buckets, marker seconds, alerts at most, whether the pairs are
-- noted (`1`), then three for each: account digest, when it was seen, alert digest and banned digest as one string.
-- Returns for each '' or why there must be no alert.
room()
local now, buckets, seconds, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local noted = ARGV[6] == '1'
local answers = {}
for at = 7, #ARGV, 3 do
  local seen = tonumber(ARGV[at + 1])
  answers[#answers + 1] = forbidden(ARGV[at], seen, ARGV[at + 2], noted, now, buckets, seconds, most)
end
return answers
