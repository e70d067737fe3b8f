//! Loading dictionaries, rules, replies and the shop, and taking up changes while messages flow.

pub mod audience;
pub(crate) mod changes;
pub(crate) mod fingerprint;
pub(crate) mod goods;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration as StdDuration, SystemTime};

use arc_swap::ArcSwap;
use include_dir::{Dir, include_dir};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::dialogue::Dialogue;
use crate::domain::{Crawlers, Problem, Rates, Severity, Shop, SourceFile};
use crate::engine::fold::Knowledge;
use crate::engine::supervise::rested;
use crate::lexicon::{Lexicon, Weights};
use crate::places::Places;
use crate::rulebook::{Rulebook, did_you_mean};
use crate::statistics::Parameters;
use crate::whatsapp::chat_export::Words;
use crate::{governance, handoff, outreach, segments};
use audience::Audiences;

/// What ships with the program: used where no folder is set.
static KEYWORDS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/keywords");
static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The dictionaries among them, compiled when the program was: to read them takes a fifth of the time. Empty where they have problems.
static DICTIONARIES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/dictionaries.bin"));
/// What was learned with them of the words of messages.
static WEIGHTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/weights.bin"));
/// What they were compiled from, see [`Lexicon::print`].
const PRINT_OF_DICTIONARIES: &str = env!("PRINT_OF_DICTIONARIES");

/// The shop's facts and goods.
const SHOP: &str = "shop.toml";
/// What to do about the demo's shop where real customers write.
pub const DEMO_SHOP: &str = "still the demo's, and customers would be sold its goods: copy the folder `keywords`, name the copy in \
                             HOTLINE_KEYWORDS__DIR, and put your name, address and products into its shop.toml";

/// How often the folders are looked at. A change is in force within a second.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(400);

/// Where the files that an admin edits are read from.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// Dictionaries and rules; `None` means the ones built in.
    pub keywords: Option<PathBuf>,
    /// Reply templates; `None` means the ones built in.
    pub templates: Option<PathBuf>,
}

/// What a file looks like from outside, for each.
type Prints = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// All files, read but not understood yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Dictionaries, rules, tables, the shop; paths relative to `keywords/`.
    pub keywords: Vec<SourceFile>,
    /// Reply templates; paths relative to `templates/`.
    pub replies: Vec<SourceFile>,
    /// Errors of files that are no text: what of them can be read stands above, so that their other mistakes are told too.
    pub garbled: Vec<Problem>,
}

/// A folder that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}: {source}")]
pub struct UnreadableFolder {
    path: PathBuf,
    source: std::io::Error,
}

impl UnreadableFolder {
    fn told(&self) -> Problem {
        let advice = "let Hotline read it, or put the setting keywords.dir or templates.dir right";
        Problem::at(&self.path.display().to_string(), "", 0, self.to_string(), advice)
    }
}

impl Folders {
    /// The folders that the settings name.
    pub fn of(settings: &Settings) -> Self {
        Self { keywords: settings.keywords.dir.clone(), templates: settings.templates.dir.clone() }
    }

    /// Reads every file.
    ///
    /// # Errors
    /// The first file or folder that cannot be read.
    pub fn read(&self) -> Result<Sources, UnreadableFolder> {
        let mut garbled = Vec::new();
        let keywords = match &self.keywords {
            Some(folder) => read_folder(folder, "toml", &mut garbled)?,
            None => read_embedded(&KEYWORDS, "toml"),
        };
        let templates = match &self.templates {
            Some(folder) => read_folder(folder, "j2", &mut garbled)?,
            None => read_embedded(&TEMPLATES, "j2"),
        };
        let replies = templates.into_iter().filter(|file| file.path.starts_with("replies/")).collect();
        Ok(Sources { keywords, replies, garbled })
    }

    /// Whether the shop is still the demo's: its name, its address and its goods are nobody's.
    pub fn have_demo_shop(&self) -> bool {
        let own = self.keywords.as_ref().and_then(|folder| std::fs::read(folder.join(SHOP)).ok());
        own.is_none_or(|own| KEYWORDS.get_file(SHOP).is_some_and(|built_in| built_in.contents() == own))
    }

    /// Every file that there is, with the time of its last change and its size: another one when any file changes.
    fn prints(&self) -> Prints {
        let mut prints = Prints::new();
        for (folder, ending) in [(&self.keywords, "toml"), (&self.templates, "j2")] {
            let Some(folder) = folder else { continue };
            let mut files = Vec::new();
            // A folder that cannot be read just now is told of when it is loaded.
            let _unreadable = list(folder, ending, &mut files);
            for path in files {
                if let Ok(meta) = path.metadata() {
                    prints.insert(path, (meta.modified().ok(), meta.len()));
                }
            }
        }
        prints
    }
}

