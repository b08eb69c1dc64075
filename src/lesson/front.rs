//! The front matter of a lesson file: the flat block of keys between two `---` lines.

use pest::Parser;
use pest::iterators::Pair;

use super::grammar::{LessonGrammar, Rule, explain};
use super::{Limits, Network, Rights};
use crate::language::Language;

/// What a lesson file says of itself. A translation has `id`, `title` and `lang` only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Front {
    /// `format`, which is 1.
    pub format: Option<u32>,
    /// `id`.
    pub id: String,
    /// `title`.
    pub title: String,
    /// `lang`.
    pub lang: Option<Language>,
    /// `needs`.
    pub needs: Vec<String>,
    /// `teaches`.
    pub teaches: Vec<String>,
    /// `images`.
    pub images: Vec<String>,
    /// `network`.
    pub network: Network,
    /// `rights`.
    pub rights: Rights,
    /// `minutes`.
    pub minutes: u32,
    /// `limits`, as `[memory 256m, pids 256, disk 512m]`.
    pub limits: Limits,
}

/// What is wrong with a front matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontError {
    /// One sentence.
    pub message: String,
    /// Byte offset in the file.
    pub offset: usize,
}

enum Value {
    Text(String),
    List(Vec<String>),
}

impl Front {
    /// Reads the front matter at the top of a file; returns it and the offset behind it.
    pub fn parse(file: &str) -> Result<(Self, usize), FrontError> {
        let mut pairs = LessonGrammar::parse(Rule::front, file).map_err(|error| {
            let (message, offset) = explain(&error);
            FrontError { message, offset }
        })?;
        let pair = pairs.next().expect("the rule matched");
        let end = pair.as_span().end();
        let mut front = Self::default();
        let mut seen = Vec::new();
        for entry in pair.into_inner().filter(|p| p.as_rule() == Rule::entry) {
            let offset = entry.as_span().start();
            let (key, value) = entry_parts(entry)?;
            if seen.contains(&key) {
                let message = format!("`{key}` is given twice");
                return Err(FrontError { message, offset });
            }
            front
                .set(&key, value)
                .map_err(|message| FrontError { message, offset })?;
            seen.push(key);
        }
        front
            .complete(&seen)
            .map_err(|message| FrontError { message, offset: 0 })?;
        Ok((front, end))
    }

    fn set(&mut self, key: &str, value: Value) -> Result<(), String> {
        match (key, value) {
            ("format", Value::Text(text)) if text == "1" => self.format = Some(1),
            ("format", _) => return Err("strata reads `format: 1`".to_owned()),
            ("id", Value::Text(text)) => self.id = text,
            ("title", Value::Text(text)) => self.title = text,
            ("lang", Value::Text(text)) => {
                let known = Language::ALL.into_iter().find(|l| l.code() == text);
                self.lang = Some(known.ok_or_else(|| format!("strata does not speak `{text}`"))?);
            }
            ("needs", Value::List(list)) => self.needs = list,
            ("teaches", Value::List(list)) => self.teaches = list,
            ("images", Value::List(list)) => self.images = list,
            ("network", Value::Text(text)) => self.network = network(&text)?,
            ("rights", Value::Text(text)) => self.rights = rights(&text)?,
            ("minutes", Value::Text(text)) => {
                self.minutes = text
                    .parse()
                    .map_err(|_| format!("`{text}` is no number of minutes"))?;
            }
            ("limits", Value::List(list)) => self.limits = limits(&list)?,
            ("needs" | "teaches" | "images" | "limits", _) => {
                return Err(format!("`{key}` wants a list such as `[a, b]`"));
            }
            ("id" | "title" | "lang" | "network" | "rights" | "minutes", _) => {
                return Err(format!("`{key}` wants text, not a list"));
            }
            _ => return Err(format!("unknown key `{key}`")),
        }
        Ok(())
    }

    /// Says which key is missing, or which a translation must not have: machines read the
    /// English file only.
    fn complete(&self, seen: &[String]) -> Result<(), String> {
        let has = |key: &str| seen.iter().any(|known| known == key);
        let needed: &[&str] = if self.lang.is_some() {
            &["id", "title"]
        } else {
            &["format", "id", "title", "rights", "minutes"]
        };
        if let Some(key) = needed.iter().find(|key| !has(key)) {
            return Err(format!("`{key}` is missing"));
        }
        let known = |key: &&String| ["id", "title", "lang"].contains(&key.as_str());
        match seen.iter().find(|key| self.lang.is_some() && !known(key)) {
            Some(key) => Err(format!(
                "`{key}` belongs into lesson.md, not into a translation"
            )),
            None => Ok(()),
        }
    }
}

