-- Slots of bans that were taken out, of several shards: entries of them may still be written in another one by whoever
-- enrolled them last, or be taken out by whoever removed them. At `b:v`, in turn: since when it rests, 0 or 1, the slot
-- (3 bytes), and after a 0 the rows of all shards where it was listed. Having rested once it is taken out of these once
-- more; having rested twice it is free.
-- ARGV: epoch, now, seconds of a rest, how many at most, then what was taken out once more. Answers what is to be.
if emptied() then return redis.error_reply('EMPTIED') end
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
  local ahead = since > now + seconds -- by a clock for which it and all behind it would wait
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
