//! Small conversations: what the customer writes, what must stand in the answer, what must not.

use super::*;

#[test]
fn who_sent_what_did_not_arrive_is_asked_for_it_again_and_who_opens_the_chat_is_greeted() {
    let mut talk = Talk::new("US");
    let mut media = |kind: &str| {
        talk.hear(InboundMessage { media: Some(kind.into()), ..InboundMessage::default() });
        talk.answer(Standing::Bot)
    };
    expect(&media("request_welcome"), &["What are you looking for"], &["kind of message", "once more"]);
    expect(&media("unavailable"), &["once more"], &["kind of message"]);
    expect(&media("sticker"), &["kind of message"], &["once more"]);
}

#[test]
fn a_follow_up_has_words_of_its_own_in_every_language() {
    let mut talk = Talk::new("US");
    let mut planned = FollowUpRequest {
        rule: "ladder".into(),
        catalogue: Vec::new(),
        kind: MessageKind::Promotion,
        template: "ladder_vip".into(),
        product: None,
        category: None,
        campaign: None,
        orders: Vec::new(),
        rest: Some(Money { amount: 1200.into(), currency: "CNY".parse().unwrap() }),
        not_before: talk.now,
        at: None,
        not_after: talk.now,
    };
    for language in ["en", "zh-Hans", "zh-Hant", "ru", "it", "pt", "es", "fr", "de", "tr", "id", "ms", "hi", "ar"] {
        talk.contact.language = Some(Language(language.into()));
        let (content, _) = talk.dialogue.follow_up(&planned, &talk.contact, &talk.shop, false);
        assert!(content.text().contains("1\u{202f}200\u{a0}CNY"), "{language}: {}", content.text());
    }
    let (template, _) = talk.dialogue.follow_up(&planned, &talk.contact, &talk.shop, true);
    let Content::Template(template) = template else { panic!("outside the window only a template goes out") };
    assert_eq!((template.name.as_str(), template.body.len()), ("ladder_vip", 2));
    // How many gaps a template has that the shop has no words for, only Meta knows.
    (planned.template, planned.rest) = ("summer_sale".into(), None);
    let (content, _) = talk.dialogue.follow_up(&planned, &talk.contact, &talk.shop, true);
    let Content::Template(mut template) = content else { panic!("outside the window only a template goes out") };
    assert_eq!((template.name.as_str(), template.body.len()), ("summer_sale", 1));
    assert_eq!(template.supply.values["1"], template.body[0], "a single gap is for the name");
    // Where it leaves in another language, who has no name is greeted as there.
    template.parts.numbered = Some(vec![template.body[0].clone(), "20 %".into()]);
    (template.language, talk.contact.language) = ("pt_BR".into(), Some(Language("ar".into())));
    let nameless = |language: &str| talk.dialogue.templates.word(language, "nameless").into_owned();
    talk.dialogue.say_in_its_language(&mut template, None, "ar");
    assert_eq!(template.parts.numbered, Some(vec![nameless("pt"), "20 %".into()]));
    assert_ne!(nameless("ar"), nameless("pt"));
}

#[test]
fn what_is_told_of_a_product_leads_to_its_page() {
    let mut talk = Talk::new("US");
    let details = talk.tap("product:P-102").unwrap();
    assert_eq!(details.links.len(), 1);
    let link = &details.links[0];
    assert_eq!((link.product.as_deref(), link.target.as_str()), (Some("Nova S7 Pro"), "/p/nova-s7-pro"));
    expect(&Some(details), &[Link::mark(0).to_string().as_str()], &["/p/"]);
    for product in ["phone", "electronics/phone", "nova-s5", "P-101"] {
        let planned = FollowUpRequest {
            rule: "browsed".into(),
            catalogue: Vec::new(),
            kind: MessageKind::Product,
            template: "goes_with".into(),
            product: Some(product.into()),
            category: None,
            campaign: None,
            rest: None,
            orders: Vec::new(),
            not_before: talk.now,
            at: None,
            not_after: talk.now,
        };
        let (content, links) = talk.dialogue.follow_up(&planned, &talk.contact, &talk.shop, false);
        assert!(content.text().contains(Link::mark(0)) && links[0].target == "/p/nova-s5", "{product}");
        assert_eq!(talk.dialogue.follow_up(&planned, &talk.contact, &talk.shop, true).1, []);
    }
}

