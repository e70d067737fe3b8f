//! What is taken, offered for, asked of what is seen, and wished for beside a bad word.

use super::*;

#[test]
fn what_is_called_by_a_number_is_taken_all_the_same() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "i'll take the hush 700"),
        ("US", "i'll take the aero 14"),
        ("US", "ok i'll take the breeze 30"),
        ("FR", "je prends le hush 700"),
        ("RU", "беру breeze 30"),
        ("TR", "breeze 30 alıyorum"),
        ("IN", "breeze 30 le lunga"),
        ("ID", "saya ambil pace 2"),
        ("DE", "ich nehme den breeze 30"),
    ] {
        talk.another(country, &[]);
        let answer = talk.write(words);
        assert_eq!(reason(&answer), Some("ready-to-buy"), "{words}: {}", seen(&answer));
    }
    // What they have seen is taken in other words, too.
    for words in ["ok i go with the aero 14", "give me the aero 14", "aero 14 it is", "i choose the aero 14"] {
        talk.another("US", &[]);
        expect(&talk.write("aero 14"), &["Aero 14: 649"], &[]);
        assert_eq!(reason(&talk.write(words)), Some("ready-to-buy"), "{words}");
    }
    talk.another("US", &[]);
    assert_eq!(reason(&talk.write("tell me about the aero 14 please")), None);
}

#[test]
fn what_they_offer_for_what_they_see_is_no_budget() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "can you make it 400"),
        ("US", "how about 400"),
        ("US", "would you do 400?"),
        ("ES", "me lo dejas en 400?"),
        ("RU", "за 400 отдадите?"),
        ("BR", "faz 400?"),
        ("DE", "sagen wir 400?"),
        ("FR", "vous me le faites à 400 ?"),
        ("IT", "me lo fai a 400?"),
        ("TR", "400 olur mu"),
        ("ID", "boleh 400?"),
        ("CN", "400行吗"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write("nova s7 pro"), &["449"], &[]);
        let answer = talk.write(words);
        expect(&answer, &["[person |"], &["product:P-", "449", ": 9"]);
        assert_eq!((&talk.memory.budget, talk.memory.shown.as_slice()), (&None, &["P-102".to_owned()][..]), "{words}");
    }
    talk.another("US", &[]);
    talk.write("nova s7 pro");
    assert_eq!(reason(&talk.write("400 and i take it")), Some("ready-to-buy"));
    talk.another("US", &[]);
    talk.write("phones up to 400");
    expect(&talk.write("can you do 270 for the rugged one"), &["cannot promise a discount"], &["270"]);
    // Of others it is what may be spent.
    talk.another("US", &[]);
    talk.write("nova s7 pro");
    talk.write("what do you have up to 200");
    assert!(talk.memory.budget.is_some());
}

#[test]
fn a_size_is_no_number_of_pieces() {
    let mut talk = Talk::new("US");
    for (country, wish, words) in [
        ("US", "dress", "is size 38 available?"),
        ("ES", "vestido", "tienen talla 38?"),
        ("AE", "فستان", "مقاس 38 موجود؟"),
        ("CN", "连衣裙", "有M码吗"),
        ("FR", "robe", "vous avez la taille 38 ?"),
        ("BR", "vestido", "tem tamanho 38?"),
        ("RU", "платье", "красное есть?"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(wish), &["Linea Midi"], &[]);
        expect(&talk.write(words), &["[person |"], &[": 20\n", "：20", "[category:"]);
    }
}

#[test]
fn a_picture_a_person_can_send() {
    let mut talk = Talk::new("US");
    for (country, wish, words) in [
        ("US", "sofa", "can i see a picture"),
        ("US", "sofa", "photo?"),
        ("TR", "elbise", "fotoğraf var mı"),
        ("DE", "Kleid", "haben Sie Fotos"),
        ("IT", "vestito", "avete una foto?"),
        ("ES", "vestido", "tienes fotos?"),
        ("ID", "sofa", "ada fotonya?"),
        ("AE", "فستان", "ممكن صور"),
        ("CN", "连衣裙", "有图片吗"),
        ("IN", "sofa", "फोटो भेजिए"),
    ] {
        talk.another(country, &[]);
        talk.write(wish);
        let shown = talk.memory.shown.clone();
        expect(&talk.write(words), &["[person |"], &["[category:", "[buy:"]);
        assert_eq!((talk.memory.shown.clone(), talk.memory.lost), (shown, 0), "{words}");
    }
    talk.another("US", &[]);
    expect(&talk.write("phone that takes good photos at night please"), &[], &["cannot send pictures"]);
}

