//! Which of Meta's templates can be sent, and in which language: what Meta lists, held against what is sent.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fitting::{fit, gaps};
use super::listed::{APPROVED, Listed, MARKETING};
use crate::domain::{Parts, TemplateRef};

impl Listed {
    /// What is filled in for it beside numbered gaps.
    ///
    /// # Errors
    /// What stands in the way of sending it, in words.
    fn fitted(&self, sent: &Sent) -> Result<Parts, String> {
        if !self.is_approved() {
            return Err(format!("it is {}", self.state()));
        }
        let parts = fit(self, &sent.template)?;
        match sent.marketing && !self.category.is_empty() && self.category != MARKETING {
            true => Err(format!("Meta has made it {}, and marketing is sent with it", self.category)),
            false => Ok(parts),
        }
    }

    fn fits(&self, sent: &Sent) -> bool {
        self.fitted(sent).is_ok()
    }

    /// What does not stand in the way and should be known all the same.
    fn remark(&self, sent: &Sent) -> Option<String> {
        match () {
            () if !self.becomes.is_empty() => Some(format!("Meta will make it {}", self.becomes)),
            () if !sent.marketing && self.category == MARKETING => {
                let planned = "name it under `marketing_templates` in outreach.toml, so that it is planned as such";
                Some(format!("it is MARKETING to Meta, and leaves and is paid for as such: {planned}"))
            }
            () if matches!(self.quality.as_str(), "YELLOW" | "RED") => {
                Some(format!("its quality is {}: Meta pauses what customers block", self.quality))
            }
            () => None,
        }
    }
}

/// How a template is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What there is to fill in; the language is the one that is wanted.
    pub template: TemplateRef,
    /// It is marketing to us.
    pub marketing: bool,
}

/// A template that rules or campaigns send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// How.
    pub sent: Sent,
    /// Rules and campaigns.
    pub by: Vec<String>,
}

/// In which language a template leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// In this one, with this filled in beside numbered gaps.
    In(String, Parts),
    /// In none, for this reason.
    Held(String),
}

/// Meta's templates as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Meta's list was read. Before that, what was never told of is taken for approved.
    listed: bool,
    by_name: BTreeMap<String, Vec<Listed>>,
}

impl Book {
    /// `listed` tells whether Meta's list was read.
    pub fn new(listed: bool, templates: impl IntoIterator<Item = Listed>) -> Self {
        let mut by_name: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
        for template in templates {
            by_name.entry(template.name.clone()).or_default().push(template);
        }
        by_name.values_mut().for_each(|languages| languages.sort_by(|a, b| a.language.cmp(&b.language)));
        Self { listed, by_name }
    }

    /// Meta's list was read.
    pub fn is_listed(&self) -> bool {
        self.listed
    }

    /// Whether Meta told that a template is approved, and not yet what it says.
    pub fn lacks_words(&self) -> bool {
        self.by_name.values().flatten().any(|listed| listed.status == APPROVED && listed.variables.is_none())
    }

