//! Plays customers and the Graph API against the real binary and prints what it sees.
//!
//! ```text
//! cargo build --release && cargo run --release --example load -- --help
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measuring tool may stop at the first surprise")]

mod bare;
mod customers;
mod figures;
mod graph;
mod server;
mod wire;

use std::time::Duration;

use clap::Parser;

/// Measures acknowledgement and reply latency, throughput, losses, duplicates and memory.
#[derive(Parser, Clone)]
#[command(
    after_help = "Examples:\n  load --rate 1000 --seconds 30 --statuses\n  load --closed 1024 --numbers 24 --contacts 200000\n  \
                        load --closed 1024 --contacts 200000 --bare\n  load --closed 1024 --numbers 24 --contacts 200000 --database postgres://…"
)]
struct Arguments {
    /// Messages a second, open loop.
    #[arg(long, conflicts_with = "closed")]
    rate: Option<u64>,
    /// Customers who wait for each answer before they write again.
    #[arg(long)]
    closed: Option<usize>,
    /// Length of the run.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Different customers. The product sends one a message in six seconds at most: a closed loop needs many.
    #[arg(long, default_value_t = 10_000)]
    contacts: u64,
    /// Our phone numbers. Meta lets each send 1,000 messages a second at most, and the product keeps to it.
    #[arg(long, default_value_t = 1)]
    numbers: u64,
    /// Play sent, delivered and read back for each reply.
    #[arg(long)]
    statuses: bool,
    /// Measure the bare server instead of the product.
    #[arg(long)]
    bare: bool,
    /// sqlite (a new file) or a postgres:// address of an empty database.
    #[arg(long, default_value = "sqlite")]
    database: String,
    /// The product's binary.
    #[arg(long, default_value = "target/release/hotline")]
    binary: String,
    /// Only serve, as the bare server: used by this program itself.
    #[arg(long, hide = true, num_args = 3)]
    serve_bare: Option<Vec<String>>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments = Arguments::parse();
    hotline::whatsapp::client::install_tls();
    if let Some(parts) = &arguments.serve_bare {
        let [listen, database, graph] = parts.as_slice() else { unreachable!("clap counts them") };
        bare::serve(listen.clone(), database.clone(), graph.clone()).await.expect("the bare server serves");
        return;
    }
    let (arrived, arrivals) = tokio::sync::mpsc::unbounded_channel();
    let graph_port = graph::listen(arrived).await.expect("a free port");
    let server = server::Server::start(&arguments, graph_port).await;
    let mut run = customers::Run::new(server.address, &arguments);
    run.play(arrivals).await;
    let (memory, processor) = figures::process_figures(server.pid());
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let (answer, page) = (milliseconds(server.first_answer), milliseconds(server.first_page));
    let name = if arguments.bare { "bare server" } else { "hotline" };
    println!("{name}: first answer {answer:.0} ms, first page {page:.0} ms after the start");
    println!("{}", run.report(Duration::from_secs(arguments.seconds), memory, processor));
}
