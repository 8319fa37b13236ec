-- On the alert's shard. ARGV: epoch, marker seconds, whether the pair is noted (`1`), then two for each: alert digest
-- and banned digest. Returns for each whether the pair is suppressed.
room()
local answers = {}
for at = 4, #ARGV, 2 do
  answers[#answers + 1] = silenced(ARGV[at], ARGV[at + 1], ARGV[3] == '1', ARGV[2]) and 1 or 0
end
return answers