#[test]
fn one_thing_is_asked_at_a_time_until_products_are_shown() {
    let mut talk = Talk::new("US");
    expect(
        &talk.write("Hello"),
        &["Harbour Goods", "What are you looking for", "[person |", "category:electronics"],
        &[],
    );
    expect(
        &talk.write("I am looking for a phone"),
        &["What would you like to spend", "any:budget", "budget:"],
        &["welcome"],
    );
    let shown = talk.write("500");
    expect(&shown, &["500", "[product:"], &["Lumen Fold", "welcome"]);
    let details = talk.tap("product:P-102");
    expect(
        &details,
        &["Nova S7 Pro: 449", "waterproof", "buy:P-102", "compare:P-102", "[person |"],
        &["fast_charging"],
    );
    expect(&talk.tap("compare:P-102"), &["Side by side", "Nova S7 Pro", "Tera Rugged"], &[]);
    let bought = talk.tap("buy:P-102").unwrap();
    assert_eq!(bought.handoff.as_ref().unwrap().reason, "ready-to-buy");
    expect(&Some(bought), &["within 5 minutes"], &[]);
}

#[test]
fn all_that_was_said_at_once_is_answered_at_once() {
    let mut talk = Talk::new("US");
    let answer = talk.write("Hi, a waterproof phone under 400 please. Do you deliver to Canada?");
    expect(&answer, &["Harbour Goods", "ship worldwide"], &[]);
    expect(&talk.write("so, which phone?"), &["Tera Rugged"], &["Nova S7 Pro"]);
}

#[test]
fn nothing_that_fits_is_said_honestly_and_the_nearest_is_offered() {
    let mut talk = Talk::new("US");
    expect(&talk.write("phone under 50"), &["to be honest", "Lumen Lite", "[person |"], &[]);
    let mut talk = Talk::new("US");
    expect(&talk.write("iphone 15 under 600"), &["do not carry that brand", "[product:"], &[]);
}

#[test]
fn a_budget_in_another_currency_is_held_against_the_prices_by_the_rate() {
    let mut talk = Talk::new("HK");
    // 1600 HKD are about 206 USD.
    let answer = talk.write("phone, budget HK$1600");
    expect(&answer, &["Nova S5", "Lumen Lite", "prices are in USD"], &["Nova S7 Pro"]);
}

#[test]
fn a_product_that_is_named_is_known_with_price_and_stock() {
    let mut talk = Talk::new("US");
    expect(&talk.write("how much is the Tera Rugged?"), &["Tera Rugged: 329", "7 in stock"], &["What are you looking"]);
    expect(&talk.write("compare Nova S5 and Tera Rugged"), &["Side by side", "Nova S5: 199", "Tera Rugged: 329"], &[]);
}

#[test]
fn what_was_shown_can_be_pointed_at() {
    let mut talk = Talk::new("US");
    expect(&talk.write("phone up to 340 dollars"), &["Lumen Lite", "Nova S5", "Tera Rugged"], &[]);
    expect(&talk.write("how much is the second one?"), &["Nova S5: 199"], &["Lumen Lite: 129"]);
    let mut talk = Talk::new("BR");
    talk.write("celular até 340 dólares");
    expect(
        &talk.write("tem em estoque?"),
        &["Em estoque agora", "Nova S5: 14", "Tera Rugged: 7", "[person |"],
        &["Ver a lista"],
    );
    expect(&talk.write("quanto custam?"), &["Nova S5: 199", "Lumen Lite: 129"], &[]);
    expect(&talk.write("quanto custa o frete?"), &["Enviamos"], &["Nova S5"]);
    let bought = talk.write("vou levar o segundo").unwrap();
    assert_eq!(bought.handoff.unwrap().reason, "ready-to-buy");
    assert_eq!(talk.memory.shown, ["P-101"]);
    let mut talk = Talk::new("CN");
    talk.write("340美元以内的手机");
    expect(&talk.write("第三个"), &["Tera Rugged", "329"], &["Lumen Lite"]);
    expect(&talk.write("太贵了"), &["更便宜", "Nova S5", "Lumen Lite"], &["Tera Rugged", "没关系"]);
    expect(&talk.write("最便宜的是哪个"), &["Lumen Lite"], &["Nova S5"]);
    expect(&talk.write("还是太贵"), &["Lumen Lite", "最便宜的"], &[]);
}

