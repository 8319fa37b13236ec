-- On the alert's shard. ARGV: epoch, marker seconds, whether the pair is noted (`1`), then three for each: alert digest,
-- banned digest, and when a decision was given that does not cover it. Returns for each whether the pair is suppressed.
room()
local answers = {}
for at = 4, #ARGV, 3 do
  answers[#answers + 1] = silenced(ARGV[at], ARGV[at + 1], ARGV[3] == '1', ARGV[2], ARGV[at + 2]) and 1 or 0
end
return answers
