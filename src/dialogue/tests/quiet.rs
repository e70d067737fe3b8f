//! What is told as a message and asks for no answer, and what a person must read.

use super::*;
use crate::domain::LocationEvent;

#[test]
fn a_position_of_a_group_or_of_the_past_is_not_answered() {
    let answered = |silent: bool| {
        let mut talk = Talk::new("US");
        let message = Some(Box::new(InboundMessage { silent, ..InboundMessage::default() }));
        let body =
            EventBody::Location(LocationEvent { latitude: 22.3, longitude: 114.2, name: None, address: None, message });
        talk.dialogue.hear(&mut talk.memory, &Event { seq: 1, at: talk.now, received: talk.now, body }, None, talk.now);
        talk.dialogue.next_wake(&talk.memory).is_some()
    };
    assert_eq!([answered(false), answered(true)], [true, false]);
}

#[test]
fn a_pin_or_a_message_taken_back_is_not_answered() {
    let mut talk = Talk::new("US");
    for kind in InboundMessage::NONE {
        talk.hear(InboundMessage { media: Some(kind.into()), ..InboundMessage::default() });
        assert_eq!(talk.dialogue.next_wake(&talk.memory), None, "{kind}");
    }
    talk.hear(InboundMessage { media: Some("gif".into()), ..InboundMessage::default() });
    expect(&talk.answer(Standing::Bot), &["kind of message"], &[]);
}

#[test]
fn a_form_that_was_filled_in_is_for_a_person() {
    let mut talk = Talk::new("US");
    let details = Some("name: Zoé".into());
    talk.hear(InboundMessage { media: Some("flow".into()), details, ..InboundMessage::default() });
    let answer = talk.answer(Standing::Bot).unwrap();
    assert_eq!(answer.handoff.as_ref().unwrap().reason, HandoffRequest::BOT_LOST);
    expect(&Some(answer), &["colleague"], &["kind of message"]);
}

#[test]
fn who_wants_no_messages_turns_nothing_down_and_may_ask() {
    let mut talk = Talk::new("BR");
    for (country, stop, words) in [("BR", "sair", "oi, mudei de ideia"), ("RU", "стоп", "привет, передумал")]
    {
        talk.another(country, &[]);
        talk.write("iphone");
        talk.write(stop);
        talk.contact.opted_out = true;
        let answer = talk.write(words);
        assert!(answer.is_some(), "{words}");
        expect(&answer, &[], &["Se mudar de ideia", "Если передумаете"]);
    }
    talk.another("DE", &[]);
    talk.write("Hallo");
    talk.write("STOPP");
    talk.contact.opted_out = true;
    assert!(talk.write("ich hab doch noch eine frage").is_some());
    assert!(talk.write("blabla").is_none());
}

#[test]
fn who_is_about_to_ask_is_not_told_that_they_were_not_understood() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "i have a question"),
        ("DE", "ich hätte eine frage"),
        ("ES", "tengo una duda"),
        ("BR", "tenho uma dúvida"),
        ("IT", "avrei una domanda"),
        ("FR", "j'ai une question"),
        ("TR", "bir sorum var"),
        ("RU", "у меня вопрос"),
        ("CN", "我想问一下"),
        ("ID", "mau tanya dong"),
        ("IN", "ek sawal hai"),
        ("SA", "عندي سؤال"),
    ] {
        talk.another(country, &[]);
        talk.write("nova s5");
        let answer = talk.write(words);
        assert!(answer.is_some() && reason(&answer).is_none(), "{words}");
        assert_eq!(talk.memory.lost, 0, "{words}: {}", seen(&answer));
    }
    // What they ask beside it is answered.
    talk.another("US", &[]);
    talk.write("nova s5");
    expect(&talk.write("quick question, do you ship to canada?"), &["We ship worldwide"], &[]);
    // What is asked beside it and not understood is no mere announcement.
    for words in ["one more question: where are your things made?", "请问一下你们的材料是哪里产的呢"] {
        let noted = seen(&talk.write("i have a question"));
        assert_ne!(seen(&talk.write(words)), noted, "{words}");
    }
}

#[test]
fn a_day_after_the_hours_asks_for_them_once_more() {
    let mut talk = Talk::new("DE");
    for (country, hours, day) in [
        ("DE", "wann habt ihr auf?", "samstag auch?"),
        ("US", "when are you open?", "and on sunday?"),
        ("BR", "qual o horário?", "e no sábado?"),
        ("TR", "kaça kadar açıksınız", "pazar günü?"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(hours), &["10:00"], &[]);
        expect(&talk.write(day), &["10:00"], &[]);
    }
}
