-- Where one shard holds both accounts and the alert: looks up what forbids an alert, and proposes it, in one step. ARGV: as
-- proposing.lua says, then eleven for each: account digest, when it was seen, when a decision was given that does not
-- cover it, and the eight of propose.lua. Returns ruling
-- and revision for each.
room()
local answers = {}

local function one(account, seen, dismissed_at, banned, alert, rank, claim, how, ...)
  local quiet = silenced(alert, banned, false, seconds, dismissed_at)
  local why = forbidden(account, tonumber(seen), alert .. banned, false, now, buckets, seconds, most)
  if quiet then return 'suppressed', 0 end
  if why ~= '' and why ~= 'withheld' then return why, 0 end
  if why == 'withheld' and how == 'tell' then how = 'full' end
  local word, revision = proposed(banned, alert, tonumber(rank), claim, how, ...)
  if word == 'publish' then
    silenced(alert, banned, true, seconds, dismissed_at)
    forbidden(account, tonumber(seen), alert .. banned, true, now, buckets)
  end
  return word, revision
end

for at = 8, #ARGV, 11 do
  local word, revision = one(unpack(ARGV, at, at + 10))
  answers[#answers + 1] = word
  answers[#answers + 1] = revision
end
return answers
