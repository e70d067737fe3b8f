//! What people say next: two things at once, what they refuse, others, too dear, when it is back.

use super::*;

/// What each message of a conversation is answered with: words that must stand in it, and words that must not.
type Turn<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

#[track_caller]
fn play(talk: &mut Talk, country: &str, turns: &[Turn<'_>]) {
    talk.another(country, &[]);
    for (words, holds, lacks) in turns {
        println!("{words}");
        expect(&talk.write(words), holds, lacks);
    }
}

#[test]
fn who_orders_two_things_by_name_gets_a_person_and_who_cannot_choose_sees_both() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "i want to buy the nova s5 and the dome 2"),
        ("TR", "nova s5 ve dome 2 istiyorum"),
        ("ES", "quiero comprar el nova s5 y el dome 2"),
        ("DE", "ich möchte das nova s5 und das dome 2 kaufen"),
        ("FR", "je veux acheter le nova s5 et le dome 2"),
        ("BR", "quero comprar o nova s5 e o dome 2"),
        ("CN", "我要买nova s5和dome 2"),
        ("RU", "хочу купить nova s5 и dome 2"),
    ] {
        talk.another(country, &[]);
        let answer = talk.write(words).unwrap();
        assert_eq!(answer.handoff.as_ref().map(|asked| asked.reason.as_str()), Some("ready-to-buy"), "{words}");
    }
    for words in ["i want to buy the nova s5 or the lumen lite", "compare the nova s5 and the lumen lite"] {
        talk.another("US", &[]);
        expect(&talk.write(words), &["Side by side"], &["A colleague takes over"]);
    }
}

#[test]
fn a_question_of_what_they_see_is_no_wish() {
    let mut talk = Talk::new("US");
    let cheapest: &[&str] = &["Lumen Lite: 129"];
    play(
        &mut talk,
        "US",
        &[
            ("how much is the nova s7 pro", &["Nova S7 Pro: 449"], &[]),
            ("is it waterproof?", &["Yes, Nova S7 Pro"], &[]),
            ("whats your cheapest phone", cheapest, &[]),
        ],
    );
    play(
        &mut talk,
        "US",
        &[
            ("waterproof phones?", &["Nova S7 Pro", "Tera Rugged"], &["Lumen Lite"]),
            ("ok forget waterproof, whats the cheapest phone", cheapest, &[]),
        ],
    );
    // What is lacking is looked for, and holds for what they ask next.
    play(
        &mut talk,
        "US",
        &[
            ("how much is the nova s5", &["Nova S5: 199"], &[]),
            ("is it waterproof?", &["Tera Rugged"], &["Lumen Lite"]),
            ("and the cheapest?", &["Tera Rugged: 329"], &[]),
        ],
    );
    // A wish ends with its conversation.
    play(&mut talk, "US", &[("a waterproof phone please", &["Tera Rugged"], &["Lumen Lite"])]);
    talk.now = talk.now + crate::domain::Duration::hours(39);
    expect(&talk.write("phones under 300"), &["Lumen Lite", "Nova S5"], &["nothing in stock", "none with everything"]);
}

#[test]
fn what_is_refused_is_not_shown() {
    let mut talk = Talk::new("US");
    for (country, words, then) in [
        ("US", "i want a phone but not nova", "under 500"),
        ("DE", "ich suche ein handy, aber kein nova", "bis 500 usd"),
        ("ES", "busco un celular, menos nova", "hasta 500 usd"),
        ("BR", "quero um celular, menos nova", "até 500 usd"),
        ("FR", "je cherche un téléphone mais pas nova", "500 usd maximum"),
        ("TR", "telefon arıyorum, nova olmasın", "500 usd"),
        ("CN", "想买手机，不要nova", "500美元以内"),
    ] {
        talk.another(country, &[]);
        talk.write(words);
        expect(&talk.write(then), &["Lumen Lite", "Tera Rugged"], &["Nova"]);
    }
    play(
        &mut talk,
        "US",
        &[
            ("a phone without 5g under 900", &["Lumen Lite"], &["Nova", "Tera"]),
            // Named again it is wanted.
            ("a phone with 5g under 900", &["Nova S5"], &["Lumen Lite"]),
        ],
    );
    play(&mut talk, "US", &[("earbuds, not noise cancelling", &["Pebble Air"], &["Pebble Pro ANC"])]);
}

