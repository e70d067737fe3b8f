//! Whose turn it is.

/// A person of the shop, as routing sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Sign-in name.
    pub login: String,
    /// Takes contacts now.
    pub on_duty: bool,
    /// Contacts that they are in charge of.
    pub load: i64,
    /// Languages that they speak; empty is any.
    pub languages: Vec<String>,
}

/// The agent who knows the customer if on duty, then one who speaks their language, then the one with the least to do.
pub fn route<'a>(agents: &'a [Agent], known_by: Option<&str>, language: Option<&str>) -> Option<&'a Agent> {
    let on_duty = || agents.iter().filter(|agent| agent.on_duty);
    if let Some(knows) = on_duty().find(|agent| Some(agent.login.as_str()) == known_by) {
        return Some(knows);
    }
    let speaks = |agent: &&Agent| {
        language.is_some_and(|language| agent.languages.iter().any(|spoken| language.starts_with(spoken.as_str())))
    };
    // The name decides between equals, so that the outcome is always the same.
    on_duty().min_by_key(|agent| (!speaks(agent), agent.load, agent.login.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(login: &str, on_duty: bool, load: i64, languages: &[&str]) -> Agent {
        let languages = languages.iter().map(|language| (*language).to_owned()).collect();
        Agent { login: login.into(), on_duty, load, languages }
    }

    #[test]
    fn who_knows_the_customer_comes_first_then_the_language_then_the_least_to_do() {
        let agents = [agent("ana", true, 5, &["pt"]), agent("bo", true, 1, &[]), agent("chi", false, 0, &["zh"])];
        let to = |known, language| route(&agents, known, language).map(|agent| agent.login.as_str());
        assert_eq!(to(Some("ana"), None), Some("ana"));
        assert_eq!(to(Some("chi"), None), Some("bo"));
        assert_eq!(to(None, Some("pt-BR")), Some("ana"));
        assert_eq!(to(None, None), Some("bo"));
        assert_eq!(route(&agents[2..], None, None), None);
    }
}
