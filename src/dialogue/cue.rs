//! What messages say beside their wishes; the phrases for each stand in `keywords/pointing.toml` under `said`.

use serde::Deserialize;

/// What else a message says of what it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cue {
    /// It speaks of what was shown.
    It,
    /// Something is theirs already: bought, received, broken.
    Owned,
    /// It asks.
    Asks,
    /// They look for something.
    Looking,
    /// What was wrong is well again.
    Settled,
    /// How presents are wrapped.
    Wrapping,
    /// It wants something not to be.
    Without,
    /// It speaks of deceit…
    Fraud,
    /// …or of being trusted.
    Trusted,
    /// It orders under a condition.
    If,
    /// A payment did not go through, or twice.
    Unpaid,
    /// It may cost whatever it costs.
    Unlimited,
    /// They take some of what they see.
    Takes,
    /// One thing or another.
    Or,
    /// Something that they have is broken, or does not work.
    Broken,
    /// What they order stands in writing: "Order: 2 Pebble Air".
    Orders,
    /// It asks where something is, or says that it is not there.
    Where,
    /// They look for a new one in place of what they have.
    Renews,
    /// An order is to be cancelled or changed.
    Changes,
    /// They paid, or ask whether that was seen.
    Paid,
    /// It asks when something arrives.
    Arrives,
    /// It asks for a picture.
    Photo,
    /// It asks whether something belongs to what was shown.
    Included,
    /// What goes with a thing and is none: a case, a cover.
    Accessory,
    /// What they would pay for what they see.
    Offers,
    /// Something came from us.
    Ours,
    /// More than they would pay, beside a price.
    TooMuch,
    /// It asks on after what was told of delivery: how long, what it costs, and to another place?
    GoesOn,
    /// They would have what is not in stock when it is there again.
    Back,
    /// It asks for something that goes with what was shown.
    ForIt,
    /// It asks how much of a property there is, or which has most of it.
    Measure,
    /// As the whole of a message, it asks for others.
    More,
    /// It asks how something is set up or used.
    Setup,
    /// What begins with it goes on with what was said before.
    And,
    /// For whom or what it shall be.
    ForWhom,
    /// It names nothing in particular: something, things.
    Anything,
    /// Which of what they saw?
    WhichOne,
    /// This one, of what they see.
    ThisOne,
    /// It asks whether what they see goes with something that they have.
    Compatible,
    /// It tells what something shall be for, or how things are where it will be.
    Purpose,
    /// It asks for prices in other money.
    OtherMoney,
    /// All of what they speak of, in one sum.
    Together,
    /// It asks for the address of a page.
    Link,
    /// As the whole of a message, it asks for something that costs little.
    Cheap,
    /// They ordered something before.
    Ordered,
    /// A sum comes to what they can spend.
    Raises,
    /// It asks what there is, of whatever kind.
    WhatIsThere,
    /// It asks what would be if something broke.
    WhatIf,
    /// Right between two things, one or the other.
    OrBetween,
    /// It names days.
    Days,
    /// They are about to ask something, and have not yet.
    WillAsk,
}
