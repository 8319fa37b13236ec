-- After bans in bulk: writes buckets of postings whole, so that Redis keeps them at their exact size, since APPEND
-- reserves as much again. ARGV: epoch, the first bucket's number, how far the next is, how many.
room()
for at = 0, tonumber(ARGV[4]) - 1 do
  local bucket = ROOT .. 'p' .. struct.pack('>I4', tonumber(ARGV[2]) + at * tonumber(ARGV[3]))
  local held = call('GET', bucket)
  if held then call('SET', bucket, held) end
end
return 'OK'
