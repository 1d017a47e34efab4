-- Makes known of which era cached fares have to be; it only goes forward, except to another ledger or when the
-- server was started anew. Answers the stamp in force: ledger:epoch:generation:run:mark.
-- KEYS[1] the stamp · ARGV ledger, epoch, generation, run, a new mark, '1' to put the new mark in any case
local epoch, generation = tonumber(ARGV[2]), tonumber(ARGV[3])
local found = redis.call('GET', KEYS[1])
if found then
    local ledger, e, g, run = string.match(found, '^(%x+):(%d+):(%d+):(%x+):')
    if ledger == ARGV[1] then
        e, g = tonumber(e), tonumber(g)
        local behind = epoch < e or (epoch == e and generation < g)
        local same = epoch == e and generation == g
        if run == ARGV[4] and (behind or (same and ARGV[6] ~= '1')) then
            return found
        end
        if behind then
            epoch, generation = e, g
        end
    end
end
local stamp = string.format('%s:%d:%d:%s:%s', ARGV[1], epoch, generation, ARGV[4], ARGV[5])
redis.call('SET', KEYS[1], stamp)
return stamp
