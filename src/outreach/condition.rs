//! Everything that can stand in the way of a message that nobody asked for, in words, with what stands behind it.

use std::fmt;

/// One reason of the gate. The order is that of the gate's questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is explained in words by `says`")]
pub enum Condition {
    OptedOut,
    MarketingOut,
    NotOptedIn,
    PersonInCharge,
    ComplaintOpen,
    Grey,
    Yellow,
    TutorialsOnly,
    Misfit,
    Unread,
    Unreachable,
    Experiment,
    CountryWithoutMarketing,
    QuietHours,
    WorstSlot,
    DayFull,
    Gap,
    Unanswered,
    WeekFull,
    MonthFull,
    TopFull,
    RuleFull,
    GreenCadence,
    WeeklyOffer,
    WakeUp,
    UserCapped,
    AccountHeld,
    NumberHeld,
    TemplateHeld,
    PortfolioFull,
    WarmUp,
    BudgetSpent,
    WindowClosed,
    TooLate,
}

impl Condition {
    /// All of them, in order.
    pub const ALL: [Self; 34] = [
        Self::OptedOut,
        Self::MarketingOut,
        Self::NotOptedIn,
        Self::PersonInCharge,
        Self::ComplaintOpen,
        Self::Grey,
        Self::Yellow,
        Self::TutorialsOnly,
        Self::Misfit,
        Self::Unread,
        Self::Unreachable,
        Self::Experiment,
        Self::CountryWithoutMarketing,
        Self::QuietHours,
        Self::WorstSlot,
        Self::DayFull,
        Self::Gap,
        Self::Unanswered,
        Self::WeekFull,
        Self::MonthFull,
        Self::TopFull,
        Self::RuleFull,
        Self::GreenCadence,
        Self::WeeklyOffer,
        Self::WakeUp,
        Self::UserCapped,
        Self::AccountHeld,
        Self::NumberHeld,
        Self::TemplateHeld,
        Self::PortfolioFull,
        Self::WarmUp,
        Self::BudgetSpent,
        Self::WindowClosed,
        Self::TooLate,
    ];

    /// A stable name, for metrics and programs.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// In words, for people.
    pub fn says(self) -> &'static str {
        self.row().1
    }

    /// The entry of the catalogue, the decision or Meta's rule behind it.
    pub fn source(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::OptedOut => ("opted-out", "the customer wants no messages", "Meta's policy, opt-out"),
            Self::MarketingOut => ("marketing-out", "the customer wants no marketing", "Meta 131050"),
            Self::NotOptedIn => ("not-opted-in", "the customer has not agreed to marketing", "Meta's policy, opt-in"),
            Self::PersonInCharge => ("person-in-charge", "a person is in charge", "Meta's policy, hand-over"),
            Self::ComplaintOpen => ("complaint-open", "a complaint is open", "STATUS-8"),
            Self::Grey => ("grey", "grey means stop", "SEND-4"),
            Self::Yellow => ("yellow", "no selling in the first seven days", "SEND-10"),
            Self::TutorialsOnly => {
                ("tutorials-only", "spends little and reads much: tutorials, no promotions", "SEND-11")
            }
            Self::Misfit => ("misfit", "it does not fit what is known of the customer", "SEND-12"),
            Self::Unread => ("unread", "nothing was read for too long", "SEND-5"),
            Self::Unreachable => ("unreachable", "the last messages did not arrive", "Meta 131026"),
            Self::Experiment => ("experiment", "Meta delivers no marketing to this customer", "Meta 130472"),
            Self::CountryWithoutMarketing => {
                ("country-without-marketing", "Meta delivers no marketing templates in this country", "Meta 131049")
            }
            Self::QuietHours => ("quiet-hours", "quiet hours where the customer lives", "SEND-1"),
            Self::WorstSlot => ("worst-slot", "the worst hours of the customer's country", "SEND-2"),
            Self::DayFull => ("day-full", "one a day is enough", "G-30"),
            Self::Gap => ("gap", "too soon after the last one", "Meta's policy, frequency"),
            Self::Unanswered => ("unanswered", "the last ones were not answered", "Meta's policy, frequency"),
            Self::WeekFull => ("week-full", "enough for a week", "Meta's policy, frequency"),
            Self::MonthFull => ("month-full", "enough for a month", "X-31"),
            Self::TopFull => ("top-full", "enough for a month: spends much, and would leave", "SEND-3"),
            Self::RuleFull => ("rule-full", "this rule sent enough", "the rule's own cap"),
            Self::GreenCadence => ("green-cadence", "green is written to once in a while", "SEND-7"),
            Self::WeeklyOffer => ("weekly-offer", "one offer a week while they consider", "SEND-8"),
            Self::WakeUp => ("wake-up", "who is to be woken up hears from us every 48 h", "SEND-9"),
            Self::UserCapped => ("user-capped", "Meta spares this customer more marketing for now", "Meta 131049"),
            Self::AccountHeld => ("account-held", "the account may not send", "Meta's account status"),
            Self::NumberHeld => ("number-held", "the number's quality is in danger", "Meta's quality rating"),
            Self::TemplateHeld => ("template-held", "the template cannot be used", "Meta's template status"),
            Self::PortfolioFull => {
                ("portfolio-full", "the limit of customers in 24 hours is reached", "Meta's messaging limit")
            }
            Self::WarmUp => ("warm-up", "a new number begins slowly", "Meta's quality rating"),
            Self::BudgetSpent => ("budget-spent", "the campaign's budget for now is spent", "campaign"),
            Self::WindowClosed => {
                ("window-closed", "more than 24 hours since the customer's last message", "Meta 131047")
            }
            Self::TooLate => ("too-late", "it cannot go before its latest time", "SEND-14"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.says(), self.source())
    }
}
