//! `hotline sandbox`: the Graph API alone, to test any WhatsApp bot against.

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::serve::loopback;
use super::{Ended, Stop, connections, run_serving};
use crate::engine::wall_clock;
use crate::whatsapp::graph::Rules;
use crate::whatsapp::sandbox::{Sandbox, SandboxSettings, free_service_messages, phone_router, retries};

/// Runs a Graph API that behaves like Meta's: signed webhooks with retries, statuses, limits, error codes, faults.
#[derive(clap::Args)]
#[command(after_help = include_str!("sandbox.txt"))]
pub struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
    /// Where the bot reaches this Graph API; addresses of files begin with it [default: the address to listen on]
    #[arg(long, value_parser = address)]
    graph_url: Option<String>,
    /// Where webhooks go; it must answer the handshake first.
    #[arg(long, value_parser = address)]
    webhook: String,
    /// Webhooks are signed with this.
    #[arg(long)]
    app_secret: SecretString,
    /// Shown in the handshake.
    #[arg(long)]
    verify_token: SecretString,
    /// The bot must show this.
    #[arg(long)]
    token: SecretString,
    /// Id of the one number.
    #[arg(long, default_value = "880000000000001")]
    phone_number_id: String,
    /// Messages a second that the number may send.
    #[arg(long, default_value_t = 80)]
    messages_per_second: u32,
    /// Different customers that templates may reach outside their windows in 24 h [default: any number]
    #[arg(long)]
    portfolio: Option<u32>,
    /// Marketing templates that one customer gets in a week [default: any number]
    #[arg(long)]
    marketing_cap: Option<u32>,
    /// Service messages of each month that cost nothing
    #[arg(long, default_value_t = free_service_messages())]
    free_service_messages: u32,
    /// Answer a message outside the service window with 131047 at once, not in a status
    #[arg(long)]
    window_error_at_once: bool,
    /// How long a refused webhook waits: 1 tries again after 10 s, 1 min, 5 min and so on for 7 days, 0.01 a hundred times as fast
    #[arg(long, default_value_t = 1.0, value_parser = factor)]
    retry_factor: f64,
}

fn address(typed: &str) -> Result<String, &'static str> {
    let known = reqwest::Url::parse(typed).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
    known.then(|| typed.to_owned()).ok_or("write an address such as http://127.0.0.1:3000/webhook")
}

fn factor(typed: &str) -> Result<f64, &'static str> {
    let known = typed.parse().ok().filter(|factor| (0.0..=1_000.0).contains(factor));
    known.ok_or("write a number from 0 to 1000, such as 0.01")
}

pub fn run(arguments: Arguments) -> Result<Ended, Stop> {
    run_serving(serve(arguments))
}

async fn serve(arguments: Arguments) -> Result<Ended, Stop> {
    let refused = |error| Stop(format!("cannot listen on {}: {error}", arguments.listen));
    let listener = tokio::net::TcpListener::bind(arguments.listen).await.map_err(refused)?;
    // With port 0 the system chose one; files and people are led there.
    let address = listener.local_addr().map_err(refused)?;
    let sandbox = Sandbox::new(
        SandboxSettings {
            graph_url: arguments.graph_url.unwrap_or_else(|| format!("http://{}", loopback(address))),
            webhook: arguments.webhook.clone(),
            app_secret: arguments.app_secret,
            verify_token: arguments.verify_token,
            access_token: arguments.token,
            phone_number_id: arguments.phone_number_id,
            rules: Rules {
                messages_per_second: arguments.messages_per_second,
                portfolio: arguments.portfolio,
                marketing_cap: arguments.marketing_cap,
            },
            status_delays: [Duration::from_millis(200), Duration::from_millis(400), Duration::from_millis(2_000)],
            review_after: Duration::from_secs(5),
            retries: retries(arguments.retry_factor),
            free_service_messages: arguments.free_service_messages,
            window_error_at_once: arguments.window_error_at_once,
        },
        wall_clock(),
    );
    let stop = CancellationToken::new();
    let router = sandbox.graph_router().merge(phone_router(sandbox.clone(), stop.clone(), false));
    println!("Graph API: http://{address}   Phones: http://{address}/sandbox");
    tokio::spawn(handshake(sandbox, arguments.webhook));
    let until = stop.clone();
    tokio::spawn(async move {
        connections::signal().await;
        stop.cancel();
    });
    let _all_ended = connections::serve(listener, router, until, connections::PATIENCE).await;
    Ok(Ended::Done)
}

/// Asks until the webhook answers: it may be started after the sandbox.
async fn handshake(sandbox: Sandbox, webhook: String) {
    let mut told = false;
    while let Err(error) = sandbox.verify().await {
        if !told {
            eprintln!("hotline: waiting for {webhook} to answer the handshake: {error}");
            told = true;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    eprintln!("hotline: {webhook} answered the handshake; webhooks are delivered");
}