/// Whether the dictionaries among the files were compiled with the program.
pub fn are_built_in(files: &[SourceFile]) -> bool {
    format!("{:016x}", Lexicon::print(files)) == PRINT_OF_DICTIONARIES
}

/// What words say of intents: learned while the program was built, with the dictionaries that ship.
pub fn weights() -> Weights {
    Weights::from_bytes(WEIGHTS)
}

/// The dictionaries among the files: compiled, unless they are those that ship.
pub fn dictionaries(files: &[SourceFile]) -> (Option<Lexicon>, Vec<Problem>) {
    let shipped = are_built_in(files).then(|| Lexicon::from_bytes(DICTIONARIES, weights()).ok()).flatten();
    hotline_allocator::put_away(DICTIONARIES);
    match shipped {
        Some(lexicon) => (Some(lexicon), Vec::new()),
        None => Lexicon::compile(files, weights()),
    }
}

/// The kinds that a shop sells and the dictionaries that ship do not have.
pub fn own_kinds(files: &[SourceFile], shop: &Shop) -> BTreeSet<String> {
    let shipped = Lexicon::from_bytes(DICTIONARIES, weights()).ok().filter(|_| !are_built_in(files));
    let kinds = || shop.products.iter().map(|product| product.key.clone()).collect::<BTreeSet<String>>();
    let own = shipped.map(|lexicon| kinds().into_iter().filter(|kind| !lexicon.knows_product(kind)).collect());
    own.unwrap_or_default()
}

/// Understands all files at once. `None` if any of them has an error: a broken file is refused while the old stays.
pub fn compile(sources: &Sources, settings: &Settings) -> (Option<Knowledge>, Vec<Problem>) {
    // The dictionaries take longer than all the rest.
    std::thread::scope(|scope| {
        let lexicon = scope.spawn(|| dictionaries(&sources.keywords));
        let (knowledge, mut problems) = compile_rest(sources, settings);
        let (lexicon, found) = lexicon.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        problems.extend(found);
        let file = sources.keywords.iter().find(|file| file.path == SHOP);
        if let (Some(file), Some(knowledge), Some(lexicon)) = (file, &knowledge, &lexicon) {
            problems.extend(goods::unknown(file, &knowledge.shop, lexicon));
        }
        problems.sort();
        let complete = |(knowledge, lexicon): (Knowledge, Lexicon)| Knowledge { lexicon: lexicon.into(), ..knowledge };
        (knowledge.zip(lexicon).map(complete), problems)
    })
}

/// What was compiled; what is wrong with it is noted.
fn noted<T>((compiled, found): (Option<T>, Vec<Problem>), problems: &mut Vec<Problem>) -> Option<T> {
    problems.extend(found);
    compiled
}

