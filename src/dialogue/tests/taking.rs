//! In long talks: who takes what they see in a word or two, what things cost together, the link, parts, and what is near.

use super::*;

#[test]
fn an_all_right_to_the_one_that_they_see_takes_it() {
    let mut talk = Talk::new("US");
    for (country, said) in [
        ("US", "ok this one"),
        ("US", "that one then"),
        ("US", "perfect, this one"),
        ("US", "ok that one's good"),
        ("ES", "vale, ese"),
        ("ES", "ok este"),
        ("BR", "pode ser esse"),
        ("IT", "ok quello"),
        ("IT", "va bene questo"),
        ("FR", "parfait, celui-là"),
        ("DE", "gut, den"),
        ("DE", "dann den"),
        ("TR", "tamam bu"),
        ("RU", "ок этот"),
        ("RU", "ладно, этот"),
        ("ID", "oke yang itu"),
        ("ID", "yang ini aja"),
        ("MY", "ok yang tu"),
        ("IN", "theek hai ye wala"),
        ("IN", "ठीक है यही"),
        ("AE", "تمام هذا"),
        ("CN", "好的这个"),
        ("HK", "好 呢個"),
    ] {
        talk.another(country, &[]);
        talk.sends("Roam Fold");
        let answer = talk.sends(said);
        assert_eq!(reason(&answer), Some(HandoffRequest::READY_TO_BUY), "{said}: {}", seen(&answer));
    }
    // Of several they are asked which; a question, and a word that may be much else, take nothing.
    talk.another("US", &[]);
    talk.sends("robot vacuum");
    expect(&talk.sends("ok this one"), &["Which one is it?", "[product:P-201"], &[]);
    for said in ["this one?", "that", "this one is too big", "ok"] {
        talk.another("US", &[]);
        talk.sends("Roam Fold");
        assert_eq!(reason(&talk.sends(said)), None, "{said}");
    }
}

#[test]
fn who_points_at_the_one_that_they_see_and_wants_it_takes_it() {
    let mut talk = Talk::new("US");
    for (country, list, one, said) in [
        ("US", "stroller", "the foldable one", "i want the fold"),
        ("US", "stroller", "the first one", "ok the first one"),
        ("HK", "嬰兒車", "輕啲嘅", "得喇就第一部"),
        ("DE", "kinderwagen", "den ersten", "ok den ersten bitte"),
        ("ES", "cochecito de bebé", "el primero", "quiero el primero"),
    ] {
        talk.another(country, &[]);
        talk.sends(list);
        expect(&talk.sends(one), &["Roam Fold"], &[]);
        assert_eq!(reason(&talk.sends(said)), Some(HandoffRequest::READY_TO_BUY), "{said}");
    }
    // A question of it takes nothing.
    talk.another("US", &[]);
    talk.sends("stroller");
    talk.sends("the first one");
    for said in ["is the first one waterproof?", "how much is the fold", "is it the cheapest"] {
        assert_eq!(reason(&talk.sends(said)), None, "{said}");
    }
}

#[test]
fn what_things_cost_together_is_summed_up() {
    let mut talk = Talk::new("US");
    for (country, one, other, said, sum) in [
        ("US", "tent for 2", "and a backpack", "ok what do both cost together", "228"),
        ("US", "tent for 2", "and a backpack", "total?", "228"),
        ("IT", "avete tende?", "e uno zaino?", "quanto costano insieme", "228"),
        ("RU", "палатка есть?", "а рюкзак есть", "сколько вместе стоят", "228"),
        ("BR", "barraca", "e a mochila", "qnt os dois", "228"),
        ("ES", "tienda de campaña", "y una mochila", "cuánto es todo junto", "228"),
        ("FR", "tente", "et un sac à dos", "combien les deux ensemble", "228"),
        ("DE", "zelt", "und ein rucksack", "was kosten beide zusammen", "228"),
        ("TR", "çadır", "sırt çantası", "ikisi birlikte ne kadar", "228"),
        ("ID", "tenda", "ransel", "total keduanya berapa", "228"),
        ("MY", "khemah", "beg galas", "dua-dua sekali berapa", "228"),
        ("IN", "tent chahiye", "backpack bhi chahiye", "dono ka total kitna hoga", "228"),
        ("AE", "عندكم خيمة", "وحقيبة ظهر", "كم سعرهم مع بعض", "228"),
        ("CN", "帐篷", "背包", "两个一起多少钱", "228"),
        ("HK", "帳篷", "背囊", "兩個一齊幾錢", "228"),
    ] {
        talk.another(country, &[]);
        talk.sends(one);
        talk.sends(other);
        expect(&talk.sends(said), &["149", "79", sum], &[]);
    }
    // What was said of the last one in between changes nothing, and two of a list are summed up as well.
    talk.another("US", &[]);
    for said in ["tent", "backpack", "is it waterproof?", "how long is delivery", "and how do i pay"] {
        talk.sends(said);
    }
    expect(&talk.sends("how much are both together"), &["Dome 2", "Trail 30", "228"], &[]);
    talk.another("US", &[]);
    talk.sends("earbuds");
    talk.sends("the pro");
    expect(&talk.sends("what do the air and the pro cost together"), &["128"], &[]);
    // Of one thing there is no sum, and how many of it they want is not known.
    talk.another("US", &[]);
    talk.sends("tent");
    expect(&talk.sends("how much in total?"), &["149"], &["Together"]);
}

