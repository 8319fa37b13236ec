-- In the first shard. ARGV: epoch, now, 1 if the accounts are banned, else 0, digests of accounts. Marks each in its
-- wave: what is kept of a member is MessagePack, and ends with true or false. A wave that this changes is owed.
room()
local now, mark = tonumber(ARGV[2]), ARGV[3] == '1' and char(195) or char(194)
for at = 4, #ARGV do
  local id, field = call('GET', member_key(ARGV[at])), 'M' .. ARGV[at]
  local kept = id and call('HGET', wave_key(id), field)
  if kept and sub(kept, -1) ~= mark then
    call('HSET', wave_key(id), field, sub(kept, 1, -2) .. mark)
    owe_wave(id, now, now)
  end
end
return 'OK'
