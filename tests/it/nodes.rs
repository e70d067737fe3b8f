//! Two processes on one database, and processes that die in the middle of their work: what goes out unasked goes out once at most,
//! and never faster or to more customers than Meta allows.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse;
use hotline::domain::Timestamp;
use hotline::engine::{Clock, wall_clock};
use hotline::store::Role;
use hotline::whatsapp::graph::Rules;
use hotline::whatsapp::sandbox::{Customer, Faults, Sandbox, SandboxSettings};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::app::{self, App, client, customer, free_address, http};
use crate::crm::TOKEN;
use crate::db::{Database, eventually};
use crate::law::rows;
use crate::store::{NOW, fold_all, message, reply};

/// Our two numbers.
const NUMBERS: [&str; 2] = ["880000000000001", "880000000000002"];
/// Customers in 24 hours that Meta lets the portfolio reach, and a number on its first day (`keywords/limits.toml`).
const PORTFOLIO: usize = 70;
const FIRST_DAY: usize = 50;

/// Passes each request on to the first of its targets that answers: a balancer.
async fn front(
    targets: impl Fn(&str) -> Vec<std::net::SocketAddr> + Clone + Send + Sync + 'static,
) -> std::net::SocketAddr {
    // A target that stands still takes connections and answers nothing.
    let http = client().timeout(Duration::from_secs(1)).build().unwrap();
    let pass = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        for target in targets(uri.path()) {
            let request = http.request(method.clone(), format!("http://{target}{uri}")).headers(headers.clone());
            if let Ok(answer) = request.body(body.clone()).send().await {
                return (answer.status(), answer.bytes().await.unwrap_or_default()).into_response();
            }
        }
        StatusCode::BAD_GATEWAY.into_response()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, axum::Router::new().fallback(pass)).into_future());
    address
}

