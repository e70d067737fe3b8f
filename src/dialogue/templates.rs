//! Reply templates: one file for each language, in sections that begin with `=== name`. Beside it `follow_ups.j2` holds the words
//! of follow-ups by the name that a rule calls them; those without have the section `follow_up`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use minijinja::{Environment, UndefinedBehavior, Value, context};

use super::forms::Forms;
use super::words::{cut, money_in};
use crate::domain::{Contact, Content, FollowUpRequest, MessageKind, Problem, Severity, Shop, SourceFile};

/// Every reply that the bot can give; a language file must have them all.
const SECTIONS: [&str; 71] = [
    "greet",
    "ask_product",
    "ask_gift",
    "ask_likes",
    "ideas",
    "assortment",
    "ask_kind",
    "ask_which",
    "ask_budget",
    "ask_need",
    "show",
    "show_near",
    "other_brand",
    "other_currency",
    "counted_as",
    "close_to",
    "nothing",
    "details",
    "sold_out",
    "back",
    "no_more",
    "gone",
    "compare",
    "has_it",
    "lacks_it",
    "in_stock",
    "variant",
    "prices",
    "total",
    "link",
    "cheaper",
    "none_cheaper",
    "hours",
    "shipping",
    "payment",
    "returns",
    "no_fact",
    "photo",
    "order",
    "no_order",
    "discount",
    "offer",
    "delivery",
    "ask_about_them",
    "thanks",
    "noted",
    "later",
    "reject",
    "opted_out",
    "opted_in",
    "media",
    "picture",
    "resend",
    "location",
    "person_soon",
    "person_later",
    "person_late",
    "again",
    "assistant",
    "unknown",
    "follow_up",
    "button_any",
    "button_up_to",
    "button_person",
    "button_buy",
    "button_compare",
    "button_list",
    "button_more",
    "button_student",
    "button_household",
    "button_company",
];

/// All templates, compiled.
pub(super) struct Templates {
    environment: Environment<'static>,
    languages: BTreeSet<String>,
    /// Follow-ups that have words of their own, by language.
    pub(super) follow_ups: BTreeMap<String, BTreeSet<String>>,
    /// Names of products, properties, days and states, by language.
    words: BTreeMap<String, HashMap<String, String>>,
}