#[test]
fn a_property_of_what_was_shown_is_told_or_looked_for() {
    let mut talk = Talk::new("US");
    talk.tap("product:P-102");
    expect(&talk.write("is it waterproof?"), &["Yes, Nova S7 Pro: waterproof", "buy:P-102"], &[]);
    talk.tap("product:P-101");
    expect(&talk.write("is it waterproof?"), &["Nova S5 does not have this", "waterproof", "product:P-102"], &[]);
    // Of the one that they see: what they ask, not all of it once more.
    talk.tap("product:P-102");
    expect(&talk.write("is the first one waterproof?"), &["Yes, Nova S7 Pro: waterproof"], &["in stock"]);
    expect(&talk.write("is the first one in stock?"), &["In stock just now", "Nova S7 Pro: "], &["waterproof"]);
    expect(&talk.write("the first one please, I'll take it"), &["colleague"], &["In stock just now"]);
}

#[test]
fn a_part_that_is_compared_is_no_wish_for_another_product() {
    let mut talk = Talk::new("US");
    talk.write("phone up to 340 dollars");
    let answer = talk.write("which one has the better camera?");
    expect(&answer, &["Side by side", "Nova S5", "Tera Rugged"], &["amera:"]);
    let mut talk = Talk::new("IN");
    talk.tap("product:P-104");
    expect(&talk.write("how is the camera?"), &["do not have that information", "[person |"], &["nothing in stock"]);
    // Who wants one is shown what there is, or told that there is none.
    expect(&talk.write("do you sell cameras?"), &["in stock just now (camera)"], &[]);
}

#[test]
fn a_category_that_is_named_shows_its_kinds() {
    let mut talk = Talk::new("MX");
    talk.write("hola");
    expect(&talk.write("algo de belleza"), &["kind:beauty/sunscreen", "[person |"], &["category:"]);
}

#[test]
fn another_product_is_not_looked_for_by_the_brand_of_the_one_before() {
    let mut talk = Talk::new("US");
    expect(&talk.write("Do you have the iPhone 15?"), &["do not carry that brand"], &[]);
    expect(&talk.write("any laptop under 1500"), &["Aero 14"], &["brand"]);
}

#[test]
fn an_order_number_that_nobody_here_knows_calls_a_person() {
    let mut talk = Talk::new("GB");
    expect(&talk.write("hey where's my order"), &["send the order number"], &[]);
    assert_eq!(talk.write("order 5521").unwrap().handoff.unwrap().reason, "bot-lost");
}

#[test]
fn a_bare_sum_is_of_the_shops_money_where_nothing_would_fit_else() {
    let mut talk = Talk::new("HK");
    let answer = talk.write("do u have any phone under 300?");
    expect(&answer, &["I take your limit as 300\u{a0}USD", "Nova S5", "Lumen Lite"], &["to be honest", "Tera Rugged"]);
    // A sum that fits in their own money stays one of theirs.
    let mut talk = Talk::new("HK");
    expect(&talk.write("phone under 1600"), &["1\u{202f}600\u{a0}HKD", "Nova S5"], &["I take", "Nova S7 Pro"]);
    // Nobody would spend so much of the shop's.
    let mut talk = Talk::new("RU");
    expect(&talk.write("ноутбук до 50 тысяч"), &["50\u{202f}000\u{a0}RUB"], &["Считаю"]);
}

#[test]
fn sums_of_the_shop_name_their_currency() {
    let mut talk = Talk::new("US");
    expect(&talk.write("how much is shipping?"), &["Free from 100\u{a0}USD, else 8\u{a0}USD"], &["{"]);
}