/// Starts a campaign of service to everybody in Hong Kong, once a figure of its dry run is as high as it should be.
async fn campaign(address: std::net::SocketAddr, name: &str, (figure, recipients): (&str, usize)) {
    let http = http();
    let call = async |path: &str, body: &Value| {
        let url = format!("http://{address}/api/v1/campaigns{path}");
        let answer = http.post(url).bearer_auth(TOKEN.1).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let segment = format!("country:hk and not tag:campaign/{name}");
    let asked = json!({ "name": name, "segment": segment, "kind": "service", "templates": [name], "lasts": "3d" });
    eventually("all are known", async || (call("/dry-run", &asked).await.1[figure] == recipients).then_some(())).await;
    assert_eq!(call("", &asked).await.0, 201);
    assert_eq!(call(&format!("/{name}/start"), &json!({})).await.0, 200);
}

/// Messages of one customer's phone that came from us.
fn arrived(sandbox: &Sandbox, customer: &Customer) -> Vec<Value> {
    let shown = sandbox.phone(customer.number.trim_start_matches('+'));
    shown.into_iter().filter(|shown| shown["biz_opaque_callback_data"].is_string()).collect()
}

/// Whether it is the message of that number; the word of its database stands in front of it.
fn is_of(shown: &Value, id: &str) -> bool {
    let callback = shown["biz_opaque_callback_data"].as_str().unwrap_or_default();
    callback.starts_with("hl:") && callback.ends_with(&id["hl".len()..])
}

/// Two nodes that serve one database, with two numbers between them.
struct Twins {
    sandboxes: [Sandbox; 2],
    /// What the sandboxes' clocks are behind.
    behind: Arc<AtomicI64>,
    nodes: [std::net::SocketAddr; 2],
    graph: std::net::SocketAddr,
    _keywords: tempfile::TempDir,
    keywords: String,
}

impl Twins {
    async fn new() -> Self {
        let nodes = [free_address(), free_address()];
        let webhook = front(move |_| nodes.to_vec()).await;
        let behind = Arc::new(AtomicI64::new(0));
        let clock: Clock = {
            let (behind, wall) = (behind.clone(), wall_clock());
            Arc::new(move || Timestamp(wall().0 - behind.load(Ordering::Relaxed)))
        };
        let settings = |number: &str| SandboxSettings {
            phone_number_id: number.into(),
            rules: Rules { portfolio: Some(PORTFOLIO as u32), ..Rules::unlimited(80) },
            ..app::sandbox_settings(webhook, 80)
        };
        let (one, first) = app::serve(settings(NUMBERS[0]), clock.clone()).await;
        let (two, second) = app::serve(settings(NUMBERS[1]), clock).await;
        let graph = front(move |path| vec![if path.contains(NUMBERS[1]) { second } else { first }]).await;
        let folder = app::wide_awake();
        let keywords = folder.path().to_str().unwrap().to_owned();
        Self { sandboxes: [one, two], behind, nodes, graph, _keywords: folder, keywords }
    }

    async fn start(&self, node: usize, database: &Database, numbers: &str) -> App {
        let settings = [
            TOKEN,
            ("HOTLINE_KEYWORDS__DIR", &self.keywords),
            ("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", numbers),
            ("HOTLINE_WHATSAPP__MESSAGES_PER_SECOND", "80"),
            ("HOTLINE_WHATSAPP__MARK_READ", "false"),
        ];
        App::start(self.nodes[node], self.graph, database, &settings).await
    }

    /// What arrived at the phones of these customers from each number.
    fn arrived(&self, customers: &[Customer]) -> [Vec<usize>; 2] {
        let count = |sandbox: &Sandbox| customers.iter().map(|customer| arrived(sandbox, customer).len()).collect();
        [count(&self.sandboxes[0]), count(&self.sandboxes[1])]
    }

    fn refused(&self) -> u64 {
        self.sandboxes.iter().map(|sandbox| sandbox.counters().refused).sum()
    }

    /// In the middle of a campaign the node dies that sends for the first number: soon the other node goes on with follow-ups and
    /// answers. How many of the customers still wait for theirs.
    async fn takes_over(
        &self,
        (other, within): (usize, Duration),
        customers: Range<u64>,
        name: &str,
        dies: impl FnOnce(),
    ) -> impl Fn() -> usize {
        // Of another country, and so no recipient of the campaign.
        let late =
            Customer { number: format!("+4915112345{}", customers.end), name: "Late".into(), ..Customer::default() };
        let customers: Vec<_> = customers.map(customer).collect();
        let all = 2 * customers.len();
        let [one, _] = &self.sandboxes;
        customers.iter().for_each(|customer| drop(one.write(customer, "hi")));
        let total = move || self.arrived(&customers)[0].iter().sum::<usize>();
        eventually("all are answered", async || (total() == all / 2).then_some(())).await;
        campaign(self.nodes[other], name, ("now", all / 2)).await;
        eventually("some have got it", async || (total() >= all / 2 + 30).then_some(())).await;
        dies();
        let died = Instant::now();
        one.write(&late, "how much is the air purifier?");
        tokio::time::sleep(Duration::from_millis(300)).await;
        let before = total();
        assert!(before < all, "it died too late");
        eventually("the other goes on with follow-ups", async || (total() > before).then_some(())).await;
        eventually("and answers", async || (!arrived(one, &late).is_empty()).then_some(())).await;
        assert!(died.elapsed() < within, "{name}: it took {:?}", died.elapsed());
        move || all - total()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_keep_the_limits_together_and_when_one_dies_the_other_sends_for_its_numbers() {
    let Some(database) = Database::postgres().await else { return };
    let twins = Twins::new().await;
    let [one, two] = &twins.sandboxes;
    let first = twins.start(0, &database, NUMBERS[0]).await;
    let second = twins.start(1, &database, &NUMBERS.join(",")).await;
    for sandbox in &twins.sandboxes {
        sandbox.add_template(&app::template("spring", "en_US", "Hi {{1}}, it is spring."));
        sandbox.verify().await.unwrap();
    }
    // They wrote long ago: only a template reaches them.
    twins.behind.store(30 * 3_600_000, Ordering::Relaxed);
    let old: Vec<_> = (0..120).map(customer).collect();
    for (n, customer) in old.iter().enumerate() {
        if n < 80 { one } else { two }.write(customer, "hi");
    }
    twins.behind.store(0, Ordering::Relaxed);
    campaign(twins.nodes[1], "spring", ("would_get", old.len())).await;
    let total = || twins.arrived(&old).concat().iter().sum::<usize>();
    eventually("the portfolio is used up", async || (total() == PORTFOLIO).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let [of_one, of_two] = twins.arrived(&old);
    assert_eq!(of_one.iter().chain(&of_two).sum::<usize>(), PORTFOLIO, "and not one more");
    assert!(of_one.iter().zip(&of_two).all(|(one, two)| one + two <= 1), "nobody gets two");
    let by_number = [&of_one, &of_two].map(|counts| counts.iter().sum::<usize>());
    assert!(by_number.iter().all(|count| (20..=FIRST_DAY).contains(count)), "{by_number:?}");

    // A node that stands still, or whose machine is cut off, is dead for the others, and must not go on when it wakes up.
    let waits =
        twins.takes_over((1, Duration::from_secs(10)), 200..360, "summer", || first.signal(Signal::SIGSTOP)).await;
    first.signal(Signal::SIGCONT);
    eventually("what it had in hand is sent by the other", async || (waits() == 0).then_some(())).await;
    // What was marked as sending when a node is killed is not sent again: a tenth of a second's worth, and calls under way.
    let waits = twins.takes_over((0, Duration::from_secs(5)), 500..660, "autumn", || second.kill()).await;
    eventually("the rest got it", async || (waits() <= 40).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let all: Vec<_> = (200..360).chain(500..660).map(customer).collect();
    assert!(twins.arrived(&all)[0].iter().all(|count| *count <= 2), "an answer and a follow-up each");
    assert_eq!(twins.refused(), 0, "never faster than the number may");
}

/// Killed again and again while follow-ups are due and customers ask. A follow-up that was being sent at that moment may be lost,
/// and then the outbox says so; nothing goes out twice, and every question is answered once.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_a_follow_up_goes_out_once_at_most_and_an_answer_once() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = app::sandbox(address, 80).await;
        sandbox.set_faults(Faults { latency_ms: 15, lost_answers: 0.02, ..Faults::default() });
        let keywords = app::wide_awake();
        let settings = [
            TOKEN,
            ("HOTLINE_KEYWORDS__DIR", keywords.path().to_str().unwrap()),
            ("HOTLINE_REPLIES__SETTLE_AFTER", "5s"),
            ("HOTLINE_WHATSAPP__TIMEOUT", "4s"),
            ("HOTLINE_WHATSAPP__MESSAGES_PER_SECOND", "80"),
            ("HOTLINE_WHATSAPP__MARK_READ", "false"),
        ];
        let mut app = App::start(address, graph, &database, &settings).await;
        sandbox.verify().await.unwrap();
        let customers: Vec<_> = (0..150).map(customer).collect();
        customers.iter().for_each(|customer| drop(sandbox.write(customer, "hi")));
        let answered = || customers.iter().all(|customer| !arrived(&sandbox, customer).is_empty());
        eventually("all are answered", async || answered().then_some(())).await;
        campaign(address, "spring", ("now", customers.len())).await;
        for asking in customers.chunks(50) {
            tokio::time::sleep(Duration::from_millis(rand::random_range(50..600))).await;
            asking.iter().for_each(|customer| drop(sandbox.write(customer, "how much is the air purifier?")));
            tokio::time::sleep(Duration::from_millis(rand::random_range(0..400))).await;
            app.kill();
            app = App::start(address, graph, &database, &settings).await;
        }
        let sent = eventually("all is settled", async || settled(&database, customers.len()).await).await;
        let phones: Vec<_> = customers.iter().flat_map(|customer| arrived(&sandbox, customer)).collect();
        let times = |id: &str| phones.iter().filter(|shown| is_of(shown, id)).count();
        for [id, is_follow_up, state, error] in &sent {
            let wanted = match (is_follow_up.as_str(), state.as_str()) {
                ("1", "failed") => {
                    assert_eq!(error, "it is not known whether it was sent", "{}: {id}", database.kind);
                    0
                }
                _ => 1,
            };
            assert_eq!(times(id), wanted, "{}: {id} is {state} {error}", database.kind);
        }
        let count = |wanted: &str| sent.iter().filter(|[_, is_follow_up, ..]| is_follow_up == wanted).count();
        assert_eq!((count("0"), count("1")), (2 * customers.len(), customers.len()), "{}", database.kind);
        let lost = sent.iter().filter(|[_, _, state, _]| state == "failed").count();
        assert!(lost < customers.len() / 3, "{}: {lost} follow-ups were lost", database.kind);
        drop(app);
    }
}

/// All messages, once none waits and every customer's follow-up was decided: id, 1 for a follow-up, state, error.
async fn settled(database: &Database, follow_ups: usize) -> Option<Vec<[String; 4]>> {
    let all =
        "select 'hl:' || contact_id || ':' || number, cast(priority as text), state, coalesce(error, '') from outbox";
    let rows: Vec<[String; 4]> = rows(database, all).await.into_iter().map(|row| row.try_into().unwrap()).collect();
    let waits = rows.iter().any(|[_, _, state, _]| state == "queued" || state == "sending");
    let decided = rows.iter().filter(|[_, is_follow_up, ..]| is_follow_up == "1").count() == follow_ups;
    (decided && !waits).then_some(rows)
}

/// Meta took a message, its answer was lost, and no status ever comes: an answer is sent again, a follow-up is not.
#[tokio::test(flavor = "multi_thread")]
async fn where_no_status_tells_an_answer_goes_out_again_and_a_follow_up_does_not() {
    for database in Database::each().await {
        let address = free_address();
        let mut behaviour = app::sandbox_settings(address, 80);
        behaviour.status_delays[0] = Duration::from_secs(3_600);
        let (sandbox, graph) = app::serve(behaviour, wall_clock()).await;
        sandbox.set_faults(Faults { lost_answers: 0.3, ..Faults::default() });
        let keywords = app::wide_awake();
        let settings = [
            TOKEN,
            ("HOTLINE_KEYWORDS__DIR", keywords.path().to_str().unwrap()),
            ("HOTLINE_REPLIES__SETTLE_AFTER", "2s"),
            ("HOTLINE_WHATSAPP__TIMEOUT", "1s"),
            ("HOTLINE_WHATSAPP__MARK_READ", "false"),
        ];
        let _app = App::start(address, graph, &database, &settings).await;
        sandbox.verify().await.unwrap();
        let customers: Vec<_> = (0..60).map(customer).collect();
        customers.iter().for_each(|customer| drop(sandbox.write(customer, "hi")));
        let answered = || customers.iter().all(|customer| !arrived(&sandbox, customer).is_empty());
        eventually("all are answered", async || answered().then_some(())).await;
        campaign(address, "spring", ("now", customers.len())).await;
        let sent = eventually("all is settled", async || settled(&database, customers.len()).await).await;
        let phones: Vec<_> = customers.iter().flat_map(|customer| arrived(&sandbox, customer)).collect();
        let times = |id: &str| phones.iter().filter(|shown| is_of(shown, id)).count();
        let of = |wanted: &'static str| sent.iter().filter(move |[_, is_follow_up, ..]| is_follow_up == wanted);
        assert!(of("1").all(|[id, ..]| times(id) == 1), "{}: a follow-up once", database.kind);
        let unknown = of("1").filter(|[_, _, state, _]| state == "failed").count();
        assert!(unknown > 0, "{}: no answer of Meta's was lost", database.kind);
        assert!(of("0").all(|[id, ..]| times(id) >= 1), "{}: an answer at least once", database.kind);
        assert!(of("0").any(|[id, ..]| times(id) > 1), "{}: and again where nothing was told", database.kind);
    }
}

/// The system stops at the very moment in which a message is taken from the outbox: the next one finds it there.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_while_the_system_stops_waits_for_the_next_start() {
    // Only there it can be held up in the middle.
    let Some(database) = Database::postgres().await else { return };
    let store = database.store().await;
    store.append(vec![message("m", &["+85251234567"], "hi")]).await.unwrap();
    let later = wall_clock()() + hotline::domain::Duration::hours(1);
    fold_all(&store, |_| {
        let mut outgoing = reply(1);
        outgoing.channel = app::NUMBER.into();
        (outgoing.message.at, outgoing.message.expires) = (later, later + hotline::domain::Duration::hours(1));
        vec![outgoing]
    })
    .await;
    let address = free_address();
    let (_sandbox, graph) = app::sandbox(address, 80).await;
    let mut app = App::start(address, graph, &database, &[]).await;
    let mut holding = sqlx::PgConnection::connect(&database.url).await.unwrap();
    for statement in ["begin", "lock table outbox in share mode", "update outbox set due_at = 0"] {
        sqlx::query(statement).execute(&mut holding).await.unwrap();
    }
    eventually("it is being taken", async || {
        let waiting = "select cast(count(*) as text) from pg_stat_activity where wait_event_type = 'Lock' \
                       and query like '%priority = 0 and due_at%' and pid <> pg_backend_pid()";
        (rows(&database, waiting).await[0][0] != "0").then_some(())
    })
    .await;
    app.signal(Signal::SIGTERM);
    eventually("nothing more is taken in", async || tokio::net::TcpStream::connect(address).await.err()).await;
    sqlx::query("commit").execute(&mut holding).await.unwrap();
    app.ended().await;
    let state = rows(&database, "select state, cast(attempts as text) from outbox").await;
    assert_eq!(state, [["queued", "0"]]);
}

/// A program writes at a node that does not send for the number: what it writes arrives in the order in which it wrote.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_at_another_node_arrives_in_the_order_in_which_it_was_written() {
    let Some(database) = Database::postgres().await else { return };
    let nodes = [free_address(), free_address()];
    let (sandbox, graph) = app::sandbox(nodes[0], 80).await;
    let settings = [TOKEN, ("HOTLINE_WHATSAPP__MARK_READ", "false")];
    let _sends = App::start(nodes[0], graph, &database, &settings).await;
    sandbox.verify().await.unwrap();
    let customer = customer(1);
    sandbox.write(&customer, "hi");
    eventually("they are answered", async || (arrived(&sandbox, &customer).len() == 1).then_some(())).await;
    let _asked = App::start(nodes[1], graph, &database, &settings).await;
    database.store().await.add_user("ana", "Ana", Role::Admin, NOW).await.unwrap();
    let take = http().post(format!("http://{}/api/v1/contacts/1/take", nodes[1])).bearer_auth(TOKEN.1);
    assert!(take.json(&json!({ "agent": "ana" })).send().await.unwrap().status().is_success());
    let wanted: Vec<String> = (0..24).map(|n| format!("word {n}")).collect();
    for text in &wanted {
        let request = http().post(format!("http://{}/api/v1/contacts/1/messages", nodes[1])).bearer_auth(TOKEN.1);
        let answer = request.json(&json!({ "agent": "ana", "text": text })).send().await.unwrap();
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }
    let all = eventually("all arrive", async || {
        Some(arrived(&sandbox, &customer)).filter(|arrived| arrived.len() == wanted.len() + 1)
    })
    .await;
    let texts: Vec<_> = all[1..].iter().map(|shown| shown["text"]["body"].as_str().unwrap_or_default()).collect();
    assert_eq!(texts, wanted);
}

/// Nobody waits for the next look: nodes tell each other whose page changed, and that something waits in the outbox.
#[tokio::test]
async fn nodes_tell_each_other_what_changed_and_what_waits() {
    let Some(database) = Database::postgres().await else { return };
    let (one, two) = (database.store().await, database.store().await);
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let listens = |store: &hotline::store::Store| {
        let (store, told) = (store.clone(), told.clone());
        tokio::spawn(async move {
            loop {
                // Where the connection is lost it begins anew.
                let _lost = store.exchange(|contact| told.send(contact.0).unwrap()).await;
            }
        })
    };
    let _both = [listens(&one), listens(&two)];
    for contact in [7, 8] {
        eventually("the other hears of a change", async || {
            one.tell_changed(hotline::domain::ContactId(contact));
            heard.try_recv().ok().filter(|heard| *heard == contact)
        })
        .await;
        let hint = two.outbox_hint();
        one.append(vec![message(&format!("m{contact}"), &["+85251234567"], "hi")]).await.unwrap();
        fold_all(&one, |_| vec![reply(contact)]).await;
        tokio::time::timeout(Duration::from_secs(5), hint).await.expect("the other hears that something waits");
        let cut = "select cast(count(pg_terminate_backend(pid)) as text) from pg_stat_activity \
                   where application_name = 'hotline_nodes' and datname = current_database()";
        assert_eq!(rows(&database, cut).await[0][0], "2");
    }
}

/// A node that starts while another brings the tables up to date waits for it.
#[tokio::test]
async fn a_node_waits_while_another_brings_the_tables_up_to_date() {
    let Some(database) = Database::postgres().await else { return };
    let mut first = sqlx::PgConnection::connect(&database.url).await.unwrap();
    sqlx::query("select pg_advisory_lock(4710004)").execute(&mut first).await.unwrap();
    let opening = database.store();
    tokio::pin!(opening);
    let waited = tokio::time::timeout(Duration::from_millis(2_500), &mut opening).await;
    assert!(waited.is_err(), "it does not wait");
    first.close().await.unwrap();
    opening.await.ping().await.unwrap();
}

/// Two admins who remove each other at the same moment: one of them stays.
#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_remove_each_other_at_once_leave_one() {
    let Some(database) = Database::postgres().await else { return };
    let (one, two) = (database.store().await, database.store().await);
    for round in 0..20 {
        for login in ["ana", "ben"] {
            one.add_user(login, login, Role::Admin, NOW).await.unwrap();
        }
        let (ana, ben) = tokio::join!(
            tokio::spawn({
                let one = one.clone();
                async move { one.remove_user("ana", NOW).await.unwrap() }
            }),
            tokio::spawn({
                let two = two.clone();
                async move { two.remove_user("ben", NOW).await.unwrap() }
            }),
        );
        let removed = [ana.unwrap(), ben.unwrap()].into_iter().flatten().count();
        assert_eq!(removed, 1, "in round {round}");
    }
}

