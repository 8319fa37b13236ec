-- ARGV: epoch, then three for each key: its name, and time to live and value as dump.lua returns them.
room()
for at = 2, #ARGV, 3 do
  call('RESTORE', ROOT .. ARGV[at], math.max(0, tonumber(ARGV[at + 1])), ARGV[at + 2], 'REPLACE')
end
return 'OK'
