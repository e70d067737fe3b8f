//! Exported chats: read in the formats of their phones, folded at their own times, once, and nothing is sent for them.

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use hotline::domain::{SourceFile, Timestamp};
use hotline::engine::fold::state::State;
use hotline::whatsapp::chat_export::{self, ChatError, DateOrder, Words};
use serde_json::json;

use crate::app::{Running, binary, customer};
use crate::crm::TOKEN;
use crate::db::{Database, eventually};
use crate::law::{self, rows, states};

fn words() -> Words {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/keywords/chat_exports.toml"));
    let text = std::fs::read_to_string(path).unwrap();
    Words::parse(&SourceFile { path: "chat_exports.toml".into(), text }).unwrap()
}

/// Each line as it is understood: when, who, what.
fn read(text: &str) -> Vec<String> {
    let (chat, _) = chat_export::read(text, &words(), None, Tz::UTC).unwrap_or_else(|error| panic!("{error}: {text}"));
    let told = |said: &chat_export::Said| {
        let media = said.media.as_ref().map(|media| format!(" [{media}]")).unwrap_or_default();
        format!("{} {}:{media} {}", said.at, said.who, said.text.replace('\n', "|")).trim_end().to_owned()
    };
    chat.said.iter().map(told).collect()
}

#[test]
fn what_is_left_out_is_told_for_what_it_is() {
    let text = "shared from my phone\n31/12/2023, 21:15 - Bo: hello\n31/02/2024, 21:15 - Bo: first\nsecond\n\nthird\n\
                01/03/2024, 21:15 - Bo: good bye\nand thanks";
    let (chat, _) = chat_export::read(text, &words(), Some(DateOrder::DayFirst), Tz::UTC).unwrap();
    assert_eq!((chat.left_out.before_first, chat.left_out.no_date, chat.left_out.system), (1, 3, 0));
    assert_eq!(chat.said.len(), 2);
}

#[test]
fn every_phone_writes_the_same_moment_in_its_own_way() {
    let ways = [
        "[31/12/2023, 21:15:03] Bo: hello",
        "\u{200e}[31.12.23, 21:15:03] Bo: hello",
        "[12/31/23, 9:15:03\u{202f}PM] Bo: hello",
        "[2023-12-31, 9:15:03 p.m.] Bo: hello",
        "[2023-12-31 21:15:03] Bo: hello",
        "[2023/12/31 下午9:15:03] Bo: hello",
        "[2023/12/31 晚上9:15:03] Bo: hello",
        "[31/12/2023, 9:15:03 م] Bo: hello",
        "[\u{200f}٣١/١٢/٢٠٢٣، ٩:١٥:٠٣ م] Bo: hello",
        "[31.12.2023 21:15:03] Bo: hello",
        "[31/12/23 21.15.03] Bo: hello",
        "[31/12/23, 9:15:03 अपराह्न] Bo: hello",
        "[31/12/2023, 9:15:03 PTG] Bo: hello",
        "[31.12.2023 ÖS 9:15:03] Bo: hello",
        "12/31/23, 9:15:03 PM - Bo: hello",
        "31/12/2023, 21:15:03 - Bo: hello",
        "31.12.23, 21:15:03 - Bo: hello",
        "31/12/2023 21:15:03 - Bo: hello",
        "31/12/2023 à 21:15:03 - Bo: hello",
        "31/12/23, 9:15:03 p. m. - Bo: hello",
        "2023年12月31日 下午9:15:03 - Bo: hello",
        "31/12/23 21.15.03 - ~\u{202f}Bo: hello",
        "[2023. 12. 31. 오후 9:15:03] Bo: hello",
        "2023. 12. 31. 오후 9:15:03 - Bo: hello",
        "31.12.2023 klo 21.15.03 - Bo: hello",
        "31.12.23 г., 21:15:03 ч. - Bo: hello",
        "[31.12.23 г., 21:15:03] Bo: hello",
        "৩১/১২/২৩, ৯:১৫:০৩ PM - Bo: hello",
        "31/12/2566 21:15:03 - Bo: hello",
        "[๓๑/๑๒/๒๕๖๖ ๒๑:๑๕:๐๓] Bo: hello",
        "21:15:03, 31/12/2023 - Bo: hello",
        "[21:15:03, 31/12/2023] Bo: hello",
    ];
    for way in ways {
        assert_eq!(read(way), ["2023-12-31T21:15:03Z Bo: hello"], "{way}");
    }
    assert_eq!(read("12/31/23, 12:05 AM - Bo: hello"), ["2023-12-31T00:05:00Z Bo: hello"]);
    assert_eq!(read("12/31/23, 12:05 PM - Bo: hello"), ["2023-12-31T12:05:00Z Bo: hello"]);
}

