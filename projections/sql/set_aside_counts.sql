-- How many bookings each projection has set aside.
SELECT aside.projection, count(*) FROM projection.set_aside AS aside GROUP BY aside.projection
