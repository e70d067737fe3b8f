//! The customers: they write, wait for the acknowledgement and for the answer, and count.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc, oneshot};

use crate::Arguments;
use crate::figures::Times;
use crate::graph::Arrived;
use crate::wire::{Connection, number, webhook_request};

/// What customers write: questions, budgets, needs, small talk, in several languages.
const MESSAGES: &[&str] = &[
    "Hi! Budget $500 for a phone, waterproof please",
    "how much is the air purifier?",
    "Quanto custa o fone bluetooth? tenho até 300 reais",
    "请问有防水的手机吗？预算3000左右",
    "Здравствуйте, сколько стоит пылесос? бюджет до 20 тысяч",
    "Cerco un passeggino leggero, massimo 250 euro",
    "do you ship to Macau and how long does it take",
    "compare the two laptops please",
];

const LANES: usize = 64;

#[derive(Default)]
struct Counts {
    acknowledged: AtomicU64,
    refused: AtomicU64,
    unanswered: AtomicU64,
    second_answers: AtomicU64,
    statuses: AtomicU64,
}

/// One run and its figures.
pub struct Run {
    address: SocketAddr,
    arguments: Arguments,
    counts: Arc<Counts>,
    acknowledgements: Arc<Mutex<Times>>,
    replies: Arc<Mutex<Times>>,
    open: Arc<Mutex<HashMap<u64, Waiting>>>,
    over: Arc<AtomicBool>,
}

struct Waiting {
    since: Instant,
    answered: Option<oneshot::Sender<()>>,
}

impl Run {
    /// Prepares a run against that address.
    pub fn new(address: SocketAddr, arguments: &Arguments) -> Self {
        Self {
            address,
            arguments: arguments.clone(),
            counts: Arc::default(),
            acknowledgements: Arc::default(),
            replies: Arc::default(),
            open: Arc::default(),
            over: Arc::default(),
        }
    }

    /// Plays until the time is over, then waits for what is still to come.
    pub async fn play(&mut self, arrivals: mpsc::UnboundedReceiver<Arrived>) {
        self.listen(arrivals);
        match (self.arguments.rate, self.arguments.closed) {
            (Some(rate), _) => self.open_loop(rate).await,
            (None, customers) => self.closed_loop(customers.unwrap_or(256)).await,
        }
        let patience = Instant::now() + Duration::from_secs(15);
        while !self.open.lock().await.is_empty() && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.over.store(true, Ordering::Relaxed);
        let unanswered = self.open.lock().await.len() as u64;
        self.counts.unanswered.store(unanswered, Ordering::Relaxed);
    }

    fn listen(&self, mut arrivals: mpsc::UnboundedReceiver<Arrived>) {
        let (open, replies, counts) = (self.open.clone(), self.replies.clone(), self.counts.clone());
        let (statuses, waiting) = mpsc::unbounded_channel();
        if self.arguments.statuses {
            tokio::spawn(play_statuses(self.address, waiting, self.counts.clone()));
        }
        let play = self.arguments.statuses;
        tokio::spawn(async move {
            while let Some(arrived) = arrivals.recv().await {
                match open.lock().await.remove(&arrived.to) {
                    Some(waiting) => {
                        replies.lock().await.add(arrived.at - waiting.since);
                        if let Some(answered) = waiting.answered {
                            let _gone = answered.send(());
                        }
                    }
                    None => {
                        counts.second_answers.fetch_add(1, Ordering::Relaxed);
                    }
                }
                if play && statuses.send(arrived).is_err() {
                    return;
                }
            }
        });
    }

    async fn open_loop(&self, rate: u64) {
        let mut lanes = Vec::new();
        for _ in 0..LANES {
            let (sender, jobs) = mpsc::unbounded_channel();
            tokio::spawn(lane(self.address, jobs, self.acknowledgements.clone(), self.counts.clone()));
            lanes.push(sender);
        }
        let started = Instant::now();
        for count in 0..rate * self.arguments.seconds {
            let due = started + Duration::from_micros(count * 1_000_000 / rate);
            tokio::time::sleep_until(due.into()).await;
            let customer = customer(count % self.arguments.contacts);
            let request = message(customer, count, self.arguments.numbers);
            // A customer whose last message is still open is not measured twice.
            self.open.lock().await.entry(customer).or_insert(Waiting { since: Instant::now(), answered: None });
            lanes[count as usize % LANES].send(request).expect("the lane lives");
        }
    }

