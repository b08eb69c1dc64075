//! What can be called.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::error::{Problem, TemplateError};
use super::printf;

/// All functions, for messages.
pub(super) const NAMES: [&str; 24] = [
    "and", "eq", "ge", "gt", "index", "join", "json", "le", "len", "lower", "lt", "ne", "not",
    "or", "pad", "print", "printf", "println", "slice", "split", "title", "truncate", "upper",
    "table",
];

/// What a template is filled in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Values.
    Values,
    /// The heads of a table's columns: functions that change a value leave a head as it is.
    Heads,
}

/// A value that is borrowed from the row, or was made.
pub(super) type Val<'v> = Cow<'v, Value>;

/// Spaces that `pad` and a width may ask for.
pub(super) const WIDEST: usize = 10_000;

/// Parts that `split` makes.
const MOST_PARTS: usize = 100_000;

/// Checks that there is such a function.
pub(super) fn known(name: &str, column: usize) -> Result<(), TemplateError> {
    if NAMES.contains(&name) && name != "table" {
        return Ok(());
    }
    let near = nearest(name, &NAMES[..NAMES.len() - 1]);
    let name = name.to_owned();
    Err(TemplateError::new(
        column,
        Problem::NoFunction { name, near },
    ))
}

/// Returns the word that was probably meant.
pub(super) fn nearest<S: AsRef<str>>(name: &str, known: &[S]) -> Option<String> {
    let lower = name.to_lowercase();
    let distance = |it: &str| strsim::osa_distance(&it.to_lowercase(), &lower);
    let near = known.iter().min_by_key(|it| distance(it.as_ref()))?;
    let near = near.as_ref();
    (distance(near) <= 1 + name.chars().count() / 4).then(|| near.to_owned())
}

/// Whether a value counts as true: not zero and not empty.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(it) => *it,
        Value::Number(it) => it.as_f64() != Some(0.0),
        Value::String(it) => !it.is_empty(),
        Value::Array(it) => !it.is_empty(),
        Value::Object(it) => !it.is_empty(),
    }
}

/// Writes a value as Go does with `%v`.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        Value::Bool(it) => it.to_string(),
        Value::Number(it) => it.to_string(),
        Value::String(it) => it.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{name}:{}", shown(value));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("map[{}]", fields.join(" "))
        }
    }
}

/// Says what a value is, for messages.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

/// Calls a function. `and` and `or` are not among them: they do not look at all their arguments.
pub(super) fn call<'v>(
    name: &str,
    arguments: &[Val<'v>],
    manner: Manner,
    column: usize,
) -> Result<Val<'v>, TemplateError> {
    let call = Call {
        name,
        arguments,
        column,
    };
    let changes = matches!(
        name,
        "json"
            | "join"
            | "split"
            | "title"
            | "lower"
            | "upper"
            | "pad"
            | "truncate"
            | "index"
            | "slice"
    );
    if manner == Manner::Heads && changes {
        return Ok(arguments.first().cloned().unwrap_or_else(|| text("")));
    }
    call.value()
}

fn text(text: impl Into<String>) -> Val<'static> {
    Cow::Owned(Value::String(text.into()))
}

fn truth<'v>(it: bool) -> Val<'v> {
    Cow::Owned(Value::Bool(it))
}

struct Call<'c, 'v> {
    name: &'c str,
    arguments: &'c [Val<'v>],
    column: usize,
}

