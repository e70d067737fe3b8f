//! Products in a reply: one with its details, some side by side, those that fit, and lists to choose from.

use minijinja::{Value, context};
use rust_decimal::Decimal;

use super::answer::Reply;
use super::choice::{self, Fit, Purse};
use super::hearing::Heard;
use super::pointing::{Cue, stands_in};
use super::words::{budget_text, cut, marked, money_in, side_by_side};
use crate::domain::{Link, ListRow, Product};

/// The last row is kept for a person.
const MOST_ROWS: usize = ListRow::MOST - 1;

impl<'a> Reply<'a> {
    pub(super) fn details(&mut self, product: &Product) {
        let sku = product.sku.clone();
        self.memory.open(product);
        let values = self.product_values(product);
        if product.stock == 0 {
            self.say("sold_out", values);
            return self.offer("person", "button_person");
        }
        let url = self.page_of(product);
        self.say("details", context! { url, ..values });
        self.offer(&format!("buy:{sku}"), "button_buy");
        let others = self.shop.products.iter().filter(|other| other.key == product.key && other.stock > 0).count();
        if others > 1 {
            self.offer(&format!("compare:{sku}"), "button_compare");
        }
        self.offer("person", "button_person");
    }

    /// A sum in the shop's currency, as their language writes it.
    pub(super) fn money(&self, amount: Decimal) -> String {
        money_in(self.mark(), amount, self.shop.currency)
    }

    pub(super) fn mark(&self) -> &str {
        self.dialogue.templates.mark(&self.language)
    }

    pub(super) fn product_values(&self, product: &Product) -> Value {
        let attributes: Vec<String> = product.attributes.iter().map(|attribute| self.word(attribute)).collect();
        context! {
            product => &product.name, price => self.money(product.price), stock => product.stock,
            summary => self.summary(product), attributes,
        }
    }