    /// Every template that Meta has told of.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.by_name.keys()
    }

    /// The template in every language that Meta has told of.
    pub fn languages(&self, name: &str) -> &[Listed] {
        self.by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a template that is wanted in `language` is marketing to Meta in the language in which it leaves.
    pub fn is_marketing(&self, language: &str, sent: &Sent, shop: &str) -> bool {
        let Choice::In(leaves, _) = self.choose(language, sent, shop) else { return false };
        self.is_marketing_in(&sent.template.name, &leaves)
    }

    /// The language in which a template leaves that is wanted in `language`: that one, the same with another region, the shop's,
    /// English, the first that there is.
    pub fn choose(&self, language: &str, sent: &Sent, shop: &str) -> Choice {
        let own = self.languages(&sent.template.name);
        if !self.listed && own.iter().all(|template| template.language != language) {
            return Choice::In(language.to_owned(), Parts::default());
        }
        let distance = |template: &Listed| match template.language.as_str() {
            other if other == language => 0,
            other if is_same(other, language) => 1,
            other if other == shop => 2,
            other if is_same(other, shop) => 3,
            other if is_same(other, "en") => 4,
            _ => 5,
        };
        let fitting = own.iter().filter_map(|template| Some((template, template.fitted(sent).ok()?)));
        match fitting.min_by_key(|(template, _)| distance(template)) {
            Some((template, parts)) => Choice::In(template.language.clone(), parts),
            None => Choice::Held(self.refused(sent, shop)),
        }
    }

    /// What is filled into a template in its own language and no other: who sends it has seen it so.
    ///
    /// # Errors
    /// What stands in the way of sending it, in words.
    pub fn exactly(&self, template: &TemplateRef) -> Result<Parts, String> {
        let TemplateRef { name, language, .. } = template;
        let own = self.languages(name).iter().find(|listed| listed.language == *language);
        let listed = own.ok_or_else(|| format!("Meta has no template `{name}` in {language}"))?;
        let sent = Sent { template: template.clone(), marketing: false };
        listed.fitted(&sent).map_err(|why| format!("`{name}` in {language}: {why}"))
    }

    /// Whether a template is marketing to Meta in that language.
    pub fn is_marketing_in(&self, name: &str, language: &str) -> bool {
        self.languages(name).iter().any(|listed| listed.language == language && listed.is_marketing())
    }

    /// Every template as a person may choose it for who reads `language`, where that is known: in that language, else in the same of
    /// another region, which is marked; and in the `shop`'s. What is there in neither stands with none.
    pub fn to_choose(&self, language: Option<&str>, shop: &str) -> Vec<(&String, Vec<(&Listed, bool)>)> {
        let mut all = Vec::new();
        for (name, own) in &self.by_name {
            let of_shop = nearest(own, shop).filter(|_| !language.is_some_and(|language| is_same(language, shop)));
            let theirs = language.and_then(|language| nearest(own, language)).map(|listed| (listed, true));
            all.push((name, theirs.into_iter().chain(of_shop.map(|listed| (listed, false))).collect()));
        }
        all
    }

    /// Why a template can be sent in no language at all, the shop's before all others; `None` where it can.
    pub fn held(&self, sent: &Sent, shop: &str) -> Option<String> {
        let own = self.languages(&sent.template.name);
        let is_unknown = own.is_empty() && !self.listed;
        let can = is_unknown || own.iter().any(|template| template.fits(sent));
        (!can).then(|| self.refused(sent, shop))
    }

    /// Why Meta stops a template in every language that it told of; `None` where it does not.
    pub fn stopped(&self, name: &str) -> Option<String> {
        let own = self.languages(name);
        let is_stopped = !own.is_empty() && !own.iter().any(Listed::is_approved);
        own.first().filter(|_| is_stopped).map(|first| self.not_approved(name, first))
    }

    fn not_approved(&self, name: &str, first: &Listed) -> String {
        format!("Meta has not approved `{name}` in any language we have ({}: {})", first.language, first.state())
    }

    fn refused(&self, sent: &Sent, shop: &str) -> String {
        let name = sent.template.name.as_str();
        let own = self.languages(name);
        // Of one that is approved, the reason is ours to mend.
        if let Some(template) = own.iter().find(|template| template.is_approved()) {
            let why = template.fitted(sent).err().unwrap_or_default();
            return format!("`{name}` in {}: {why}", template.language);
        }
        match own.iter().find(|template| template.language == shop).or(own.first()) {
            None => format!("Meta has no template `{name}`"),
            Some(first) => self.not_approved(name, first),
        }
    }

    /// Every template that Meta has told of or that is needed, and how it stands. `written` are the languages that there are words
    /// for, of a template by name.
    pub fn overview(
        &self,
        needed: &BTreeMap<String, Needed>,
        written: impl Fn(&str) -> Vec<String>,
        shop: &str,
    ) -> Vec<Standing> {
        let mut names: Vec<&String> = self.by_name.keys().chain(needed.keys()).collect();
        names.sort();
        names.dedup();
        names.into_iter().map(|name| self.standing(name, needed.get(name), written(name), shop)).collect()
    }

    fn standing(&self, name: &str, needed: Option<&Needed>, written: Vec<String>, shop: &str) -> Standing {
        let own = self.languages(name);
        let languages = own.iter().map(|template| InLanguage {
            wrong: needed.and_then(|needed| template.fitted(&needed.sent).err()),
            remark: needed.and_then(|needed| template.remark(&needed.sent)),
            template: template.clone(),
        });
        let has = |language: &String| own.iter().any(|template| template.language == *language);
        let missing = written.into_iter().filter(|language| needed.is_some() && self.listed && !has(language));
        Standing {
            name: name.to_owned(),
            by: needed.map(|needed| needed.by.clone()).unwrap_or_default(),
            variables: needed.map(|needed| needed.sent.template.body.len()),
            marketing: needed.map(|needed| needed.sent.marketing),
            held: needed.and_then(|needed| self.held(&needed.sent, shop)),
            uneven: uneven(own),
            missing: missing.collect(),
            languages: languages.collect(),
        }
    }
}

/// A template in a language, of several regions in the one that is wanted, if that is approved.
fn nearest<'a>(own: &'a [Listed], wanted: &str) -> Option<&'a Listed> {
    let near = own.iter().filter(|listed| is_same(&listed.language, wanted));
    near.min_by_key(|listed| (listed.status != APPROVED, listed.language != wanted))
}