#[test]
fn day_and_month_are_told_apart_by_the_whole_file() {
    let order = |text: &str| chat_export::read(text, &words(), None, Tz::UTC).map(|(_, order)| order);
    assert_eq!(order("1/2/24, 10:00 - Bo: a\n1/13/24, 10:00 - Bo: b"), Ok(DateOrder::MonthFirst));
    assert_eq!(order("1/2/24, 10:00 - Bo: a\n13/2/24, 10:00 - Bo: b"), Ok(DateOrder::DayFirst));
    assert_eq!(order("2/1/24, 10:00 - Bo: a\n1/2/24, 10:00 - Bo: b"), Ok(DateOrder::DayFirst), "time does not go back");
    assert_eq!(order("3/3/24, 10:00 - Bo: a"), Ok(DateOrder::DayFirst), "it is the same in both");
    assert_eq!(order("1/2/24, 10:00 - Bo: a\n2/3/24, 10:00 - Bo: b"), Err(ChatError::Ambiguous("1/2/24".into())));
    assert_eq!(order("hello\nworld"), Err(ChatError::NoChat));
    let said = chat_export::read("1/2/24, 10:00 - Bo: a", &words(), Some(DateOrder::MonthFirst), Tz::Asia__Hong_Kong);
    assert_eq!(said.unwrap().0.said[0].at, Timestamp::parse_rfc3339("2024-01-02T10:00:00+08:00").unwrap());
}

#[test]
fn lines_that_belong_together_stay_so_and_what_whatsapp_writes_itself_is_no_message() {
    let chat = "12/30/23, 9:15 AM - Messages and calls are end-to-end encrypted. No one outside of this chat can read them.\n\
        12/30/23, 9:16 AM - Bo: two lines:\nand 12/30 is no date\n\n12/31 neither\n\
        12/30/23, 9:17 AM - Bo: <Media omitted>\nwhat is this?\n\
        12/30/23, 9:18 AM - Shop: IMG-20231230-WA0001.jpg (file attached)\n\
        12/30/23, 9:19 AM - Bo: This message was deleted\n\
        12/30/23, 9:20 AM - Bo: I meant the blue one <This message was edited>\n\
        12/30/23, 9:20 AM - Bo: I had a missed voice call from you\n\
        12/30/23, 9:21 AM - Bo: location: https://maps.google.com/?q=22.28,114.15\n\
        12/31/23, 9:22 AM - Bo: offer.pdf (archivo adjunto)\n";
    assert_eq!(
        read(chat),
        [
            "2023-12-30T09:16:00Z Bo: two lines:|and 12/30 is no date||12/31 neither",
            "2023-12-30T09:17:00Z Bo: [media] what is this?",
            "2023-12-30T09:18:00Z Shop: [image]",
            "2023-12-30T09:20:00Z Bo: I meant the blue one",
            "2023-12-30T09:20:00Z Bo: I had a missed voice call from you",
            "2023-12-30T09:21:00Z Bo: [location]",
            "2023-12-31T09:22:00Z Bo: [document]",
        ]
    );
    let iphone = "[30.12.23, 09:15:00] Bo: \u{200e}Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.\n\
        \u{200e}[30.12.23, 09:16:00] Bo: \u{200e}Bild weggelassen\n\
        [30.12.23, 09:17:00] Bo: \u{200e}<Anhang: 00000012-AUDIO-2023-12-30-09-17-00.opus>\n\
        [30.12.23, 09:18:00] Bo: Angebot.pdf • 2 Seiten \u{200e}Dokument weggelassen\n\
        [30.12.23, 09:19:00] Bo: \u{200e}Verpasster Sprachanruf\n\
        [31.12.23, 09:20:00] Bo: 圖片已略去";
    let kinds = ["image]", "audio]", "document]", "image]"];
    let told = read(iphone);
    assert!(told.len() == 4 && told.iter().zip(kinds).all(|(told, kind)| told.ends_with(kind)), "{told:?}");
}