#[test]
fn the_link_of_what_they_see_is_sent() {
    let mut talk = Talk::new("US");
    for (country, said) in [
        ("ES", "ok mandame el link"),
        ("FR", "tu peux m'envoyer le lien ?"),
        ("TR", "linki atar mısın"),
        ("RU", "скиньте ссылку"),
        ("AE", "ارسل الرابط"),
        ("DE", "den link bitte"),
    ] {
        talk.another(country, &[]);
        talk.sends("Dome 2");
        let answer = talk.sends(said);
        expect(&answer, &["Dome 2", "[buy:P-604"], &[]);
        assert_eq!(answer.as_ref().unwrap().links.len(), 1, "{said}: {}", seen(&answer));
    }
    talk.another("US", &[]);
    talk.sends("robot vacuum");
    expect(&talk.sends("send me the link"), &["Which one is it?"], &[]);
}

#[test]
fn a_part_that_the_shop_does_not_sell_is_no_other_wish() {
    let mut talk = Talk::new("US");
    talk.sends("phone up to 500");
    for said in ["good camera please", "how is the camera"] {
        expect(&talk.sends(said), &["A colleague can tell you"], &["in stock"]);
        assert_eq!(talk.memory.product(), Some("electronics/phone"), "{said}");
    }
    expect(&talk.sends("which has a large screen"), &["[product:P-101"], &["Slate"]);
    talk.another("FR", &[]);
    talk.sends("je cherche un canapé");
    expect(&talk.sends("ah et il fait lit ?"), &["se transforme en lit"], &["rien en stock"]);
    // What they look for is a wish.
    talk.another("US", &[]);
    talk.sends("phone up to 500");
    expect(&talk.sends("i also need a camera"), &["nothing of that kind"], &[]);
    // What it goes with is no wish, either.
    for (country, said) in
        [("US", "is it compatible with iphone?"), ("FR", "compatible iphone ?"), ("DE", "funktioniert mit iphone?")]
    {
        talk.another(country, &[]);
        talk.sends("Pace 2");
        expect(&talk.sends(said), &["[person"], &["Lumen"]);
        assert_eq!(talk.memory.shown, ["P-124"], "{said}");
    }
    // Nothing that they named is had: a colour of it is no wish for whatever they can spend.
    talk.another("US", &[]);
    talk.sends("camera up to 300");
    expect(&talk.sends("and in black?"), &["For a certain colour or size"], &["[product:"]);
}

#[test]
fn what_has_all_that_is_needed_is_shown_though_it_is_of_a_near_kind() {
    let mut talk = Talk::new("US");
    for (country, wish, need) in [
        ("US", "laptop up to 1100", "for gaming"),
        ("IN", "bhai laptop hai kya", "gaming wala"),
        ("DE", "laptop", "zum zocken"),
        ("ES", "portátil", "para juegos"),
    ] {
        talk.another(country, &[]);
        talk.sends(wish);
        expect(&talk.sends(need), &["Blaze 15"], &["Aero"]);
    }
    // Not for what is beyond their budget.
    talk.another("US", &[]);
    talk.sends("laptop up to 700");
    expect(&talk.sends("for gaming"), &["[product:P-110"], &["Blaze"]);
}

#[test]
fn the_cheapest_is_told_of_whatever_else_they_need() {
    let mut talk = Talk::new("US");
    talk.sends("stroller");
    talk.sends("the first one");
    expect(&talk.sends("is it the cheapest?"), &["is the least expensive we have"], &[]);
    for (country, said) in [("FR", "c quoi le moins cher"), ("BR", "e o mais barato?"), ("AE", "والأرخص؟")] {
        talk.another(country, &[]);
        talk.sends("Iron Pair 2x10");
        talk.memory.needs = vec!["waterproof".into()];
        expect(&talk.sends(said), &["Iron Pair", "65"], &[]);
    }
    for (country, said) in [
        ("US", "cheap"),
        ("ES", "algo barato"),
        ("DE", "was günstiges"),
        ("ID", "yang murah aja"),
        ("RU", "недорогой"),
        ("HK", "唔好太貴"),
    ] {
        talk.another(country, &[]);
        talk.sends("robot vacuum");
        expect(&talk.sends(said), &["Rondo R1", "219"], &[]);
    }
}

