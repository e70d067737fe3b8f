//! What the console finds: contacts by what they are called and said, in whatever letters, and the words behind a tag, however
//! long ago they were said.

use serde_json::{Value, json};

use crate::app::{App, Running, customer, free_address, sandbox};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::desk::{Person, two_write};
use crate::law::rows;

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_found_by_its_words_alone_and_in_any_letters() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let app = App::start(address, graph, &database, &[TOKEN]).await;
        let ids = two_write(&sandbox, address, &database, ["Привет, ЁЖИК", "hello \"there\", 100% a_b"]).await;
        let told =
            json!({ "contact": customer(1).number, "event": "message", "text": "Привет, ЁЖИК", "name": "Ärger GmbH" });
        Api::new(address).tell(told).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let finds = async |person: &Person, words: &str| {
            let encoded: String = words.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let page = person.get(&format!("/inbox/all?find={encoded}")).await.1;
            let found = ids.iter().filter(|id| page.contains(&format!("id=\"row-{id}\"")));
            found.cloned().collect::<Vec<_>>()
        };
        let one = [ids[0].clone()];
        eventually("the name is there", async || (finds(&ana, "ärger").await == one).then_some(())).await;
        for words in ["ПРИВЕТ", "ёжик", "Ёжик", "ÄRGER gmbh", "+852 6000 0001"] {
            assert_eq!(finds(&ana, words).await, one, "{}: {words}", database.kind);
        }
        for words in ["\"THERE\"", "100%", "A_B", "60000002"] {
            assert_eq!(finds(&ana, words).await, [ids[1].clone()], "{}: {words}", database.kind);
        }
        // What stands beside the words of a contact in its summary is no word of theirs.
        for words in ["name", "preview", "heat", "out", "false", "null", "hk", "{", "aXb"] {
            assert!(finds(&ana, words).await.is_empty(), "{}: {words}", database.kind);
        }

        // Of the time before there was anything to look through.
        assert!(app.terminate().await.success());
        rows(&database, "update searched set text = null").await;
        let _app = App::start(address, graph, &database, &[]).await;
        assert_eq!(finds(&ana, "ЁЖИК").await, one, "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_behind_a_tag_are_shown_however_long_ago_they_were_said() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[TOKEN]).await;
        let words = "Budget $500 phone, waterproof please";
        let ids = two_write(&sandbox, address, &database, [words, "hello"]).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let conversation = format!("/inbox/all/{}", ids[0]);
        let waterproof = async || {
            let page = ana.get(&conversation).await.1;
            page.split("class=\"tags\"")
                .nth(1)?
                .split("title=\"need&#x2f;waterproof\"")
                .nth(1)
                .map(|rest| rest.split("</details>").next().unwrap().to_owned())
        };
        let before = eventually("the tag is there", waterproof).await;
        assert!(before.contains("<mark>waterproof</mark>"), "{before}");
        let id = &ids[0];
        let (from, into) = ("insert into tag_ledger (contact_id, changes) select", "from journal limit 1");
        for _ in 0..201 {
            rows(&database, &format!("{from} {id}, '[]' {into}")).await;
        }
        let notes: Value = (0..201)
            .map(|n| json!({ "contact": customer(1).number, "event": "agent", "agent": "ana", "action": "note", "text": format!("call {n}") }))
            .collect();
        Api::new(address).tell(notes).await;
        let last = async || ana.get(&conversation).await.1.contains("call 200").then_some(());
        eventually("all is read", last).await;
        let after = waterproof().await.unwrap();
        let part = |html: &str, from: &str, to: &str| {
            html.split(from).nth(1).and_then(|rest| rest.split(to).next().map(str::to_owned))
        };
        for (from, to) in [("<blockquote", "</blockquote>"), ("class=\"why\">", "<a ")] {
            assert_eq!(part(&after, from, to), part(&before, from, to), "{}: {after}", database.kind);
        }
        let verdict = [("tag", "need/waterproof"), ("what", "right")];
        assert_eq!(ana.post(&format!("/contact/{id}/verdict"), &verdict).await.0, 303);
        let version = rows(&database, "select version from tag_verdicts").await;
        assert!(!version[0][0].is_empty(), "{}", database.kind);
    }
}

