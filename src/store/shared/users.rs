//! People who may sign in, their sessions, and links that sign in once. Only hashes of tokens are stored.

use sqlx::{Connection as _, Row};

use super::{BEGIN, Connection, SqlRow, appending};
use crate::domain::{AgentAction, AgentEvent, ContactId, EventBody, Timestamp};
use crate::store::{NewEvent, Role, Session, User};

/// Creates somebody, or takes back who was removed. False if the sign-in name is taken.
pub(in crate::store) async fn add(
    connection: &mut Connection,
    login: &str,
    name: &str,
    role: Role,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let insert = "insert into users (login, name, role, created_at) values ($1, $2, $3, $4) \
                  on conflict (login) do update set name = excluded.name, role = excluded.role, active = (1 = 1) \
                  where not users.active";
    let done = sqlx::query(insert).bind(login).bind(name).bind(role.name()).bind(now.0).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Removes somebody, but never the last admin: no password, link or session of theirs lets them in again, and whom they were in
/// charge of waits for somebody else. How many these are; `None` where nobody was removed.
pub(in crate::store) async fn remove(
    connection: &mut Connection,
    login: &str,
    now: Timestamp,
) -> Result<Option<usize>, sqlx::Error> {
    let update = "update users set active = (1 = 0), password_hash = null where login = $1 and active \
                  and (role <> 'admin' or exists (select 1 from users other where other.role = 'admin' and other.active \
                  and other.login <> $1)) returning id";
    // Together: a session that outlived its owner would let in who is taken back under the same name, and a customer whose person
    // is gone would be answered by nobody.
    let mut transaction = connection.begin_with(BEGIN).await?;
    // Two admins who remove each other at the same moment come one after the other.
    let lock = concat!("select id from users where role = 'admin' and active order by id", lock_rows!());
    sqlx::query(lock).execute(&mut *transaction).await?;
    let removed: Option<i64> = sqlx::query_scalar(update).bind(login).fetch_optional(&mut *transaction).await?;
    let Some(user) = removed else { return Ok(None) };
    sqlx::query("delete from sign_in_links where user_id = $1").bind(user).execute(&mut *transaction).await?;
    sqlx::query("delete from sessions where user_id = $1").bind(user).execute(&mut *transaction).await?;
    let left = left_behind(&mut transaction, login, now).await?;
    appending::append(&mut transaction, &left.iter().collect::<Vec<_>>()).await?;
    transaction.commit().await?;
    Ok(Some(left.len()))
}

/// That somebody leaves whom they were in charge of.
async fn left_behind(connection: &mut Connection, login: &str, now: Timestamp) -> Result<Vec<NewEvent>, sqlx::Error> {
    let select = "select id from contacts where merged_into is null and handoff = 'accepted' and handoff <> 'none' \
                  and agent = $1 order by id";
    let theirs: Vec<i64> = sqlx::query_scalar(select).bind(login).fetch_all(connection).await?;
    let leaves = EventBody::Agent(AgentEvent::new(login, AgentAction::Leave));
    Ok(theirs.into_iter().map(|id| NewEvent::known(ContactId(id), None, now, leaves.clone())).collect())
}

/// What everybody is called who may sign in, or once might.
pub(in crate::store) async fn names(connection: &mut Connection) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as("select login, name from users").fetch_all(connection).await
}

/// Of how many contacts each is in charge, of those who are of any.
pub(in crate::store) async fn in_charge(connection: &mut Connection) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let select = "select agent, count(*) from contacts where merged_into is null and handoff = 'accepted' \
                  and handoff <> 'none' and agent is not null group by agent";
    sqlx::query_as(select).fetch_all(connection).await
}

/// Everybody who may sign in.
pub(in crate::store) async fn all(connection: &mut Connection) -> Result<Vec<User>, sqlx::Error> {
    let select = "select id, login, name, role, password_hash, single_keys from users where active order by login";
    sqlx::query(select).fetch_all(connection).await?.iter().map(|row| user(row, 0)).collect()
}

/// Somebody by sign-in name.
pub(in crate::store) async fn by_login(connection: &mut Connection, login: &str) -> Result<Option<User>, sqlx::Error> {
    let select = "select id, login, name, role, password_hash, single_keys from users where login = $1 and active";
    sqlx::query(select).bind(login).fetch_optional(connection).await?.map(|row| user(&row, 0)).transpose()
}

