//! Names of things and of brands in a text, which say little of its language.

use super::matcher::{Found, Hit};
use crate::dictionary::files::ENGLISH;
use crate::dictionary::meanings::{Kind, Langs, Meaning};
use crate::reading::longest;

/// Names of things and brands: a word within a longer name says no other language than that. "Sleeping" is a bag in Spanish, and in
/// "sleeping bag" it is not.
pub(crate) struct Names<'h, 'a> {
    things: Vec<&'h Hit<'a>>,
    brands: Vec<&'h Hit<'a>>,
}

impl<'h, 'a> Names<'h, 'a> {
    pub(crate) fn of(hits: &'h [Hit<'a>]) -> Self {
        let things = longest(hits, |hit| hit.kind.is_name() && hit.found != Found::Slip);
        Self { things, brands: longest(hits, |hit| hit.kind == Kind::Brand) }
    }

    /// The languages that a word at a place may tell: none where a longer name around it is English, and the word is not.
    pub(crate) fn within(&self, start: usize, end: usize, langs: Langs) -> Langs {
        let behind = self.things.partition_point(|name| name.start <= start);
        let around = |name: &&&Hit<'_>| end <= name.end && name.end - name.start > end - start;
        let other = |name: &&&Hit<'_>| name.langs.has(ENGLISH) && !langs.has(ENGLISH);
        self.things[..behind].last().filter(around).filter(other).map_or(langs, |_| Langs(0))
    }

    /// Whether a place is a part of a brand's name, or all of it.
    pub(crate) fn is_branded(&self, start: usize, end: usize) -> bool {
        let behind = self.brands.partition_point(|brand| brand.start <= start);
        self.brands[..behind].last().is_some_and(|brand| end <= brand.end)
    }

    /// Whether a word is a brand's name for certain: one whose name is an everyday word only beside a thing or another brand.
    pub(crate) fn is_of_brand(&self, start: usize, end: usize) -> bool {
        let behind = self.brands.partition_point(|brand| brand.start <= start);
        let brand = self.brands[..behind].last().filter(|brand| (brand.start, brand.end) == (start, end));
        brand.is_some_and(|brand| match brand.meaning {
            Meaning::Brand { needs_company: true, .. } => !self.things.is_empty() || self.brands.len() > 1,
            _ => true,
        })
    }
}
