-- What is done once a day, week, month or quarter: a row for each job, with the period that it is at or did last.
create table jobs (
    name        text primary key,
    -- 2026-Q3, 2026-07: what is counted. It ended at `due_at`.
    period      text not null,
    from_at     integer not null,
    due_at      integer not null,
    -- Where the period before ended that this job did.
    before_at   integer,
    state       text not null,
    -- Where it goes on after a restart: the job's own affair.
    progress    text not null check (json_valid(progress)),
    done        integer not null,
    total       integer not null,
    started_at  integer not null,
    updated_at  integer not null,
    finished_at integer,
    error       text
) strict, without rowid;

-- What was counted for a period, kept for comparing.
create table reports (
    name    text not null,
    period  text not null,
    made_at integer not null,
    body    text not null check (json_valid(body)),
    primary key (name, period)
) strict, without rowid;

-- What was paid for advertising: by source and day, in ten-thousandths of the currency's main unit.
create table ad_spend (
    source   text not null,
    day      text not null,
    currency text not null,
    amount   integer not null,
    primary key (source, day, currency)
) strict, without rowid;