#[test]
fn what_is_not_understood_is_said_and_the_second_time_a_person_comes() {
    let mut talk = Talk::new("US");
    talk.write("Hello");
    let first = talk.write("qwrtz blorp");
    expect(&first, &["not sure that I understood", "[person |"], &[]);
    let second = talk.write("qwrtz blorp fnord").unwrap();
    assert_eq!(second.handoff.unwrap().reason, "bot-lost");
}

#[test]
fn nothing_is_said_three_times() {
    let mut talk = Talk::new("US");
    talk.write("Hello");
    let answers: Vec<_> = (0..5).map(|_| talk.write("where is your shop?")).collect();
    assert_eq!(seen(&answers[0]), seen(&answers[1]));
    expect(&answers[2], &["all I know"], &["Harbour Street"]);
    assert!(answers[3].as_ref().unwrap().handoff.is_some());
}

#[test]
fn an_opt_out_is_confirmed_once_and_then_there_is_silence() {
    let mut talk = Talk::new("US");
    talk.write("Hello");
    expect(&talk.write("STOP"), &["no more messages"], &[]);
    talk.contact.opted_out = true;
    assert_eq!(talk.write("stop"), None);
    assert_eq!(talk.write("hm"), None);
    // What they ask themselves is answered all the same, also where they only name what they look for.
    expect(&talk.write("where is your shop?"), &["Harbour Street"], &[]);
    expect(&talk.write("send me the offer for the laptop"), &[], &["have you back"]);
}

#[test]
fn the_bot_is_silent_while_a_person_is_expected_or_in_charge() {
    let mut talk = Talk::new("US");
    let due = talk.now + crate::domain::Duration::minutes(5);
    talk.hear(InboundMessage { text: Some("price of the Nova S5?".into()), ..InboundMessage::default() });
    talk.dialogue.person_asked_for(&mut talk.memory, talk.now);
    let waiting = Standing::Waiting { due, missed: false };
    expect(&talk.answer(waiting), &["Nova S5: 199", "A colleague takes over and answers within 5 minutes"], &[]);
    talk.hear(InboundMessage { text: Some("hello?".into()), ..InboundMessage::default() });
    assert_eq!(talk.answer(waiting), None);
    talk.hear(InboundMessage { text: Some("hello?".into()), ..InboundMessage::default() });
    assert_eq!(talk.answer(Standing::Person), None);
}

#[test]
fn outside_working_hours_the_customer_is_told_when_somebody_is_there() {
    let mut talk = Talk::new("US");
    talk.now = Timestamp::parse_rfc3339("2026-03-07T20:00:00Z").unwrap();
    let answer = talk.write("can I talk to a human please").unwrap();
    assert_eq!(answer.handoff.as_ref().unwrap().reason, "human");
    expect(&Some(answer), &["We are closed right now", "on Monday by 09:05"], &[]);
}

#[test]
fn orders_are_told_as_far_as_they_are_known() {
    let mut talk = Talk::new("US");
    expect(&talk.write("where is my order?"), &["cannot see an order", "[person |"], &[]);
    let order = serde_json::json!({"event": "order", "order": "A-7", "state": "shipped"});
    let body: EventBody = serde_json::from_value(order).unwrap();
    assert!(matches!(&body, EventBody::Order(OrderEvent { state: OrderState::Shipped, .. })));
    let event = Event { seq: 2, at: talk.now, received: talk.now, body };
    let now = talk.now;
    talk.dialogue.hear(&mut talk.memory, &event, None, now);
    expect(&talk.write("where is my order?"), &["A-7: on its way"], &["racking", "arrive"]);
}

/// Word of an order, as the shop's feed tells it.
pub(super) fn order(talk: &mut Talk, told: serde_json::Value) {
    let (body, now): (EventBody, _) = (serde_json::from_value(told).unwrap(), talk.now);
    talk.dialogue.hear(&mut talk.memory, &Event { seq: 2, at: now, received: now, body }, None, now);
}

