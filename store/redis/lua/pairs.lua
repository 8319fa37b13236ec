-- ARGV: epoch, then two for each: banned digest and alert digest. Returns two for each: its state (`open`; the reason
-- of a withdrawal that is yet to be published; else `known`), and the alert, '' if none is known.
local answers = {}

local function one(banned, alert)
  local open = call('HGET', ROOT .. 'o:' .. banned, alert)
  if open then return 'open', open end
  local reason, revision, blob = owed_of(alert)
  if reason and KNOWN[reason] then return reason, struct.pack('>I4', revision) .. blob end
  return 'known', call('HGET', ROOT .. 'c:' .. banned, alert) or ''
end

for at = 2, #ARGV, 2 do
  answers[#answers + 1], answers[#answers + 2] = one(hex(ARGV[at]), ARGV[at + 1])
end
return answers
