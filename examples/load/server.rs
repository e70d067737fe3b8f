//! Starts what is measured, as a process of its own, on an empty database.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Arguments;
use crate::wire::{APP_SECRET, Connection};

/// The process under test; killed when dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to the first answer.
    pub first_answer: Duration,
    /// From the start to the first page, which waits until messages can be read.
    pub first_page: Duration,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts it and waits for the first answer.
    pub async fn start(arguments: &Arguments, graph_port: u16) -> Self {
        let folder = tempfile::tempdir_in(".").expect("a folder to write in");
        let port = free_port();
        let address: SocketAddr = format!("127.0.0.1:{port}").parse().expect("an address");
        let database = match arguments.database.as_str() {
            "sqlite" => format!("sqlite:{}/load.db", folder.path().display()),
            url => url.to_owned(),
        };
        let numbers: Vec<String> = (0..arguments.numbers).map(|index| crate::wire::number(index).to_string()).collect();
        let graph = format!("http://127.0.0.1:{graph_port}");
        let mut command = if arguments.bare {
            let mut command = Command::new(std::env::current_exe().expect("our own path"));
            command.args(["--serve-bare", &address.to_string(), &database, &graph]);
            command
        } else {
            let mut command = Command::new(&arguments.binary);
            command.arg("serve").envs([
                ("HOTLINE_LISTEN", address.to_string()),
                ("HOTLINE_DATABASE__URL", database),
                ("HOTLINE_WHATSAPP__APP_SECRET", APP_SECRET.into()),
                ("HOTLINE_WHATSAPP__VERIFY_TOKEN", "load".into()),
                ("HOTLINE_WHATSAPP__ACCESS_TOKEN", "load".into()),
                ("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", numbers.join(",")),
                ("HOTLINE_WHATSAPP__MESSAGES_PER_SECOND", "1000".into()),
                ("HOTLINE_WHATSAPP__GRAPH_URL", graph),
                ("HOTLINE_LOG__LEVEL", "warn".into()),
            ]);
            command
        };
        let started = Instant::now();
        let child = command.stdout(Stdio::null()).spawn().expect("the program to measure; build it first");
        let first_answer = wait_until(address, "/healthz", started).await;
        let first_page = wait_until(address, "/sign-in", started).await;
        Self { child, address, first_answer, first_page, _folder: folder }
    }

    /// For /proc.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Waits until there is an answer at this path.
async fn wait_until(address: SocketAddr, path: &str, started: Instant) -> Duration {
    let request = format!("GET {path} HTTP/1.1\r\nHost: load\r\n\r\n");
    loop {
        if let Ok(mut connection) = Connection::open(address).await
            && connection.ask(request.as_bytes()).await.is_ok()
        {
            return started.elapsed();
        }
        assert!(started.elapsed() < Duration::from_secs(20), "the program did not start");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