impl Templates {
    pub(super) fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut templates = Self {
            environment: empty(),
            languages: BTreeSet::new(),
            follow_ups: BTreeMap::new(),
            words: BTreeMap::new(),
        };
        let mut sources = HashMap::new();
        for file in files {
            let Some(language) = file.path.strip_prefix("replies/").and_then(|rest| rest.split('/').next()) else {
                continue;
            };
            if file.path.ends_with("/words.j2") {
                templates.words.insert(language.to_owned(), read_words(file, &mut problems));
                continue;
            }
            let read = match file.path.ends_with("/follow_ups.j2") {
                true => templates.follow_ups_in(language, file),
                false => templates.replies_in(language, file, &mut problems),
            };
            for (id, text, place) in read {
                add(&mut templates.environment, file, &id, (text, place), &mut problems);
                sources.insert(id, text.to_owned());
            }
        }
        if !templates.languages.contains("en") {
            let (message, advice) =
                ("there are no English replies", "They are what is said where no other language fits.");
            problems.push(Problem::at("replies/en/replies.j2", "", 0, message, advice));
        }
        problems.extend(templates.missing_words());
        problems.extend(templates.missing_follow_ups());
        if !problems.iter().any(|problem| problem.severity == Severity::Error) {
            problems.extend(templates.check());
        }
        templates.environment = on_demand(sources);
        let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
        ((!failed).then_some(templates), problems)
    }

    /// The follow-ups of a file: the id, the text and the place of each.
    fn follow_ups_in<'f>(&mut self, language: &str, file: &'f SourceFile) -> Vec<(String, &'f str, usize)> {
        let mut read = Vec::new();
        for (name, text, place) in sections(&file.text) {
            self.follow_ups.entry(language.to_owned()).or_default().insert(name.to_owned());
            read.push((own_words(language, name), text, place));
        }
        read
    }

    /// The same of replies: all of them must be there, and no others.
    fn replies_in<'f>(
        &mut self,
        language: &str,
        file: &'f SourceFile,
        problems: &mut Vec<Problem>,
    ) -> Vec<(String, &'f str, usize)> {
        self.languages.insert(language.to_owned());
        let mut missing: BTreeSet<&str> = SECTIONS.into();
        let mut read = Vec::new();
        for (name, text, place) in sections(&file.text) {
            if missing.remove(name) {
                read.push((format!("{language}/{name}"), text, place));
            } else {
                let message = format!("`{name}` is no reply, or stands here twice");
                let advice = format!("Replies are: {}.", SECTIONS.join(", "));
                problems.push(Problem::at(&file.path, &file.text, place, message, advice));
            }
        }
        if !missing.is_empty() {
            let names: Vec<_> = missing.into_iter().collect();
            let message = format!("replies are missing: {}", names.join(", "));
            problems.push(Problem::at(&file.path, &file.text, 0, message, "Copy them from templates/replies/en."));
        }
        read
    }

    /// Renders every reply of every language once: a name that does not exist shows here, not before a customer.
    fn check(&self) -> Vec<Problem> {
        let samples = [sample(true), sample(false)];
        let mut problems = Vec::new();
        let replies = self
            .languages
            .iter()
            .flat_map(|language| SECTIONS.map(|name| (language, name, format!("{language}/{name}"))));
        let own = self.follow_ups.iter().flat_map(|(language, names)| names.iter().map(move |name| (language, name)));
        let own = own.map(|(language, name)| (language, name.as_str(), own_words(language, name)));
        for (language, name, id) in replies.chain(own) {
            let failed = samples.iter().find_map(|sample| self.try_render(&id, sample).err());
            if let Some(error) = failed {
                let detail = error.detail().map_or_else(|| error.to_string(), str::to_owned);
                let message = format!("reply `{name}`: {detail}");
                let advice = "Use only the names that the English reply uses.";
                problems.push(Problem::at(&format!("replies/{language}"), "", 0, message, advice));
            }
        }
        problems
    }

    /// Words that the English replies have and another language has not: they would be said in English.
    fn missing_words(&self) -> Vec<Problem> {
        let Some(english) = self.words.get("en") else { return Vec::new() };
        let mut problems = Vec::new();
        for language in self.languages.iter().filter(|language| *language != "en") {
            let own = self.words.get(language);
            let missing = english.keys().filter(|key| own.is_none_or(|own| !own.contains_key(*key)));
            let mut missing: Vec<&str> = missing.map(String::as_str).collect();
            missing.sort_unstable();
            if !missing.is_empty() {
                let file = format!("replies/{language}/words.j2");
                let message = format!("words are missing and would be said in English: {}", missing.join(", "));
                problems.push(Problem::at(&file, "", 0, message, "Add a line for each: key: word").warning());
            }
        }
        problems
    }

    /// Kinds, categories and properties of what the shop sells that have no word in its own language, though others have: they
    /// would be said in English.
    pub(super) fn unnamed(&self, shop: &Shop) -> Vec<Problem> {
        let language = shop.language.tag();
        let english = self.words.get("en");
        let Some(own) = self.words.get(language).filter(|_| language != "en") else { return Vec::new() };
        let category = |key: &str| key.split('/').next().unwrap_or(key).to_owned();
        let kinds = shop.products.iter().flat_map(|product| [category(&product.key), product.key.clone()]);
        let properties = shop.products.iter().flat_map(|product| product.attributes.iter().cloned());
        // What the English list has is warned of for all languages.
        let told = |key: &String| own.contains_key(key) || english.is_some_and(|english| english.contains_key(key));
        let missing: BTreeSet<String> = kinds.chain(properties).filter(|key| !told(key)).collect();
        if missing.is_empty() {
            return Vec::new();
        }
        let missing = missing.into_iter().collect::<Vec<_>>().join(", ");
        let message = format!("what the shop sells has no name here and would be said in English: {missing}");
        let file = format!("replies/{language}/words.j2");
        vec![Problem::at(&file, "", 0, message, "Add a line for each: key: word").warning()]
    }

    /// The same of follow-ups.
    fn missing_follow_ups(&self) -> Vec<Problem> {
        let Some(english) = self.follow_ups.get("en") else { return Vec::new() };
        let lacks =
            |language: &&String, name: &&String| !self.follow_ups.get(*language).is_some_and(|own| own.contains(*name));
        let mut problems = Vec::new();
        for language in &self.languages {
            let missing: Vec<_> = english.iter().filter(|name| lacks(&language, name)).map(String::as_str).collect();
            if !missing.is_empty() {
                let file = format!("replies/{language}/follow_ups.j2");
                let message = format!("follow-ups are missing and would be said in English: {}", missing.join(", "));
                problems.push(Problem::at(&file, "", 0, message, "Add a section for each: === name").warning());
            }
        }
        problems
    }

    /// The name of a product key, a property, a day or a state in that language, else in English, else the key in words.
    pub(super) fn word(&self, language: &str, key: &str) -> Cow<'_, str> {
        let found = [language, "en"].into_iter().find_map(|language| self.words.get(language)?.get(key));
        let in_words = || key.rsplit('/').next().unwrap_or(key).replace('_', " ");
        found.map_or_else(|| in_words().into(), |word| word.as_str().into())
    }

    /// Every word of what kinds of product, properties, days and states are called, in all languages.
    pub(super) fn all_words(&self) -> impl Iterator<Item = &str> {
        self.words.values().flat_map(HashMap::values).flat_map(|called| called.split_whitespace())
    }

    /// What a language writes between whole money and its parts.
    pub(super) fn mark(&self, language: &str) -> &str {
        let found = [language, "en"].into_iter().find_map(|language| self.words.get(language)?.get("decimal"));
        found.map_or(".", String::as_str)
    }

    fn try_render(&self, id: &str, values: &Value) -> Result<String, minijinja::Error> {
        let template = self.environment.get_template(id)?;
        Ok(template.render(values)?.trim().to_owned())
    }

    /// The customer's language first, then the shop's, then English.
    pub(super) fn language<'a>(&'a self, contact: &'a Contact, shop: &'a Shop) -> &'a str {
        let wanted = contact.language.as_ref().map(|language| language.tag());
        let wanted = wanted.into_iter().chain([shop.language.tag()]);
        wanted.into_iter().find_map(|tag| self.languages.get(tag)).map_or("en", String::as_str)
    }

    /// A reply's words. What fails in one language is said in English; templates are checked when they are loaded.
    pub(super) fn render(&self, language: &str, section: &str, values: Value) -> String {
        self.first_of([format!("{language}/{section}"), format!("en/{section}")], &values)
    }

    /// The first that can be said.
    fn first_of(&self, ids: impl IntoIterator<Item = String>, values: &Value) -> String {
        ids.into_iter().find_map(|id| self.try_render(&id, values).ok()).unwrap_or_default()
    }

    /// Every language that there are replies in.
    pub(super) fn languages(&self) -> impl Iterator<Item = &String> {
        self.languages.iter()
    }

    /// The words of a follow-up.
    pub(super) fn follow_up(
        &self,
        planned: &FollowUpRequest,
        contact: &Contact,
        shop: &Shop,
        forms: &Forms,
    ) -> Content {
        let language = self.language(contact, shop);
        let rest =
            planned.rest.map(|rest| money_in(self.mark(language), rest.amount, rest.currency)).unwrap_or_default();
        let product =
            planned.product.as_deref().map(|product| self.product_word(language, product)).unwrap_or_default();
        let name = forms.first_name(contact).unwrap_or_default();
        let (template, kind) = (planned.template.as_str(), planned.kind);
        let values = Said { template, kind, name, product: &product, rest: &rest, shop }.values();
        let own = [language, "en"].map(|language| own_words(language, template));
        let all = [language, "en"].map(|language| format!("{language}/follow_up"));
        Content::Text { body: cut(&self.first_of(own.into_iter().chain(all), &values), Content::LONGEST) }
    }

    /// Whether a follow-up has words of its own in any language.
    pub(super) fn has_own(&self, template: &str) -> bool {
        self.follow_ups.values().any(|names| names.contains(template))
    }

    /// The words of a follow-up in that language: its own, or those of all follow-ups where it has none of its own in any.
    pub(super) fn own_or_common(&self, language: &str, said: &Said<'_>) -> Option<String> {
        let id = if self.has_own(said.template) {
            own_words(language, said.template)
        } else {
            format!("{language}/follow_up")
        };
        self.try_render(&id, &said.values()).ok()
    }

    /// A product that a rule names by its key, or by the last part of it with hyphens.
    pub(super) fn product_word(&self, language: &str, product: &str) -> String {
        let key = product.replace('-', "_");
        let known = self
            .words
            .get("en")
            .and_then(|words| words.keys().find(|known| **known == key || known.ends_with(&format!("/{key}"))));
        known.map_or_else(|| product.replace('-', " "), |key| self.word(language, key).into_owned())
    }
}

