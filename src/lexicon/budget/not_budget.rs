//! Why a sum is not what the customer can spend.

/// Why a sum is not what the customer can spend.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum NotBudget {
    Beside,
    Elsewhere,
    AskedBack,
    OneOfSeveral,
    PriceTag,
    Shipping,
    Complains,
    AsksPrice,
    Compares,
    Untold,
    TakenBack,
    Denied,
    Pointed,
    Weighed,
}

impl NotBudget {
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Beside => "a sum because of what stands beside it, and nothing says that it can be spent",
            Self::Elsewhere => "a word near it tells that it was paid, is charged, or is asked elsewhere",
            Self::AskedBack => "asks whether that is the price",
            Self::OneOfSeveral => "one of several payments",
            Self::PriceTag => "as odd as prices are, and nothing says that it can be spent",
            Self::Shipping => "the message is about delivery",
            Self::Complains => "the message is about something that was bought",
            Self::AsksPrice => "the message asks for a price, and nothing says that this can be spent",
            Self::Compares => "the message compares, or is about paying",
            Self::Untold => "nothing says what it is",
            Self::TakenBack => "another sum takes its place",
            Self::Weighed => "the words of the whole message weigh against it",
            Self::Pointed => "points at a thing by its price",
            Self::Denied => "the clause says that so much cannot be spent",
        }
    }
}
