//! What customers mean who quote a message of ours, or write from a product's page.

use super::*;
use crate::domain::{ContactId, MessageNumber, Outgoing, SentEvent, StatusEvent, StatusKind};

impl Talk {
    /// Our answer leaves as the how manieth message, and a status tells what the provider calls it.
    fn leaves(&mut self, number: i64, answer: Option<Answer>) {
        let content = answer.unwrap().content;
        let message = Outgoing { number, ..Outgoing::of_bot(MessageKind::Reply, content, self.now, self.now) };
        self.dialogue.note_sent(&mut self.memory, ContactId(7), &message, &self.shop);
        let message = MessageNumber { contact: ContactId(7), number }.to_string();
        let wamid = Some(format!("wamid.{number}"));
        self.happens(EventBody::Status(StatusEvent { message, status: StatusKind::Sent, error: None, wamid }));
    }

    fn happens(&mut self, body: EventBody) {
        let event = Event { seq: 1, at: self.now, received: self.now, body };
        self.dialogue.look(&mut self.memory, &event, &self.shop);
    }

    fn says(&mut self, text: &str, message: InboundMessage) -> Option<Answer> {
        self.hear(InboundMessage { text: Some(text.into()), ..message });
        let answer = self.answer(Standing::Bot);
        self.now = self.now + crate::domain::Duration::minutes(5);
        answer
    }

    fn quotes(&mut self, quoted: &str, text: &str) -> Option<Answer> {
        self.says(text, InboundMessage { reply_to: Some(quoted.into()), ..InboundMessage::default() })
    }
}

/// Somebody who saw headphones first and a power bank then.
fn saw_two() -> Talk {
    let mut talk = Talk::new("US");
    for (number, sku) in [(1, "P-122"), (2, "P-123")] {
        let shown = talk.tap(&format!("product:{sku}"));
        talk.leaves(number, shown);
    }
    talk
}

#[test]
fn who_quotes_a_message_means_what_it_showed() {
    let mut talk = saw_two();
    expect(&talk.write("how much is this one?"), &["Brick 20000"], &["Hush 700"]);
    expect(&talk.quotes("wamid.1", "how much is this one?"), &["Hush 700", "159"], &["Brick"]);
    expect(&talk.write("does it have noise cancelling?"), &["Yes, Hush 700"], &["Brick"]);
    expect(&talk.quotes("wamid.2", "and this one?"), &["Brick 20000"], &["Hush"]);
    expect(&talk.quotes("wamid.1", "how much are these headphones?"), &["Hush 700: 159"], &["[product:"]);
    // What the words name goes before what is quoted.
    expect(&talk.quotes("wamid.2", "what about the Hush 700?"), &["Hush 700", "159"], &["Brick"]);
    expect(&talk.quotes("wamid.of their own", "is it in stock?"), &["Hush 700: 12"], &["Brick"]);
    let bought = talk.quotes("wamid.1", "I'll take it").unwrap();
    assert_eq!(bought.handoff.unwrap().reason, HandoffRequest::READY_TO_BUY);
    assert_eq!(talk.memory.shown, ["P-122"]);
}

#[test]
fn places_in_a_list_are_those_of_the_list_that_is_quoted() {
    let mut talk = Talk::new("US");
    let list = talk.write("phones under 800");
    let second = talk.memory.shown[1].clone();
    talk.leaves(1, list);
    let brick = talk.tap("product:P-123");
    talk.leaves(2, brick);
    talk.quotes("wamid.1", "the second one please");
    assert_eq!(talk.memory.shown, [second]);
}

#[test]
fn what_a_person_wrote_or_was_sent_elsewhere_can_be_quoted_too() {
    let mut talk = saw_two();
    talk.happens(EventBody::Sent(SentEvent {
        message: "wamid.phone".into(),
        kind: MessageKind::Reply,
        product: None,
        category: None,
        campaign: None,
        link: false,
        by: "agent:phone".into(),
        text: Some("The Hush 700 is back".into()),
        past: false,
    }));
    expect(&talk.quotes("wamid.phone", "how much?"), &["Hush 700", "159"], &["Brick"]);
}