#[test]
fn the_first_two_of_a_list_are_the_ones_that_are_compared() {
    let mut talk = Talk::new("US");
    for (country, list, said) in [
        ("US", "phone up to 500", "what's the difference between the first two"),
        ("RU", "телефон до 40000", "чем отличаются первые два"),
        ("DE", "handy bis 500", "was ist der unterschied zwischen den ersten beiden"),
    ] {
        talk.another(country, &[]);
        talk.sends(list);
        expect(&talk.sends(said), &["Lumen Lite", "Nova S5"], &["Tera"]);
    }
}

#[test]
fn the_other_one_of_a_kind_is_shown_though_it_costs_more() {
    let mut talk = Talk::new("US");
    for (country, list, said) in [
        ("US", "coffee machine under 200", "the other one?"),
        ("HK", "咖啡機1500蚊左右", "另一部呢"),
        ("ES", "cafetera hasta 200", "y la otra?"),
    ] {
        talk.another(country, &[]);
        expect(&talk.sends(list), &["Crema One"], &[]);
        expect(&talk.sends(said), &["Crema Bean", "429"], &[]);
    }
}

#[test]
fn what_they_tell_of_who_a_gift_is_for_counts_at_once() {
    let mut talk = Talk::new("US");
    for (country, gift, likes, holds) in [
        ("US", "a gift for my brother", "he likes football", "P-601"),
        ("BR", "presente pra minha mãe", "ela gosta de café", "P-801"),
        ("RU", "ищу подарок мужу", "он любит походы", "P-604"),
        ("FR", "un cadeau pour mon copain", "il fait du sport", "P-602"),
    ] {
        talk.another(country, &[]);
        talk.sends(gift);
        expect(&talk.sends(likes), &[holds], &["P-304"]);
    }
}

#[test]
fn a_word_or_two_of_english_turn_no_talk_into_english() {
    let mut talk = Talk::new("ID");
    talk.sends("kak ada sunscreen gak");
    talk.sends("harganya");
    expect(&talk.sends("ok order ya"), &["staf kami"], &["colleague"]);
    talk.another("US", &[]);
    expect(&talk.sends("yo"), &["welcome"], &["Hola"]);
}

#[test]
fn what_is_told_of_the_one_that_they_see_answers_a_question_of_it() {
    let mut talk = Talk::new("US");
    talk.another("ES", &[]);
    talk.sends("Slate 11");
    expect(&talk.sends("tiene lápiz?"), &["lápiz incluido", "[buy:"], &["That is all", "in stock"]);
}

#[test]
fn how_many_of_what_they_see_is_no_other_wish() {
    let mut talk = Talk::new("US");
    for (country, product, said) in [
        ("US", "Morning Blend", "ok just the 3 bags"),
        ("US", "Dew C15", "2 bottles"),
        ("CN", "Velvet Matte", "两支"),
        ("HK", "Velvet Matte", "兩支"),
    ] {
        talk.another(country, &[]);
        talk.sends(product);
        assert_eq!(reason(&talk.sends(said)), Some(HandoffRequest::READY_TO_BUY), "{said}");
    }
    for (country, said) in [("US", "will it charge a macbook"), ("US", "how many times can it charge my phone")] {
        talk.another(country, &[]);
        talk.sends("Brick 20000");
        expect(&talk.sends(said), &["[person"], &["Aero", "Lumen"]);
        assert_eq!(talk.memory.shown, ["P-123"], "{said}");
    }
}

#[test]
fn prices_in_other_money_and_what_it_shall_be_for_are_understood() {
    let mut talk = Talk::new("US");
    for (country, said) in [
        ("US", "how much is that in euros"),
        ("RU", "в рублях?"),
        ("MX", "cuanto es en pesos"),
        ("BR", "em reais?"),
        ("IN", "rupees me kitna"),
    ] {
        talk.another(country, &[]);
        talk.sends("Rondo R1");
        expect(&talk.sends(said), &["USD"], &["[person"]);
    }
    for (country, list, said, lacks) in [
        ("DE", "laptop", "für die Uni", "anders sagen"),
        ("US", "dress", "for a wedding", "other words"),
        ("TW", "帳篷", "兩個人用", "換個說法"),
        ("MY", "laptop", "untuk belajar", "ayat lain"),
    ] {
        talk.another(country, &[]);
        talk.sends(list);
        expect(&talk.sends(said), &["[person"], &[lacks]);
    }
}