    pub(super) fn summary<'p>(&self, product: &'p Product) -> &'p str {
        self.shop.text(&product.summary, &self.language).unwrap_or_default()
    }

    /// The mark of a link to a product's page.
    pub(super) fn page_of(&mut self, product: &Product) -> Option<String> {
        let link = Link::to_product(product, self.shop.currency)?;
        let known = self.links.iter().position(|other| *other == link);
        let index = known.unwrap_or_else(|| {
            self.links.push(link);
            self.links.len() - 1
        });
        Some(Link::mark(index).to_string())
    }

    /// What was shown last side by side, else the best that fit.
    pub(super) fn compare(&mut self) {
        let shown: Vec<_> = self.memory.shown.iter().filter_map(|sku| choice::by_sku(self.shop, sku)).collect();
        match shown.as_slice() {
            [one] => match self.seen_before().filter(|before| before.key == one.key) {
                Some(before) => self.side_by_side(vec![before, one]),
                None => {
                    let sku = one.sku.clone();
                    self.compare_with(&sku);
                }
            },
            [] => self.side_by_side(choice::fit(self.memory, self.shelf()).products),
            _ => self.side_by_side(shown),
        }
    }

    /// One product beside those of its kind that are nearest in price.
    pub(super) fn compare_with(&mut self, sku: &str) {
        let Some(product) = choice::by_sku(self.shop, sku) else { return };
        let others = self.shop.products.iter();
        let mut others: Vec<_> =
            others.filter(|other| other.key == product.key && other.sku != product.sku && other.stock > 0).collect();
        others.sort_by_key(|other| ((other.price - product.price).abs(), other.sku.as_str()));
        others.truncate(2);
        others.insert(0, product);
        self.side_by_side(others);
    }

    pub(super) fn side_by_side(&mut self, mut products: Vec<&Product>) {
        products.truncate(4);
        if products.len() < 2 {
            return;
        }
        // What they ask next is asked of that kind.
        if self.memory.product().is_none() && products.iter().all(|product| product.key == products[0].key) {
            self.memory.want(&products[0].key);
        }
        self.memory.show(products.iter().copied());
        let rows: Vec<Value> = products.iter().map(|product| self.product_values(product)).collect();
        self.say("compare", context! { rows });
        self.list_products(&products);
    }

    /// The categories that have something in stock, as a list to choose from; those before `from` were seen.
    pub(super) fn categories(&mut self, from: usize) {
        let rows = self.in_stock().into_iter().map(|(category, kinds)| {
            let description: Vec<_> = kinds.into_iter().map(|key| self.name_of(key)).collect();
            (format!("category:{category}"), self.word(category), description.join(", "))
        });
        let rows: Vec<_> = rows.collect();
        self.list_from(rows, "", from);
    }

    /// Each category that has something in stock, with its kinds, in the shop's order.
    fn in_stock(&self) -> Vec<(&'a str, Vec<&'a str>)> {
        let mut categories: Vec<(&str, Vec<&str>)> = Vec::new();
        for product in self.shop.products.iter().filter(|product| product.stock > 0) {
            let (key, category) = (product.key.as_str(), category_of(product));
            match categories.iter_mut().find(|(other, _)| *other == category) {
                Some((_, kinds)) if kinds.contains(&key) => {}
                Some((_, kinds)) => kinds.push(key),
                None => categories.push((category, vec![key])),
            }
        }
        categories
    }

    /// What stands behind the last row that was seen of a category's kinds, or of the categories.
    pub(super) fn more(&mut self, of: &str) {
        let (category, from) = of.split_once(':').unwrap_or((of, ""));
        let from: usize = from.parse().unwrap_or_default();
        let kinds = self.kinds_in(category);
        // Another page is not the same once more.
        let title = if category.is_empty() { String::new() } else { self.word(category) };
        self.paragraphs.push(format!("{title} {}…", from + 1).trim().to_owned());
        if category.is_empty() { self.categories(from) } else { self.list_kinds(kinds, category, from) }
    }

    /// Whether a category is named that something is sold of, by its words or as the shop calls it: its kinds are shown.
    pub(super) fn category_in(&mut self, heard: &Heard) -> bool {
        let mut categories: Vec<&str> = self.shop.products.iter().map(category_of).collect();
        categories.dedup();
        let needed = || heard.named_needs.iter().find_map(|need| self.dialogue.pointings.category_of(need));
        let of_needs = if heard.refined { None } else { needed() };
        let meant = |category: &&str| heard.category.as_deref().or(of_needs) == Some(*category);
        // "For my home office", of what they see, tells where it shall be.
        let is_place = !self.memory.shown.is_empty() && self.says(Cue::Purpose, heard);
        let named = |category: &&str| !is_place && stands_in(&heard.words, &self.name_of(category).to_lowercase());
        let found = categories.iter().copied().find(meant).or_else(|| categories.iter().copied().find(named));
        let Some(category) = found else { return false };
        self.kinds(category);
        true
    }

    /// Whether there is anything that their budget buys, whatever it is: it is shown. Where it is what they see, they are asked once what
    /// is liked, and then shown others.
    pub(super) fn affordable(&mut self) -> bool {
        let mut fit = choice::affordable(self.memory, self.shop);
        if fit.products.len() > 1 && self.sees(&fit.products) {
            if self.memory.tells_first("ask_likes") {
                self.say("ask_likes", context! {});
                return true;
            }
            fit = choice::others(self.memory, self.shelf());
        }
        let any = !fit.products.is_empty();
        if any {
            self.show(fit);
        }
        any
    }

    /// Whether of a list of several kinds some are for what they can spend: these are shown.
    pub(super) fn narrow_list(&mut self) -> bool {
        let purse = Purse::of(self.memory.budget.as_ref(), self.shop);
        if self.memory.budget.is_none() || purse.unknown {
            return false;
        }
        let list: Vec<_> = self.memory.list().iter().filter_map(|sku| choice::by_sku(self.shop, sku)).collect();
        let products: Vec<_> = list.iter().copied().filter(|product| purse.holds(product.price)).collect();
        let any = list.len() > 1 && !products.is_empty();
        if any {
            self.show(Fit { products, ..Fit::default() });
        }
        any
    }

    /// Whether these and no others are what they see.
    fn sees(&self, products: &[&Product]) -> bool {
        self.memory.shown.iter().eq(products.iter().map(|product| &product.sku))
    }

    /// Whether they tell what somebody likes, of whatever they see several kinds: what there is for it is shown.
    pub(super) fn liked(&mut self, heard: &Heard) -> bool {
        let list: Vec<_> = self.memory.list().iter().filter_map(|sku| choice::by_sku(self.shop, sku)).collect();
        let is_open = match list.first() {
            Some(first) => list.iter().any(|other| other.key != first.key),
            // Asked what would suit, they tell of who shall have it.
            None => self.memory.gift && self.memory.product().is_none(),
        };
        if !is_open || heard.refined || heard.choice.is_some() || !self.memory.brands.is_empty() {
            return false;
        }
        let kinds = self.dialogue.pointings.liked(&heard.words);
        let products = choice::of_kinds(self.memory, self.shelf(), &kinds);
        if products.is_empty() || self.sees(&products) {
            return false;
        }
        self.memory.products.clear();
        self.memory.gift = false;
        self.show(Fit { products, ..Fit::default() });
        true
    }

    /// What their budget buys, whatever it is, of which they are shown all that fits a list.
    pub(super) fn what_it_buys(&mut self) -> Vec<&'a Product> {
        let products = choice::affordable(self.memory, self.shop).products;
        if !products.is_empty() {
            self.memory.show(products.iter().copied());
        }
        products
    }

    /// Something of each category, for who does not know yet what it shall be.
    pub(super) fn ideas(&mut self) {
        let products = choice::ideas(self.shop);
        self.memory.ideas = true;
        self.memory.show(products.iter().copied());
        self.say("ideas", context! {});
        self.list_products(&products);
    }

    /// The kinds of product of a category.
    pub(super) fn kinds(&mut self, category: &str) {
        let kinds = self.kinds_in(category);
        if kinds.is_empty() {
            return self.say("gone", context! {});
        }
        if self.memory.product().is_none() {
            self.memory.within = Some(category.to_owned());
        }
        self.say("ask_kind", context! { category => self.word(category) });
        self.list_kinds(kinds, category, 0);
    }

    /// What else there is of the category of what is not had: the shop may have it under another name.
    fn beside_it(&mut self) {
        let category = self.memory.product().and_then(|key| key.split('/').next()).unwrap_or_default().to_owned();
        let kinds = self.kinds_in(&category);
        if !kinds.is_empty() {
            self.buttons.clear();
            self.list_kinds(kinds, &category, 0);
        }
    }

    /// Of several kinds of product that were named at once and are in stock, asks which comes first; where one is left, that one is
    /// meant.
    pub(super) fn ask_which(&mut self, kinds: &[String]) -> bool {
        let in_stock: Vec<&String> = kinds.iter().filter(|key| choice::is_sold(key, self.shelf())).collect();
        match in_stock.as_slice() {
            [one] if kinds.len() > 1 => {
                self.memory.want(one);
                false
            }
            [_, _, ..] => {
                let named: Vec<String> = in_stock.iter().map(|key| self.word(key)).collect();
                self.memory.asked = None;
                self.say("ask_which", context! { kinds => named });
                let kinds = in_stock.into_iter().take(MOST_ROWS).cloned().collect();
                self.list_kinds(kinds, "", 0);
                true
            }
            _ => false,
        }
    }

    /// Kinds of product as a list to choose from.
    fn list_kinds(&mut self, kinds: Vec<String>, category: &str, from: usize) {
        let rows = kinds.into_iter().map(|key| (format!("kind:{key}"), self.word(&key), String::new()));
        let rows: Vec<_> = rows.collect();
        self.list_from(rows, category, from);
    }

    /// As many rows as a list takes, from one of them on; where others are left, one leads there.
    fn list_from(&mut self, rows: Vec<(String, String, String)>, of: &str, from: usize) {
        let all = rows.len();
        // What the shop sells may have changed since.
        let from = if from < all { from } else { 0 };
        let end = if all.saturating_sub(from) > MOST_ROWS { from + MOST_ROWS - 1 } else { all };
        rows.into_iter().take(end).skip(from).for_each(|row| self.row(row));
        if end < all {
            let more = self.render("button_more", context! {});
            self.row((format!("more:{of}:{end}"), more, String::new()));
        }
        self.person_row();
    }

    fn kinds_in(&self, category: &str) -> Vec<String> {
        let of_category = self.in_stock().into_iter().find(|(other, _)| *other == category);
        of_category.into_iter().flat_map(|(_, kinds)| kinds).map(str::to_owned).collect()
    }

    fn row(&mut self, (id, title, description): (String, String, String)) {
        let (title, description) =
            (cut(&title, ListRow::LONGEST_TITLE), cut(&description, ListRow::LONGEST_DESCRIPTION));
        self.rows.push(ListRow { id, title, description });
    }

    /// Somebody to talk to is always one tap away (policy facts, section 7.5).
    fn person_row(&mut self) {
        let row = ("person".to_owned(), self.render("button_person", context! {}), String::new());
        self.row(row);
    }

    pub(super) fn list_products(&mut self, products: &[&Product]) {
        self.rows.clear();
        for product in products {
            // What of its name the title has no room for stands behind the price: that tells it from others.
            let told = [rest_of_title(&product.name), self.summary(product)];
            let told: Vec<&str> = told.into_iter().filter(|told| !told.is_empty()).collect();
            let description = match told.is_empty() {
                true => self.money(product.price),
                false => side_by_side(&self.money(product.price), &told.join(" · ")),
            };
            self.row((format!("product:{}", product.sku), product.name.clone(), description));
        }
        self.person_row();
    }

    /// What they can spend, in words; nothing if it is not known, or not what it comes to in the shop's currency.
    pub(super) fn budget(&self) -> String {
        let known = self.memory.budget.as_ref().filter(|budget| !Purse::of(Some(budget), self.shop).unknown);
        known.map(|budget| marked(self.mark(), &budget_text(budget, self.shop.currency))).unwrap_or_default()
    }

    pub(super) fn show(&mut self, fit: Fit<'_>) {
        self.memory.asked = None;
        let product = self.wish();
        if fit.products.is_empty() {
            self.say("nothing", context! { product });
            self.offer("person", "button_person");
            self.beside_it();
            // What is not had is no measure of what they ask for next.
            self.memory.forget_wish();
            return;
        }
        // Another kind is shown for the one that is wanted, which they hear.
        let is_another = |shown: &&Product| self.memory.product().is_some_and(|key| key != shown.key);
        if fit.products.iter().any(is_another) {
            self.say("close_to", context! { product => &product });
        }
        if let ([one], false, false, false) = (fit.products.as_slice(), fit.over_budget, fit.lacking, fit.other_brand) {
            return self.details(one);
        }
        let seen = std::mem::take(&mut self.memory.shown);
        self.memory.show(fit.products.iter().copied());
        if let Some(budget) = self.memory.budget.as_mut().filter(|_| fit.in_shop_currency) {
            (budget.currency, budget.currency_inferred) = (Some(self.shop.currency), false);
        }
        let (purse, budget) = (Purse::of(self.memory.budget.as_ref(), self.shop), self.budget());
        let needs: Vec<String> = self.memory.needs.iter().map(|need| self.word(need)).collect();
        // Neither is told again of the same brand or currency.
        let brands = self.memory.brands.join(" ");
        if fit.other_brand && self.memory.tells_first(&format!("other_brand {product} {brands}")) {
            self.say("other_brand", context! { product => &product });
        }
        let currency = self.memory.named_currency().or(self.memory.budget.as_ref().and_then(|budget| budget.currency));
        if (purse.unknown || purse.converted) && self.memory.tells_first(&format!("other_currency {currency:?}")) {
            self.say("other_currency", context! {});
        }
        if fit.in_shop_currency {
            self.say("counted_as", context! { budget => &budget });
        }
        let Fit { lacking, .. } = fit;
        // That nothing is had for the sum they hear once, until they name something else.
        let is_new = fit.over_budget && self.memory.tells_first(&format!("over_budget {product} {budget}"));
        let over_budget = is_new || fit.over_budget && self.may_repeat;
        let budget = if fit.over_budget && !over_budget { String::new() } else { budget };
        let section = if over_budget || lacking { "show_near" } else { "show" };
        let values = context! { product, budget, needs, over_budget, lacking, count => fit.products.len() };
        let told = format!("{} {}", self.render(section, values.clone()), self.memory.shown.join(" "));
        self.repeats = !self.memory.tells_first(&told) && self.memory.shown == seen;
        self.say(section, values);
        self.list_products(&fit.products);
    }
}

/// What is left of a name behind the title of a row, by whole words where it has several.
fn rest_of_title(name: &str) -> &str {
    let title = cut(name, ListRow::LONGEST_TITLE);
    if title == name {
        return "";
    }
    let kept = title.trim_end_matches('…').trim_end();
    let rest = name.strip_prefix(kept).unwrap_or_default();
    let parts_word = rest.starts_with(char::is_alphanumeric) && name.contains(char::is_whitespace);
    match parts_word {
        true => rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim()),
        false => rest.trim(),
    }
}

fn category_of(product: &Product) -> &str {
    product.key.split_once('/').map_or(&product.key, |(category, _)| category)
}
