//! What customers call the things of a shop whose names begin with what they are: "Sofa Lund", "Protetor Solar Anthelios".

use super::*;

const PHARMACY: [(&str, &str, u32, u32, &str); 9] = [
    ("Protetor Solar Anthelios FPS 60 50g", "beauty/sunscreen", 90, 32, "Toque seco, 50 g"),
    ("Protetor Solar Kids FPS 50 120ml", "beauty/sunscreen", 65, 18, "Infantil, resistente à água"),
    ("Sérum Vitamina C 10% 30ml", "beauty/serum", 79, 12, "Clareia manchas, 30 ml"),
    ("Sérum Ácido Hialurônico 30ml", "beauty/serum", 55, 20, "Hidrata sem pesar, 30 ml"),
    ("Sérum Retinol 0,3% 30ml", "beauty/serum", 120, 7, "Uso noturno, 30 ml"),
    ("Perfume Flor de Laranjeira 75ml", "beauty/perfume", 149, 9, "Floral cítrico, 75 ml"),
    ("Colônia Lavanda 200ml", "beauty/perfume", 59, 21, "Leve, 200 ml"),
    ("Leite em Pó Nutri 1 800g", "maternity/formula", 82, 28, "De 0 a 6 meses"),
    ("Fralda Soninho G 60un", "maternity/diaper", 70, 50, "Tamanho G"),
];

const FURNITURE: [(&str, &str, u32, u32, &str); 6] = [
    ("Sofa Lund 3-Sitzer", "home/sofa", 899, 4, "212 cm breit, Stoff grau oder blau"),
    ("Ecksofa Bergen", "home/sofa", 1490, 2, "270 x 180 cm, mit Schlaffunktion"),
    ("Holzbett Fichte 140x200", "home/bed", 349, 8, "Massive Fichte geölt"),
    ("Schreibtisch Ole", "office/desk", 249, 6, "140 x 70 cm, mit Kabelkanal"),
    ("Höhenverstellbarer Schreibtisch Lift", "office/desk", 449, 4, "160 x 80 cm, elektrisch"),
    ("Bürostuhl Ergo Plus", "office/office_chair", 289, 9, "Bis 130 kg"),
];

#[test]
fn a_word_within_a_name_calls_a_thing_of_the_kind_that_is_talked_of() {
    let mut talk = Talk::of_shop("BR", "BRL", &PHARMACY);
    talk.write("tem protetor solar?");
    expect(&talk.write("quanto custa o anthelios"), &["Anthelios FPS 60 50g: 90"], &["marca", "Kids"]);
    talk.another("BR", &[]);
    expect(&talk.write("oi, tem protetor solar kids?"), &["Kids FPS 50 120ml: 65"], &["Anthelios"]);
    // Without the kind beside it, two words of it are enough.
    expect(&talk.write("e leite nutri 1 tb"), &["Leite em Pó Nutri 1 800g: 82"], &[]);
    talk.another("BR", &[]);
    expect(&talk.write("é um perfume flor de laranjeira"), &["Flor de Laranjeira 75ml: 149"], &["Lavanda"]);

    let mut talk = Talk::of_shop("DE", "EUR", &FURNITURE);
    talk.write("ich suche einen schreibtisch");
    expect(&talk.write("nein doch den lift"), &["Schreibtisch Lift: 449"], &["Ole: 249"]);
    talk.another("DE", &[]);
    talk.write("welche sofas habt ihr?");
    let answer = talk.write("gut, dann nehme ich das lund in blau");
    assert_eq!(reason(&answer), Some("ready-to-buy"), "{}", seen(&answer));
}

