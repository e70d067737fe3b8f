//! One call for both databases.

/// Runs a query on a connection of its own, on the database that is there.
macro_rules! query {
    ($store:expr, $room:ident :: $name:ident ( $($argument:expr),* )) => {
        match &$store.inner.backend {
            Backend::Sqlite(database) => {
                sqlite::queries::$room::$name(&mut *database.readers.acquire().await?, $($argument),*).await?
            }
            Backend::Postgres(database) => {
                postgres::queries::$room::$name(&mut *database.pool.acquire().await?, $($argument),*).await?
            }
        }
    };
}

/// Runs a small change on a connection of its own. On SQLite it waits for the writer's lock like any other program.
macro_rules! change {
    ($store:expr, $room:ident :: $name:ident ( $($argument:expr),* )) => {
        match &$store.inner.backend {
            Backend::Sqlite(database) => {
                let mut connection = database.people.acquire().await?;
                sqlite::queries::$room::$name(&mut *connection, $($argument),*).await?
            }
            Backend::Postgres(database) => {
                postgres::queries::$room::$name(&mut *database.pool.acquire().await?, $($argument),*).await?
            }
        }
    };
}
