-- Ends a ban and withdraws its alerts in one step. ARGV: epoch, now, marker seconds, why its alerts are withdrawn, the
-- account's digest, when that occurred ('' leaves no marker), the record as read ('' for none), then keys to delete.
-- Returns 1, or the record found.
local now, seconds, digest, record = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[5], ROOT .. 'b' .. sub(ARGV[5], 1, 8)
local found = call('GET', record) or ''
if found ~= ARGV[7] then return found end
room()
if found ~= '' then
  call('DEL', record)
  call('SET', ROOT .. 'r' .. sub(digest, 1, 8), found) -- its entries are still to be dropped
  call('ZREM', ROOT .. 'x', sub(digest, 1, 8))
  call('HINCRBY', ROOT .. 'bans', 'n', -1)
end
for at = 8, #ARGV do call('DEL', ROOT .. ARGV[at]) end
withdraw_all(digest, ARGV[4], now, seconds)
if ARGV[6] ~= '' then mark(ROOT .. 'm:' .. hex(digest), tonumber(ARGV[6]), now, seconds) end
return 1
