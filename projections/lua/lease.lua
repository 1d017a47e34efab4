-- Takes the lease of a fare: who holds it may read the view and put in what was read. Answers the key's entry as
-- it is now: the caller's own lease, somebody else's, or a value of the same stamp, which both stay; nil where
-- Redis had no room for it.
-- KEYS[1] the fare · ARGV stamp, the lease as an entry, milliseconds that it lasts
local found = redis.call('GET', KEYS[1])
if found and string.match(found, '^%S+') == ARGV[1] then
    return found
end
if redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]).err then
    redis.call('DEL', KEYS[1])
    return false
end
return ARGV[2]
