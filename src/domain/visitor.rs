//! Who opens a link: a person, or a program that looks at pages for people. Read from a file.

use serde::Deserialize;

use super::{Problem, SourceFile};

/// What tells programs from people.
#[derive(Clone, Debug, Default)]
pub struct Crawlers {
    written: Written,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Lower-case pieces of user agents.
    pieces: Vec<String>,
    /// What holds a piece all the same and is a browser.
    browsers: Vec<String>,
    /// Headers, and the word in their value, of pages that are fetched before anybody wants them.
    prefetch: Vec<Prefetch>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prefetch {
    header: String,
    holds: String,
}

impl Crawlers {
    /// Reads `crawlers.toml` among the files. Without that file everybody is a person who says what browser they use.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let Some(file) = files.iter().find(|file| file.path == "crawlers.toml") else {
            return (Some(Self::default()), Vec::new());
        };
        let refuse = |place: usize, message: String| {
            let advice = "Write lists of lower-case texts: pieces = [\"bot\"], browsers = [\"cubot\"]; and [[prefetch]] with header and holds.";
            (None, vec![Problem::at(&file.path, &file.text, place, message, advice)])
        };
        let mut written: Written = match toml::from_str(&file.text) {
            Ok(written) => written,
            Err(error) => return refuse(error.span().map_or(0, |span| span.start), error.message().to_owned()),
        };
        if written.pieces.iter().any(|piece| piece.trim().is_empty()) {
            return refuse(file.text.find("\"\"").unwrap_or(0), "an empty piece stands in every user agent".into());
        }
        for text in written.pieces.iter_mut().chain(&mut written.browsers) {
            *text = text.to_lowercase();
        }
        (Some(Self { written }), Vec::new())
    }

    /// Whether a program asks, or a browser for a page that nobody wants yet. `header` is a header of the request by its name.
    pub fn is_program<'a>(&self, header: impl Fn(&str) -> Option<&'a str>) -> bool {
        let fetched_ahead = |prefetch: &Prefetch| {
            header(&prefetch.header).is_some_and(|value| value.to_lowercase().contains(&prefetch.holds))
        };
        if self.written.prefetch.iter().any(fetched_ahead) {
            return true;
        }
        // Every browser says what it is.
        let Some(agent) = header("user-agent").map(str::to_lowercase).filter(|agent| !agent.trim().is_empty()) else {
            return true;
        };
        let holds = |pieces: &[String]| pieces.iter().any(|piece| agent.contains(piece.as_str()));
        holds(&self.written.pieces) && !holds(&self.written.browsers)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    fn shipped() -> Crawlers {
        let text = include_str!("../../keywords/crawlers.toml").to_owned();
        let (crawlers, problems) = Crawlers::compile(&[SourceFile { path: "crawlers.toml".into(), text }]);
        assert_eq!(problems, []);
        crawlers.unwrap()
    }

    #[test]
    fn previews_and_bots_are_programs_and_phones_are_people() {
        let crawlers = shipped();
        let with_agent =
            |agent: &'static str| crawlers.is_program(move |name: &str| (name == "user-agent").then_some(agent));
        for program in [
            "WhatsApp/2.23.18.78 i",
            "WhatsApp/2.2413.51 N",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Twitterbot/1.0",
            "TelegramBot (like TwitterBot)",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "curl/8.5.0",
            "python-requests/2.31.0",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0 Safari/537.36",
            "",
        ] {
            assert!(with_agent(program), "{program}");
        }
        for person in [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; SM-A546B; wv) AppleWebKit/537.36 Version/4.0 Chrome/125.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/468.0]",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
        ] {
            assert!(!with_agent(person), "{person}");
        }
    }

    #[test]
    fn a_page_that_is_fetched_ahead_is_not_opened() {
        let crawlers = shipped();
        let browser = "Mozilla/5.0 (Linux; Android 14) Chrome/126.0.0.0 Mobile Safari/537.36";
        for (header, value) in [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")] {
            let ahead = crawlers.is_program(|name: &str| match name {
                "user-agent" => Some(browser),
                name if name == header => Some(value),
                _ => None,
            });
            assert!(ahead, "{header}");
        }
    }
}