/// A node whose clock is wrong, and a server that has too few connections: both are told.
#[tokio::test]
async fn clocks_that_do_not_agree_and_too_few_connections_are_told() {
    for database in Database::each().await {
        let store = database.store().await;
        store.append(vec![message("m", &["+85251234567"], "hi")]).await.unwrap();
        let earlier = |seconds| store.clock_ahead(NOW - hotline::domain::Duration::seconds(seconds));
        assert_eq!(earlier(9).await.unwrap(), None, "{}", database.kind);
        assert_eq!(earlier(30).await.unwrap(), Some(hotline::domain::Duration::seconds(30)), "{}", database.kind);
        assert_eq!(store.too_few_connections().await.unwrap(), None, "{}", database.kind);
    }
    let Some(database) = Database::postgres().await else { return };
    let limit = "do $$ begin execute 'alter database ' || current_database() || ' connection limit 5'; end $$";
    let store = database.store().await;
    let mut admin = sqlx::PgConnection::connect(&database.url).await.unwrap();
    sqlx::query(limit).execute(&mut admin).await.unwrap();
    assert_eq!(store.too_few_connections().await.unwrap(), Some(5));
}

/// What a server must have room for is what a node takes when all of it is busy at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_takes_no_more_connections_than_it_says() {
    let Some(database) = Database::postgres().await else { return };
    let address = free_address();
    let (_sandbox, graph) = app::sandbox(address, 80).await;
    let app = App::start(address, graph, &database, &[TOKEN]).await;
    let mut admin = sqlx::PgConnection::connect(&database.url).await.unwrap();
    let open = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    let (http, contacts) = (http(), format!("http://{address}/api/v1/contacts"));
    eventually("all of it is busy", async || {
        let ask = |_| http.get(&contacts).bearer_auth(TOKEN.1).send();
        futures_util::future::join_all((0..50).map(ask)).await;
        let open: i64 = sqlx::query_scalar(open).fetch_one(&mut admin).await.unwrap();
        assert!(open <= i64::from(hotline::store::OF_A_NODE), "{open}");
        (open == i64::from(hotline::store::OF_A_NODE)).then_some(())
    })
    .await;
    assert!(app.terminate().await.success());
}