/// How a template stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Rules and campaigns that send it.
    pub by: Vec<String>,
    /// Gaps that are filled in; absent where nothing sends it.
    pub variables: Option<usize>,
    /// It is marketing to us; absent where nothing sends it.
    pub marketing: Option<bool>,
    /// Why it can be sent in no language; absent where it can, or nothing sends it.
    pub held: Option<String>,
    /// Which gaps it has in which languages, where they are not the same in all.
    pub uneven: Option<String>,
    /// Languages that there are words for and Meta has no template in.
    pub missing: Vec<String>,
    /// As Meta has it.
    pub languages: Vec<InLanguage>,
}

/// A template in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InLanguage {
    /// As Meta has it.
    #[serde(flatten)]
    pub template: Listed,
    /// What stands in the way of sending it.
    pub wrong: Option<String>,
    /// What does not, and should be known.
    pub remark: Option<String>,
}

/// Languages of one template that ask for other things: "2 gaps in en_US; 1 gap in it, ru".
fn uneven(languages: &[Listed]) -> Option<String> {
    let mut forms: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for listed in languages {
        let form = listed.variables.map(|count| format!("{}{}", gaps(count), listed.asks.in_words()));
        form.into_iter().for_each(|form| forms.entry(form).or_default().push(&listed.language));
    }
    let said: Vec<_> = forms.iter().map(|(form, of)| format!("{form} in {}", of.join(", "))).collect();
    (said.len() > 1).then(|| said.join("; "))
}