#[test]
fn a_parcel_is_told_of_with_its_number_and_its_day() {
    let sent = serde_json::json!({
        "event": "order", "order": "A-7", "state": "shipped", "tracking": "LX-99", "eta": "2026-03-05",
    });
    let mut talk = Talk::new("US");
    for (country, question, holds) in [
        ("US", "where is my order?", ["A-7: on its way", "Tracking number: LX-99.", "arrive on Thursday"]),
        ("DE", "wo ist meine Bestellung?", ["A-7: unterwegs", "Sendungsnummer: LX-99", "Ankunft: am Donnerstag"]),
        ("BR", "cadê meu pedido?", ["A-7: a caminho", "rastreio: LX-99", "prevista: na quinta-feira"]),
        ("RU", "где мой заказ?", ["A-7: отправлен", "отслеживания: LX-99", "в четверг"]),
        ("CN", "我的订单到哪了？", ["A-7：已发货", "物流单号：LX-99", "预计送达：周四"]),
    ] {
        talk.another(country, &[]);
        order(&mut talk, sent.clone());
        expect(&talk.write(question), &holds, &[]);
    }
    // A day that has passed is no promise; word that it was paid for comes late and changes nothing; what has arrived is no
    // longer looked for.
    talk.another("US", &[]);
    order(&mut talk, sent);
    order(&mut talk, serde_json::json!({"event": "order", "order": "A-7", "state": "paid"}));
    talk.now = talk.now + crate::domain::Duration::days(4);
    expect(&talk.write("where is my order?"), &["A-7: on its way", "LX-99"], &["should arrive"]);
    order(&mut talk, serde_json::json!({"event": "order", "order": "A-7", "state": "delivered"}));
    expect(&talk.write("where is my order?"), &["A-7: delivered"], &["LX-99"]);
}

#[test]
fn who_came_by_an_ad_hears_of_its_offer_while_it_runs() {
    let mut talk = Talk::new("US");
    expect(&talk.write("any discount?"), &["cannot promise a discount"], &["HELLO10"]);
    talk.another("US", &["source/ig-ad"]);
    expect(&talk.write("any discount?"), &["HELLO10", "30 June 2027", "[person |"], &["cannot promise"]);
    talk.now = Timestamp::parse_rfc3339("2027-06-30T23:59:59Z").unwrap();
    expect(&talk.write("is there a discount?"), &["HELLO10"], &[]);
    talk.now = Timestamp::parse_rfc3339("2027-07-01T07:00:00Z").unwrap();
    expect(&talk.write("is there a discount?"), &["cannot promise a discount"], &["HELLO10"]);
    talk.another("US", &["source/shop"]);
    expect(&talk.write("any discount?"), &["50 points", "In the shop"], &["HELLO10"]);
}

#[test]
fn they_are_asked_once_what_they_do_if_the_shop_wants_it() {
    let question = "as a student, for the household, or for a company";
    let mut talk = Talk::new("US");
    expect(&talk.write("thank you"), &["You are welcome"], &[question]);
    talk.shop.ask_occupation = true;
    talk.now = talk.now + crate::domain::Duration::hours(7);
    let asked = talk.write("thank you");
    expect(&asked, &[question, "[profile:occupation:student | Student]", "[profile:company:yes | Company]"], &[]);
    expect(&talk.tap("profile:occupation:student"), &["You are welcome"], &["looking for"]);
    talk.now = talk.now + crate::domain::Duration::days(30);
    expect(&talk.write("thank you"), &["You are welcome"], &[question]);
    // Not who waits for a person, and not where something weighs on them.
    talk.another("US", &["case/complaint-open"]);
    expect(&talk.write("thank you"), &["You are welcome"], &[question]);
}

#[test]
fn a_burst_after_an_answer_is_answered_once_when_it_ends() {
    let mut talk = Talk::new("US");
    talk.hear(InboundMessage { text: Some("Hello".into()), ..InboundMessage::default() });
    assert!(talk.answer(Standing::Bot).is_some());
    let began = talk.now;
    for text in ["a phone", "waterproof", "under 400"] {
        talk.now = talk.now + crate::domain::Duration::millis(900);
        talk.hear(InboundMessage { text: Some(text.into()), ..InboundMessage::default() });
    }
    let due = talk.dialogue.next_wake(&talk.memory).unwrap();
    assert_eq!(due - began, crate::domain::Duration::millis(2_700 + 2_000));
    expect(&talk.answer(Standing::Bot), &["Tera Rugged"], &[]);
}

