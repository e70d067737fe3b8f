//! Reply templates: one file for each language, in sections that begin with `=== name`.

use std::collections::BTreeSet;

use minijinja::{Environment, UndefinedBehavior, Value, context};
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::{Contact, Content, FollowUpRequest, Problem, Severity, Shop, SourceFile, TemplateRef};

/// Every reply that the bot can give; a language file must have them all.
const SECTIONS: [&str; 31] = [
    "greet",
    "ask_product",
    "ask_budget",
    "ask_need",
    "show",
    "show_over_budget",
    "nothing",
    "details",
    "compare",
    "hours",
    "shipping",
    "payment",
    "returns",
    "order",
    "no_order",
    "discount",
    "thanks",
    "later",
    "reject",
    "opted_out",
    "media",
    "person_soon",
    "person_later",
    "person_late",
    "unknown",
    "location",
    "follow_up",
    "button_any",
    "button_person",
    "button_buy",
    "button_list",
];

/// All templates, compiled.
pub(super) struct Templates {
    environment: Environment<'static>,
    languages: BTreeSet<String>,
}

impl Templates {
    pub(super) fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let (mut languages, mut problems) = (BTreeSet::new(), Vec::new());
        for file in files {
            let Some(language) = file.path.strip_prefix("replies/").and_then(|rest| rest.split('/').next()) else {
                continue;
            };
            languages.insert(language.to_owned());
            let mut missing: BTreeSet<&str> = SECTIONS.into();
            for (name, text, place) in sections(&file.text) {
                if !missing.remove(name) {
                    let message = format!("`{name}` is no reply, or stands here twice");
                    problems.push(Problem::at(
                        &file.path,
                        &file.text,
                        place,
                        message,
                        format!("Replies are: {}.", SECTIONS.join(", ")),
                    ));
                    continue;
                }
                let id = format!("{language}/{name}");
                if let Err(error) = environment.add_template_owned(id, text.to_owned()) {
                    let place = place + line_start(text, error.line().unwrap_or(1));
                    let message = error.detail().unwrap_or("the template cannot be read").to_owned();
                    problems.push(Problem::at(
                        &file.path,
                        &file.text,
                        place,
                        message,
                        "Compare with the reply of another language.",
                    ));
                }
            }
            if !missing.is_empty() {
                let names: Vec<_> = missing.into_iter().collect();
                let message = format!("replies are missing: {}", names.join(", "));
                problems.push(Problem::at(&file.path, &file.text, 0, message, "Copy them from templates/replies/en."));
            }
        }
        if !languages.contains("en") {
            let message = "there are no English replies";
            problems.push(Problem::at(
                "replies/en/replies.j2",
                "",
                0,
                message,
                "They are what is said where no other language fits.",
            ));
        }
        let templates = Self { environment, languages };
        if problems.is_empty() {
            problems.extend(templates.check());
        }
        let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
        ((!failed).then_some(templates), problems)
    }

    /// Renders every reply of every language once: a name that does not exist shows here, not before a customer.
    fn check(&self) -> Vec<Problem> {
        let sample = context! {
            shop => context! { name => "Shop", address => "1 Main Street", currency => "USD" },
            name => "Ada", product => "Phone X", price => "100 USD", stock => 3, summary => "A phone", attributes => vec!["5g"],
            budget => "500 USD", count => 2, hours => vec![context! { days => "mon", from => "09:00", to => "18:00" }], open => true,
            text => "Text", order => "A-1", state => "paid", minutes => 5, time => "09:00", day => "Mon", template => "welcome_offer",
            rows => vec![context! { name => "A", price => "1", summary => "s", attributes => vec!["x"] }],
        };
        let mut problems = Vec::new();
        for language in &self.languages {
            for section in SECTIONS {
                if let Err(error) = self.try_render(language, section, &sample) {
                    let file = format!("replies/{language}/replies.j2");
                    let detail = error.detail().map_or_else(|| error.to_string(), str::to_owned);
                    let message = format!("reply `{section}`: {detail}");
                    problems.push(Problem::at(
                        &file,
                        "",
                        0,
                        message,
                        "Use only the names that the English reply uses.",
                    ));
                }
            }
        }
        problems
    }

    fn try_render(&self, language: &str, section: &str, values: &Value) -> Result<String, minijinja::Error> {
        let template = self.environment.get_template(&format!("{language}/{section}"))?;
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
        let said = self.try_render(language, section, &values).or_else(|_| self.try_render("en", section, &values));
        said.unwrap_or_default()
    }

    /// The words of a follow-up, or Meta's template of that name where only that may be sent.
    pub(super) fn follow_up(
        &self,
        planned: &FollowUpRequest,
        contact: &Contact,
        shop: &Shop,
        only_template: bool,
    ) -> Content {
        let language = self.language(contact, shop);
        let name = contact.name.clone().unwrap_or_default();
        if only_template {
            let language = match language {
                "zh-Hans" => "zh_CN",
                "zh-Hant" => "zh_HK",
                "pt" => "pt_BR",
                "en" => "en_US",
                other => other,
            };
            let body = if name.is_empty() { vec![shop.name.clone()] } else { vec![name] };
            return Content::Template(TemplateRef { name: planned.template.clone(), language: language.into(), body });
        }
        let product = planned.product.clone().unwrap_or_default().replace('-', " ");
        let values = context! {
            shop => context! { name => &shop.name, currency => shop.currency.code() },
            name, product, template => &planned.template,
        };
        Content::Text { body: cut(&self.render(language, "follow_up", values), 4_096) }
    }
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

/// Cuts at whole characters as people see them; WhatsApp's lengths count UTF-16 units.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut length = 1;
    for grapheme in text.graphemes(true) {
        length += grapheme.encode_utf16().count();
        if length > most {
            break;
        }
        kept.push_str(grapheme);
    }
    kept.push('…');
    kept
}