fn network(text: &str) -> Result<Network, String> {
    match text {
        "off" => Ok(Network::Off),
        "loopback" => Ok(Network::Loopback),
        _ => Err(format!("`network` is `off` or `loopback`, not `{text}`")),
    }
}

fn rights(text: &str) -> Result<Rights, String> {
    match text {
        "none" => Ok(Rights::None),
        "run" => Ok(Rights::Run),
        _ => Err(format!("`rights` is `none` or `run`, not `{text}`")),
    }
}

fn limits(list: &[String]) -> Result<Limits, String> {
    let mut limits = Limits::default();
    for item in list {
        match item.split_once(' ') {
            Some(("memory", size)) => size.clone_into(&mut limits.memory),
            Some(("disk", size)) => size.clone_into(&mut limits.disk),
            Some(("pids", number)) => {
                limits.pids = number
                    .parse()
                    .map_err(|_| format!("`{number}` is no number of processes"))?;
            }
            _ => {
                return Err(format!(
                    "`limits` knows memory, pids and disk, not `{item}`"
                ));
            }
        }
    }
    Ok(limits)
}

fn entry_parts(entry: Pair<Rule>) -> Result<(String, Value), FrontError> {
    let mut inner = entry.into_inner();
    let key = inner
        .next()
        .expect("an entry has a key")
        .as_str()
        .to_owned();
    let value = inner.next().expect("an entry has a value");
    let value = value.into_inner().next().expect("a value is of some kind");
    let value = match value.as_rule() {
        Rule::list => Value::List(value.into_inner().map(item_text).collect()),
        Rule::quoted => Value::Text(unquoted(value)),
        _ => Value::Text(plain(&value)?),
    };
    Ok((key, value))
}

/// Returns text without quotes; what YAML would read otherwise is refused, as code hosts read
/// the block as YAML.
fn plain(value: &Pair<Rule>) -> Result<String, FrontError> {
    let text = value.as_str().trim_end();
    match text.find(": ").or_else(|| text.find(" #")) {
        None => Ok(text.to_owned()),
        Some(place) => Err(FrontError {
            message: "text with `: ` or ` #` in it needs double quotes".to_owned(),
            offset: value.as_span().start() + place,
        }),
    }
}

fn item_text(item: Pair<Rule>) -> String {
    let inner = item.into_inner().next().expect("an item is of some kind");
    match inner.as_rule() {
        Rule::quoted => unquoted(inner),
        _ => inner.as_str().to_owned(),
    }
}

fn unquoted(quoted: Pair<Rule>) -> String {
    let inner = quoted.into_inner().next().expect("quotes have an inside");
    inner.as_str().replace("\\\"", "\"").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "---\nformat: 1\nid: a\ntitle: \"Layers: why\"\nrights: run\nminutes: 5\n";

    #[test]
    fn keys_lists_and_quotes_are_read() {
        let text =
            format!("{HEAD}teaches: [build, build -t, \"a, b\"]\n# note\n\nneeds: []\n---\nText");
        let (front, end) = Front::parse(&text).unwrap();
        assert_eq!(front.title, "Layers: why");
        assert_eq!(front.teaches, ["build", "build -t", "a, b"]);
        assert_eq!(front.rights, Rights::Run);
        assert_eq!(&text[end..], "Text");
    }

    #[test]
    fn an_unknown_key_points_at_its_line() {
        let text = format!("{HEAD}level: hard\n---\n");
        let error = Front::parse(&text).unwrap_err();
        assert_eq!(error.message, "unknown key `level`");
        assert_eq!(error.offset, HEAD.len());
    }

    #[test]
    fn a_colon_in_an_unquoted_title_is_refused_as_yaml_would() {
        let error = Front::parse("---\ntitle: Layers: why\n---\n").unwrap_err();
        assert_eq!(error.offset, "---\ntitle: Layers".len());
        assert!(error.message.contains("double quotes"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Front::parse("---\nformat: 1\nid: a\n---\n").unwrap_err();
        assert_eq!(error.message, "`title` is missing");
    }

    #[test]
    fn a_translation_needs_id_and_title_only() {
        let (front, _) = Front::parse("---\nid: a\nlang: ko\ntitle: 가나다\n---\n").unwrap();
        assert_eq!(
            (front.lang, front.title.as_str()),
            (Some(Language::Ko), "가나다")
        );
    }
}
