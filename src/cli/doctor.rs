//! `hotline doctor`: checks what the system needs, and says what to do.

use std::time::Duration;

use super::{Ended, Stop, runtime};
use crate::config::{Auth, Settings};
use crate::domain::{Severity, Timestamp};
use crate::engine::intake::geoip::Geoip;
use crate::engine::knowledge::{DEMO_SHOP, Folders, compile};
use crate::engine::templates;
use crate::outreach::Book;
use crate::store::{CONNECTIONS, Store, StoreError};
use crate::whatsapp::client::{Client, install_tls};
use crate::whatsapp::signals;
use crate::whatsapp::templates::read;

/// Checks settings, dictionaries, database, token and webhook, and says what to do.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  hotline doctor\n\nExit status: 0 all well, 1 something is to be done, 2 wrong use."
)]
pub struct Arguments {
    /// One JSON array of findings, for programs.
    #[arg(long)]
    json: bool,
}

/// Meta cannot be told that the webhook is ours.
pub(super) const NO_VERIFY_TOKEN: &str = "HOTLINE_WHATSAPP__VERIFY_TOKEN is not set, without which Meta takes no webhook: choose a word and enter the same in the app dashboard";

/// One thing that was looked at.
#[derive(serde::Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    detail: String,
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    let findings = runtime()?.block_on(look(&settings));
    sigpipe::reset();
    if arguments.json {
        println!("{}", serde_json::json!(findings));
    } else {
        for Finding { what, ok, detail } in &findings {
            println!("{} {what}: {detail}", if *ok { "ok  " } else { "fix " });
        }
    }
    Ok(if findings.iter().all(|finding| finding.ok) { Ended::Done } else { Ended::Faults })
}

async fn look(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![files(settings), database(settings).await];
    findings.extend(places(settings));
    if let Err(detail) = settings.check_sandbox() {
        findings.push(Finding { what: "WhatsApp", ok: false, detail });
        return findings;
    }
    if settings.sandbox_mode() {
        let detail = "no credentials: `hotline serve` starts in sandbox mode; for a real number see the README".into();
        findings.push(Finding { what: "WhatsApp", ok: true, detail });
        return findings;
    }
    findings.extend(demo_shop(settings));
    if settings.whatsapp.auth == Auth::D360 {
        findings.push(d360(settings).await);
        let detail = "not looked at: 360dialog tells no list of them. What rules and campaigns send is made in its hub, under the names \
                      that /templates shows, with as many gaps";
        findings.push(Finding { what: "templates", ok: true, detail: detail.into() });
        return findings;
    }
    findings.extend(token(settings).await);
    findings.extend(approved(settings).await);
    findings.push(webhook(settings).await);
    findings
}

fn files(settings: &Settings) -> Finding {
    let what = "dictionaries and rules";
    let (knowledge, problems) = match Folders::of(settings).read() {
        Ok(sources) => compile(&sources, settings),
        Err(error) => return Finding { what, ok: false, detail: error.to_string() },
    };
    let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    let unspoken = knowledge.and_then(|knowledge| knowledge.unspoken());
    match (errors.first(), unspoken) {
        (None, Some(unspoken)) => Finding { what, ok: false, detail: unspoken.to_string() },
        (None, None) => {
            Finding { what, ok: true, detail: format!("in order, {} warnings (see `hotline check`)", problems.len()) }
        }
        (Some(first), _) => Finding { what, ok: false, detail: format!("{} errors, the first: {first}", errors.len()) },
    }
}

/// A number of one's own that sells what the demo sells.
fn demo_shop(settings: &Settings) -> Option<Finding> {
    let is_demo = Folders::of(settings).have_demo_shop();
    is_demo.then(|| Finding { what: "shop", ok: false, detail: DEMO_SHOP.into() })
}

/// The file of places of addresses, where one is named.
fn places(settings: &Settings) -> Option<Finding> {
    let what = "places of addresses";
    let opened = Geoip::open(settings.geoip.database.as_deref()?);
    Some(match &opened {
        Ok(geoip) => {
            let (name, size) = geoip.about();
            Finding { what, ok: true, detail: format!("{name}, a tree of {size} nodes") }
        }
        Err(error) => {
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Finding { what, ok: false, detail: format!("{error}{cause}") }
        }
    })
}

