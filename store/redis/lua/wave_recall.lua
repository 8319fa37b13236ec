-- In the first shard. ARGV: epoch, now, seconds that a wave is kept, how many members a verdict on it covers, the id under which it is then
-- raised anew, id, revision, beginning, moment of the last change, `open` or why it was withdrawn, what it merged into,
-- seconds until a small change is published, members at most, then two for each member: its digest and what is kept of
-- it. Returns 1 if it was taken, 0 if the store knows the wave under that revision or a later one.
room()
local now, seconds, id = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[6]
if number_of(id, 'r') >= tonumber(ARGV[7]) then return 0 end
for _, member in ipairs(members_of(id)) do
  if call('GET', member_key(member[1])) == id then call('DEL', member_key(member[1])) end
end
call('DEL', wave_key(id))
local size, status = (#ARGV - 13) / 2, ARGV[10]
local several, seen = {id}, {}
call('HSET', wave_key(id), 'c', ARGV[4], 'a', ARGV[5], 'r', ARGV[7], 'b', ARGV[8], 'at', ARGV[9], 's', status, 'm', ARGV[11], 'n', size,
  'p', size)
for at = 14, #ARGV, 2 do
  local digest = ARGV[at]
  call('HSET', wave_key(id), 'M' .. digest, ARGV[at + 1])
  local other = wave_of(digest)
  if other and other ~= id then
    if not seen[other] then several[#several + 1] = other end
    seen[other] = true
  elseif call('GET', member_key(digest)) ~= STAYS_OUT then
    call('SET', member_key(digest), id, 'EX', seconds + 172800)
  end
end
call('ZREM', OWED_WAVES, id)
keep_wave(id, now, seconds)
-- Its accounts may have founded another since the store lost it.
if status == 'open' and #several > 1 then
  oldest_first(several)
  for at = 2, #several do merge_wave(several[at], several[1], now, seconds, tonumber(ARGV[12]), tonumber(ARGV[13])) end
  owe_wave(several[1], now, now)
end
return 1