const CHAT: &str = "\
[01.03.26, 10:00:00] Nova Shop: \u{200e}Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.
[01.03.26, 10:00:05] Ana Müller: do you have noise cancelling earbuds?
[01.03.26, 10:02:00] Nova Shop: yes, from 99
[01.03.26, 12:00:00] Ana Müller: are the earbuds noise cancelling?
[02.03.26, 09:00:00] Ana Müller: noise cancelling earbuds, budget $150
[02.03.26, 09:01:00] Ana Müller: I want to talk to a person
[13.03.26, 18:00:00] Ana Müller: ok
";

/// The chat with its days as long ago as these, by the calendar of Berlin.
fn chat_of(days_ago: [i64; 3]) -> String {
    let days = days_ago.map(|days| berlin(days).format("%d.%m.%y").to_string());
    CHAT.replace("01.03.26", &days[0]).replace("02.03.26", &days[1]).replace("13.03.26", &days[2])
}

/// Nine in the morning so many days ago.
fn berlin(days_ago: i64) -> chrono::DateTime<Tz> {
    let day = (chrono::Utc::now() - chrono::Duration::days(days_ago)).with_timezone(&Tz::Europe__Berlin).date_naive();
    day.and_hms_opt(9, 0, 0).unwrap().and_local_timezone(Tz::Europe__Berlin).unwrap()
}

fn import(file: &Path, number: &str, more: &[&str], url: &str) -> (String, i32) {
    let done = binary()
        .args(["import", file.to_str().unwrap(), "--contact", number])
        .args(more)
        .env("HOTLINE_DATABASE__URL", url)
        .output()
        .unwrap();
    let said = String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap();
    (said, done.status.code().unwrap())
}

fn chat(folder: &Path, text: &str) -> PathBuf {
    let file = folder.join("_chat.txt");
    std::fs::write(&file, text).unwrap();
    file
}

async fn state(database: &Database) -> Option<State> {
    states(database).await.into_iter().next()
}