#[test]
fn what_belongs_to_a_thing_takes_its_place_nowhere() {
    let mut talk = Talk::new("US");
    for (country, words) in [("US", "does the pen come with it"), ("DE", "ist der Stift dabei")] {
        talk.another(country, &[]);
        talk.write("slate 11");
        expect(&talk.write(words), &["Slate 11"], &["nothing of that kind", "nichts auf Lager"]);
        assert_eq!(talk.memory.product(), Some("electronics/tablet"), "{words}");
    }
    talk.another("US", &[]);
    talk.write("phones");
    expect(&talk.write("with a good camera?"), &[], &["nothing of that kind"]);
    talk.another("US", &[]);
    talk.write("slate 11");
    expect(&talk.write("does it come with headphones"), &["[person |"], &["Hush 700"]);
    assert_eq!(reason(&talk.write("ok i'd like to order one")), Some("ready-to-buy"));
    talk.another("US", &[]);
    talk.write("crema one");
    assert_eq!(reason(&talk.write("do i need to buy coffee beans separately")), None);
    for (country, words) in [
        ("US", "phone case"),
        ("US", "tablet cover"),
        ("ES", "funda para celular"),
        ("FR", "coque de téléphone"),
        ("BR", "capinha de celular"),
        ("TR", "telefon kılıfı"),
        ("MY", "sarung telefon"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(words), &["[category:"], &["[budget:", "product:P-"]);
    }
    talk.another("US", &[]);
    expect(&talk.write("can a tall person stand in the tent"), &["Dome 2"], &[]);
}

#[test]
fn who_looks_for_another_has_no_complaint_about_us() {
    let mut talk = Talk::new("US");
    for (country, words, kind) in [
        ("US", "my phone is terrible, need a new one", "electronics/phone"),
        ("US", "terrible weather here, do you have a jacket", "fashion/down_jacket"),
        ("US", "i have horrible back pain, need a good office chair", "office/office_chair"),
        ("US", "amazon disappointed me, do you have tents", "outdoor/tent"),
        ("US", "my vacuum died, need a new one", "appliances/robot_vacuum"),
        ("US", "we are waiting for our baby, need a stroller", "maternity/stroller"),
        ("ES", "mi celular es malísimo, quiero uno nuevo", "electronics/phone"),
        ("DE", "mein handy ist schrecklich langsam, brauche ein neues", "electronics/phone"),
        ("RU", "мой старый телефон ужасный, нужен новый", "electronics/phone"),
        ("FR", "mon vieux téléphone est nul, j'en veux un autre", "electronics/phone"),
        ("BR", "meu celular é horrível, quero um melhor", "electronics/phone"),
        ("IT", "il mio telefono fa schifo, ne voglio uno nuovo", "electronics/phone"),
        ("TR", "eski telefonum berbat, yeni telefon lazım", "electronics/phone"),
        ("ID", "hp saya jelek, mau yang baru", "electronics/phone"),
        ("MY", "telefon lama saya teruk, nak baru", "electronics/phone"),
        ("CN", "我的旧手机太烂了，想换个新的", "electronics/phone"),
        ("HK", "我部舊電話好差，想換部新", "electronics/phone"),
        ("AE", "جوالي القديم سيء ابي واحد جديد", "electronics/phone"),
        ("IN", "मेरा पुराना फोन बेकार है, नया चाहिए", "electronics/phone"),
    ] {
        talk.another(country, &[]);
        let reading = talk.dialogue.read(talk.lexicon, &talk.contact, &talk.memory, words);
        assert!(!reading.wants(Intent::Complaint) && !reading.wants(Intent::OrderStatus), "{words}: {reading:?}");
        let answer = talk.write(words);
        assert_eq!((talk.memory.product(), reason(&answer)), (Some(kind), None), "{words}: {}", seen(&answer));
    }
    // The thing may be one that no dictionary knows.
    talk.another("ES", &[]);
    assert_eq!(reason(&talk.write("mi aspiradora es malísima, quiero una nueva")), None);
    // What came from us, or is an order of theirs, is a complaint still.
    for words in [
        "the phone you sent is terrible, i need a new one",
        "my headphones arrived broken, terrible. do you have anyone who cares?",
        "your service is terrible, i want a phone that works",
        "your headphones are terrible. do you have something better?",
    ] {
        talk.another("US", &[]);
        let reading = talk.dialogue.read(talk.lexicon, &talk.contact, &talk.memory, words);
        assert!(reading.wants(Intent::Complaint), "{words}: {reading:?}");
    }
}

#[test]
fn sums_are_written_as_they_write_them() {
    let mut talk = Talk::new("US");
    talk.shop.products[0].price = "189.90".parse().unwrap();
    for (country, words, sum) in [
        ("BR", "quanto custa o nova s5?", "189,90\u{a0}USD"),
        ("DE", "was kostet das nova s5?", "189,90\u{a0}USD"),
        ("US", "how much is the nova s5?", "189.90\u{a0}USD"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(words), &[sum], &[]);
    }
}
