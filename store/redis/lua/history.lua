-- The name that the server of this shard gives to the history of its data: another one once it was started again
-- or another server took over. Answers '' where it does not tell (an ACL without INFO).
local told = redis.pcall('INFO', 'replication')
if type(told) == 'table' then return '' end
return string.match(told, 'master_replid:(%x+)') or ''
