//! `hotline export`: contacts with their tags, for spreadsheets.

use std::io::Write;
use std::sync::Arc;

use clap::Subcommand;

use super::{Ended, KeywordsArgument, Stop, knowledge, runtime};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::engine::knowledge::Folders;
use crate::engine::segments::{PAGE, asked, csv_body, csv_head, page};
use crate::store::{Place, Store, TagUse};

const CONTACTS: &str = "Examples:\n  hotline export contacts > contacts.csv\n  \
                        hotline export contacts --segment 'tag:value/vip and not purchase within 90d' > vip.csv\n  \
                        hotline export contacts --segment 'tag:Heat-High' > hot.csv    # as the console calls it\n  \
                        hotline export contacts --segment win-back > win-back.csv";

/// Writes what Hotline knows, also beside a running server.
#[derive(clap::Args)]
#[command(after_help = CONTACTS)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Contacts with their tags, as CSV on the standard output.
    #[command(after_help = CONTACTS)]
    Contacts {
        /// Who: a segment, or the name of a saved one
        #[arg(long, value_name = "SEGMENT", default_value = "everyone")]
        segment: String,
        #[command(flatten)]
        keywords: KeywordsArgument,
    },
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    let What::Contacts { segment, keywords } = arguments.what;
    runtime()?.block_on(export(&segment, &keywords.over(settings)))
}

async fn export(text: &str, settings: &Settings) -> Result<Ended, Stop> {
    let knowledge = Arc::new(knowledge(&Folders::of(settings), settings)?);
    let store = Store::open_beside(&settings.database.url).await.map_err(Stop::unread)?;
    let now = Timestamp::from(chrono::Utc::now());
    let asked = asked(&store, &knowledge, text, now).await.map_err(Stop::unread)?;
    let wanted = asked.map_err(|error| Stop::new("this is no segment, nor the name of one", error))?;
    let day = now.date_in(knowledge.shop.zone);
    store.note_tag_use(&wanted.segment.tags(), TagUse::Export, &day, now).await.map_err(Stop::unread)?;
    let mut out = std::io::stdout().lock();
    let broken = |error| Stop::new("cannot write", error);
    out.write_all(&csv_head()).map_err(broken)?;
    let mut after = Place::default();
    loop {
        let members = page(&store, &knowledge, &wanted, after, PAGE).await.map_err(Stop::unread)?;
        let Some(last) = members.last() else { return Ok(Ended::Done) };
        after = last.place;
        out.write_all(&csv_body(&members, wanted.now)).map_err(broken)?;
    }
}
