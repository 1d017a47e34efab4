-- Takes from a quota that fills again evenly (the generic cell rate algorithm), by this server's clock, which is one
-- for all processes. Answers the key's stamp, 1 or 0 for whether it was taken, what is left, and the microseconds until
-- the quota is whole again and until as much as was asked for is there.
-- KEYS[1] whose quota: a hash of `stamp` and `whole_at`, the microsecond at which it is whole again
-- ARGV quota, window in seconds, how much to take (0: only to look), the stamp to give where there is none or '',
-- seconds that the hash is kept
local quota, window, cost = tonumber(ARGV[1]), ARGV[2] * 1000000, tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local found = redis.call('HMGET', KEYS[1], 'stamp', 'whole_at')
local stamp = found[1] or ARGV[4]
-- A server that took over may have a clock that is behind: nobody waits longer than the window for that.
local before = math.min(math.max(tonumber(found[2] or now), now), now + window)
local each = window / quota
local after = before + cost * each
local wait = after + (cost == 0 and each or 0) - window - now
local taken = wait <= 0
if not taken then
    after = before
end
local stamped = not found[1] and stamp ~= ''
if stamped then
    redis.call('HSET', KEYS[1], 'stamp', stamp)
end
if taken and cost > 0 then
    redis.call('HSET', KEYS[1], 'whole_at', string.format('%.0f', math.floor(after)))
end
if stamped or (taken and cost > 0) then
    redis.call('EXPIRE', KEYS[1], ARGV[5])
end
local left = math.floor((now + window - after) / each + 0.001)
return {stamp, taken and 1 or 0, left, math.ceil(after - now), math.ceil(math.max(wait, 0))}
