-- ARGV: epoch, marker seconds, then three for each: `l` or `a`, a digest, and for `a` alert digest and banned digest as
-- one string. Lets go of where an alert lies (on the alert's shard) or that it is about an account (on the account's).
for at = 3, #ARGV, 3 do
  local key = ROOT .. ARGV[at] .. ':' .. hex(ARGV[at + 1])
  if ARGV[at] == 'l' then
    call('DEL', key)
  else
    call('ZREM', key, ARGV[at + 2])
    about_kept(key, ARGV[2])
  end
end
return 'OK'