async fn database(settings: &Settings) -> Finding {
    let what = "database";
    let url = &settings.database.url;
    // Who only looks makes none: in the wrong folder, or with a slip in the address, an empty one would look well.
    let written = match Store::open_beside(url).await {
        Ok(store) => match store.ping().await {
            Ok(()) => return in_order(&store).await,
            Err(error) => Err(error),
        },
        // Before the first start, or the first of a new version, that is as it should be.
        Err(new @ (StoreError::OlderTables | StoreError::Empty)) => Ok(new.to_string()),
        Err(missing @ StoreError::Missing(_)) => Ok(format!(
            "{missing} yet: `hotline serve` makes it. If there should be one, check HOTLINE_DATABASE__URL and where you are"
        )),
        Err(error) => Err(error),
    };
    match written {
        Ok(detail) => Finding { what, ok: true, detail },
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Finding { what, ok: false, detail: format!("{error}{cause}; check HOTLINE_DATABASE__URL") }
        }
    }
}

/// What a database may lack that opens and takes writes.
async fn in_order(store: &Store) -> Finding {
    let wrong = |detail| Finding { what: "database", ok: false, detail };
    let now = Timestamp::from(chrono::Utc::now());
    match (store.too_few_connections().await, store.clock_ahead(now).await) {
        (Ok(Some(most)), _) => wrong(format!(
            "it lets this role have {most} connections, and each node needs up to {CONNECTIONS}: raise max_connections, or the limit of \
             the role or the database"
        )),
        (_, Ok(Some(ahead))) => wrong(format!(
            "something was written by a clock that is {} s ahead of this one: set the clocks of all machines by NTP",
            ahead.to_std().as_secs()
        )),
        (Err(error), _) | (_, Err(error)) => wrong(error.to_string()),
        (Ok(None), Ok(None)) => {
            let detail = "opens, its tables are up to date, it takes writes".into();
            Finding { what: "database", ok: true, detail }
        }
    }
}

async fn token(settings: &Settings) -> Vec<Finding> {
    let what = "access token and number";
    let Some(token) = &settings.whatsapp.access_token else { return Vec::new() };
    let client = match Client::new(&settings.whatsapp, token) {
        Ok(client) => client,
        Err(detail) => return vec![Finding { what, ok: false, detail }],
    };
    let mut findings = Vec::new();
    for channel in &settings.whatsapp.phone_number_id {
        findings.push(match client.number(channel).await {
            Ok(number) => {
                let field = |name: &str| number.get(name).and_then(|value| value.as_str()).unwrap_or("?").to_owned();
                let (status, ailment) = (signals::status(&number), signals::ailment(&number));
                let (name, quality) = (field("verified_name"), field("quality_rating"));
                let said = if ailment.is_empty() { String::new() } else { format!("; Meta says: {ailment}") };
                let detail = format!("{channel} is {name}, {status}, quality {quality}{said}");
                Finding { what, ok: !signals::is_stopped(status), detail }
            }
            // Without a code of Meta's it is no matter of tokens, nor of this number alone.
            Err(error) if error.code.is_none() => {
                let url = &settings.whatsapp.graph_url;
                let advice = format!("check the network, and HOTLINE_WHATSAPP__GRAPH_URL, which is {url}");
                findings.push(Finding { what: "Graph API", ok: false, detail: format!("{error}; {advice}") });
                return findings;
            }
            Err(error) => {
                let advice = "check HOTLINE_WHATSAPP__ACCESS_TOKEN and HOTLINE_WHATSAPP__PHONE_NUMBER_ID";
                Finding { what, ok: false, detail: format!("{channel}: {error}; {advice}") }
            }
        });
    }
    findings
}

/// Meta's templates against what rules send.
async fn approved(settings: &Settings) -> Option<Finding> {
    let what = "templates";
    let client = Client::new(&settings.whatsapp, settings.whatsapp.access_token.as_ref()?).ok()?;
    let Some(account) = settings.template_account() else {
        let detail = "not looked at: set HOTLINE_WHATSAPP__BUSINESS_ACCOUNT_ID, so that follow-ups leave only by templates \
                      that Meta has approved";
        return Some(Finding { what, ok: true, detail: detail.into() });
    };
    let (sources, advice) = (Folders::of(settings).read().ok()?, "check HOTLINE_WHATSAPP__BUSINESS_ACCOUNT_ID");
    let knowledge = compile(&sources, settings).0?;
    Some(match client.templates(account).await {
        // Told of already, where the numbers were asked for.
        Err(error) if error.code.is_none() => return None,
        Err(error) => Finding { what, ok: false, detail: format!("{error}; {advice}") },
        Ok(entries) => {
            let book = Book::new(true, entries.iter().filter_map(read));
            let all = templates::overview(&knowledge, &book, &templates::needed(&knowledge, &settings.public_url()));
            let sent = all.iter().filter(|template| !template.by.is_empty()).count();
            let held = all.iter().filter(|template| template.held.is_some()).count();
            let detail = match held {
                0 => format!("all {sent} that rules send can be sent"),
                _ => format!("{held} of the {sent} that rules send cannot be sent; see `hotline templates`"),
            };
            Finding { what, ok: held == 0, detail }
        }
    })
}