fn user(row: &SqlRow, first: usize) -> Result<User, sqlx::Error> {
    let role: String = row.try_get(first + 3)?;
    Ok(User {
        id: row.try_get(first)?,
        login: row.try_get(first + 1)?,
        name: row.try_get(first + 2)?,
        role: if role == "admin" { Role::Admin } else { Role::Agent },
        password_hash: row.try_get(first + 4)?,
        single_keys: row.try_get(first + 5)?,
    })
}

/// Sets a password's hash, and ends every session of theirs but this one: who knew the old password, or found an open console, is
/// out.
pub(in crate::store) async fn set_password(
    connection: &mut Connection,
    user: i64,
    hash: &str,
    session: &str,
) -> Result<(), sqlx::Error> {
    let update = "update users set password_hash = $2 where id = $1 and active";
    let mut transaction = connection.begin_with(BEGIN).await?;
    sqlx::query(update).bind(user).bind(hash).execute(&mut *transaction).await?;
    let delete = "delete from sessions where user_id = $1 and token_hash <> $2";
    sqlx::query(delete).bind(user).bind(session).execute(&mut *transaction).await?;
    transaction.commit().await
}

/// Sets whether a single key does something in somebody's console.
pub(in crate::store) async fn set_single_keys(
    connection: &mut Connection,
    user: i64,
    on: bool,
) -> Result<(), sqlx::Error> {
    let update = "update users set single_keys = $2 where id = $1";
    sqlx::query(update).bind(user).bind(on).execute(connection).await.map(drop)
}

/// Keeps a link, and forgets those whose time is over.
pub(in crate::store) async fn add_link(
    connection: &mut Connection,
    hash: &str,
    user: i64,
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from sign_in_links where expires_at <= $1").bind(now.0).execute(&mut *connection).await?;
    let insert = "insert into sign_in_links (token_hash, user_id, expires_at) values ($1, $2, $3)";
    sqlx::query(insert).bind(hash).bind(user).bind(expires.0).execute(connection).await?;
    Ok(())
}

/// Uses a link up: whose it was, once.
pub(in crate::store) async fn use_link(
    connection: &mut Connection,
    hash: &str,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    let delete = "delete from sign_in_links where token_hash = $1 and expires_at > $2 \
                  and user_id in (select id from users where active) returning user_id";
    sqlx::query_scalar(delete).bind(hash).bind(now.0).fetch_optional(connection).await
}

/// Begins a session, and forgets those that are over.
pub(in crate::store) async fn add_session(
    connection: &mut Connection,
    hash: &str,
    user: i64,
    csrf: &str,
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from sessions where expires_at <= $1").bind(now.0).execute(&mut *connection).await?;
    let insert = "insert into sessions (token_hash, user_id, csrf, created_at, used_at, expires_at) \
                  values ($1, $2, $3, $4, $4, $5)";
    sqlx::query(insert).bind(hash).bind(user).bind(csrf).bind(now.0).bind(expires.0).execute(connection).await?;
    Ok(())
}

/// A session by its token's hash, if it is not over.
pub(in crate::store) async fn session(
    connection: &mut Connection,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Session>, sqlx::Error> {
    let select = "select u.id, u.login, u.name, u.role, u.password_hash, u.single_keys, s.csrf, s.expires_at, s.used_at \
                  from sessions s join users u on u.id = s.user_id where s.token_hash = $1 and s.expires_at > $2 and u.active";
    let row = sqlx::query(select).bind(hash).bind(now.0).fetch_optional(connection).await?;
    let read = |row: &_| {
        Ok(Session {
            token_hash: hash.to_owned(),
            user: user(row, 0)?,
            csrf: Row::try_get(row, 6)?,
            expires_at: Timestamp(Row::try_get(row, 7)?),
            used_at: Timestamp(Row::try_get(row, 8)?),
        })
    };
    row.as_ref().map(read).transpose()
}

/// A session was used.
pub(in crate::store) async fn use_session(
    connection: &mut Connection,
    hash: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let update = "update sessions set used_at = $2 where token_hash = $1";
    sqlx::query(update).bind(hash).bind(now.0).execute(connection).await?;
    Ok(())
}

/// Ends a session.
pub(in crate::store) async fn end_session(connection: &mut Connection, hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query("delete from sessions where token_hash = $1").bind(hash).execute(connection).await?;
    Ok(())
}
