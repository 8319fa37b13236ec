-- On the banned account's shard. ARGV: as proposing.lua says, then eight for each: banned digest, alert digest, band
-- rank, claim, how, alert, summary digest and summary ('' for none). Returns ruling and revision for each.
room()
local answers = {}
for at = 8, #ARGV, 8 do
  local word, revision = proposed(ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), unpack(ARGV, at + 3, at + 7))
  answers[#answers + 1] = word
  answers[#answers + 1] = revision
end
return answers
