//! Throwaway databases: a SQLite file in a folder of its own, a database in a PostgreSQL cluster that this run started. Their tables
//! were made once, and are copied for each test: all have one word of the installation.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hotline::store::Store;
use sqlx::{Connection, Executor, PgConnection, Row, SqliteConnection};
use tokio::sync::Mutex;

/// The database whose tables are copied.
const TEMPLATE: &str = "template_hotline";

/// A database for one test.
pub struct Database {
    /// Its address.
    pub url: String,
    /// `sqlite` or `postgres`, for messages.
    pub kind: &'static str,
    /// For looking into it: each connection is a process of PostgreSQL.
    looks: Mutex<Option<PgConnection>>,
    folder: Option<tempfile::TempDir>,
}

impl Database {
    /// Opens the store on it.
    pub async fn store(&self) -> Store {
        Store::open(&self.url).await.unwrap_or_else(|error| panic!("{}: {error:?}", self.kind))
    }

    fn at(url: String, kind: &'static str) -> Self {
        Self { url, kind, looks: Mutex::default(), folder: None }
    }

    /// A SQLite file with all tables and nothing in them.
    pub fn sqlite() -> Self {
        static FILE: OnceLock<Vec<u8>> = OnceLock::new();
        let database = Self::empty_sqlite();
        let bytes = FILE.get_or_init(|| apart(file_with_tables));
        std::fs::write(database.url.trim_start_matches("sqlite:"), bytes).unwrap();
        database
    }

    /// A SQLite file that is not there yet.
    pub fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Self::sqlite_in(folder.path());
        Self { folder: Some(folder), ..database }
    }

    /// A SQLite file that is not there yet, in a folder that somebody else looks after.
    pub fn sqlite_in(folder: &Path) -> Self {
        Self::sqlite_at(&folder.join("hotline.db"))
    }

    /// A SQLite file that somebody else looks after.
    pub fn sqlite_at(file: &Path) -> Self {
        Self::at(format!("sqlite:{}", file.display()), "sqlite")
    }

    /// A database of the cluster with all tables and nothing in them; `None` where PostgreSQL is not installed, which is said loudly.
    pub async fn postgres() -> Option<Self> {
        static TABLES: OnceLock<()> = OnceLock::new();
        let cluster = cluster()?;
        TABLES.get_or_init(|| apart(async || cluster.make_template().await));
        Some(cluster.create(&format!("template {TEMPLATE}")).await)
    }

    /// A database of the cluster without tables.
    pub async fn empty_postgres() -> Option<Self> {
        Some(cluster()?.create("").await)
    }

    /// The same database, as another role of the cluster sees it.
    pub fn seen_by(&self, role: &str) -> Self {
        let url = self.url.replace("//hotline@", &format!("//{role}@"));
        Self::at(url, self.kind)
    }

    /// One of each kind that is there.
    pub async fn each() -> Vec<Self> {
        let mut databases = vec![Self::sqlite()];
        databases.extend(Self::postgres().await);
        databases
    }

    /// One of each kind that is there, without tables.
    pub async fn each_empty() -> Vec<Self> {
        let mut databases = vec![Self::empty_sqlite()];
        databases.extend(Self::empty_postgres().await);
        databases
    }
}

/// The answer of a connection: every column as text, bytes in hexadecimal figures, so that both databases answer alike.
macro_rules! told {
    ($connection:expr, $query:expr) => {
        sqlx::query(sqlx::AssertSqlSafe($query.to_owned())).fetch_all($connection).await.map(|rows| {
            rows.iter()
                .map(|row| {
                    (0..row.len())
                        .map(|column| {
                            let bytes = || row.try_get::<Vec<u8>, _>(column).map(hex::encode);
                            row.try_get(column).or_else(|_| bytes()).unwrap_or_default()
                        })
                        .collect()
                })
                .collect()
        })
    };
}

/// What a database answers to a query.
pub async fn rows(database: &Database, query: &str) -> Vec<Vec<String>> {
    if database.kind == "sqlite" {
        let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
        return told!(&mut connection, query).unwrap();
    }
    let mut looks = database.looks.lock().await;
    // The test may have cut it, or changed the tables.
    if let Some(connection) = &mut *looks
        && let Ok(rows) = told!(connection, query)
    {
        return rows;
    }
    let connection = looks.insert(PgConnection::connect(&database.url).await.unwrap());
    told!(connection, query).unwrap()
}

/// What comes of it in a thread and a runtime of its own: what is made for all tests must not end with one of them.
fn apart<T: Send>(make: impl AsyncFnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let made = scope.spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(make()));
        made.join().unwrap()
    })
}

/// The bytes of a SQLite file with all tables.
async fn file_with_tables() -> Vec<u8> {
    let database = Database::empty_sqlite();
    drop(database.store().await);
    let copy = database.folder.as_ref().unwrap().path().join("copy.db");
    // With what stands in the write-ahead log alone.
    rows(&database, &format!("vacuum into '{}'", copy.display())).await;
    std::fs::read(copy).unwrap()
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

    /// Who may create databases.
    async fn admin(&self) -> PgConnection {
        // The socket is there a little before the server takes connections.
        let url = self.url("postgres");
        eventually("PostgreSQL takes connections", async || PgConnection::connect(&url).await.ok()).await
    }

    /// A new database, made of what is said.
    async fn create(&self, of: &str) -> Database {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let create = sqlx::AssertSqlSafe(format!("create database {name} {of}"));
        self.admin().await.execute(create).await.unwrap();
        Database::at(self.url(&name), "postgres")
    }

    /// Makes the database whose tables are copied, to which nobody may be connected then.
    async fn make_template(&self) {
        let mut admin = self.admin().await;
        admin.execute(sqlx::AssertSqlSafe(format!("create database {TEMPLATE}"))).await.unwrap();
        drop(Database::at(self.url(TEMPLATE), "postgres").store().await);
        let open = "select count(*) from pg_stat_activity where datname = $1";
        eventually("nobody is connected to the template", async || {
            let open: i64 = sqlx::query_scalar(open).bind(TEMPLATE).fetch_one(&mut admin).await.unwrap();
            (open == 0).then_some(())
        })
        .await;
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
/// What comes soon is seen soon; what takes long is looked for less often, since each look takes time from what is waited for.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(60);
    let mut pause = Duration::from_millis(10);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < patience, "waited in vain until {what}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