/// Whether two of Meta's codes are one language to who reads it: `pt_BR` and `pt_PT` are, traditional and simplified Chinese not.
fn is_same(one: &str, other: &str) -> bool {
    let language = |code: &str| match code {
        "zh_CN" | "zh_SG" => "zh-Hans".to_owned(),
        _ => code.split('_').next().unwrap_or_default().to_owned(),
    };
    language(one) == language(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(name: &str, marketing: bool) -> Sent {
        let template = TemplateRef { name: name.into(), body: vec!["Ada".into()], ..TemplateRef::default() };
        Sent { template, marketing }
    }

    fn other(language: &str) -> Choice {
        Choice::In(language.into(), Parts::default())
    }

    fn listed(name: &str, language: &str, status: &str) -> Listed {
        Listed {
            name: name.into(),
            language: language.into(),
            status: status.into(),
            category: MARKETING.into(),
            variables: Some(1),
            ..Listed::default()
        }
    }

    #[test]
    fn a_template_leaves_in_the_nearest_language_that_meta_approved() {
        let all = |languages: &[(&str, &str)]| {
            Book::new(true, languages.iter().map(|(language, status)| listed("offer", language, status)))
        };
        let book = all(&[
            ("en_GB", "APPROVED"),
            ("it", "APPROVED"),
            ("pt_BR", "PAUSED"),
            ("pt_PT", "APPROVED"),
            ("zh_CN", "APPROVED"),
        ]);
        let choose = |book: &Book, language: &str, shop: &str| book.choose(language, &sent("offer", true), shop);
        assert_eq!(choose(&book, "it", "en_US"), other("it"));
        assert_eq!(choose(&book, "pt_BR", "it"), other("pt_PT"), "the same language, another region");
        assert_eq!(choose(&book, "de", "it"), other("it"), "the shop's");
        assert_eq!(choose(&book, "zh_HK", "en_US"), other("en_GB"), "the shop's, another region");
        assert_eq!(choose(&book, "zh_SG", "it"), other("zh_CN"));
        assert_eq!(choose(&book, "de", "fr"), other("en_GB"), "the shop's is not there: English");
        let few = all(&[("hi", "APPROVED"), ("it", "APPROVED")]);
        assert_eq!(choose(&few, "de", "fr"), other("hi"), "the first that there is");
        let Choice::Held(why) = choose(&all(&[("it", "REJECTED")]), "it", "en_US") else { panic!("it is refused") };
        assert_eq!(why, "Meta has not approved `offer` in any language we have (it: REJECTED)");
        assert_eq!(choose(&all(&[]), "it", "it"), Choice::Held("Meta has no template `offer`".into()));
    }

    #[test]
    fn what_a_webhook_tells_to_be_approved_lacks_its_words() {
        let told = |status: &str| Listed { variables: None, ..listed("offer", "it", status) };
        let lacks = |templates: Vec<Listed>| Book::new(true, templates).lacks_words();
        assert!(lacks(vec![listed("offer", "en_US", "APPROVED"), told("APPROVED")]));
        assert!(!lacks(vec![listed("offer", "en_US", "APPROVED"), told("PENDING")]));
    }

    #[test]
    fn a_person_chooses_among_the_customer_s_language_and_the_shop_s_and_it_leaves_in_that_one_alone() {
        let all = [("en_GB", "APPROVED"), ("it", "APPROVED"), ("pt_BR", "PAUSED"), ("pt_PT", "APPROVED")];
        let book = Book::new(true, all.map(|(language, status)| listed("offer", language, status)));
        let choose = |language: Option<&str>, shop: &str| -> Vec<(String, bool)> {
            let found = book.to_choose(language, shop).remove(0).1;
            found.into_iter().map(|(listed, theirs)| (listed.language.clone(), theirs)).collect()
        };
        let of = |language: &str, theirs| (language.to_owned(), theirs);
        assert_eq!(choose(Some("pt_BR"), "it"), [of("pt_PT", true), of("it", false)]);
        assert_eq!(choose(Some("en_US"), "en_US"), [of("en_GB", true)]);
        assert_eq!(choose(None, "it"), [of("it", false)]);
        assert_eq!(choose(Some("de"), "fr"), []);
        let exactly =
            |language: &str| book.exactly(&TemplateRef { language: language.into(), ..sent("offer", true).template });
        assert_eq!(exactly("it"), Ok(Parts::default()));
        assert_eq!(exactly("pt_BR"), Err("`offer` in pt_BR: it is PAUSED".into()));
        assert_eq!(exactly("de"), Err("Meta has no template `offer` in de".into()));
    }

    #[test]
    fn before_the_list_is_read_only_what_meta_told_holds() {
        let book = Book::new(false, [listed("offer", "it", "PAUSED")]);
        let offer = sent("offer", true);
        assert_eq!(book.choose("de", &offer, "en_US"), other("de"));
        assert!(matches!(book.choose("it", &offer, "en_US"), Choice::Held(_)));
        assert_eq!(book.held(&sent("news", true), "it"), None);
        assert!(book.held(&offer, "it").is_some());
        assert_eq!(book.stopped("news"), None);
        assert!(book.stopped("offer").is_some_and(|why| why.contains("it: PAUSED")));
    }

    #[test]
    fn what_meta_would_refuse_or_punish_is_held_and_told() {
        let held = |change: fn(&mut Listed)| {
            let mut template = listed("offer", "en_US", "APPROVED");
            change(&mut template);
            Book::new(true, [template]).held(&sent("offer", true), "it").unwrap_or_default()
        };
        assert_eq!(held(|_| {}), "");
        let two = held(|template| template.variables = Some(2));
        assert_eq!(two, "`offer` in en_US: its body has 2 gaps and 1 would be filled in");
        let utility = held(|template| template.category = "UTILITY".into());
        assert_eq!(utility, "`offer` in en_US: Meta has made it UTILITY, and marketing is sent with it");
        let cards = held(|template| template.asks.cannot = Some("cards".into()));
        assert_eq!(cards, "`offer` in en_US: it has cards, and nobody fills that in");
        // The other way round costs more and is no offence: it is told.
        let book = Book::new(true, [listed("thanks", "en_US", "APPROVED")]);
        let (sent, by) = (sent("thanks", false), vec!["a-rule".into()]);
        let needed = BTreeMap::from([("thanks".to_owned(), Needed { sent, by })]);
        let standing = book.overview(&needed, |_| vec!["en_US".into(), "it".into()], "en_US");
        let [standing] = standing.as_slice() else { panic!("one template: {standing:?}") };
        assert_eq!((&standing.held, standing.missing.as_slice()), (&None, ["it".to_owned()].as_slice()));
        assert!(
            standing.languages.iter().all(|one| one.remark.as_ref().is_some_and(|told| told.contains("MARKETING")))
        );
    }
    #[test]
    fn languages_that_ask_for_other_things_are_told_also_where_nothing_sends_it() {
        let (mut it, mut ru) = (listed("offer", "it", "APPROVED"), listed("offer", "ru", "APPROVED"));
        it.variables = Some(2);
        ru.asks.header = Some(super::super::Above::Image);
        let book = Book::new(true, [it, ru, listed("offer", "en_US", "APPROVED"), listed("offer", "pt_BR", "PENDING")]);
        let standing = book.overview(&BTreeMap::new(), |_| Vec::new(), "it");
        let told = "1 gap in en_US, pt_BR; 1 gap, a picture in ru; 2 gaps in it";
        assert_eq!(standing.first().and_then(|standing| standing.uneven.as_deref()), Some(told));
        let even = Book::new(true, [listed("offer", "it", "APPROVED"), listed("offer", "ru", "APPROVED")]);
        assert_eq!(
            even.overview(&BTreeMap::new(), |_| Vec::new(), "it").first().and_then(|one| one.uneven.clone()),
            None
        );
    }
}
