-- ARGV: epoch, known alerts per ban at most, seconds between two summaries of a ban, then four for each: banned digest,
-- alert digest, revision, and the alert that stays known ('' for none). It is owed no more, unless under another
-- revision. Returns for each 1 if it was owed under this one, else 0.
local most = tonumber(ARGV[2])
local answers = {}

for at = 4, #ARGV, 4 do
  local banned, alert, revision, entry = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3]
  local reason, last = owed_of(alert)
  local same = reason and last == revision
  if same then
    local _, since = struct.unpack('>I4d', call('HGET', OWED, alert))
    owe_no_more(alert)
    if reason == 'open' then call('SET', ROOT .. 'y:' .. hex(banned), '', 'EX', ARGV[3]) end
    if entry ~= '' then
      know(banned, alert, entry)
      if call('HLEN', ROOT .. 'c:' .. hex(banned)) > most then forget(banned, alert, since) end
    else
      know_no_more(banned, alert) -- it cannot be read
    end
  end
  answers[#answers + 1] = same and 1 or 0
end
return answers