#[test]
fn names_are_found_without_their_accents() {
    let mut talk = Talk::of_shop("BR", "BRL", &PHARMACY);
    talk.write("tem sérum?");
    let answer = talk.write("qual a diferença do vitamina c pro hialuronico");
    expect(&answer, &["Vitamina C 10% 30ml", "Hialurônico 30ml"], &["Retinol"]);

    let batteries = [
        ("Bosch S4 Lamba 60", "home/lamp", 345, 11, "60 W"),
        ("İnci Lamba 50", "home/lamp", 279, 0, "50 W"),
        ("Mutlu Lamba 72", "home/lamp", 489, 5, "72 W"),
    ];
    let mut talk = Talk::of_shop("TR", "TRY", &batteries);
    expect(&talk.write("inci lamba var mı"), &["İnci Lamba 50", "279"], &["Bosch", "Mutlu"]);
}

#[test]
fn what_the_kind_is_called_names_no_single_thing_of_it() {
    let mut talk = Talk::of_shop("BR", "BRL", &PHARMACY);
    expect(&talk.write("quais perfumes vocês têm?"), &["Perfume Flor", "Colônia Lavanda"], &[]);
}

#[test]
fn a_size_in_the_name_answers_what_size_it_is() {
    let mut talk = Talk::of_shop("DE", "EUR", &FURNITURE);
    talk.write("zeigen sie mir ein bett");
    expect(&talk.write("welche maße hat das?"), &["Holzbett Fichte 140x200: Massive Fichte"], &[]);
}

#[test]
fn what_a_title_has_no_room_for_stands_behind_the_price() {
    let mut talk = Talk::of_shop("BR", "BRL", &PHARMACY);
    let answer = talk.write("tem protetor solar?");
    expect(&answer, &["Protetor Solar…", "BRL · Anthelios FPS 60 50g · Toque seco"], &[]);
    expect(&talk.write("tem sérum?"), &["BRL · 30ml · Hidrata"], &[]);
}

#[test]
fn an_article_before_a_kind_speaks_of_nothing_that_is_shown() {
    let mut talk = Talk::of_shop("DE", "EUR", &FURNITURE);
    talk.write("ich suche einen schreibtisch");
    expect(&talk.write("zuerst den stuhl"), &["Bürostuhl Ergo Plus: 289"], &[]);
}

#[test]
fn what_is_asked_of_a_part_is_not_denied_beside_a_text_that_tells_of_it() {
    let mut talk = Talk::new("ID");
    for (country, words) in [("ID", "hp nova s5 baterainya gimana"), ("FR", "le nova s5, niveau autonomie ?")] {
        talk.another(country, &[]);
        let answer = talk.write(words);
        expect(&answer, &["Nova S5", "199"], &["tidak punya", "marque"]);
    }
    let mut talk = Talk::of_shop("BR", "BRL", &PHARMACY);
    expect(&talk.write("queria saber do anthelios"), &["Anthelios FPS 60 50g"], &["marca"]);
    talk.write("tem sérum?");
    expect(&talk.write("e o de acido hialuronico quanto custa"), &["Hialurônico 30ml: 55"], &["hidratante"]);
}

#[test]
fn a_letter_by_itself_picks_a_size_and_that_of_a_short_form_none() {
    let shirts = [
        ("Cotton T-shirt S", "fashion/t_shirt", 19, 5, "Cotton"),
        ("Cotton T-shirt M", "fashion/t_shirt", 21, 5, "Cotton"),
        ("Cotton T-shirt L", "fashion/t_shirt", 23, 5, "Cotton"),
    ];
    for (country, asks, words, picks) in [
        ("US", "do you have t-shirts?", "have you got the m?", true),
        ("US", "do you have t-shirts?", "what's the price?", false),
        ("US", "do you have t-shirts?", "i'm curious what they cost", false),
        ("FR", "vous avez des t-shirts ?", "l'autre c'est combien ?", false),
    ] {
        let mut talk = Talk::of_shop(country, "USD", &shirts);
        expect(&talk.write(asks), &["T-shirt S", "T-shirt M", "T-shirt L"], &[]);
        let answer = seen(&talk.write(words));
        let shown = ["T-shirt S", "T-shirt M", "T-shirt L"].map(|name| answer.contains(name));
        assert_eq!(shown == [false, true, false], picks, "{words}: {answer}");
        assert!(picks || shown[0] == shown[1] && shown[1] == shown[2], "{words}: {answer}");
    }
}
