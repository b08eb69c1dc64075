//! What the environment says: the one place that reads it for the shell and the prompt.

use std::env;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::command::{Global, When};
use crate::language::Language;
use crate::render::{Chrome, Screen};
use crate::session::Settings;

/// Columns where nothing says how wide a terminal is.
const COLUMNS: usize = 80;

/// Returns the seconds since the epoch.
pub fn now() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs());
    i64::try_from(now).unwrap_or(i64::MAX)
}

/// Returns a variable of the environment.
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

fn given(name: &str) -> Option<String> {
    variable(name).filter(|value| !value.is_empty())
}

/// Works out what is drawn for: language, width, lines, colour.
pub fn screen(global: &Global, terminal: bool) -> Screen {
    let plain = global.plain || given("ACCESSIBLE").is_some_and(|it| it != "0") || !terminal;
    let chrome = if plain {
        Chrome::Plain
    } else if global.ascii || given("TERM").as_deref() == Some("dumb") || !utf8_locale() {
        Chrome::Ascii
    } else {
        Chrome::Unicode
    };
    let width = if terminal { columns() } else { usize::MAX };
    Screen {
        width,
        language: language(global),
        chrome,
        color: color(global, terminal),
    }
}

fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    let columns = size.map_or(0, |size| usize::from(size.ws_col));
    let told = || given("COLUMNS").and_then(|columns| columns.parse().ok());
    if columns > 0 {
        columns
    } else {
        told().unwrap_or(COLUMNS)
    }
}

fn locale() -> String {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(given)
        .unwrap_or_default()
}

fn utf8_locale() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(given)
        .unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

fn language(global: &Global) -> Language {
    let told = || given("STRATA_LANG").and_then(|it| Language::from_locale(&it));
    global
        .lang
        .or_else(told)
        .or_else(|| Language::from_locale(&locale()))
        .unwrap_or_default()
}

/// `NO_COLOR` and `CLICOLOR_FORCE` as their authors describe them (no-color.org, bixense.com).
fn color(global: &Global, terminal: bool) -> bool {
    match global.color {
        Some(When::Always) => true,
        Some(When::Never) => false,
        Some(When::Auto) | None => {
            let forced = given("CLICOLOR_FORCE").is_some_and(|it| it != "0");
            let refused = given("NO_COLOR").is_some() || given("TERM").as_deref() == Some("dumb");
            forced || (terminal && !refused)
        }
    }
}

/// Works out what a session is told.
pub fn settings(global: &Global, language: Language) -> Settings {
    Settings {
        root: global.root.clone().unwrap_or_else(default_root),
        language,
        base: given("STRATA_BASE"),
        path: env::var_os("PATH").unwrap_or_default(),
        executable: env::current_exe().ok(),
        epoch: given("SOURCE_DATE_EPOCH").and_then(|seconds| seconds.parse().ok()),
        unpacks_to: given("STRATA_UNPACK_LIMIT"),
        limits: crate::runtime::Resources::default(),
        registry: crate::registry::Settings::new(&given),
    }
}

/// `STRATA_ROOT`; /var/lib/strata for real root; else below `XDG_DATA_HOME`.
fn default_root() -> PathBuf {
    if let Some(root) = given("STRATA_ROOT") {
        return root.into();
    }
    if crate::runtime::is_real_root() {
        "/var/lib/strata".into()
    } else {
        data_home().join("strata")
    }
}

fn home() -> PathBuf {
    given("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

/// Where data of this user's programs is kept (XDG base directory specification).
pub fn data_home() -> PathBuf {
    given("XDG_DATA_HOME").map_or_else(|| home().join(".local/share"), PathBuf::from)
}

/// Where this user's programs remember things.
pub fn state_home() -> PathBuf {
    given("XDG_STATE_HOME").map_or_else(|| home().join(".local/state"), PathBuf::from)
}
