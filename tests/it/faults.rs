//! What goes wrong around us: a full disk, a locked database. Nothing acknowledged is lost, and no restart is needed.

use std::path::Path;
use std::process::Command;

use sqlx::{Connection, Executor};

use crate::app::{App, Running, binary_on, customer, free_address, http, post, sandbox, text_webhook};
use crate::db::{Database, eventually};
use crate::law::rows;

/// A small disk of its own; needs root. Unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"])
            .arg(folder.path())
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            eprintln!("\n*** cannot mount a small disk (not root?): the test of the full disk is NOT run. ***\n");
        }
        mounted.then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

async fn acknowledged(address: std::net::SocketAddr, id: &str) -> bool {
    let answer = post(&http(), address, &text_webhook(&[(1, id.to_owned(), "do you have earbuds?")])).await;
    assert!(matches!(answer, Some(200 | 503)), "{answer:?}");
    answer == Some(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_answered_503_and_all_goes_on_when_there_is_room_again() {
    let Some(disk) = SmallDisk::mount() else { return };
    let database = Database::sqlite_in(disk.path());
    let Running { app, sandbox, address } = Running::start(&database, &[]).await;
    sandbox.wrote(&customer(1));
    assert!(acknowledged(address, "wamid.before").await);
    let filler = disk.path().join("filler");
    let full = std::fs::write(&filler, vec![7; 16 << 20]);
    assert!(full.is_err(), "the disk is not full");
    let mut kept = vec!["wamid.before".to_owned()];
    let mut refused = Vec::new();
    for n in 0..2_000 {
        let id = format!("wamid.full{n}");
        if acknowledged(address, &id).await {
            kept.push(id)
        } else {
            refused.push(id)
        }
        if refused.len() == 5 {
            break;
        }
    }
    assert_eq!(refused.len(), 5, "a full disk took everything");
    std::fs::remove_file(&filler).unwrap();
    // What was refused is delivered again, as Meta does.
    for id in &refused {
        eventually("it is taken again", async || acknowledged(address, id).await.then_some(())).await;
    }
    kept.extend(refused);
    assert!(app.terminate().await.success());
    let stored = rows(&database, "select key from journal where kind = 'message'").await;
    for id in kept {
        assert!(stored.iter().any(|row| row[0].ends_with(&id)), "{id} was acknowledged and is lost");
    }
    assert_eq!(rows(&database, "pragma integrity_check").await[0][0], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_file_may_grow_it_lives_on_and_all_goes_on_when_they_may() {
    let database = Database::sqlite();
    let Running { app, sandbox, address } = Running::start(&database, &[]).await;
    sandbox.wrote(&customer(1));
    assert!(acknowledged(address, "wamid.before").await);
    let limit = |bytes: &str| {
        let pid = app.pid().to_string();
        Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status()
    };
    if !limit("4096").is_ok_and(|status| status.success()) {
        return eprintln!("\n*** cannot limit the size of files: the test of the limit is NOT run. ***\n");
    }
    assert!(!acknowledged(address, "wamid.limited").await);
    assert!(limit("unlimited").unwrap().success());
    eventually("it is taken again", async || acknowledged(address, "wamid.limited").await.then_some(())).await;
    assert!(app.terminate().await.success());
}

/// Another program that holds a lock which every write needs.
enum Locker {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Locker {
    async fn lock(database: &Database) -> Self {
        if database.kind == "sqlite" {
            let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
            connection.execute("begin immediate").await.unwrap();
            return Self::Sqlite(connection);
        }
        let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
        connection.execute("begin").await.unwrap();
        connection.execute("lock table journal in access exclusive mode").await.unwrap();
        Self::Postgres(connection)
    }

    async fn unlock(self) {
        match self {
            Self::Sqlite(mut connection) => connection.execute("rollback").await.map(|_| ()).unwrap(),
            Self::Postgres(mut connection) => connection.execute("rollback").await.map(|_| ()).unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_answered_503_and_all_goes_on_when_it_is_free() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
        sandbox.wrote(&customer(1));
        let locker = Locker::lock(&database).await;
        assert!(!acknowledged(address, "wamid.locked").await, "{}", database.kind);
        if database.kind == "sqlite" {
            let ready = http().get(format!("http://{address}/readyz")).send().await.unwrap().status();
            assert_eq!(ready, 503, "not ready while nothing can be written");
        }
        locker.unlock().await;
        eventually("it is taken again", async || acknowledged(address, "wamid.locked").await.then_some(())).await;
        eventually("it is answered", async || (!sandbox.phone("85260000001").is_empty()).then_some(())).await;
    }
}

/// Takes what can be read and nothing more, as after a failover to a copy; and takes all again.
async fn set_read_only(database: &Database, read_only: bool) {
    if database.kind == "sqlite" {
        let change = match read_only {
            true => "create trigger full before update on pulse begin select raise(abort, 'full'); end",
            false => "drop trigger full",
        };
        rows(database, change).await;
        return;
    }
    let name = database.url.rsplit('/').next().unwrap();
    let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
    connection.execute("set default_transaction_read_only = off").await.unwrap();
    for change in [
        format!("alter database {name} set default_transaction_read_only = {read_only}"),
        format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and pid <> pg_backend_pid()"
        ),
    ] {
        connection.execute(sqlx::AssertSqlSafe(change)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_no_writes_is_not_ready_and_the_doctor_says_so() {
    for database in Database::each().await {
        let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
        let ready = async |expected: u16| {
            let answer = http().get(format!("http://{address}/readyz")).send().await.unwrap().status();
            (answer == expected).then_some(())
        };
        let doctor = || {
            let mut command = binary_on(&database);
            let told = command.args(["doctor", "--json"]).output().unwrap();
            let told: Vec<serde_json::Value> = serde_json::from_slice(&told.stdout).unwrap();
            told.into_iter().find(|finding| finding["what"] == "database").unwrap()["ok"].clone()
        };
        assert_eq!(doctor(), true, "{}", database.kind);
        set_read_only(&database, true).await;
        eventually("it is not ready", async || ready(503).await).await;
        assert_eq!(doctor(), false, "{}", database.kind);
        set_read_only(&database, false).await;
        eventually("it is ready again", async || ready(200).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_that_arrive_together_share_a_commit() {
    for database in Database::each().await {
        let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
        let http = http();
        let signed: Vec<_> = (0..400).map(|n| text_webhook(&[(n, format!("wamid.{n}"), "ok")])).collect();
        let before = counter(address, "hotline_commits_total").await;
        let answers = futures_util::future::join_all(signed.iter().map(|signed| post(&http, address, signed))).await;
        assert!(answers.iter().all(|answer| *answer == Some(200)));
        let commits = counter(address, "hotline_commits_total").await - before;
        assert!(commits < 200, "{}: {commits} commits for 400 webhooks", database.kind);
    }
}

async fn counter(address: std::net::SocketAddr, name: &str) -> u64 {
    let text = http().get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// Fewer connections than a node would like, and all of them cut, again and again: what must be written comes first.
#[tokio::test(flavor = "multi_thread")]
async fn where_connections_are_few_and_all_are_cut_writing_goes_on_within_seconds() {
    let Some(database) = Database::empty_postgres().await else { return };
    let mut admin = sqlx::PgConnection::connect(&database.url).await.unwrap();
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&mut admin).await.unwrap();
    admin.execute("create role few login connection limit 8").await.unwrap();
    admin.execute(sqlx::AssertSqlSafe(format!("alter database {name} owner to few"))).await.unwrap();
    let address = free_address();
    let (sandbox, graph) = sandbox(address, 80).await;
    let _app = App::start(address, graph, &database.seen_by("few"), &[]).await;
    sandbox.wrote(&customer(1));
    for round in 0..3 {
        let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'few'";
        admin.execute(cut).await.unwrap();
        // Meanwhile everything in the background takes connections too.
        let back = "select count(*) from pg_stat_activity where usename = 'few'";
        eventually("something in the background has connected again", async || {
            let many: i64 = sqlx::query_scalar(back).fetch_one(&mut admin).await.unwrap();
            (many > 2).then_some(())
        })
        .await;
        let mut taken = 0;
        eventually("it takes webhooks again and again", async || {
            taken = if acknowledged(address, &format!("wamid.few{round}-{taken}")).await { taken + 1 } else { 0 };
            (taken >= 5).then_some(())
        })
        .await;
    }
}