#[test]
fn who_waits_for_a_person_or_had_one_is_no_stranger_and_who_greets_again_sees_nothing_twice() {
    let mut talk = Talk::new("US");
    talk.write("i want to talk to a person");
    talk.hear(InboundMessage { text: Some("is it good in winter?".into()), ..InboundMessage::default() });
    assert_eq!(talk.answer(Standing::Person), None);
    expect(&talk.write("do you have tents"), &["Dome 2: 149"], &["welcome"]);
    expect(&talk.write("hello"), &["I am here"], &["Dome 2"]);
    expect(&talk.write("hi again"), &["I am here"], &["Dome 2"]);
}

#[test]
fn what_they_have_and_is_broken_is_sold_to_nobody() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "my nova s5 arrived with a broken screen"),
        ("DE", "mein nova s5 kam mit kaputtem display an"),
        ("DE", "der Fön den ich gekauft hab geht nicht"),
        ("ES", "mi nova s5 llegó con la pantalla rota"),
        ("FR", "mon aspirateur ne se recharge plus"),
        ("IT", "il mio nova s5 è arrivato con lo schermo rotto"),
        ("RU", "мой nova s5 пришёл с разбитым экраном"),
        ("CN", "我买的nova s5屏幕碎了"),
        ("ID", "nova s5 saya datang layarnya retak"),
    ] {
        for standing in [Standing::Bot, Standing::Waiting { due: talk.now, missed: false }] {
            talk.another(country, &[]);
            talk.memory.tell_person = standing != Standing::Bot;
            talk.hear(InboundMessage { text: Some(words.into()), ..InboundMessage::default() });
            expect(&talk.answer(standing), &[], &["Nova S5: ", "Silk 1800", "Rondo", "199"]);
        }
    }
}

#[test]
fn who_needs_another_since_the_old_one_broke_has_no_trouble() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "I need a phone, my old one broke"),
        ("ES", "necesito un teléfono, el viejo se rompió"),
        ("IT", "mi serve un telefono, il vecchio si è rotto"),
        ("BR", "preciso de um celular, o meu antigo quebrou"),
        ("FR", "j'ai besoin d'un téléphone, mon ancien est cassé"),
        ("CN", "我的手机坏了，想买个新的"),
        ("HK", "我個手機壞咗，想買過個新嘅"),
        ("MY", "perlu telefon, yang lama dah rosak"),
        ("IN", "फोन चाहिए, पुराना खराब हो गया"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(words), &["budget:200", "budget:450"], &[]);
    }
}

#[test]
fn others_are_what_they_have_not_seen() {
    let mut talk = Talk::new("US");
    for (country, first, words) in [
        ("US", "how much is the pebble air", "anything else?"),
        ("US", "how much is the pebble air", "do you have other models?"),
        ("ES", "cuánto cuesta el pebble air", "¿algo más?"),
        ("DE", "was kostet der pebble air", "was anderes?"),
        ("FR", "combien coûte le pebble air", "vous avez autre chose ?"),
        ("IT", "quanto costa il pebble air", "altro?"),
        ("BR", "quanto custa o pebble air", "tem outra opção?"),
        ("RU", "сколько стоит pebble air", "а другое есть?"),
        ("CN", "pebble air多少钱", "有别的吗"),
        ("TR", "pebble air ne kadar", "başka var mı"),
        ("ID", "berapa harga pebble air", "ada yang lain?"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(first), &["39"], &[]);
        expect(&talk.write(words), &["Pebble Pro ANC"], &["Pebble Air"]);
    }
    // Where nothing but the budget is known, of what it buys.
    talk.another("ES", &[]);
    expect(&talk.write("busco un regalo por menos de 30"), &["Flow Mat", "Dew Calm Cream"], &[]);
    expect(&talk.write("¿algo más?"), &["Es todo lo que tenemos", "[person |"], &["Flow Mat"]);
    talk.another("US", &[]);
    expect(&talk.write("looking for a gift under 200"), &["Nova S5", "Hush 700"], &[]);
    expect(&talk.write("anything else?"), &["budget of 200"], &["Nova S5", "Hush 700"]);
    let none: &[&str] = &["That is all we have", "[person |"];
    play(&mut talk, "US", &[("do you have tents", &["Dome 2: 149"], &[]), ("anything else?", none, &["Dome 2"])]);
    assert!(talk.write("yes please").unwrap().handoff.is_some());
}

