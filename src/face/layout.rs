//! `--format` of the lists: docker's table, JSON, or a Go template for each row.
//!
//! A row is a JSON object of docker's fields, all of them text; only a label can be asked for by name
//! (`{{.Label "app"}}`), for which `Label` holds them all.

use serde_json::{Map, Value};

use super::{Answer, Face};
use crate::language::Language;
use crate::render;
use crate::session::{SessionError, Trouble};
use crate::template::{Template, TemplateError};

/// Fields of a row and the heads above them.
pub(super) type Heads = [(&'static str, &'static str)];

/// How a list is laid out.
pub(super) enum Layout {
    /// As without `--format`.
    Usual,
    /// A line of JSON for each row.
    Json,
    /// A template for each row.
    Lines(Template),
    /// A template for each row, its tabs made columns under heads.
    Table(Template),
}

/// Reads a template.
pub(super) fn template(text: &str, language: Language) -> Result<Template, SessionError> {
    Template::parse(text).map_err(|error| trouble(&error, language))
}

/// Says what is wrong with a template.
pub(super) fn trouble(error: &TemplateError, language: Language) -> SessionError {
    let trouble = Trouble::new(error.message(language));
    trouble.with_help(error.help(language)).into()
}

/// How `inspect` shows what it found.
pub(super) enum Shape {
    /// A list, for people.
    Pretty,
    /// A line of JSON for each.
    Lines,
    /// A template for each.
    Template(Template),
}

impl Shape {
    /// Reads `--format`: a template that is wrong is told before anything is looked for.
    pub fn read(format: Option<&str>, language: Language) -> Result<Self, SessionError> {
        match format {
            None | Some("") => Ok(Self::Pretty),
            Some("json") => Ok(Self::Lines),
            Some(text) => template(text, language).map(Self::Template),
        }
    }
}

impl Layout {
    /// Reads `--format`.
    pub fn read(format: Option<&str>, language: Language) -> Result<Self, SessionError> {
        // What a shell does not turn into a tab or a line end is meant as one all the same.
        let format = format
            .unwrap_or_default()
            .replace("\\t", "\t")
            .replace("\\n", "\n");
        match format.trim() {
            "" | "table" => Ok(Self::Usual),
            "json" => Ok(Self::Json),
            trimmed => match trimmed.strip_prefix("table ") {
                Some(row) => template(row.trim_start(), language).map(Self::Table),
                None => template(&format, language).map(Self::Lines),
            },
        }
    }

    /// Whether a field is asked for by name: what is costly is only worked out then.
    pub fn names(&self, field: &str) -> bool {
        match self {
            Self::Usual | Self::Json => false,
            Self::Lines(template) | Self::Table(template) => template.names(field),
        }
    }
}

impl Face<'_> {
    /// Writes one value, laid out by its user.
    pub(super) fn lay_out_value(&mut self, format: &str, value: &Value) -> Answer {
        let text = match format.trim() {
            "json" => value.to_string(),
            format => {
                let template = template(format, self.language())?;
                template
                    .run(value)
                    .map_err(|error| trouble(&error, self.language()))?
            }
        };
        self.line(&text);
        Ok(0)
    }

    /// Writes what `inspect` found.
    pub(super) fn show_found(
        &mut self,
        shape: &Shape,
        found: &[Value],
    ) -> Result<(), SessionError> {
        match shape {
            Shape::Pretty => self.write(&render::json(&found)),
            Shape::Lines => {
                let lines: String = found.iter().map(|value| format!("{value}\n")).collect();
                self.write(&lines);
            }
            Shape::Template(template) => {
                for value in found {
                    let text = template.run(&with_all_fields(value));
                    let text = text.map_err(|error| trouble(&error, self.language()))?;
                    self.line(&text);
                }
            }
        }
        Ok(())
    }

    /// Writes a list that is laid out by its user.
    pub(super) fn lay_out(
        &mut self,
        layout: &Layout,
        heads: &Heads,
        rows: impl IntoIterator<Item = Value>,
    ) -> Answer {
        let language = self.language();
        let wrong = |error: TemplateError| trouble(&error, language);
        match layout {
            Layout::Usual => unreachable!("the caller draws its own table"),
            Layout::Json => {
                let mut lines = String::new();
                for mut row in rows {
                    if let Value::Object(fields) = &mut row {
                        fields.remove("Label");
                    }
                    lines.push_str(&row.to_string());
                    lines.push('\n');
                }
                self.write(&lines);
            }
            Layout::Lines(template) => {
                let mut lines = String::new();
                for row in rows {
                    lines.push_str(&template.run(&row).map_err(wrong)?);
                    lines.push('\n');
                }
                self.write(&lines);
            }
            Layout::Table(template) => {
                let names = heads
                    .iter()
                    .map(|(field, head)| ((*field).to_owned(), (*head).into()));
                let names = Value::Object(names.collect::<Map<_, _>>());
                let head = template.run_heads(&names).map_err(wrong)?;
                let mut cells = Vec::new();
                for row in rows {
                    let text = template.run(&row).map_err(wrong)?;
                    // A row of several lines is several rows of the table.
                    cells.extend(text.split('\n').map(split));
                }
                let heads: Vec<&str> = head.split('\t').collect();
                self.write(&render::table(&heads, &cells));
            }
        }
        Ok(0)
    }
}

/// Fields of `inspect` that docker always has, though what is not set is left out of our JSON.
const OPTIONAL: [(&str, &[&str]); 2] = [
    (
        "Config",
        &[
            "User",
            "Env",
            "Cmd",
            "Entrypoint",
            "Labels",
            "Volumes",
            "WorkingDir",
            "OnBuild",
            "ExposedPorts",
            "Healthcheck",
            "StopSignal",
            "Shell",
        ],
    ),
    ("State", &["Health", "Error", "ExitCode", "Pid"]),
];

/// Returns what `inspect` says with all of docker's fields, so that a template may ask for them.
fn with_all_fields(value: &Value) -> Value {
    let mut value = value.clone();
    for (part, fields) in OPTIONAL {
        let Some(Value::Object(known)) = value.get_mut(part) else {
            continue;
        };
        for field in fields {
            known.entry(*field).or_insert(Value::Null);
        }
    }
    value
}

fn split(line: &str) -> Vec<String> {
    line.split('\t').map(str::to_owned).collect()
}

/// Writes a time as docker's `CreatedAt`.
pub(super) fn moment(time: Option<jiff::Timestamp>) -> String {
    let Some(time) = time else {
        return "N/A".to_owned();
    };
    let zoned = time.to_zoned(jiff::tz::TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M:%S %z %Z").to_string()
}