    async fn closed_loop(&self, customers: usize) {
        let until = Instant::now() + Duration::from_secs(self.arguments.seconds);
        let mut tasks = Vec::new();
        for index in 0..customers as u64 {
            let share = self.arguments.contacts / customers as u64;
            let (open, counts, times) = (self.open.clone(), self.counts.clone(), self.acknowledgements.clone());
            let (address, numbers) = (self.address, self.arguments.numbers);
            tasks.push(tokio::spawn(async move {
                let mut connection = Connection::open(address).await.expect("a connection");
                let mut count = 0;
                while Instant::now() < until {
                    let customer = customer(index * share + count % share.max(1));
                    let (answered, answer) = oneshot::channel();
                    let waiting = Waiting { since: Instant::now(), answered: Some(answered) };
                    open.lock().await.insert(customer, waiting);
                    let asked = Instant::now();
                    let status = connection.ask(&message(customer, count, numbers)).await.unwrap_or(0);
                    acknowledge(status, asked, &times, &counts).await;
                    count += 1;
                    if tokio::time::timeout(Duration::from_secs(15), answer).await.is_err() {
                        return;
                    }
                }
            }));
        }
        for task in tasks {
            task.await.expect("a customer");
        }
    }

    /// A few lines of figures for people.
    pub fn report(&mut self, length: Duration, memory: f64, processor: f64) -> String {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut replies = self.replies.try_lock().expect("the run is over");
        let mut acknowledgements = self.acknowledgements.try_lock().expect("the run is over");
        format!(
            "acknowledged {} ({}), refused {}\nreplies {} = {:.0}/s ({})\n\
             unanswered {}, second answers {}, statuses {}\nmemory {memory:.0} MB, processor {processor:.1} s",
            count(&self.counts.acknowledged),
            acknowledgements.summary(),
            count(&self.counts.refused),
            replies.count(),
            replies.count() as f64 / length.as_secs_f64(),
            replies.summary(),
            count(&self.counts.unanswered),
            count(&self.counts.second_answers),
            count(&self.counts.statuses),
        )
    }
}

async fn acknowledge(status: u16, asked: Instant, times: &Mutex<Times>, counts: &Counts) {
    if status == 200 {
        counts.acknowledged.fetch_add(1, Ordering::Relaxed);
        times.lock().await.add(asked.elapsed());
    } else {
        counts.refused.fetch_add(1, Ordering::Relaxed);
    }
}

async fn lane(
    address: SocketAddr,
    mut jobs: mpsc::UnboundedReceiver<Vec<u8>>,
    times: Arc<Mutex<Times>>,
    counts: Arc<Counts>,
) {
    let mut connection = Connection::open(address).await.expect("a connection");
    while let Some(request) = jobs.recv().await {
        let asked = Instant::now();
        let status = connection.ask(&request).await.unwrap_or(0);
        acknowledge(status, asked, &times, &counts).await;
    }
}

async fn play_statuses(address: SocketAddr, mut waiting: mpsc::UnboundedReceiver<Arrived>, counts: Arc<Counts>) {
    let mut lanes = Vec::new();
    for _ in 0..LANES {
        let (sender, jobs) = mpsc::unbounded_channel();
        tokio::spawn(lane(address, jobs, Arc::default(), Arc::default()));
        lanes.push(sender);
    }
    let mut next = 0;
    while let Some(arrived) = waiting.recv().await {
        // All three of one message take one lane: they arrive in order, as mostly at Meta.
        next = (next + 1) % LANES;
        for status in ["sent", "delivered", "read"] {
            counts.statuses.fetch_add(1, Ordering::Relaxed);
            let _over = lanes[next].send(status_request(&arrived, status));
        }
    }
}

fn customer(index: u64) -> u64 {
    85_250_000_000 + index
}

fn now_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn message(customer: u64, count: u64, numbers: u64) -> Vec<u8> {
    static MESSAGE: AtomicU64 = AtomicU64::new(0);
    let (id, ours) = (MESSAGE.fetch_add(1, Ordering::Relaxed), number(customer % numbers));
    let text = MESSAGES[(customer.wrapping_add(count)) as usize % MESSAGES.len()];
    let now = now_seconds();
    webhook_request(&format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"990000000000001","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"13125550100","phone_number_id":"{ours}"}},"contacts":[{{"profile":{{"name":"Customer {customer}"}},"wa_id":"{customer}"}}],"messages":[{{"from":"{customer}","id":"wamid.IN{id}","timestamp":"{now}","type":"text","text":{{"body":"{text}"}}}}]}},"field":"messages"}}]}}]}}"#
    ))
}

fn status_request(arrived: &Arrived, status: &str) -> Vec<u8> {
    let Arrived { to, wamid, callback, .. } = arrived;
    let now = now_seconds();
    let callback = match callback.as_str() {
        "" => String::new(),
        callback => format!(r#","biz_opaque_callback_data":"{callback}""#),
    };
    webhook_request(&format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"990000000000001","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"13125550100","phone_number_id":"880000000000001"}},"statuses":[{{"id":"{wamid}","status":"{status}","timestamp":"{now}","recipient_id":"{to}"{callback}}}]}},"field":"messages"}}]}}]}}"#
    ))
}