/// 360dialog is told of the webhook by a call (section 8), and tells nothing of number and templates: whether Hotline answers at the address
/// that is to be entered is all that can be looked at.
async fn d360(settings: &Settings) -> Finding {
    let what = "webhook of 360dialog";
    let (base, graph) = (settings.public_url(), settings.whatsapp.graph_url.trim_end_matches('/'));
    if !base.starts_with("https://") {
        let detail = format!("only https addresses are called, and {base} is none; set HOTLINE_PUBLIC_URL");
        return Finding { what, ok: false, detail };
    }
    install_tls();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build();
    let Ok(http) = http else { return Finding { what, ok: false, detail: "cannot prepare a call".into() } };
    // Without the token the webhook answers 401 if it is ours.
    let url = format!("{base}/webhook/whatsapp");
    let (ok, detail) = match http.post(&url).body("").send().await {
        Ok(answer) if answer.status() == 401 => {
            let headers = "-H 'D360-API-KEY: YOUR-KEY' -H 'Content-Type: application/json'";
            let body =
                format!("{{\"url\": \"{url}\", \"headers\": {{\"Authorization\": \"Bearer YOUR-WEBHOOK-TOKEN\"}}}}");
            let call = format!("curl {graph}/v1/configs/webhook {headers} -d '{body}'");
            (true, format!("{url} answers. If it is not entered at 360dialog yet: {call}"))
        }
        Ok(answer) => {
            let status = answer.status();
            (
                false,
                format!("{url} answers {status}, and Hotline would answer 401; is it running there with this setting?"),
            )
        }
        Err(error) => (false, unreached(&url, error)),
    };
    Finding { what, ok, detail }
}

/// Meta must reach the webhook: from here it is asked as Meta does when it is entered in the dashboard.
async fn webhook(settings: &Settings) -> Finding {
    use secrecy::ExposeSecret;
    let what = "webhook";
    let Some(word) = &settings.whatsapp.verify_token else {
        return Finding { what, ok: false, detail: NO_VERIFY_TOKEN.into() };
    };
    let url = format!("{}/webhook/whatsapp", settings.public_url());
    if !url.starts_with("https://") {
        let detail = format!("Meta calls only https addresses, and {url} is none; set HOTLINE_PUBLIC_URL");
        return Finding { what, ok: false, detail };
    }
    let query = [("hub.mode", "subscribe"), ("hub.challenge", "4711"), ("hub.verify_token", word.expose_secret())];
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build();
    let Ok(http) = http else { return Finding { what, ok: false, detail: "cannot prepare a call".into() } };
    let address = reqwest::Url::parse_with_params(&url, query);
    let Ok(address) = address else { return Finding { what, ok: false, detail: format!("{url} is no address") } };
    match http.get(address).send().await {
        Ok(response) if response.status().is_success() => match response.text().await {
            Ok(text) if text == "4711" => Finding { what, ok: true, detail: format!("{url} answers the handshake") },
            _ => Finding {
                what,
                ok: false,
                detail: format!("{url} answers, but not with the challenge: does it lead here?"),
            },
        },
        Ok(response) => Finding {
            what,
            ok: false,
            detail: format!("{url} answers {}; is hotline running there?", response.status()),
        },
        Err(error) => Finding { what, ok: false, detail: unreached(&url, error) },
    }
}

/// Why there was no answer, down to the cause: no such name, nobody listens, a certificate that nobody trusts. What was called is not
/// told with it: the word of the handshake stands there.
fn unreached(url: &str, error: reqwest::Error) -> String {
    let said = if error.is_timeout() { "does not answer in time" } else { "cannot be reached" };
    let error = error.without_url();
    let causes: Vec<_> = std::iter::successors(std::error::Error::source(&error), |cause| cause.source()).collect();
    let causes: Vec<_> = causes.into_iter().map(ToString::to_string).collect();
    let why = if causes.is_empty() { error.to_string() } else { causes.join(": ") };
    format!("{url} {said}: {why}. Is hotline running there, and do name, proxy and certificate lead to it?")
}