#[test]
fn a_price_that_is_too_much_is_no_refusal() {
    let mut talk = Talk::new("US");
    for (country, first, words) in [
        ("US", "how much is the nova s5", "199 is too much"),
        ("DE", "was kostet das nova s5", "199 ist mir zu viel"),
        ("FR", "combien coûte le nova s5", "199 c'est trop"),
        ("IT", "quanto costa il nova s5", "199 è troppo"),
        ("IT", "quanto costa il nova s5", "costa troppo"),
        ("BR", "quanto custa o nova s5", "199 é muito"),
        ("RU", "сколько стоит nova s5", "199 многовато"),
        ("ID", "berapa harga nova s5", "mahalnya"),
        ("US", "how much is the nova s5", "200 for a phone?? too much"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(first), &["199"], &[]);
        expect(&talk.write(words), &["Lumen Lite"], &["Nova S5"]);
    }
    // The largest number that there is is close to no price.
    talk.another("US", &[]);
    expect(&talk.write("how much is the nova s5"), &["199"], &[]);
    expect(&talk.write("79228162514264337593543950335 is too much"), &[], &["Lumen Lite"]);
}

#[test]
fn after_delivery_how_long_and_how_much_are_of_delivery() {
    let mut talk = Talk::new("US");
    for (country, first, words, told) in [
        ("US", "do you deliver to Chicago?", "how much is it", "ship worldwide"),
        ("US", "do you deliver to Chicago?", "and to Mexico?", "ship worldwide"),
        ("DE", "liefert ihr nach Berlin?", "wie lange dauert das", "versenden weltweit"),
        ("FR", "vous livrez à Lyon ?", "c'est payant ?", "livrons"),
        ("ID", "bisa kirim ke Bandung?", "berapa lama", "kirim"),
        ("CN", "可以送到上海吗", "要多久", "配送"),
    ] {
        talk.another(country, &[]);
        let before = seen(&talk.write(first));
        let after = seen(&talk.write(words));
        let last = |seen: &str| seen.lines().last().unwrap_or_default().to_owned();
        assert_eq!(last(&before), last(&after), "{words}: {told}");
    }
}

#[test]
fn the_best_is_the_dearest_and_who_sets_no_limit_has_none() {
    let mut talk = Talk::new("US");
    for words in ["what's your best one", "the best you have"] {
        play(
            &mut talk,
            "US",
            &[
                ("a phone please", &["spend"], &[]),
                ("under 500", &["Nova S5"], &["Lumen Fold"]),
                ("budget is not an issue", &[], &["500"]),
                (words, &["Lumen Fold: 899"], &[]),
            ],
        );
    }
    talk.another("US", &[]);
    talk.write("do you have tents");
    expect(&talk.write("what is your best price?"), &["A colleague"], &["Dome 2: 149"]);
}

#[test]
fn a_sum_after_our_buttons_is_one_of_our_own_money_where_thousands_would_be_unsaid() {
    let mut talk = Talk::new("ID");
    talk.write("cari hp");
    expect(&talk.write("200"), &["200\u{a0}USD", "Nova S5", "Lumen Lite"], &["200\u{a0}000", "200.000"]);
    // In rupiah as they are written it is theirs.
    talk.another("ID", &[]);
    talk.write("cari hp");
    expect(&talk.write("5 juta"), &["Nova S5"], &[]);
}

#[test]
fn a_number_alone_near_the_prices_is_what_they_can_spend() {
    let mut talk = Talk::new("US");
    let first: &[&str] = &["Pebble Air", "Pebble Pro ANC"];
    play(&mut talk, "US", &[("do you have earbuds", first, &[]), ("50", &["Pebble Air"], &["Pebble Pro ANC"])]);
    play(&mut talk, "US", &[("do you have earbuds", first, &[]), ("2", &["Pebble Pro ANC"], &["Pebble Air"])]);
    play(&mut talk, "ES", &[("laptop", &["Aero 14"], &[]), ("1000 usd", &["Aero 14"], &["Studio"])]);
}