/// What the words of a follow-up tell.
pub(super) struct Said<'a> {
    pub(super) template: &'a str,
    pub(super) kind: MessageKind,
    pub(super) name: &'a str,
    pub(super) product: &'a str,
    pub(super) rest: &'a str,
    pub(super) shop: &'a Shop,
}

impl Said<'_> {
    fn values(&self) -> Value {
        let &Self { template, kind, name, product, rest, shop } = self;
        context! {
            shop => context! { name => &shop.name, address => &shop.address, currency => shop.currency.code() },
            name, product, kind => kind.name(), template, rest,
        }
    }
}

/// Where the words of a follow-up stand that has its own.
fn own_words(language: &str, name: &str) -> String {
    format!("{language}/follow_up/{name}")
}

fn empty() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
}

/// Templates that are compiled when they are first said: compiled, the shortest takes 10 KB, and few shops speak all languages.
fn on_demand(sources: HashMap<String, String>) -> Environment<'static> {
    let mut environment = empty();
    environment.set_loader(move |id| Ok(sources.get(id).cloned()));
    environment
}

fn add(
    environment: &mut Environment<'static>,
    file: &SourceFile,
    id: &str,
    (text, place): (&str, usize),
    problems: &mut Vec<Problem>,
) {
    if let Err(error) = environment.add_template_owned(id.to_owned(), text.to_owned()) {
        let place = place + line_start(text, error.line().unwrap_or(1));
        let message = error.detail().unwrap_or("the template cannot be read").to_owned();
        let advice = "Compare with the reply of another language.";
        problems.push(Problem::at(&file.path, &file.text, place, message, advice));
    }
}

