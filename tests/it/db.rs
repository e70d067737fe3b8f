//! Throwaway databases: a SQLite file in a folder of its own, a database in a PostgreSQL cluster that this run started.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hotline::store::Store;
use sqlx::{Connection, Executor};

/// A database for one test.
pub struct Database {
    /// Its address.
    pub url: String,
    /// `sqlite` or `postgres`, for messages.
    pub kind: &'static str,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    /// Opens the store on it.
    pub async fn store(&self) -> Store {
        Store::open(&self.url).await.unwrap_or_else(|error| panic!("{}: {error:?}", self.kind))
    }

    /// An empty SQLite file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::sqlite_in(folder.path()).kept_with(folder)
    }

    /// An empty SQLite file in a folder that somebody else looks after.
    pub fn sqlite_in(folder: &Path) -> Self {
        Self::sqlite_at(&folder.join("hotline.db"))
    }

    /// A SQLite file that somebody else looks after.
    pub fn sqlite_at(file: &Path) -> Self {
        Self { url: format!("sqlite:{}", file.display()), kind: "sqlite", _folder: None }
    }

    fn kept_with(mut self, folder: tempfile::TempDir) -> Self {
        self._folder = Some(folder);
        self
    }

    /// An empty database of the cluster; `None` where PostgreSQL is not installed, which is said loudly.
    pub async fn postgres() -> Option<Self> {
        let cluster = cluster()?;
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        // The socket is there a little before the server takes connections.
        let url = cluster.url("postgres");
        let mut admin =
            eventually("PostgreSQL takes connections", async || sqlx::PgConnection::connect(&url).await.ok()).await;
        let create = sqlx::AssertSqlSafe(format!("create database {name}"));
        admin.execute(create).await.unwrap();
        Some(Self { url: cluster.url(&name), kind: "postgres", _folder: None })
    }

    /// The same database, as another role of the cluster sees it.
    pub fn seen_by(&self, role: &str) -> Self {
        let url = self.url.replace("//hotline@", &format!("//{role}@"));
        Self { url, kind: self.kind, _folder: None }
    }

    /// One of each kind that is there.
    pub async fn each() -> Vec<Self> {
        let mut databases = vec![Self::sqlite()];
        databases.extend(Self::postgres().await);
        databases
    }
}

struct Cluster {
    folder: PathBuf,
    _keeper: Child,
}

impl Cluster {
    fn url(&self, database: &str) -> String {
        let folder = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgres://hotline@{folder}/{database}")
    }
}

fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| {
            let cluster = start();
            if cluster.is_none() {
                let required = std::env::var_os("HOTLINE_TEST_REQUIRE_POSTGRES").is_some();
                assert!(!required, "HOTLINE_TEST_REQUIRE_POSTGRES is set, but initdb and postgres were not found");
                // Around the test harness's capture: this must be seen.
                let said = b"\n*** PostgreSQL is not installed: its half of the tests is NOT run. ***\n\n";
                let _closed = std::io::stderr().write_all(said);
            }
            cluster
        })
        .as_ref()
}

/// Where initdb and postgres are: on the path, or where Debian puts them.
fn binaries() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH")?));
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

fn start() -> Option<Cluster> {
    let binaries = binaries()?;
    let folder = tempfile::Builder::new().prefix("hotline-pg").tempdir().unwrap().keep();
    let user = unprivileged();
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).unwrap();
    }
    let as_user = |program: &Path| {
        let mut command = Command::new(program);
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let data = folder.join("data");
    let created = as_user(&binaries.join("initdb"))
        .args(["--username=hotline", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--pgdata"])
        .arg(&data)
        .status()
        .unwrap();
    assert!(created.success(), "initdb failed");
    // The shell waits for the end of its input: when this process ends, however it ends, the cluster goes too.
    let script = r#""$1" -D "$2" -k "$3" -c listen_addresses= -c fsync=off -c max_connections=300 &
        server=$!; cat > /dev/null; kill -INT $server; wait $server; rm -rf "$3""#;
    let mut keeper = as_user(Path::new("/bin/sh"));
    keeper.args(["-c", script, "keeper"]).arg(binaries.join("postgres")).arg(&data).arg(&folder).stdin(Stdio::piped());
    let keeper = keeper.spawn().unwrap();
    let socket = folder.join(".s.PGSQL.5432");
    let patience = Instant::now() + Duration::from_secs(30);
    while std::os::unix::net::UnixStream::connect(&socket).is_err() {
        assert!(Instant::now() < patience, "PostgreSQL did not start in {}", folder.display());
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(Cluster { folder, _keeper: keeper })
}

/// initdb refuses root: the user `postgres`, or `nobody`.
fn unprivileged() -> Option<(u32, u32)> {
    if !nix::unistd::geteuid().is_root() {
        return None;
    }
    ["postgres", "nobody"].iter().find_map(|name| {
        let user = nix::unistd::User::from_name(name).ok()??;
        Some((user.uid.as_raw(), user.gid.as_raw()))
    })
}

/// Looks again and again until there is something, for at most a minute: how fast it comes is measured elsewhere, and machines differ.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < patience, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
