//! A copy of the database of a server that goes on writing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::app::{App, customer, free_address, http, post, sandbox, text_webhook};
use crate::db::{Database, eventually};
use crate::law::rows;

fn back_up(database: &Database, to: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.arg("backup").arg(to).env("HOTLINE_DATABASE__URL", &database.url).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_beside_a_running_server_is_whole_and_leaves_what_is_there() {
    let database = Database::sqlite();
    let address = free_address();
    let (sandbox, graph) = sandbox(address, 80).await;
    let _app = App::start(address, graph, &database, &[]).await;
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
