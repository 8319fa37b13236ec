-- Resting slots of removed bans, with several shards only: another process may still be adding or removing entries of
-- such a slot in another shard. The list `b:v` holds for each: since when it rests, 0 or 1, the slot (3 bytes), and
-- after a 0 the rows of all shards where it was listed. After its first rest its entries are removed once more; after
-- its second rest the slot is free.
-- ARGV: epoch, now, seconds of a rest, how many at most, then slots whose entries were removed once more. Returns the
-- entries of `b:v` for which the caller is to do that next.
room()
local RESTING, now, seconds = ROOT .. 'b:v', tonumber(ARGV[2]), tonumber(ARGV[3])
for at = 5, #ARGV do
  local entry = ARGV[at]
  if call('LREM', RESTING, -1, entry) == 1 then
    call('RPUSH', RESTING, struct.pack('>dB', now, 1) .. sub(entry, 10, 12))
  end
end
local answers = {}
for _ = 1, tonumber(ARGV[4]) do
  local entry = call('LINDEX', RESTING, 0)
  if not entry then break end
  local since = struct.unpack('>d', entry)
  local ahead = since > now + seconds -- noted by a wrong clock: it and all behind it would wait for that time
  if not ahead and since + seconds > now then break end
  call('LPOP', RESTING)
  if ahead then
    call('RPUSH', RESTING, struct.pack('>d', now) .. sub(entry, 9))
  elseif byte(entry, 9) == 1 then
    call('RPUSH', ROOT .. 'b:f', u24(entry, 10))
  else
    entry = struct.pack('>d', now) .. sub(entry, 9)
    call('RPUSH', RESTING, entry)
    answers[#answers + 1] = entry
  end
end
return answers
