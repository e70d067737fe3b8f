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
