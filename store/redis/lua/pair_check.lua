-- On the alert's shard. ARGV: epoch, marker seconds, whether the pair is noted (`1`), then two for each: alert digest
-- and banned digest. Returns for each whether the pair is suppressed. Notes the pair's ban: for as long as it is known,
-- or, before it is noted and unless it is suppressed, for a while.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local answers = {}
for at = 4, #ARGV, 2 do
  local name = hex(ARGV[at])
  local decided = call('GET', ROOT .. 'n:' .. name)
  local quiet = decided and sub(decided, 17, 17) == 'n' and 1 or 0
  local place = ROOT .. 'l:' .. name
  if ARGV[3] == '1' then
    call('SET', place, ARGV[at + 1])
  elseif quiet == 0 and call('GET', place) ~= ARGV[at + 1] then
    call('SET', place, ARGV[at + 1], 'EX', ARGV[2])
  end
  answers[#answers + 1] = quiet
end
return answers
