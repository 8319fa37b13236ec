-- In the first shard. ARGV: epoch, now, seconds of silence, members at least, id, 1 to withdraw the wave and silence its values, 0 to take
-- that back.
room()
local now, least, id, withdraws = tonumber(ARGV[2]), tonumber(ARGV[4]), ARGV[5], ARGV[6] == '1'
local status = call('HGET', wave_key(id), 's')
if status ~= (withdraws and 'open' or 'verdict') then return 0 end
local keys = call('HGET', wave_key(id), 'k') or ''
for at = 1, #keys, 8 do
  local silence = ROOT .. 'vs:' .. sub(keys, at, at + 7)
  if withdraws then call('SET', silence, '', 'EX', ARGV[3]) else call('DEL', silence) end
end
if withdraws then
  withdraw_wave(id, 'verdict', now)
elseif number_of(id, 'n') >= least then
  call('HSET', wave_key(id), 's', 'open')
  owe_wave(id, now, now)
end
return 1
