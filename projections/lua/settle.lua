-- After a fare was read from the view: what the key holds from here on is at least as new, or nothing.
-- An older value of the same stamp gives way, and so does the lease that the reader saw before it read. Another's
-- lease, or a value of another stamp, is removed: nobody knows whether it is older. Where there is nothing,
-- nothing is put: it may have been removed because it was too old.
-- KEYS[1] the fare · ARGV stamp, version, the value as an entry, the lease seen as an entry or '', milliseconds
local found = redis.call('GET', KEYS[1])
if not found then
    return 0
end
local stamp, version = string.match(found, '^(%S+) (%S+)')
if stamp == ARGV[1] and version ~= '-' and tonumber(version) >= tonumber(ARGV[2]) then
    return 0
end
local older = stamp == ARGV[1] and version ~= '-'
if (older or found == ARGV[4]) and not redis.pcall('SET', KEYS[1], ARGV[3], 'PX', ARGV[5]).err then
    return 1
end
redis.call('DEL', KEYS[1])
return 0
