-- Whom each campaign tells, so that each counts once whoever tells them, and whom it does not reach: the gate's reason, by its name
-- and in words.
create table campaign_recipients (
    campaign   text not null,
    contact_id integer not null,
    refused    text,
    said       text,
    -- 1: the campaign was cancelled, and their journal does not say so yet.
    to_drop    integer not null default 0,
    primary key (campaign, contact_id)
) strict, without rowid;
create index campaign_recipients_contact on campaign_recipients (contact_id);
create index campaign_recipients_to_drop on campaign_recipients (campaign, contact_id) where to_drop = 1;

insert into campaign_recipients (campaign, contact_id) select k.name, j.contact_id from journal j
    join campaigns k on k.name = json_extract(j.body, '$.campaign')
    where j.kind = 'campaign' and json_extract(j.body, '$.action') = 'recipient' and j.contact_id is not null
    on conflict do nothing;
update campaigns set recipients = (select count(*) from campaign_recipients r where r.campaign = campaigns.name);
update campaign_recipients set refused = 'unknown', said = 'the reason was not kept'
    where campaign in (select name from campaigns where state in ('finished', 'cancelled')) and not exists
    (select 1 from outbox o where o.campaign = campaign_recipients.campaign and o.contact_id = campaign_recipients.contact_id);
