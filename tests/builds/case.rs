//! How a case is written.
//!
//! ```toml
//! [[case]]
//! name = 'a folder is copied with its contents'
//! base = 'FROM scratch'              # optional: built first, as the image `base`
//! dockerfile = 'FROM scratch\nCOPY d /x/'
//! options = '--build-arg A=1'        # optional
//! files = { 'd/f' = 'text', 'd/run' = { text = '', mode = 0o755 }, 'd/l' = { link = 'f' } }
//! tree = '''                         # optional: all paths of the image
//! x/ 755
//! x/f 644 text
//! x/l -> f
//! '''
//! layers = 1                         # optional: only what the last so many layers hold
//! history = ['L COPY d /x/ # buildkit']  # optional: the last lines; L made a layer, M did not
//! config = { User = 'x' }            # optional: these settings have these values
//! without = ['Cmd']                  # optional: these are not set
//! fails = 'not found'                # instead of all that: it is refused with these words
//! ```
//!
//! Owners other than 0:0 stand behind the mode: `x/f 644 1000:5 text`. `{ archive = 'NAME' }` is a
//! file of `tests/fixtures/archives`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::common::strata::Home;

/// The cases of one file.
#[derive(Deserialize)]
pub struct Table {
    pub case: Vec<Case>,
}

/// A Dockerfile and what has to come of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub base: Option<String>,
    pub dockerfile: String,
    #[serde(default)]
    pub options: String,
    #[serde(default)]
    pub files: BTreeMap<String, ContextFile>,
    pub tree: Option<String>,
    pub layers: Option<usize>,
    pub history: Option<Vec<String>>,
    #[serde(default)]
    pub config: BTreeMap<String, Value>,
    #[serde(default)]
    pub without: Vec<String>,
    pub fails: Option<String>,
}

/// Something in the context.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum ContextFile {
    Text(String),
    Mode { text: String, mode: u32 },
    Folder { folder: u32 },
    Link { link: String },
    Archive { archive: String },
}

impl ContextFile {
    /// Writes it into the context.
    pub fn write(&self, home: &Home, name: &str) {
        match self {
            Self::Text(text) => home.file(name, text),
            Self::Mode { text, mode } => {
                home.file(name, text);
                home.mode(name, *mode);
            }
            Self::Folder { folder } => {
                fs::create_dir_all(home.context().join(name)).unwrap();
                home.mode(name, *folder);
            }
            Self::Link { link } => {
                let path = home.context().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                symlink(link, path).unwrap();
            }
            Self::Archive { archive } => {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/archives");
                home.file(name, fs::read(folder.join(archive)).unwrap());
            }
        }
    }
}
