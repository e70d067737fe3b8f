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

/// Runs a small change on a connection of its own. On SQLite it takes turns with the writer.
macro_rules! change {
    ($store:expr, $room:ident :: $name:ident ( $($argument:expr),* )) => {
        match &$store.inner.backend {
            Backend::Sqlite(database) => {
                let (mut connection, _turn) = database.for_a_change().await?;
                sqlite::queries::$room::$name(&mut *connection, $($argument),*).await?
            }
            Backend::Postgres(database) => {
                postgres::queries::$room::$name(&mut *database.pool.acquire().await?, $($argument),*).await?
            }
        }
    };
}
