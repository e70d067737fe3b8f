//! A copy of the database of a server that goes on writing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{ConnectOptions as _, Executor as _};

use crate::app::{Running, binary, binary_on, customer, http, post, text_webhook};
use crate::db::{Database, eventually};
use crate::law::rows;

fn back_up(database: &Database, to: &Path) -> Output {
    let mut command = binary_on(database);
    command.arg("backup").arg(to).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_beside_a_running_server_is_whole_and_leaves_what_is_there() {
    let database = Database::sqlite();
    let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
    sandbox.wrote(&customer(1));
    let taken = std::sync::Arc::new(AtomicU64::new(0));
    let writes = tokio::spawn({
        let taken = taken.clone();
        async move {
            for n in 0.. {
                let said = text_webhook(&[(1, format!("wamid.copy{n}"), "do you have earbuds?")]);
                if post(&http(), address, &said).await == Some(200) {
                    taken.store(n + 1, Ordering::Release);
                }
            }
        }
    });
    eventually("customers write", async || (taken.load(Ordering::Acquire) >= 20).then_some(())).await;
    let folder = tempfile::tempdir().unwrap();
    for n in 0..4 {
        let to = folder.path().join(format!("{n}.db"));
        let before = taken.load(Ordering::Acquire);
        let told = back_up(&database, &to);
        assert!(told.status.success(), "{told:?}");
        assert!(String::from_utf8_lossy(&told.stdout).contains("is copied to"), "{told:?}");
        let copy = Database::sqlite_at(&to);
        assert_eq!(rows(&copy, "pragma integrity_check").await[0][0], "ok");
        let kept = rows(&copy, "select cast(count(*) as text) from journal where kind = 'message'").await;
        assert!(kept[0][0].parse::<u64>().unwrap() >= before, "what was acknowledged before is in it");
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    }
    writes.abort();
    let there = folder.path().join("there.db");
    std::fs::write(&there, "mine").unwrap();
    let told = back_up(&database, &there);
    assert_eq!(told.status.code(), Some(2), "{told:?}");
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5, "nothing half is left");
    // It can be started on.
    let copy = Database::sqlite_at(&folder.path().join("3.db"));
    assert!(copy.store().await.contact_count().await.unwrap() == 1);
    if let Some(database) = Database::postgres().await {
        let told = back_up(&database, &folder.path().join("postgres"));
        assert!(told.status.code() == Some(2) && String::from_utf8_lossy(&told.stderr).contains("pg_dump"), "{told:?}");
    }
}

/// What an interrupted copy leaves is in nobody's way, and one that is under way is left alone.
#[tokio::test]
async fn a_copy_that_was_interrupted_can_be_made_again_under_the_same_name() {
    let database = Database::sqlite();
    database.store().await.contact_count().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (to, part) = (folder.path().join("copy.db"), folder.path().join("copy.db.part"));
    let file = std::fs::File::create(&part).unwrap();
    file.try_lock().unwrap();
    let told = back_up(&database, &to);
    assert!(told.status.code() == Some(2) && part.exists() && !to.exists(), "somebody writes it: {told:?}");
    drop(file);
    std::fs::write(&part, "half a copy").unwrap();
    std::fs::write(folder.path().join("copy.db.part-journal"), "and its journal").unwrap();
    assert!(back_up(&database, &to).status.success());
    assert_eq!(rows(&Database::sqlite_at(&to), "pragma integrity_check").await[0][0], "ok");
    // A link in the place of the half copy leads to what is none.
    let mine = folder.path().join("mine");
    std::fs::write(&mine, "mine").unwrap();
    std::os::unix::fs::symlink(&mine, folder.path().join("again.db.part")).unwrap();
    assert_eq!(back_up(&database, &folder.path().join("again.db")).status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing half is left");
}

#[tokio::test]
async fn a_copy_that_is_told_to_stop_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let from = Database::sqlite_at(&folder.path().join("from.db"));
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("from.db"));
    let mut busy = options.create_if_missing(true).connect().await.unwrap();
    busy.execute("create table filled (it integer)").await.unwrap();
    // Nobody reads it meanwhile.
    busy.execute("begin exclusive").await.unwrap();
    let mut command = binary();
    command.arg("backup").arg(folder.path().join("copy.db")).env("HOTLINE_DATABASE__URL", &from.url);
    let mut copying = command.spawn().unwrap();
    let part = folder.path().join("copy.db.part");
    eventually("it has begun", async || part.exists().then_some(())).await;
    let pid = nix::unistd::Pid::from_raw(copying.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    let ended = eventually("it has stopped", async || copying.try_wait().unwrap()).await;
    assert!(ended.code() == Some(2) && !part.exists(), "{ended:?}");
}