#[test]
fn who_waits_for_what_is_sold_out_is_offered_a_person() {
    let mut talk = Talk::new("US");
    talk.shop.products.iter_mut().find(|product| product.name == "Dome 2").unwrap().stock = 0;
    for (country, first, words) in [
        ("US", "how much is the dome 2", "when will it be back?"),
        ("ES", "cuánto cuesta el dome 2", "¿cuándo va a haber?"),
        ("ES", "cuánto cuesta el dome 2", "avísame cuando haya"),
        ("CN", "dome 2多少钱", "什么时候到货"),
        ("CN", "dome 2多少钱", "什么时候有货"),
    ] {
        talk.another(country, &[]);
        talk.write(first);
        expect(&talk.write(words), &["[person |"], &["0", "[product:"]);
        let yes = if country == "CN" {
            "好的"
        } else if country == "ES" {
            "sí"
        } else {
            "yes"
        };
        assert!(talk.write(yes).unwrap().handoff.is_some(), "{words}");
    }
}

#[test]
fn a_stop_with_a_question_is_confirmed_and_answered() {
    let mut talk = Talk::new("US");
    for words in ["STOP! how much is the dome 2?", "STOP! how much is the tent"] {
        talk.another("US", &[]);
        expect(&talk.write(words), &["no more messages", "Dome 2: 149"], &["[buy:"]);
    }
    // Who comes back while a person is in charge is told so.
    talk.contact.opted_out = true;
    talk.hear(InboundMessage { text: Some("START".into()), ..InboundMessage::default() });
    assert!(talk.answer(Standing::Person).is_some());
    talk.hear(InboundMessage { text: Some("START".into()), ..InboundMessage::default() });
    assert!(talk.answer(Standing::Person).is_none());
}

#[test]
fn goods_are_known_by_some_words_of_their_names() {
    let mut talk = Talk::new("MX");
    let product = |(sku, name, key): (&str, &str, &str)| -> Product {
        let written = serde_json::json!({ "sku": sku, "name": name, "key": key, "price": 120, "stock": 5 });
        serde_json::from_value(written).unwrap()
    };
    let sold = [
        ("B-1", "Pastel Tres Leches", "bakery/cake"),
        ("B-2", "Pastel Red Velvet Sin Gluten", "bakery/cake"),
        ("B-3", "Pastel de Chocolate", "bakery/cake"),
        ("B-4", "Bolillo", "bakery/bread"),
        ("B-5", "Concha de vainilla", "bakery/sweet_bread"),
        ("S-1", "奥斯陆三人布艺沙发", "home/sofa"),
        ("S-2", "奥斯陆双人布艺沙发", "home/sofa"),
        ("S-3", "米兰真皮沙发", "home/sofa"),
        ("T-1", "橡木餐桌1.4米", "home/dining_table"),
        ("T-2", "橡木餐桌1.8米", "home/dining_table"),
    ];
    talk.shop.products = sold.map(product).into();
    talk.dialogue = Dialogue::compile(&files("templates"), &files("keywords"), &talk.shop.products).0.unwrap();
    for (words, name) in [
        ("precio del red velvet", "Pastel Red Velvet Sin Gluten: 120"),
        ("el tres leches cuánto sale", "Pastel Tres Leches: 120"),
        ("tienen bolillos?", "Bolillo: 120"),
        ("cuánto cuestan las conchas", "Concha de vainilla: 120"),
        ("奥斯陆三人沙发多少钱", "奥斯陆三人布艺沙发"),
    ] {
        let country = if words.is_ascii() || words.contains('á') { "MX" } else { "CN" };
        play(&mut talk, country, &[(words, &[name], &[])]);
    }
    talk.another("MX", &[]);
    let both = talk.write("quiero 2 pasteles tres leches y 10 conchas").unwrap();
    assert_eq!(both.handoff.as_ref().map(|asked| asked.reason.as_str()), Some("ready-to-buy"));
    for (first, words, name, other) in [
        ("有沙发吗", "奥斯陆三人的", "奥斯陆三人布艺沙发", "双人"),
        ("有餐桌吗", "1.8米那个", "橡木餐桌1.8米", "1.4米"),
    ] {
        play(&mut talk, "CN", &[(first, &[], &[]), (words, &[name], &[other])]);
    }
}