impl<'v> Call<'_, 'v> {
    fn value(&self) -> Result<Val<'v>, TemplateError> {
        let all = self.arguments;
        match self.name {
            "json" => self.one().map(|it| text(it.to_string())),
            "lower" => Ok(text(self.text(0, "1", 1)?.to_lowercase())),
            "upper" => Ok(text(self.text(0, "1", 1)?.to_uppercase())),
            "title" => Ok(text(title(self.text(0, "1", 1)?))),
            "len" => self.len(),
            "not" => self.one().map(|it| truth(!is_true(it))),
            "join" => self.join(),
            "split" => self.split(),
            "pad" => self.pad(),
            "truncate" => self.truncate(),
            "index" => self.index(),
            "slice" => self.slice(),
            "print" => Ok(text(print(all))),
            "println" => {
                let words: Vec<String> = all.iter().map(|it| shown(it)).collect();
                Ok(text(format!("{}\n", words.join(" "))))
            }
            "printf" => {
                let format = match all.first().map(|it| &**it) {
                    Some(Value::String(format)) => format,
                    Some(other) => return Err(self.bad(other)),
                    None => return Err(self.wrong_count("at least 1")),
                };
                let printed = printf::printf(format, &all[1..]);
                printed
                    .map(text)
                    .ok_or_else(|| self.error(Problem::TooMuch))
            }
            _ => self.compared(),
        }
    }

    fn error(&self, problem: Problem) -> TemplateError {
        TemplateError::new(self.column, problem)
    }

    fn wrong_count(&self, wanted: &'static str) -> TemplateError {
        self.error(Problem::Arguments {
            name: self.name.to_owned(),
            wanted,
            found: self.arguments.len(),
        })
    }

    fn bad(&self, found: &Value) -> TemplateError {
        self.error(Problem::BadArgument {
            name: self.name.to_owned(),
            found: kind(found),
        })
    }

    fn one(&self) -> Result<&Value, TemplateError> {
        match self.arguments {
            [it] => Ok(it),
            _ => Err(self.wrong_count("1")),
        }
    }

    /// Returns an argument, of so many, that has to be text.
    fn text(&self, at: usize, wanted: &'static str, count: usize) -> Result<&str, TemplateError> {
        if self.arguments.len() != count {
            return Err(self.wrong_count(wanted));
        }
        match &*self.arguments[at] {
            Value::String(it) => Ok(it),
            other => Err(self.bad(other)),
        }
    }

    /// Reads a place or a length.
    fn number(&self, value: &Value) -> Result<usize, TemplateError> {
        let number = value.as_u64().and_then(|it| usize::try_from(it).ok());
        number.ok_or_else(|| match value {
            Value::Number(it) => self.error(Problem::OutOfRange(it.to_string())),
            other => self.bad(other),
        })
    }

    fn len(&self) -> Result<Val<'v>, TemplateError> {
        let length = match self.one()? {
            Value::String(it) => it.len(),
            Value::Array(it) => it.len(),
            Value::Object(it) => it.len(),
            // A list that Go has not made yet.
            Value::Null => 0,
            other => return Err(self.bad(other)),
        };
        Ok(Cow::Owned(Value::from(length)))
    }

    fn join(&self) -> Result<Val<'v>, TemplateError> {
        let between = self.text(1, "2", 2)?;
        match &*self.arguments[0] {
            Value::Array(items) => {
                let words: Vec<String> = items.iter().map(shown).collect();
                Ok(text(words.join(between)))
            }
            Value::Null => Ok(text("")),
            other => Err(self.bad(other)),
        }
    }

    fn split(&self) -> Result<Val<'v>, TemplateError> {
        let (whole, between) = (self.text(0, "2", 2)?, self.text(1, "2", 2)?);
        if whole.len() > MOST_PARTS && whole.split(between).nth(MOST_PARTS).is_some() {
            return Err(self.error(Problem::TooMuch));
        }
        let parts: Vec<Value> = if between.is_empty() {
            whole
                .chars()
                .map(|it| Value::from(it.to_string()))
                .collect()
        } else {
            whole.split(between).map(Value::from).collect()
        };
        Ok(Cow::Owned(Value::Array(parts)))
    }

    fn pad(&self) -> Result<Val<'v>, TemplateError> {
        let whole = self.text(0, "3", 3)?;
        let before = self.number(&self.arguments[1])?;
        let after = self.number(&self.arguments[2])?;
        if before > WIDEST || after > WIDEST {
            return Err(self.error(Problem::TooMuch));
        }
        if whole.is_empty() {
            return Ok(text(""));
        }
        Ok(text(format!(
            "{}{whole}{}",
            " ".repeat(before),
            " ".repeat(after)
        )))
    }

    fn truncate(&self) -> Result<Val<'v>, TemplateError> {
        let whole = self.text(0, "2", 2)?;
        let length = self.number(&self.arguments[1])?;
        Ok(text(whole.chars().take(length).collect::<String>()))
    }

    fn index(&self) -> Result<Val<'v>, TemplateError> {
        let (first, places) = self
            .arguments
            .split_first()
            .ok_or_else(|| self.wrong_count("at least 1"))?;
        let mut value = first.clone();
        for place in places {
            value = match (value, &**place) {
                (Cow::Borrowed(Value::Object(fields)), Value::String(name)) => fields
                    .get(name)
                    .map_or_else(|| absent(fields), Cow::Borrowed),
                (Cow::Owned(Value::Object(fields)), Value::String(name)) => {
                    let found = fields.get(name).cloned().map(Cow::Owned);
                    found.unwrap_or_else(|| absent(&fields))
                }
                // A map that Go has not made yet.
                (value, Value::String(_)) if value.is_null() => text(""),
                (value, place) => {
                    let Some(items) = value.as_array() else {
                        return Err(self.bad(&value));
                    };
                    let at = self.number(place)?;
                    let item = items.get(at).cloned();
                    Cow::Owned(item.ok_or_else(|| self.error(Problem::OutOfRange(at.to_string())))?)
                }
            };
        }
        Ok(value)
    }

    fn slice(&self) -> Result<Val<'v>, TemplateError> {
        let (first, places) = match self.arguments {
            [first, places @ ..] if places.len() <= 2 => (first, places),
            _ => return Err(self.wrong_count("1 to 3")),
        };
        let length = match &**first {
            Value::String(it) => it.chars().count(),
            Value::Array(it) => it.len(),
            other => return Err(self.bad(other)),
        };
        let place =
            |at: usize, default: usize| places.get(at).map_or(Ok(default), |it| self.number(it));
        let (begin, end) = (place(0, 0)?, place(1, length)?);
        if begin > end || end > length {
            let shown = format!("{begin}:{end}");
            return Err(self.error(Problem::OutOfRange(shown)));
        }
        Ok(match &**first {
            Value::Array(it) => Cow::Owned(Value::Array(it[begin..end].to_vec())),
            other => {
                let whole = other.as_str().unwrap_or_default().chars();
                text(whole.skip(begin).take(end - begin).collect::<String>())
            }
        })
    }

    fn compared(&self) -> Result<Val<'v>, TemplateError> {
        let (first, rest) = match self.arguments {
            [first, rest @ ..] if !rest.is_empty() => (first, rest),
            _ => return Err(self.wrong_count("at least 2")),
        };
        if self.name == "eq" {
            for other in rest {
                if self.same(first, other)? {
                    return Ok(truth(true));
                }
            }
            return Ok(truth(false));
        }
        let [other] = rest else {
            return Err(self.wrong_count("2"));
        };
        if self.name == "ne" {
            return self.same(first, other).map(|same| truth(!same));
        }
        let order = match (&**first, &**other) {
            (Value::String(a), Value::String(b)) => a.cmp(b),
            (Value::Number(a), Value::Number(b)) => a
                .as_f64()
                .partial_cmp(&b.as_f64())
                .unwrap_or(Ordering::Equal),
            (Value::String(_) | Value::Number(_), b) => return Err(self.bad(b)),
            (a, _) => return Err(self.bad(a)),
        };
        Ok(truth(match self.name {
            "lt" => order.is_lt(),
            "le" => order.is_le(),
            "gt" => order.is_gt(),
            _ => order.is_ge(),
        }))
    }

    fn same(&self, a: &Value, b: &Value) -> Result<bool, TemplateError> {
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => Ok(a.as_f64() == b.as_f64()),
            (Value::Null, other) | (other, Value::Null) => Ok(other.is_null()),
            (a, b) if kind(a) == kind(b) && !a.is_array() && !a.is_object() => Ok(a == b),
            (_, b) => Err(self.bad(b)),
        }
    }
}

/// What a map gives for a name it does not have: of texts, as labels are, an empty one.
pub(super) fn absent(fields: &serde_json::Map<String, Value>) -> Val<'static> {
    if fields.values().all(Value::is_string) {
        text("")
    } else {
        Cow::Owned(Value::Null)
    }
}

/// Go's `Sprint`: a space between two arguments that are no texts.
fn print(arguments: &[Val<'_>]) -> String {
    let mut printed = String::new();
    for (at, argument) in arguments.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &arguments[at]);
        if before.is_some_and(|it| !it.is_string()) && !argument.is_string() {
            printed.push(' ');
        }
        printed.push_str(&shown(argument));
    }
    printed
}

fn title(text: &str) -> String {
    let mut begins = true;
    let mut titled = String::with_capacity(text.len());
    for character in text.chars() {
        if begins {
            titled.extend(character.to_uppercase());
        } else {
            titled.push(character);
        }
        begins = !(character.is_alphanumeric() || character == '_' || character == '\'');
    }
    titled
}