#[test]
fn every_language_answers_in_its_own_words() {
    for (country, text, holds, lacks) in [
        ("CN", "你好，想买手机，预算300美元", ["Harbour Goods", "预算", "Nova S5"], "phone"),
        ("HK", "你好，想搵部手機，預算300美金", ["Harbour Goods", "預算", "Nova S5"], "预算"),
        ("RU", "Здравствуйте, ищу телефон до 300 долларов", ["Harbour Goods", "бюджет", "Nova S5"], "phone"),
        ("IT", "Ciao, cerco un telefono sotto i 300 dollari", ["Harbour Goods", "budget", "Nova S5"], "phone,"),
        ("BR", "Oi, procuro um celular até 300 dólares", ["Harbour Goods", "orçamento", "Nova S5"], "phone"),
        ("MX", "Hola, busco un teléfono de hasta 300 dólares", ["Harbour Goods", "presupuesto", "Nova S5"], "phone"),
        ("ID", "Halo, saya cari HP di bawah 300 dolar", ["Harbour Goods", "budget", "Nova S5"], "phone"),
        ("MY", "Hai, saya nak cari telefon bawah 300 dolar", ["Harbour Goods", "bajet", "Nova S5"], "phone"),
        ("IN", "नमस्ते, मुझे 300 डॉलर तक का मोबाइल चाहिए", ["Harbour Goods", "बजट", "Nova S5"], "phone"),
        ("AE", "السلام عليكم، ابحث عن هاتف بحد أقصى 300 دولار", ["Harbour Goods", "لميزانيتك", "Nova S5"], "phone"),
        ("DE", "Guten Tag, ich suche ein Handy bis 300 Dollar", ["Harbour Goods", "Budget", "Nova S5"], "phone"),
        (
            "FR",
            "Bonjour, je cherche un téléphone à moins de 300 dollars",
            ["Harbour Goods", "budget", "Nova S5"],
            "phone",
        ),
        ("TR", "Merhaba, 300 dolara kadar telefon arıyorum", ["Harbour Goods", "Bütçenize", "Nova S5"], "phone"),
    ] {
        let mut talk = Talk::new(country);
        let answer = talk.write(text);
        expect(&answer, &holds, &[lacks]);
    }
}

#[test]
fn what_is_kept_of_a_long_talk_stays_small() {
    let mut talk = Talk::new("US");
    for round in 0..60 {
        talk.write(&format!(
            "a waterproof phone, or a laptop, or earbuds for {} dollars, {}",
            100 + round,
            "x".repeat(900)
        ));
    }
    let state = serde_json::to_string(&talk.memory).unwrap();
    assert!(state.len() < 1_500, "{}", state.len());
    assert_eq!(serde_json::from_str::<Memory>(&state).unwrap(), talk.memory);
}

#[test]
fn who_lives_where_sending_is_dear_or_slow_hears_it_before_paying() {
    let mut talk = Talk::new("BR");
    talk.delivery = Some(crate::domain::Delivery { surcharge: 120, days: None, customs_days: 0 });
    let answer = talk.write("Oi, quanto custa o fone?");
    expect(&answer, &["120%", "do que no resto do país"], &["alfândega", "dias"]);
    let answer = talk.write("tem loja? qual o horário?");
    expect(&answer, &[], &["120%"]);
    talk.another("GB", &[]);
    talk.delivery = Some(crate::domain::Delivery { surcharge: 0, days: Some((2, 2)), customs_days: 2 });
    let answer = talk.tap("buy:P-101");
    expect(&answer, &["takes 2 days longer", "2 of them at customs", "colleague"], &["%"]);
    talk.another("ID", &[]);
    talk.delivery = Some(crate::domain::Delivery { surcharge: 0, days: Some((4, 7)), customs_days: 0 });
    let answer = talk.write("how much is shipping?");
    expect(&answer, &["ship worldwide", "takes 4–7 days longer"], &["customs"]);
}
