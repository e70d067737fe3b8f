//! Where customers are: the tables as they ship, and what is believed of what events tell.

use hotline::domain::{Contact, ContactRef, Event, EventBody, PlaceEvidence, SourceFile, Timestamp};
use hotline::engine::knowledge::Folders;
use hotline::places::{Places, country_of};

fn shipped() -> Places {
    let (places, problems) = Places::compile(&Folders::default().read().unwrap().keywords);
    assert!(problems.is_empty(), "{problems:?}");
    places.unwrap()
}

fn customer(number: &str) -> Contact {
    let country = country_of(&number.parse::<ContactRef>().unwrap());
    Contact { country, ..Contact::default() }
}

fn event(at: i64, body: &str) -> Event {
    let body: EventBody = serde_json::from_str(body).unwrap();
    Event { seq: 1, at: Timestamp(at), received: Timestamp(at), body }
}

#[test]
fn a_city_is_found_by_its_name_in_many_languages_and_where_several_are_called_so_by_the_country() {
    let places = shipped();
    let city = |name: &str, country: &str| {
        let found = places.city_called(name, country.parse().ok());
        found.map(|(country, city)| format!("{country}/{city}")).unwrap_or_default()
    };
    for (name, country, expected) in [
        ("Kuching", "MY", "MY/kuching"),
        ("成都", "CN", "CN/chengdu"),
        ("保定市", "CN", "CN/baoding"),
        ("Москва", "RU", "RU/moscow"),
        ("SÃO PAULO", "BR", "BR/sao-paulo"),
        ("sao paulo", "", "BR/sao-paulo"),
        ("München", "DE", "DE/munich"),
        ("दिल्ली", "IN", "IN/delhi"),
        ("Córdoba", "ES", "ES/cordoba"),
        ("Cordoba", "AR", "AR/cordoba"),
        ("nowhere at all", "US", ""),
    ] {
        assert_eq!(city(name, country), expected, "{name}");
    }
    assert!(places.people("HK".parse().unwrap(), None).unwrap() > 7_000_000);
    assert!(places.people("MY".parse().unwrap(), Some("kuching")).unwrap() > 100_000);
}

#[test]
fn a_position_is_in_the_nearest_city_within_fifty_kilometres() {
    let places = shipped();
    let at = |north: f64, east: f64| {
        let mut contact = Contact::default();
        let body = format!(r#"{{"event":"location","latitude":{north},"longitude":{east}}}"#);
        places.learn(&mut contact, &event(0, &body), None);
        let place = contact.place.unwrap_or_default();
        format!("{} {}", place.city.unwrap_or_default(), place.district.unwrap_or_default())
    };
    assert_eq!(at(24.990, 121.572), "taipei wenshan");
    // A stone's throw from Shenzhen, and yet in Hong Kong.
    assert_eq!(at(22.501, 114.128), "hong-kong north");
    assert_eq!(at(61.20, -149.85), "anchorage ");
    assert_eq!(at(0.0, -30.0), " ");
}

#[test]
fn newer_evidence_wins_if_it_is_as_good_and_old_evidence_stands_in_nobodys_way() {
    let places = shipped();
    let mut contact = customer("+60123456789");
    let day = 86_400_000;
    let mut learn = |at: i64, body: &str| {
        places.learn(&mut contact, &event(at, body), None);
        let place = contact.place.clone().unwrap();
        (place.by, place.city.unwrap_or_default())
    };
    let profile = |city: &str| format!(r#"{{"event":"profile","field":"city","value":"{city}"}}"#);
    let click = r#"{"event":"click","link":"ad","country":"MY","latitude":3.14,"longitude":101.69}"#;
    assert_eq!(learn(0, r#"{"event":"message","text":"hi"}"#), (PlaceEvidence::Number, String::new()));
    assert_eq!(learn(day, click), (PlaceEvidence::Click, "kuala-lumpur".into()));
    assert_eq!(learn(2 * day, &profile("Kuching")), (PlaceEvidence::Profile, "kuching".into()));
    assert_eq!(learn(3 * day, click), (PlaceEvidence::Profile, "kuching".into()), "a click is weaker");
    assert_eq!(learn(93 * day, click), (PlaceEvidence::Click, "kuala-lumpur".into()), "the answer is old");
    assert_eq!(learn(92 * day, &profile("Ipoh")), (PlaceEvidence::Profile, "ipoh".into()), "told late, and better");
    assert_eq!(learn(91 * day, &profile("Kuching")).1, "ipoh", "told later still");
    let abroad = r#"{"event":"click","link":"ad","country":"SG","latitude":1.29,"longitude":103.85}"#;
    assert_eq!(learn(200 * day, abroad).1, "ipoh", "a gateway in another country");
    assert_eq!(contact.zone.map(|zone| zone.name()), Some("Asia/Kuala_Lumpur"));
}

#[test]
fn what_sending_there_costs_and_how_long_it_takes() {
    let places = shipped();
    let delivery = |number: &str, city: &str| {
        let mut contact = customer(number);
        let body = format!(r#"{{"event":"profile","field":"city","value":"{city}"}}"#);
        places.learn(&mut contact, &event(0, &body), None);
        places.delivery(&contact)
    };
    assert_eq!(delivery("+60123456789", "Kota Kinabalu").unwrap().surcharge, 18);
    assert_eq!(delivery("+60123456789", "Ipoh"), None);
    assert_eq!(delivery("+5592987654321", "Manaus").unwrap().surcharge, 120);
    assert_eq!(delivery("+628123456789", "Jayapura").unwrap().days, Some((4, 7)));
    assert_eq!(delivery("+628123456789", "Surabaya"), None);
    assert_eq!(delivery("+447700900123", "Belfast").unwrap().customs_days, 2);
}

#[test]
fn a_mistake_in_a_table_is_told_with_its_place() {
    let mut files = Folders::default().read().unwrap().keywords;
    let mut add = |path: &str, text: &str| {
        files.retain(|file| file.path != path);
        files.push(SourceFile { path: path.into(), text: text.into() });
        Places::compile(&files).1.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let said = add(
        "places/cities/mine.toml",
        "[MY.cities]\nmersing = { division = \"johore\", at = [2.43, 103.84], people = 20000, names = [] }\n",
    );
    assert!(said.contains("places/cities/mine.toml:2:1") && said.contains("no division of MY"), "{said}");
    let said = add(
        "places/cities/mine.toml",
        "[MY.cities]\nmersing = { division = \"johor\", at = [243, 103.84], people = 20000, names = [] }\n",
    );
    assert!(said.contains("not on Earth"), "{said}");
    let said =
        add("places/cities/mine.toml", "[MY.cities]\nkuching = { at = [2.43, 103.84], people = 20000, names = [] }\n");
    assert!(said.contains("two cities called kuching"), "{said}");
    let said = add("places/cities/mine.toml", "[MY.codes]\nJHR = \"johore\"\n[BN]\ncity = \"brunei\"\n");
    assert!(said.contains("JHR stands for johore") && said.contains("BN is the city brunei"), "{said}");
    assert_eq!(add("places/cities/mine.toml", "[MY.codes]\nJHR = \"johor\"\n"), "");
    add("places/cities/mine.toml", "");
    let said = add("places/shipping.toml", "[[zone]]\nname = \"x\"\ncountry = \"MY\"\ndivisions = [\"borneo\"]\n");
    assert!(said.contains("places/shipping.toml:4") && said.contains("MY has no division borneo"), "{said}");
    let said = add("places/climate.toml", "[zones]\nhot = [\"US/hot-springs\"]\n[normals]\n");
    assert!(said.contains("places/climate.toml:2"), "{said}");
}
