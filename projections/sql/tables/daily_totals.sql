-- What a UTC day's events changed in the fares of one partition: numeric minor units, which no sum outgrows. Bookings of
-- one currency may count in different minor units, so the exponent is part of the key.

CREATE TABLE :"schema".daily_totals (
    partition smallint NOT NULL,
    day       date     NOT NULL,
    currency  text     NOT NULL,
    exponent  smallint NOT NULL,
    component text     NOT NULL,
    source    text     NOT NULL,
    change    numeric  NOT NULL,
    events    bigint   NOT NULL,
    PRIMARY KEY (partition, day, currency, exponent, component, source)
);
