-- In the first shard. ARGV: epoch, now, seconds that a wave is kept, seconds until a small change is published, members at most, members at
-- least, id, how many members a verdict covers that withdraws the wave ('' to take that back), the id under which it is raised anew.
room()
local now, least, id, covers = tonumber(ARGV[2]), tonumber(ARGV[6]), ARGV[7], ARGV[8]
local status = call('HGET', wave_key(id), 's')
if status ~= (covers == '' and 'verdict' or 'open') then return 0 end
if covers ~= '' then
  call('HSET', wave_key(id), 'c', covers, 'a', ARGV[9])
  withdraw_wave(id, 'verdict', now)
  raise_anew(id, now, tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]))
elseif number_of(id, 'n') >= least then
  call('HSET', wave_key(id), 's', 'open')
  owe_wave(id, now, now)
end
return 1