/// Everything but the dictionaries.
pub(super) fn compile_rest(sources: &Sources, settings: &Settings) -> (Option<Knowledge>, Vec<Problem>) {
    let mut problems = sources.garbled.clone();
    let outreach = noted(outreach::Policy::compile(&sources.keywords), &mut problems);
    let limits = noted(outreach::Limits::compile(&sources.keywords), &mut problems);
    let prices = noted(outreach::Prices::compile(&sources.keywords), &mut problems);
    let shop = noted(compile_shop(&sources.keywords, settings), &mut problems);
    let products = shop.as_ref().map_or(&[][..], |shop| &shop.products);
    let dialogue = noted(Dialogue::compile(&sources.replies, &sources.keywords, products), &mut problems);
    let shop = shop.map(|shop| goods::speaking(shop, dialogue.as_ref()));
    let rulebook = noted(Rulebook::compile(&sources.keywords, shop.as_ref()), &mut problems);
    let rates = noted(Rates::compile(&sources.keywords), &mut problems);
    problems.extend(shop.as_ref().zip(rates.as_ref()).and_then(|(shop, rates)| goods::unconverted(shop, rates)));
    let places = noted(Places::compile(&sources.keywords), &mut problems);
    let crawlers = noted(Crawlers::compile(&sources.keywords), &mut problems);
    let audiences = noted(Audiences::compile(&sources.keywords), &mut problems);
    // Read by `hotline import`; a folder of one's own may lack it.
    let exports = sources.keywords.iter().find(|file| file.path == "chat_exports.toml");
    problems.extend(exports.and_then(|file| Words::parse(file).err()));
    let has_rate = |currency| rates.as_ref().is_none_or(|rates| rates.knows(currency));
    let knows = |currency| has_rate(currency) || shop.as_ref().is_none_or(|shop| shop.currency == currency);
    let tags = rulebook.as_ref().map(|rulebook| rulebook.known_tags(&sources.keywords));
    let slip = |tag: &str| tags.as_ref()?.meant_by(tag).map(|meant| did_you_mean(&meant));
    let lists = noted(segments::lists::compile(&sources.keywords, &knows, &slip), &mut problems);
    let governance = noted(governance::Figures::compile(&sources.keywords), &mut problems);
    let statistics = noted(Parameters::compile(&sources.keywords), &mut problems);
    let tag_names = noted(governance::TagNames::compile(&sources.keywords), &mut problems);
    if let (Some(dialogue), Some(shop)) = (&dialogue, &shop) {
        problems.extend(dialogue.uneven(shop));
        problems.extend(dialogue.unnamed(shop));
        problems.extend(goods::unspoken(shop, dialogue));
    }
    let fingerprint = fingerprint::of(&sources.keywords, shop.as_ref());
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return (None, problems);
    }
    let desk_policy = handoff::Policy { hand_back_after: settings.handoff.hand_back_after };
    let reply_max_age = settings.replies.max_age;
    let knowledge = (|| {
        Some(Knowledge {
            fingerprint,
            lexicon: OnceLock::new(),
            rulebook: rulebook?,
            tables: changes::tables(&sources.keywords),
            dialogue: dialogue?,
            shop: Shop { rates: rates?, ..shop? },
            lists: lists?,
            governance: governance?,
            tag_names: tag_names?,
            desk_policy,
            outreach: outreach?,
            limits: Arc::new(limits?),
            prices: prices?,
            places: places?,
            statistics: statistics?,
            crawlers: crawlers?,
            audiences: audiences?,
            reply_max_age,
        })
    })();
    (knowledge, problems)
}

/// The shop's own file, over what the settings say of it.
fn compile_shop(files: &[SourceFile], settings: &Settings) -> (Option<Shop>, Vec<Problem>) {
    match SourceFile::required(files, SHOP, "the shop's facts and products") {
        Ok(file) => {
            let shop = &settings.shop;
            Shop::parse(file, shop.currency, shop.timezone, shop.language.clone(), shop.country)
        }
        Err(problem) => (None, vec![problem]),
    }
}

/// What is in force, and what is wrong with the files if they were refused.
pub struct Shelf {
    folders: Folders,
    settings: Arc<Settings>,
    current: ArcSwap<Knowledge>,
    problems: ArcSwap<Vec<Problem>>,
    /// The files as they were just before they were read: what changed since is not in force.
    prints: Prints,
    /// Whether the dictionaries are there: after a start they come later than all the rest.
    loaded: watch::Sender<bool>,
}

/// Dictionaries that are being compiled beside everything else.
pub struct Loading {
    shelf: Arc<Shelf>,
    lexicon: JoinHandle<(Option<Lexicon>, Vec<Problem>)>,
}

impl Loading {
    /// Waits until the dictionaries are there, and whoever waits for [`Shelf::loaded`] goes on.
    ///
    /// # Errors
    /// All problems, if any of them is an error.
    pub fn finish(self) -> Result<(), Vec<Problem>> {
        let (lexicon, found) = self.lexicon.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let mut problems = Vec::clone(&self.shelf.problems());
        problems.extend(found);
        problems.sort();
        let Some(lexicon) = lexicon else { return Err(problems) };
        self.shelf.problems.store(Arc::new(problems));
        // Nobody else sets it.
        let _first = self.shelf.knowledge().lexicon.set(lexicon);
        self.shelf.loaded.send_replace(true);
        Ok(())
    }
}

impl Shelf {
    /// Loads everything once.
    ///
    /// # Errors
    /// All problems, if any of them is an error.
    pub fn open(folders: Folders, settings: Arc<Settings>) -> Result<Arc<Self>, Vec<Problem>> {
        let (shelf, loading) = Self::begin(folders, settings)?;
        loading.finish().map(|()| shelf)
    }