async fn when(database: &Database, what: &str, holds: impl Fn(&State) -> bool) -> State {
    eventually(what, async || {
        let waiting = rows(
            database,
            "select cast(count(*) as text) from (select seq from unread union all select contact_id from stale) as w",
        )
        .await;
        state(database).await.filter(|state| waiting[0][0] == "0" && holds(state))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_past_is_folded_at_its_own_times_once_and_nothing_is_sent_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let text = chat_of([20, 19, 8]);
    let file = chat(folder.path(), &text);
    let shop = ["--agent-name", "Nova Shop", "--timezone", "Europe/Berlin", "--dates", "dmy"];
    for database in Database::each().await {
        let Running { app, sandbox, .. } = Running::start(&database, &[TOKEN]).await;
        sandbox.verify().await.unwrap();
        let ana = customer(1);
        let (told, status) = import(&file, &ana.number, &[&shop[..], &["--dry-run"]].concat(), &database.url);
        assert!(status == 0 && told.contains("nothing was written"), "{told}");
        assert!(told.contains("5 messages of “Ana Müller” and 1 of the shop (“Nova Shop”)"), "{told}");
        let (told, status) = import(&file, &ana.number, &shop, &database.url);
        assert!(status == 0 && told.contains("6 messages imported"), "{told}");
        let past =
            when(&database, "the past is folded", |state| state.facts.holds("interest/high/earbuds-noise-cancelling"))
                .await;
        let (_, held) =
            past.facts.tags().find(|(tag, _)| tag.as_str() == "interest/high/earbuds-noise-cancelling").unwrap();
        assert_eq!(held.since, Timestamp(berlin(19).timestamp_millis()), "at its own time");
        assert_eq!(past.contact.name.as_deref(), Some("Ana Müller"));
        let (told, _) = import(&file, &ana.number, &shop, &database.url);
        assert!(
            told.contains("6 messages that were imported before") && told.contains("0 messages imported"),
            "{told}"
        );

        // What is live is answered, with the past in mind; the past stays silent.
        sandbox.write(&ana, "hello again");
        eventually("Ana is answered", async || sandbox.phone(&ana.number[1..]).into_iter().find(|m| m["mine"] != true))
            .await;
        let live = when(&database, "the live message is folded", |state| state.messages > 0).await;
        assert!(live.facts.holds("interest/high/earbuds-noise-cancelling"));
        for (table, most) in [("outbox", "1"), ("handoffs", "0")] {
            let found = rows(&database, &format!("select cast(count(*) as text) from {table}")).await;
            assert_eq!(found[0][0], most, "{}: {table}", database.kind);
        }
        // An older chat that is found later takes its place in front; what was live is left out of it.
        let first = berlin(55).format("%d.%m.%y, %H:%M:%S");
        let older = format!("[{first}] Ana Müller: is the laptop waterproof?\n");
        let more = format!("{older}{text}[31.12.40, 10:00:00] Ana Müller: later\n");
        let (told, _) = import(&chat(other.path(), &more), &ana.number, &shop, &database.url);
        assert!(
            told.contains("1 messages imported") && told.contains("1 messages from the first one on that Hotline had"),
            "{told}"
        );
        let older =
            when(&database, "the older past is known too", |state| state.facts.holds("category/electronics/laptop"))
                .await;
        assert_eq!(older.contact.first_seen, Some(Timestamp(berlin(55).timestamp_millis())), "{}", database.kind);
        assert_eq!(older.messages, live.messages, "nothing was sent for it");
        assert!(app.terminate().await.success());
        law::facts_hold_in(&database).await;
    }
}

#[test]
fn who_is_who_is_asked_where_the_chat_does_not_tell() {
    let folder = tempfile::tempdir().unwrap();
    let file = chat(folder.path(), CHAT);
    let url = format!("sqlite:{}/none.db", folder.path().display());
    let (told, status) = import(&file, "+4915112345678", &["--dry-run"], &url);
    assert!(status == 2 && told.contains("“Ana Müller”, “Nova Shop”") && told.contains("--agent-name"), "{told}");
    let (told, status) = import(&file, "+4915112345678", &["--dry-run", "--agent-name", "Nova"], &url);
    assert!(status == 2 && told.contains("nobody is called `Nova`"), "{told}");
    // Who is in no address book is called by the number.
    let file = chat(folder.path(), &CHAT.replace("Ana Müller", "+49 151 12345678"));
    let (told, status) = import(&file, "+4915112345678", &["--dry-run", "--json"], &url);
    let found: serde_json::Value = serde_json::from_str(told.trim()).unwrap_or_else(|error| panic!("{error}: {told}"));
    assert_eq!((status, &found["theirs"], &found["agents"]), (0, &json!(5), &json!(["Nova Shop"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_to_come_are_refused_and_a_file_without_a_message_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::sqlite();
    let shop = ["--agent-name", "Nova Shop", "--timezone", "Europe/Berlin"];
    let later = "[01.03.26, 10:00:00] Nova Shop: hello\n[31.12.40, 10:00:00] Ana Müller: later\n";
    let file = chat(folder.path(), later);
    drop(database.store().await);
    for (more, expected) in [(&[][..], 2), (&["--dry-run"][..], 1)] {
        let (told, status) = import(&file, "+4915112345678", &[&shop[..], more].concat(), &database.url);
        assert!(status == expected && told.contains("line 2 lies in the future") && told.contains("--dates"), "{told}");
    }
    assert!(states(&database).await.is_empty() && rows(&database, "select seq from journal").await.is_empty());
    let notice = "[01.03.26, 10:00:00] Nova Shop: \u{200e}Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.\n";
    let file = chat(folder.path(), notice);
    let (told, status) = import(&file, "+4915112345678", &["--dates", "dmy"], &database.url);
    assert!(status == 1 && told.contains("no line of it could be read as a message"), "{told}");
    // Of a calendar that is not read, the days are what is wrong, not the names.
    let file = chat(folder.path(), "۱۴۰۴/۱۱/۱۴،‏ ۱۰:۰۰ - Ana Müller: سلام\n");
    let (told, status) = import(&file, "+4915112345678", &shop, &database.url);
    assert!(status == 1 && told.contains("no line of it could be read as a message"), "{told}");
    assert!(told.contains("1 lines with a date that there is not"), "{told}");
    assert!(!told.contains("“”"), "{told}");
}
