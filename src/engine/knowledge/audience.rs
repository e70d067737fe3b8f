//! Whom an event of the whole shop concerns: who holds certain tags. From `audiences.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::domain::{Duration, EventBody, Problem, SourceFile, WeatherEvent};
use crate::places::Places;

/// The kinds of events that can concern many, and what their tags may be made of.
const KINDS: [(&str, &[&str]); 2] = [("weather", &["city"]), ("product", &["category", "product"])];

/// Whom events of the whole shop concern, by their kind.
#[derive(Clone, Debug, Default)]
pub struct Audiences {
    /// Patterns of tags.
    tags: BTreeMap<String, Vec<String>>,
    earlier: BTreeMap<String, Duration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    audience: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    #[serde(default)]
    earlier: BTreeMap<Spanned<String>, Spanned<String>>,
}

impl Audiences {
    /// The kinds of events that can concern many, as the journal calls them.
    pub const KINDS: [&str; 2] = [KINDS[0].0, KINDS[1].0];

    /// Reads `audiences.toml` among the files. Without it such events concern nobody.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let Some(file) = files.iter().find(|file| file.path == "audiences.toml") else {
            return (Some(Self::default()), Vec::new());
        };
        let problem =
            |place, message: String, advice: &str| Problem::at(&file.path, &file.text, place, message, advice);
        let written: Written = match toml::from_str(&file.text) {
            Ok(written) => written,
            Err(error) => {
                let place = error.span().map_or(0, |span| span.start);
                let advice = "Below [audience]: weather = [\"region/city/{city}\"].";
                return (None, vec![problem(place, error.message().to_owned(), advice)]);
            }
        };
        let mut problems = Vec::new();
        let fields = |kind: &Spanned<String>| KINDS.iter().find(|(name, _)| name == kind.get_ref());
        let unknown = |kind: &Spanned<String>| {
            let message = format!("events of the kind `{}` concern no audience", kind.get_ref());
            problem(kind.span().start, message, "It is weather or product.")
        };
        let mut earlier = BTreeMap::new();
        for (kind, length) in &written.earlier {
            match Duration::parse(length.get_ref()) {
                _ if fields(kind).is_none() => problems.push(unknown(kind)),
                Some(length) => drop(earlier.insert(kind.get_ref().clone(), length)),
                None => {
                    let message = format!("`{}` is no length of time", length.get_ref());
                    problems.push(problem(length.span().start, message, "Write a number and h or d: 48h, 7d."));
                }
            }
        }
        for (kind, patterns) in &written.audience {
            let Some((_, fields)) = fields(kind) else {
                problems.push(unknown(kind));
                continue;
            };
            for pattern in patterns {
                if let Some(unknown) = parameters(pattern.get_ref()).find(|name| !fields.contains(name)) {
                    let message = format!("{{{unknown}}} is no field of {}", kind.get_ref());
                    problems.push(problem(pattern.span().start, message, &format!("It has: {}.", fields.join(", "))));
                }
            }
        }
        let patterns = |patterns: Vec<Spanned<String>>| patterns.into_iter().map(Spanned::into_inner).collect();
        let audiences = written.audience.into_iter().map(|(kind, list)| (kind.into_inner(), patterns(list)));
        let audiences = Self { tags: audiences.collect(), earlier };
        (problems.is_empty().then_some(audiences), problems)
    }

    /// How long before an event others of its kind also reach those whom they concern only since: heat counts from before it was known
    /// where they are.
    pub fn earlier(&self, body: &EventBody) -> Option<Duration> {
        self.earlier.get(body.kind()).copied()
    }

    /// Who is concerned: patterns of tags, one of which they hold. Empty is nobody.
    pub fn of(&self, body: &EventBody, places: &Places) -> Vec<String> {
        let fields: Vec<(&str, String)> = match body {
            EventBody::Weather(weather) => {
                let Some(city) = city_of(weather, places) else { return Vec::new() };
                vec![("city", city.to_owned())]
            }
            EventBody::Product(product) => {
                let key = product.category.replace('_', "-");
                let (category, product) = key.split_once('/').unwrap_or((&key, ""));
                vec![("category", category.to_owned()), ("product", product.to_owned())]
            }
            _ => return Vec::new(),
        };
        let patterns = self.tags.get(body.kind()).into_iter().flatten();
        let fill = |pattern: &String| {
            let mut filled = pattern.clone();
            for (name, value) in &fields {
                let place = format!("{{{name}}}");
                if value.is_empty() && filled.contains(&place) {
                    return None;
                }
                filled = filled.replace(&place, value);
            }
            Some(filled)
        };
        patterns.filter_map(fill).collect()
    }
}

/// The city that the weather is of: `Jakarta`, or `Jakarta, Indonesia`.
pub fn city_of<'p>(weather: &WeatherEvent, places: &'p Places) -> Option<&'p str> {
    let mut names = std::iter::once(weather.place.as_str()).chain(weather.place.split(','));
    names.find_map(|name| places.city_called(name, None)).map(|(_, city)| city)
}

/// Names in braces.
fn parameters(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let told = |text: &str| {
            let file = SourceFile { path: "audiences.toml".into(), text: text.into() };
            Audiences::compile(&[file]).1.iter().map(ToString::to_string).collect::<String>()
        };
        let said = told("[audience]\nclick = []\n");
        assert!(said.contains("audiences.toml:2:1") && said.contains("`click`"), "{said}");
        let said = told("[audience]\nweather = [\"region/{country}\"]\n");
        assert!(said.contains("audiences.toml:2:12") && said.contains("{country} is no field"), "{said}");
        let said = told("[audience]\n[earlier]\nweather = \"long\"\n");
        assert!(said.contains("audiences.toml:3:11") && said.contains("`long` is no length of time"), "{said}");
        assert_eq!(told("[audience]\nweather = [\"region/city/{city}\"]\n[earlier]\nweather = \"7d\"\n"), "");
    }
}