    /// Loads everything but the dictionaries, which take several times as long and are still being compiled then.
    ///
    /// # Errors
    /// All problems, those of the dictionaries too, if any of the rest is an error.
    pub fn begin(folders: Folders, settings: Arc<Settings>) -> Result<(Arc<Self>, Loading), Vec<Problem>> {
        let prints = folders.prints();
        let sources = Arc::new(folders.read().map_err(|error| vec![error.told()])?);
        let beside = sources.clone();
        let lexicon = std::thread::spawn(move || dictionaries(&beside.keywords));
        match compile_rest(&sources, &settings) {
            (Some(knowledge), problems) => {
                let shelf = Arc::new(Self {
                    folders,
                    settings,
                    current: ArcSwap::from_pointee(knowledge),
                    problems: ArcSwap::from_pointee(problems),
                    prints,
                    loaded: watch::Sender::new(false),
                });
                Ok((shelf.clone(), Loading { shelf, lexicon }))
            }
            (None, mut problems) => {
                problems.extend(lexicon.join().map(|(_, found)| found).unwrap_or_default());
                problems.sort();
                Err(problems)
            }
        }
    }

    /// Waits until the dictionaries are there.
    pub async fn loaded(&self) {
        // The sender is our own: it cannot be gone.
        let mut loaded = self.loaded.subscribe();
        let _loaded = loaded.wait_for(|loaded| *loaded).await;
    }

    /// What is in force now.
    pub fn knowledge(&self) -> Arc<Knowledge> {
        self.current.load_full()
    }

    /// Warnings of what is in force, or the errors of a change that was refused.
    pub fn problems(&self) -> Arc<Vec<Problem>> {
        self.problems.load_full()
    }

    /// Looks for changed files until told to stop. A change with an error is refused and the old stays in force.
    pub async fn watch(&self, stop: CancellationToken) {
        let mut seen = self.prints.clone();
        loop {
            let now = self.folders.prints();
            if now != seen {
                seen = now;
                self.reload().await;
            }
            if !rested(&stop, LOOK_EVERY).await {
                return;
            }
        }
    }

    async fn reload(&self) {
        let (folders, settings) = (self.folders.clone(), self.settings.clone());
        let loaded = tokio::task::spawn_blocking(move || hotline_allocator::sparing(|| load(&folders, &settings)));
        let Ok((knowledge, problems)) = loaded.await else {
            tracing::error!("loading the changed files failed; the old ones stay in force");
            return;
        };
        match knowledge {
            Some(knowledge) => {
                self.current.store(Arc::new(knowledge));
                tracing::info!(warnings = problems.len(), "changed dictionaries, rules or templates are in force");
                metrics::counter!("hotline_keywords_loaded_total").increment(1);
            }
            None => {
                for problem in problems.iter().filter(|problem| problem.severity == Severity::Error) {
                    tracing::error!("change refused, the old files stay in force: {problem}");
                }
                metrics::counter!("hotline_keywords_refused_total").increment(1);
            }
        }
        self.problems.store(Arc::new(problems));
    }
}

/// Reads and understands all files.
fn load(folders: &Folders, settings: &Settings) -> (Option<Knowledge>, Vec<Problem>) {
    match folders.read() {
        Ok(sources) => compile(&sources, settings),
        Err(error) => (None, vec![error.told()]),
    }
}

fn read_embedded(dir: &'static Dir<'static>, ending: &str) -> Vec<SourceFile> {
    let (mut files, mut read) = (Vec::new(), Vec::new());
    let mut folders = vec![dir];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files().filter(|file| has_ending(file.path(), ending)) {
            let text = file.contents_utf8().unwrap_or_default().to_owned();
            files.push(SourceFile { path: file.path().to_string_lossy().into_owned(), text });
            read.push(file.contents());
        }
    }
    // Nine megabytes, which nobody reads again. Only now: whoever reads a file has the system fetch what lies beside it too.
    read.into_iter().for_each(hotline_allocator::put_away);
    // As the files of a folder are sorted.
    files.sort_by(|a, b| Path::new(&a.path).cmp(Path::new(&b.path)));
    files
}

fn read_folder(folder: &Path, ending: &str, garbled: &mut Vec<Problem>) -> Result<Vec<SourceFile>, UnreadableFolder> {
    let mut paths = Vec::new();
    list(folder, ending, &mut paths)?;
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = std::fs::read(&path).map_err(|source| UnreadableFolder { path: path.clone(), source })?;
        let path = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let (file, wrong) = SourceFile::from_bytes(path, bytes);
        garbled.extend(wrong);
        files.push(file);
    }
    Ok(files)
}

fn list(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) -> Result<(), UnreadableFolder> {
    let unreadable = |source| UnreadableFolder { path: folder.to_path_buf(), source };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            list(&path, ending, into)?;
        } else if has_ending(&path, ending) {
            into.push(path);
        }
    }
    Ok(())
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension == ending)
}
