-- What a template asks for beside numbered gaps in its body, as JSON. Until Meta's list is read again nothing is known of it but
-- that there is something.
alter table templates add column asks text not null default '{}';
update templates set asks = '{"cannot":"gaps outside its body, gaps with names, or a picture"}' where others <> 0;
alter table templates drop column others;
