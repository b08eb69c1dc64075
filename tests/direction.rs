//! Who may import whom: the table of the house, enforced by reading the sources.
//!
//! `parser`, `layers` and `runtime` never see each other; `build` is where they meet, and only the
//! faces stand on top.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules that everyone may use; they use only each other.
const LEAVES: [&str; 6] = [
    "digest",
    "source",
    "diagnostic",
    "language",
    "reference",
    "messages",
];

/// What each module may use besides leaves.
const TABLE: [(&str, &[&str]); 17] = [
    ("applets", &[]),
    ("template", &[]),
    ("command", &[]),
    ("parser", &[]),
    ("layers", &[]),
    ("runtime", &[]),
    ("registry", &[]),
    ("plan", &["parser"]),
    ("check", &["parser", "plan"]),
    (
        "build",
        &["plan", "parser", "layers", "runtime", "registry", "applets"],
    ),
    (
        "session",
        &[
            "command", "build", "check", "plan", "parser", "layers", "runtime", "registry",
        ],
    ),
    ("lesson", &["build", "plan", "parser", "layers", "runtime"]),
    (
        "render",
        &[
            "session", "lesson", "build", "check", "plan", "parser", "layers", "runtime",
        ],
    ),
    (
        "face",
        &[
            "session", "command", "render", "template", "build", "check", "plan", "parser",
            "layers", "runtime", "registry",
        ],
    ),
    ("course", &["lesson", "render", "build", "plan", "parser"]),
    (
        "repl",
        &[
            "face", "course", "session", "command", "lesson", "render", "build", "plan", "parser",
            "layers", "runtime",
        ],
    ),
    (
        "cli",
        &[
            "face", "repl", "course", "session", "command", "lesson", "render", "runtime",
            "registry",
        ],
    ),
];

#[test]
fn modules_use_only_what_the_table_allows() {
    let allowed: BTreeMap<&str, &[&str]> = TABLE.into_iter().collect();
    let mut wrong = Vec::new();
    for file in sources() {
        let module = module_of(&file);
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file can be read");
        for used in used_modules(&text) {
            let is_leaf = LEAVES.contains(&used.as_str());
            let may = allowed
                .get(module.as_str())
                .is_some_and(|list| list.contains(&&*used));
            if used != module && !is_leaf && !may {
                wrong.push(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "against the table of tests/direction.rs:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_module_is_in_the_table() {
    let known: BTreeSet<String> = TABLE
        .iter()
        .map(|(name, _)| *name)
        .chain(["lib", "main"])
        .chain(LEAVES)
        .map(str::to_owned)
        .collect();
    let unknown: BTreeSet<String> = sources()
        .iter()
        .map(|file| module_of(file))
        .filter(|it| !known.contains(it))
        .collect();
    assert!(unknown.is_empty(), "not in the table: {unknown:?}");
}

#[test]
fn every_name_in_the_table_is_a_module() {
    let modules: BTreeSet<String> = sources().iter().map(|file| module_of(file)).collect();
    let used = TABLE.iter().flat_map(|(_, used)| used.iter());
    let named = TABLE.iter().map(|(name, _)| name).chain(used);
    // `messages` is a macro: it stands at the root without a file.
    let named = named.chain(LEAVES.iter().filter(|leaf| **leaf != "messages"));
    let missing: BTreeSet<&&str> = named.filter(|it| !modules.contains(**it)).collect();
    assert!(missing.is_empty(), "no such module: {missing:?}");
}

#[test]
fn only_sys_has_unsafe_code() {
    let with_unsafe: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|file| {
            let text = fs::read_to_string(file).expect("a source file can be read");
            text.lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                code.contains("unsafe {") || code.contains("unsafe fn")
            })
        })
        .filter(|file| !file.ends_with("runtime/sys.rs"))
        .collect();
    assert!(
        with_unsafe.is_empty(),
        "unsafe outside runtime/sys.rs: {with_unsafe:?}"
    );
}

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("src can be listed") {
            let path = entry.expect("src can be listed").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    assert!(files.len() > 50, "the walk found the sources");
    files
}

/// The top-level module a file belongs to.
fn module_of(file: &Path) -> String {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let inside = file.strip_prefix(src).expect("the file is below src");
    let first = inside.components().next().expect("a path has parts");
    let name = Path::new(first.as_os_str())
        .file_stem()
        .expect("a module has a name");
    name.to_string_lossy().into_owned()
}

/// Names behind `crate::`, comments left out.
fn used_modules(text: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or_default();
        for (at, _) in code.match_indices("crate::") {
            if code[..at].ends_with('$') {
                continue;
            }
            let rest = &code[at + "crate::".len()..];
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let name: String = rest.chars().take_while(|c| is_name(*c)).collect();
            if !name.is_empty() {
                used.insert(name);
            }
        }
    }
    used
}