/// Everything that a reply may name; once with all there is, once with as little as there can be.
fn sample(full: bool) -> Value {
    let some = |text: &'static str| if full { text } else { "" };
    let list = |text: &'static str| if full { vec![text] } else { Vec::new() };
    context! {
        shop => context! { name => "Shop", address => full.then_some("1 Main Street"), currency => "USD" },
        name => some("Ada"), product => some("Phone X"), category => "Electronics", price => "100 USD", stock => 3,
        summary => some("A phone"), url => full.then_some("https://shop.example/x"), attributes => list("5G"),
        needs => list("5G"), yes => full, budget => some("500 USD"), over_budget => full, lacking => !full, count => if full { 2 } else { 1 },
        surcharge => if full { 120 } else { 0 }, days => full.then_some("4–7"), customs => if full { 2 } else { 0 },
        kinds => vec!["phone", "tent"], text => "Text", order => "A-1", state => "paid", tracking => full.then_some("LX-1"), eta => full.then_some("2026-03-05"), minutes => if full { 5 } else { 0 },
        whole_hours => if full { 0 } else { 2 }, hours => list("Mon 09:00–18:00"),
        open => full, time => "09:00", day => "today", kind => if full { "reminder" } else { "service" }, template => "welcome_offer", rest => some("200 USD"),
        rows => vec![context! { product => "A", price => "1", summary => some("s"), stock => 1, attributes => list("x") }],
    }
}

/// Lines of `key: word`; those that begin with `#` are for people.
fn read_words(file: &SourceFile, problems: &mut Vec<Problem>) -> HashMap<String, String> {
    let (mut words, mut place) = (HashMap::new(), 0);
    for line in file.text.split_inclusive('\n') {
        let text = line.trim();
        if !text.is_empty() && !text.starts_with('#') {
            match text.split_once(':') {
                Some((key, word)) if !word.trim().is_empty() => {
                    words.insert(key.trim().to_owned(), word.trim().to_owned());
                }
                _ => {
                    let message = format!("`{text}` is no word");
                    let advice = "Write key: word, such as electronics/phone: phone";
                    problems.push(Problem::at(&file.path, &file.text, place, message, advice));
                }
            }
        }
        place += line.len();
    }
    words
}

/// Name, text and place of each section.
fn sections(text: &str) -> Vec<(&str, &str, usize)> {
    let mut found = Vec::new();
    let mut starts: Vec<usize> = text.match_indices("\n=== ").map(|(at, _)| at + 1).collect();
    if text.starts_with("=== ") {
        starts.insert(0, 0);
    }
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(text.len());
        let section = &text[*start..end];
        let (head, body) = section.split_once('\n').unwrap_or((section, ""));
        found.push((head.trim_start_matches('=').trim(), body, *start + head.len() + 1));
    }
    found
}

fn line_start(text: &str, line: usize) -> usize {
    text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum()
}
