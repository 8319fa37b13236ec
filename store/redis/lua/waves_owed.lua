-- In the first shard. ARGV: epoch, now, holder, seconds for which it keeps others away, how many, seconds that a
-- small change waits. Forgets waves whose time is over. Returns two for each wave that is owed: its id, and its fields and their values, none where it is
-- forgotten. Returns nothing while there is another holder.
if call('EXISTS', KEPT_WAVES, OWED_WAVES) == 0 then return {} end
local now, holder = ARGV[2], ROOT .. 'vr'
if call('GET', holder) ~= ARGV[3] then
  if not call('SET', holder, ARGV[3], 'EX', ARGV[4], 'NX') then return {} end
else
  call('EXPIRE', holder, ARGV[4])
end
for _, id in ipairs(call('ZRANGEBYSCORE', KEPT_WAVES, '-inf', now, 'LIMIT', 0, ARGV[5])) do
  for _, member in ipairs(members_of(id)) do
    if call('GET', member_key(member[1])) == id then call('DEL', member_key(member[1])) end
  end
  call('DEL', wave_key(id))
  call('ZREM', KEPT_WAVES, id)
  call('ZADD', OWED_WAVES, now, id)
end
local answers = {}
local function answer(from, to)
  for _, id in ipairs(call('ZRANGEBYSCORE', OWED_WAVES, from, to, 'LIMIT', 0, tonumber(ARGV[5]) - #answers / 2)) do
    answers[#answers + 1] = id
    answers[#answers + 1] = call('HGETALL', wave_key(id))
  end
end
answer('-inf', now)
-- What is due later than any change waits was written by a clock that is ahead.
answer(string.format('(%.17g', tonumber(now) + tonumber(ARGV[6])), '+inf')
return answers