#[test]
fn who_writes_from_a_products_page_means_that_product() {
    let from = |product: &str| InboundMessage { product: Some(product.into()), ..InboundMessage::default() };
    for text in ["how much is it?", "Hi", "Hi, is this available?", "tell me more about this"] {
        let mut talk = Talk::new("US");
        let answer = talk.says(text, from("P-123"));
        expect(&answer, &["Brick 20000", "35", "buy:P-123"], &["What are you looking for", "all I know"]);
    }
    let mut talk = Talk::new("US");
    expect(&talk.says("does it have fast charging?", from("P-123")), &["Yes, Brick 20000"], &[]);
    expect(&talk.write("how much is it?"), &["Brick 20000"], &["What are you looking for"]);
    let bought = talk.says("I want to buy this", from("P-122")).unwrap();
    assert_eq!(bought.handoff.unwrap().reason, HandoffRequest::READY_TO_BUY);
    // A number that the shop does not sell says nothing.
    let mut talk = Talk::new("US");
    expect(&talk.says("how much is it?", from("SKU-0042")), &["What are you looking for"], &[]);
}

#[test]
fn only_the_last_messages_are_remembered() {
    let mut talk = Talk::new("US");
    for number in 1..=20 {
        let shown = talk.tap("product:P-122");
        talk.leaves(number, shown);
    }
    assert_eq!(talk.memory.showed.len(), 3);
    // A long list leaves room for few before it, and none for what came before those.
    for number in 21..=22 {
        talk.memory.shown = (0..8).map(|n| format!("P-{n}")).collect();
        let list = talk.write("what are your opening hours?");
        talk.leaves(number, list);
    }
    assert_eq!(talk.memory.showed.len(), 1);
}

#[test]
fn who_comes_from_an_ad_for_a_product_means_that_one() {
    let of_ad = |headline: &str| {
        let referral = serde_json::json!({ "source": "ad", "headline": headline });
        let referral = serde_json::from_value(referral).unwrap();
        InboundMessage { referral: Some(Box::new(referral)), ..InboundMessage::default() }
    };
    let of_hush = || of_ad("Meet the Hush 700!");
    expect(&Talk::new("US").says("how much is this?", of_hush()), &["Hush 700: 159"], &[]);
    expect(&Talk::new("US").says("how much is the Brick 20000?", of_hush()), &["Brick 20000"], &["Hush"]);
    expect(&Talk::new("US").says("do you have laptops?", of_hush()), &["Aero 14"], &["Hush"]);
    let mut talk = Talk::new("US");
    expect(&talk.says("hi", of_hush()), &["Hush 700: 159"], &[]);
    expect(&talk.write("how much is it?"), &["Hush 700: 159"], &[]);
}

#[test]
fn who_comes_from_an_ad_sees_what_it_shows_whatever_they_open_with() {
    let mut talk = Talk::new("US");
    for (country, said) in [
        ("US", "Hello! Can I get more info on this?"),
        ("US", "Hi, is this available?"),
        ("US", "hi"),
        ("ES", "¡Hola! Quiero más información."),
        ("BR", "Olá! Tenho interesse e queria mais informações, por favor."),
        ("FR", "Bonjour ! Puis-je en savoir plus à ce sujet ?"),
        ("DE", "Hallo! Kann ich dazu mehr Infos bekommen?"),
        ("ID", "Halo! Bisakah saya mendapatkan info selengkapnya tentang ini?"),
        ("AE", "مرحبًا! هل يمكنني الحصول على مزيد من المعلومات حول هذا؟"),
        ("IN", "नमस्ते! क्या मुझे इस बारे में ज़्यादा जानकारी मिल सकती है?"),
        ("RU", "Здравствуйте! Можно узнать об этом подробнее?"),
        ("TR", "Merhaba! Bununla ilgili daha fazla bilgi alabilir miyim?"),
        ("IT", "Ciao! Posso avere maggiori informazioni su questo?"),
        ("MY", "Helo! Boleh saya dapatkan maklumat lanjut tentang ini?"),
        ("CN", "你好！可以了解更多信息吗？"),
        ("HK", "您好！我想進一步了解這個。"),
    ] {
        talk.another(country, &[]);
        let referral = serde_json::json!({ "source": "ad", "headline": "Nova S5 - 199 USD" });
        let message =
            InboundMessage { referral: serde_json::from_value(referral).unwrap(), ..InboundMessage::default() };
        expect(&talk.says(said, message), &["Nova S5", "199", "[buy:P-101"], &["[budget:"]);
    }
}
