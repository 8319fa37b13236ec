-- Returns the replication ID of this shard's server, which changes when it is restarted or another server takes over;
-- '' if the server does not say (an ACL without INFO).
local told = redis.pcall('INFO', 'replication')
if type(told) == 'table' then return '' end
return string.match(told, 'master_replid:(%x+)') or ''
