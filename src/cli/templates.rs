//! `hotline templates`: Meta's templates, what is wrong with those that are sent, and new ones for Meta to approve.

use std::collections::BTreeSet;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Ended, Stop, knowledge, runtime};
use crate::config::{Auth, Settings};
use crate::engine::fold::Knowledge;
use crate::engine::knowledge::{DEMO_SHOP, Folders};
use crate::engine::templates;
use crate::outreach::{Book, Listed, Standing};
use crate::whatsapp::client::Client;
use crate::whatsapp::template_limits::refusal;
use crate::whatsapp::templates::{Draft, read};

/// Templates that an account may make in an hour (section 4.4).
const MOST_AN_HOUR: usize = 100;
const TRIED: &str = "cannot read Meta's templates";

/// Lists Meta's templates with status, category, quality and gaps, and says what is wrong with those that rules send.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  hotline templates\n  hotline templates --json\n  hotline templates push                         # what would be made\n  \
                  hotline templates push weekly_offer --language it --yes\n\n\
                  It needs HOTLINE_WHATSAPP__ACCESS_TOKEN and HOTLINE_WHATSAPP__BUSINESS_ACCOUNT_ID.\n\
                  Exit status: 0 all that rules send can be sent, 1 something is wrong, 2 wrong use."
)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// One JSON array, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// Ask Meta to approve the templates that it does not have yet, with the words of the shop's replies.
    Push(Push),
}

/// Has Meta approve templates: the words stand in `replies/LANGUAGE/follow_ups.j2`. Without --yes it only shows them.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  hotline templates push\n  hotline templates push cart_reminder payment_reminder --language en_US,it\n  \
                  hotline templates push --yes\n\n\
                  What Meta has already is left alone. Meta takes 100 an hour: what is left over goes the next time.\n\
                  Exit status: 0 done, 1 Meta refuses some of them, 2 wrong use."
)]
struct Push {
    /// Only templates of these names.
    names: Vec<String>,
    /// Only in these languages, as Meta writes them.
    #[arg(long, value_delimiter = ',')]
    language: Vec<String>,
    /// Really ask Meta.
    #[arg(long)]
    yes: bool,
    /// One JSON array, for programs.
    #[arg(long)]
    json: bool,
}

/// Meta's side and ours.
struct Both {
    client: Client,
    account: String,
    listed: Vec<Listed>,
    knowledge: Knowledge,
    public_url: String,
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    let runtime = runtime()?;
    if let Some(Action::Push(push)) = &arguments.action
        && push.yes
        && settings.whatsapp.graph_url.starts_with("https://")
        && Folders::of(&settings).have_demo_shop()
    {
        // A Graph API without https is a sandbox, which may know the demo's words.
        return Err(Stop::new("nothing was asked of Meta: the shop is", DEMO_SHOP));
    }
    let both = runtime.block_on(Both::read(&settings))?;
    match arguments.action {
        None => list(&both, arguments.json),
        Some(Action::Push(push)) => runtime.block_on(push.run(&both)),
    }
}

impl Both {
    async fn read(settings: &Settings) -> Result<Self, Stop> {
        let lacks = |name: &str| {
            let advice =
                "the README tells where to find it; the sandbox of `hotline serve` shows its own at /templates";
            Stop::new(TRIED, format!("set HOTLINE_WHATSAPP__{name}: {advice}"))
        };
        let token = settings.whatsapp.access_token.as_ref().ok_or_else(|| lacks("ACCESS_TOKEN"))?;
        if settings.whatsapp.auth == Auth::D360 {
            return Err(Stop::new(TRIED, "360dialog lists and makes templates in its own hub only"));
        }
        let account = settings.template_account().ok_or_else(|| lacks("BUSINESS_ACCOUNT_ID"))?.to_owned();
        let knowledge = knowledge(&Folders::of(settings), settings)?;
        let client = Client::new(&settings.whatsapp, token).map_err(|error| Stop::new(TRIED, error))?;
        let entries = client.templates(&account).await.map_err(|error| Stop::new(TRIED, error))?;
        let listed = entries.iter().filter_map(read).collect();
        Ok(Self { client, account, listed, knowledge, public_url: settings.public_url() })
    }
}

fn list(both: &Both, json: bool) -> Result<Ended, Stop> {
    sigpipe::reset();
    let (book, needed) =
        (Book::new(true, both.listed.iter().cloned()), templates::needed(&both.knowledge, &both.public_url));
    let all = templates::overview(&both.knowledge, &book, &needed);
    match json {
        true => println!("{}", json!(all)),
        false => all.iter().for_each(show),
    }
    Ok(if all.iter().all(|template| template.held.is_none()) { Ended::Done } else { Ended::Faults })
}

