//! What is asked of the shop itself, and what looks like trouble or like a call for a person and is none.

use super::*;

/// Whether a person is called.
fn is_called(answer: &Option<Answer>) -> bool {
    answer.as_ref().is_some_and(|answer| answer.handoff.is_some())
}

#[test]
fn who_asks_whether_the_shop_is_one_to_trust_is_answered() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "is this shop legit or a scam?"),
        ("US", "saw your ad, is this a scam?"),
        ("ES", "sois de fiar o es una estafa?"),
        ("IT", "siete affidabili o è una truffa?"),
        ("DE", "ist das seriös oder betrug?"),
        ("FR", "vous êtes fiables ou c'est une arnaque?"),
        ("BR", "é confiável ou é golpe?"),
        ("RU", "вы не мошенники?"),
        ("TR", "güvenilir misiniz dolandırıcı değilsiniz di mi"),
        ("CN", "你们靠谱吗 不会是骗子吧"),
        ("HK", "你哋係咪呃人㗎"),
        ("ID", "ini toko terpercaya ga, bukan penipu kan"),
        ("MY", "kedai ni scam ke tak"),
        ("IN", "ye shop genuine hai ya fraud"),
        ("AE", "انتو موثوقين ولا نصابين"),
    ] {
        talk.another(country, &[]);
        let answer = talk.write(words);
        assert!(!is_called(&answer), "{words}");
        expect(&answer, &["12 Harbour Street", "30", "[person |"], &[]);
    }
    // Who has bought, or asks nothing, complains.
    for words in
        ["this is a scam, give me my money back", "you are scammers", "my order never arrived, is this a scam?"]
    {
        talk.another("US", &[]);
        talk.write("hello");
        let answer = talk.write(words);
        assert!(is_called(&answer) || talk.memory.trouble, "{words}: {}", seen(&answer));
    }
}

#[test]
fn a_person_or_a_bot_is_a_question_and_calls_nobody() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "are you a human or a bot?"),
        ("US", "am i talking to a human or a robot"),
        ("ES", "hablo con una persona o con un robot?"),
        ("DE", "bist du ein mensch oder ein bot?"),
        ("HK", "你係真人定機械人"),
        ("CN", "你是真人还是机器人"),
        ("AE", "انت بوت ولا انسان؟"),
        ("FR", "je parle à un humain ou à un robot?"),
        ("IT", "parlo con una persona o un bot?"),
        ("TR", "insan mısın robot mu"),
        ("ID", "ini manusia atau bot?"),
        ("IN", "insaan ho ya bot"),
        ("RU", "это бот или человек?"),
        ("BR", "é robô ou pessoa?"),
    ] {
        talk.another(country, &[]);
        let answer = talk.write(words);
        assert!(!is_called(&answer), "{words}");
        expect(&answer, &["Harbour Goods", "[person |"], &[]);
    }
    for words in ["i want a human, not a bot", "no more bot please, get me a human or I leave"] {
        talk.another("US", &[]);
        assert!(is_called(&talk.write(words)), "{words}");
    }
}

#[test]
fn my_money_back_is_trouble_also_after_products_were_shown() {
    let mut talk = Talk::new("US");
    for (country, wish, trouble, hello) in [
        ("US", "do you have phones for 300", "my old phone from you broke, i want a refund", "hello?"),
        (
            "FR",
            "vous avez des téléphones pour 300",
            "celui que j'ai acheté chez vous est cassé, je veux être remboursé",
            "allo?",
        ),
        ("DE", "habt ihr handys bis 300", "mein altes handy von euch ist kaputt, ich will mein geld zurück", "hallo?"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(wish), &["P-"], &[]);
        let called = is_called(&talk.write(trouble));
        let answer = talk.write(hello);
        assert!(called || is_called(&answer), "{trouble}, {hello}: {}", seen(&answer));
    }
}

#[test]
fn if_i_order_today_asks_for_the_delivery() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("DE", "hi, wenn ich heute bestelle, wann ist es da?"),
        ("RU", "если сегодня закажу, когда придет?"),
        ("IN", "जयपुर में डिलीवरी कितने की और कितने दिन"),
    ] {
        talk.another(country, &[]);
        let answer = talk.write(words);
        expect(&answer, &["5", "9", "100"], &["[person |"]);
        assert!(!talk.memory.trouble, "{words}");
    }
}

#[test]
fn a_payment_that_failed_is_for_a_person() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "i was charged twice for my order!!"),
        ("US", "my payment keeps failing when i checkout"),
        ("IT", "mi hanno addebitato due volte l'ordine"),
        ("DE", "meine zahlung geht nicht durch"),
        ("BR", "fui cobrado duas vezes"),
        ("RU", "деньги списали дважды"),
        ("CN", "付款失败怎么办"),
        ("FR", "le paiement ne passe pas"),
        ("EG", "اتخصم مني مرتين"),
    ] {
        talk.another(country, &[]);
        talk.write("hello");
        assert!(is_called(&talk.write(words)), "{words}");
    }
    talk.another("US", &[]);
    assert!(!is_called(&talk.write("can I pay by card?")));
}

#[test]
fn a_joke_is_no_complaint() {
    let mut talk = Talk::new("US");
    talk.write("hello");
    assert!(!is_called(&talk.write("tell me a joke")));
    assert!(is_called(&talk.write("this shop is a joke")));
}

#[test]
fn who_does_not_speak_a_language_is_not_answered_in_it() {
    let mut talk = Talk::new("DE");
    expect(
        &talk.write("Hi, I'm in Berlin but don't speak German. Do you sell office chairs?"),
        &["Poise Ergo: 269", "in stock"],
        &["Lager"],
    );
}