/// Enough that happened since, so that what was said before is packed.
const SINCE: &str = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 4100) \
                     insert into journal (contact_id, key, at, received, kind, body) \
                     select null, 'since-' || cast(i as text), 1, 1, 'status', '{}' from n";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_long_ago_is_found_and_opened_where_it_was_said_until_it_is_erased() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let _app = App::start(address, graph, &database, &[TOKEN]).await;
        let ids =
            two_write(&sandbox, address, &database, ["My order number is ZX-99812", "你们有防水的手机吗？"]).await;
        let api = Api::new(address);
        let (one, two) = (customer(1).number, customer(2).number);
        let note = |contact: &str, text: &str| json!({ "contact": contact, "event": "agent", "agent": "ana", "action": "note", "text": text });
        let many: Value = (0..240).map(|n| note(&one, &format!("call {n}"))).collect();
        api.tell(
            json!([note(&two, "Prefers João on the phone"), { "contact": one, "event": "message", "text": "hello?" }]),
        )
        .await;
        api.tell(many).await;
        api.tell(json!({ "contact": two, "event": "message", "text": "and?" })).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let finds = async |words: &str| {
            let encoded: String = words.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let page = ana.get(&format!("/inbox/all?find={encoded}")).await.1;
            let found = ids.iter().filter(|id| page.contains(&format!("id=\"row-{id}\"")));
            (found.cloned().collect::<Vec<_>>(), page)
        };
        let (first, second) = ([ids[0].clone()], [ids[1].clone()]);
        let are_found = async |when: &str| {
            for (words, found) in [
                ("zx-99812", &first),
                ("ORDER zx-99", &first),
                ("防水", &second),
                ("joao phone", &second),
                ("call 239", &first),
            ] {
                assert_eq!(finds(words).await.0, found, "{}, {when}: {words}", database.kind);
            }
            for words in ["zx-99813", "order joao", "status", "event"] {
                assert!(finds(words).await.0.is_empty(), "{}, {when}: {words}", database.kind);
            }
        };
        let newest = async || (finds("and?").await.0 == second).then_some(());
        eventually("all is read", newest).await;
        are_found("in the journal").await;
        rows(&database, SINCE).await;
        let packed = "select cast(count(*) as text) from said";
        eventually("it is packed", async || (rows(&database, packed).await[0][0] == "1").then_some(())).await;
        are_found("packed").await;

        let page = finds("zx-99812").await.1;
        assert!(page.contains("My order number is ZX-99812"), "{}: what was said is shown", database.kind);
        let address = page.split("href=\"").find(|part| part.contains("said=")).unwrap().split('"').next().unwrap();
        let address = address.replace("&amp;", "&").replace("&#x2f;", "/");
        let (address, place) = address.split_once('#').unwrap();
        assert!(ana.get(address).await.1.contains(&format!("id=\"{place}\"")), "{}: {address}", database.kind);
        let without = address.split("&said=").next().unwrap();
        assert!(!ana.get(without).await.1.contains(&format!("id=\"{place}\"")), "{}: it is far above", database.kind);

        let path = format!("/contacts/{}", ids[0]);
        assert_eq!(api.call(reqwest::Method::DELETE, &path, None).await.0, 204, "{}", database.kind);
        assert!(finds("zx-99812").await.0.is_empty(), "{}", database.kind);
        let text = rows(&database, "select text from said").await.concat().concat();
        assert!(!text.contains(&hex::encode("zx-99812")), "{}: it stands there no more", database.kind);
        assert!(text.contains(&hex::encode("防水")), "{}: what others said does", database.kind);
        assert_eq!(finds("防水").await.0, second, "{}", database.kind);
    }
}
