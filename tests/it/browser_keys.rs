//! By the keyboard in a real browser: canned replies, snooze, and single keys that are switched off.

use fantoccini::Locator;

use crate::browser::{SEND, Shop, click, press, run, say, text, there, write};
use crate::db::{Database, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn canned_replies_and_snooze_are_reached_by_keys_that_everybody_can_switch_off() {
    let database = Database::sqlite();
    let Some(mut shop) = Shop::open(&database, 1280).await else { return };
    let (agent, phone, base) = (shop.agent.clone(), shop.phone.clone(), shop.base.clone());
    say(&phone, "+85251234567", "Wing Chan", "I want to talk to a person").await;

    // Whoever is called at length leaves room for what else is told of them.
    say(&phone, "+85251234568", &"Llanfairpwllgwyngyll".repeat(6), "hi").await;
    agent.goto(&format!("{base}/lists?segment=everyone")).await.unwrap();
    let room = "const [table, name] = ['.scroll', 'td a[dir=auto]'].map((part) => document.querySelector(part)); \
                return table && table.scrollWidth <= table.clientWidth && name.offsetWidth < 250";
    eventually("both are listed", async || {
        agent.refresh().await.ok()?;
        text(&agent, ".columns").await.contains("2 contacts").then_some(())
    })
    .await;
    assert_eq!(run(&agent, room).await, true);

    agent.goto(&format!("{base}/admin/canned")).await.unwrap();
    for (name, words) in [("delivery", "It takes two days."), ("hours", "Hello {{name}}, we open at 9.")] {
        write(&agent, ".columns > section:first-child [name=name]", name).await;
        write(&agent, ".columns > section:first-child textarea", words).await;
        click(&agent, ".columns > section:first-child button.main").await;
        eventually(name, async || text(&agent, ".each").await.contains(words).then_some(())).await;
    }
    agent.goto(&format!("{base}/inbox/hot")).await.unwrap();
    click(&agent, ".rows a").await;
    there(&agent, ".messages .theirs").await;
    press(&agent, "b").await;
    there(&agent, "#reply").await;
    // A stroke at the beginning opens them; one in a sentence is a stroke.
    let value = "return document.getElementById('reply')?.value";
    let is = async |wanted: &str| {
        eventually(wanted, async || (run(&agent, value).await == wanted).then_some(())).await;
    };
    write(&agent, "#reply", "/").await;
    write(&agent, "#canned-find", "hou").await;
    assert_eq!(run(&agent, "return document.querySelectorAll('.canned li:not([hidden])').length").await, 1);
    assert!(text(&agent, ".canned li:not([hidden])").await.contains("Hello Wing, we open at 9."), "filled");
    write(&agent, "#canned-find", "\u{e007}").await;
    is("Hello Wing, we open at 9.").await;
    assert!(agent.find(Locator::Css(".canned")).await.is_err(), "it is closed");
    write(&agent, "#reply", " 9/10").await;
    is("Hello Wing, we open at 9. 9/10").await;
    click(&agent, ".write button.main").await;
    eventually("it was sent", async || text(&agent, ".messages").await.contains("9. 9/10").then_some(())).await;
    is("").await;
    // By its button and the arrows, too; Esc goes back to the box.
    click(&agent, "a.open-canned").await;
    write(&agent, "#canned-find", "\u{e015}").await;
    let focused = "return document.activeElement.textContent";
    eventually("the first", async || run(&agent, focused).await.as_str()?.contains("delivery").then_some(())).await;
    write(&agent, ".canned li button", "\u{e00c}").await;
    eventually("back in the box", async || {
        (run(&agent, "return document.activeElement.id").await == "reply").then_some(())
    })
    .await;
    write(&agent, "#reply", "\u{e00c}").await;

    press(&agent, "h").await;
    click(&agent, ".snooze button[value=tomorrow]").await;
    eventually("it is told", async || text(&agent, ".who").await.contains("snoozed, back in").then_some(())).await;
    eventually("it is counted", async || {
        text(&agent, ".views a[href='/inbox/snoozed']").await.contains('1').then_some(())
    })
    .await;
    assert!(text(&agent, ".messages").await.contains("snoozed it until"));
    say(&phone, "+85251234567", "Wing Chan", "one more thing").await;
    eventually("they wrote", async || (!text(&agent, ".who").await.contains("snoozed")).then_some(())).await;

    // Where the keyboard has other letters, the key counts that lies there.
    let russian = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'т', code: 'KeyN', bubbles: true })); \
                   return document.activeElement.id";
    assert_eq!(run(&agent, russian).await, "note");
    run(&agent, "document.activeElement.blur()").await;
    press(&agent, "t").await;
    let focused = "return [document.activeElement.name, document.activeElement.value]";
    assert_eq!(run(&agent, focused).await, serde_json::json!(["tag", ""]), "a tag is given by a key");
    run(&agent, "document.activeElement.blur()").await;
    run(&agent, "document.getElementById('keys').showModal()").await;
    click(&agent, "#keys form[action='/keys'] button").await;
    there(&agent, "[data-keys=off]").await;
    press(&agent, "h").await;
    assert_eq!(run(&agent, "return document.querySelector('.snooze').open").await, false, "the key does nothing");

    // Where the server is gone the page says so after a while, and lets nobody believe that something can be sent.
    write(&agent, "#reply", "Is it for you?").await;
    shop.end();
    eventually("it is told", async || text(&agent, "#connection.offline").await.contains("showing").then_some(()))
        .await;
    assert_eq!(run(&agent, "return document.querySelector('.write button').ariaDisabled").await, "true");
    write(&agent, "#reply", SEND).await;
    assert!(text(&agent, ".composer .refused").await.contains("nothing can be sent now"));
    is("Is it for you?").await;
    agent.close().await.unwrap();
    phone.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_taken_and_handed_back_by_keys_and_every_action_is_found() {
    let database = Database::sqlite();
    let Some(shop) = Shop::open(&database, 1280).await else { return };
    let (agent, phone, base) = (shop.agent.clone(), shop.phone.clone(), shop.base.clone());
    for (number, name) in [("+85251234567", "Wing Chan"), ("+85251234568", "Bo Lee")] {
        say(&phone, number, name, "I want to talk to a person").await;
    }
    agent.goto(&format!("{base}/inbox/hot")).await.unwrap();
    eventually("both wait", async || {
        (run(&agent, "return document.querySelectorAll('.rows a[id]').length").await == 2).then_some(())
    })
    .await;
    click(&agent, ".rows a").await;
    there(&agent, ".messages .theirs").await;
    let first = text(&agent, ".who h1").await;
    press(&agent, "c").await;
    there(&agent, "#reply").await;
    write(&agent, "#reply", "Here I am.").await;
    click(&agent, ".write button.main").await;
    eventually("it was sent", async || text(&agent, ".messages").await.contains("Here I am.").then_some(())).await;
    run(&agent, "document.activeElement.blur()").await;
    press(&agent, "e").await;
    eventually("the next one is open", async || {
        let name = run(&agent, "return document.querySelector('.who h1')?.textContent ?? ''").await;
        (name != "" && name != first.as_str()).then_some(())
    })
    .await;
    // What was done before is taken back from here.
    there(&agent, ".undo").await;
    assert!(text(&agent, ".undo").await.contains(&first), "whom it was");
    press(&agent, "i").await;
    there(&agent, "#reply").await;
    // Ctrl K also from within the box.
    let open = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', code: 'KeyK', ctrlKey: true, \
                bubbles: true })); return document.activeElement.id";
    assert_eq!(run(&agent, open).await, "find-action");
    let found = "return [...document.querySelectorAll('#actions li:not([hidden])')].map((row) => row.textContent)";
    let all = run(&agent, found).await.to_string();
    for action in ["Hand back to the bot", "Snooze", "Note", "Unassigned", "Lists", "Keys"] {
        assert!(all.contains(action), "{action} in {all}");
    }
    write(&agent, "#find-action", "canned rep").await;
    assert_eq!(run(&agent, found).await, serde_json::json!(["Canned replies"]));
    write(&agent, "#find-action", "\u{e007}").await;
    there(&agent, ".canned").await;
    agent.close().await.unwrap();
    phone.close().await.unwrap();
}
