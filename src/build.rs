//! Rebuilds when a migration is added: `sqlx::migrate!` reads the folders at compile time. Tells which code makes tags, and compiles the
//! dictionaries that ship.

use std::path::{Path, PathBuf};

use hotline_domain::SourceFile;
use hotline_lexicon::Lexicon;

/// Where the code is that makes tags of what happened: when it changes, they are made anew.
const MAKES_TAGS: [&str; 10] = [
    "src/domain",
    "src/lexicon",
    "src/rulebook",
    "src/places",
    "src/dialogue",
    "src/handoff",
    "src/engine/about.rs",
    "src/engine/fold.rs",
    "src/engine/state.rs",
    "src/engine/unasked.rs",
];

fn main() {
    for folder in ["migrations", "keywords", "templates"].iter().chain(&MAKES_TAGS) {
        println!("cargo:rerun-if-changed={folder}");
    }
    // Cargo hands it to what it runs too: a name that begins with HOTLINE would be a setting.
    println!("cargo:rustc-env=CODE_OF_TAGS={:016x}", print_of(&MAKES_TAGS));
    println!("cargo:rustc-env=PLACES_OF_TAGS={}", MAKES_TAGS.join(" "));
    let dictionaries = dictionaries();
    println!("cargo:rustc-env=PRINT_OF_DICTIONARIES={:016x}", Lexicon::print(&dictionaries));
    let place = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo tells it")).join("dictionaries.bin");
    std::fs::write(place, compiled(&dictionaries)).expect("the folder for what is built can be written to");
}

/// The dictionaries as bytes. None where anything is to be said of them: then the program compiles them itself, and tells.
fn compiled(files: &[SourceFile]) -> Vec<u8> {
    match Lexicon::compile(files) {
        (Some(lexicon), problems) if problems.is_empty() => lexicon.to_bytes().unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The files in `keywords/`, in the order in which the program reads them.
fn dictionaries() -> Vec<SourceFile> {
    let (folder, mut paths) = (Path::new("keywords"), Vec::new());
    list(folder, "toml", &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?;
        let path = path.strip_prefix(folder).ok()?.to_string_lossy().replace('\\', "/");
        Some(SourceFile { path, text })
    };
    paths.into_iter().filter_map(read).collect()
}

/// Another number for other code; comments, blank lines and tests do not count.
fn print_of(places: &[&str]) -> u64 {
    let mut files = Vec::new();
    places.iter().for_each(|place| list(Path::new(place), "rs", &mut files));
    files.retain(|file| {
        !file.components().any(|part| ["tests", "tests.rs"].map(AsRef::as_ref).contains(&part.as_os_str()))
    });
    files.sort();
    // FNV-1a: the same with every compiler.
    let mut print = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        for byte in lines.flat_map(|line| line.bytes().chain([b'\n'])) {
            print = (print ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    print
}

fn list(place: &Path, wanted: &str, into: &mut Vec<PathBuf>) {
    if let Ok(entries) = std::fs::read_dir(place) {
        entries.flatten().for_each(|entry| list(&entry.path(), wanted, into));
    } else if place.extension().is_some_and(|ending| ending == wanted) {
        into.push(place.to_owned());
    }
}