fn show(template: &Standing) {
    let Standing { name, by, held, uneven, missing, languages, .. } = template;
    let sign = if held.is_some() { "fix" } else { "ok " };
    let by = if by.is_empty() { "sent by no rule".into() } else { format!("sent by {}", by.join(", ")) };
    println!("{sign} {name}: {by}");
    if let Some(why) = held {
        println!("      {why}");
    }
    for one in languages {
        let Listed { language, status, category, quality, variables, .. } = &one.template;
        let gaps = variables.map_or_else(|| "?".into(), |count| count.to_string());
        println!("    {language:<6} {status:<10} {category:<14} {quality:<8} {gaps} gaps");
        one.wrong.iter().chain(&one.remark).for_each(|said| println!("           {said}"));
    }
    if let Some(uneven) = uneven {
        println!("    not the same in all languages: {uneven}");
    }
    if !missing.is_empty() {
        println!("    Meta has it not in {}: `hotline templates push {name}` has it approved", missing.join(", "));
    }
}

/// What becomes of one draft.
struct Fate {
    draft: Draft,
    /// Meta's word for how it stands, or what would be done.
    said: String,
    is_wrong: bool,
}

impl Push {
    async fn run(&self, both: &Both) -> Result<Ended, Stop> {
        let known: BTreeSet<_> = both.listed.iter().map(|one| (one.name.as_str(), one.language.as_str())).collect();
        let wanted = |draft: &Draft| {
            (self.names.is_empty() || self.names.contains(&draft.name))
                && (self.language.is_empty() || self.language.contains(&draft.language))
        };
        let drafts: Vec<Draft> = templates::drafts(&both.knowledge).into_iter().filter(wanted).collect();
        if drafts.is_empty() {
            return Err(Stop("there are no words for these: see follow_ups.j2 in the folder of each language".into()));
        }
        let (there, mut new): (Vec<Draft>, Vec<Draft>) =
            drafts.into_iter().partition(|draft| known.contains(&(draft.name.as_str(), draft.language.as_str())));
        // The shop's language first: the others fall back to it.
        let shop = both.knowledge.dialogue.shop_language(&both.knowledge.shop).to_owned();
        new.sort_by_key(|draft| (draft.language != shop, draft.name.clone(), draft.language.clone()));
        let fates = self.make(both, new).await;
        sigpipe::reset();
        self.tell(both, &there, &fates);
        Ok(if fates.iter().any(|fate| fate.is_wrong) { Ended::Faults } else { Ended::Done })
    }

    async fn make(&self, both: &Both, drafts: Vec<Draft>) -> Vec<Fate> {
        let (mut fates, mut asked) = (Vec::new(), 0);
        for draft in drafts {
            let fate = |said: String, is_wrong| Fate { draft: draft.clone(), said, is_wrong };
            let call = draft.call();
            fates.push(match refusal(&call) {
                Some((_, words)) => fate(format!("Meta would refuse it: {words}"), true),
                None if !self.yes => fate("would be made".into(), false),
                None if asked == MOST_AN_HOUR => fate("waits: Meta takes 100 an hour".into(), false),
                None => {
                    asked += 1;
                    match both.client.make_template(&both.account, &call).await {
                        Ok(status) => fate(status, false),
                        Err(error) => fate(format!("refused: {error}"), true),
                    }
                }
            });
        }
        fates
    }

    fn tell(&self, both: &Both, there: &[Draft], fates: &[Fate]) {
        let has_other_words = |draft: &&Draft| {
            let same = |one: &&Listed| one.name == draft.name && one.language == draft.language;
            both.listed.iter().find(same).is_some_and(|one| templates::differs(one, &draft.body))
        };
        let others: Vec<&Draft> = there.iter().filter(has_other_words).collect();
        if self.json {
            let told = |draft: &Draft, said: &str, is_wrong: bool| {
                let mut told = json!(draft);
                (told["said"], told["wrong"]) = (said.into(), is_wrong.into());
                told
            };
            let new = fates.iter().map(|fate| told(&fate.draft, &fate.said, fate.is_wrong));
            let others = others.iter().map(|draft| told(draft, "Meta has other words for it; edit it there", false));
            return println!("{}", Value::from_iter(new.chain(others)));
        }
        for Fate { draft, said, is_wrong } in fates {
            println!(
                "{} {} {} {}: {said}",
                if *is_wrong { "fix" } else { "ok " },
                draft.name,
                draft.language,
                draft.category
            );
            println!("      {}", draft.body);
        }
        for draft in others {
            println!("    {} {} has other words at Meta than in our files; edit it there", draft.name, draft.language);
        }
        println!("{} are there already, {} are new.", there.len(), fates.len());
        if !self.yes && !fates.is_empty() {
            println!("Nothing was asked of Meta. Add --yes to have them approved.");
        }
    }
}
