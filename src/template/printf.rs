//! `printf`, as far as docker's users need it: `%s %d %q %v %x %t %f` with flags, width and precision.

use serde_json::Value;

use super::function::{Val, WIDEST, kind, shown};

/// How one argument is to be written.
#[derive(Debug, Default)]
struct Verb {
    left: bool,
    zeros: bool,
    sign: bool,
    width: usize,
    precision: Option<usize>,
    letter: char,
}

/// Fills in a format; none if it asks for more space than anybody needs. What does not fit is
/// written into the text, as Go does: `%!d(string=x)`.
pub(super) fn printf(format: &str, arguments: &[Val<'_>]) -> Option<String> {
    let mut arguments = arguments.iter();
    let mut printed = String::new();
    let mut rest = format.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '%' {
            printed.push(character);
            continue;
        }
        let verb = Verb::read(&mut rest)?;
        match verb.letter {
            '%' => printed.push('%'),
            '\0' => printed.push_str("%!(NOVERB)"),
            letter => match arguments.next() {
                Some(value) => printed.push_str(&verb.write(value)),
                None => printed.extend(["%!", &letter.to_string(), "(MISSING)"]),
            },
        }
    }
    let left: Vec<String> = arguments
        .map(|it| format!("{}={}", go_kind(it), shown(it)))
        .collect();
    if !left.is_empty() {
        printed.extend(["%!(EXTRA ", &left.join(", "), ")"]);
    }
    Some(printed)
}

impl Verb {
    fn read(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Self> {
        let mut verb = Self::default();
        while let Some(flag) = rest.next_if(|it| matches!(it, '-' | '0' | '+' | ' ' | '#')) {
            match flag {
                '-' => verb.left = true,
                '0' => verb.zeros = true,
                '+' => verb.sign = true,
                _ => {}
            }
        }
        verb.width = number(rest)?;
        if rest.next_if_eq(&'.').is_some() {
            verb.precision = Some(number(rest)?);
        }
        verb.letter = rest.next().unwrap_or('\0');
        Some(verb)
    }

    fn write(&self, value: &Value) -> String {
        let text = match (self.letter, value) {
            ('v', _) => shown(value),
            ('s', Value::Number(_) | Value::Bool(_)) => return self.misfit(value),
            ('s', _) => self.cut(shown(value)),
            ('q', Value::String(it)) => quoted(&self.cut(it.clone())),
            ('q', Value::Array(items)) => {
                let items: Vec<String> = items.iter().map(|it| quoted(&shown(it))).collect();
                format!("[{}]", items.join(" "))
            }
            ('d', Value::Number(it)) if !it.is_f64() => self.signed(it.to_string()),
            ('t', Value::Bool(it)) => it.to_string(),
            ('f' | 'g' | 'e', Value::Number(it)) => {
                let precision = self.precision.unwrap_or(6);
                self.signed(format!("{:.precision$}", it.as_f64().unwrap_or(0.0)))
            }
            ('x', Value::Number(it)) => it.as_i64().map_or_else(|| it.to_string(), hexadecimal),
            ('x', Value::String(it)) => it.bytes().map(|byte| format!("{byte:02x}")).collect(),
            _ => return self.misfit(value),
        };
        self.padded(&text, value.is_number())
    }

    fn misfit(&self, value: &Value) -> String {
        format!("%!{}({}={})", self.letter, go_kind(value), shown(value))
    }

    fn cut(&self, text: String) -> String {
        match self.precision {
            Some(most) => text.chars().take(most).collect(),
            None => text,
        }
    }

    fn signed(&self, text: String) -> String {
        if self.sign && !text.starts_with('-') {
            return format!("+{text}");
        }
        text
    }

    fn padded(&self, text: &str, is_number: bool) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        if self.left {
            return format!("{text}{}", " ".repeat(missing));
        }
        if self.zeros && is_number {
            let digits = text.find(|it: char| it.is_ascii_digit()).unwrap_or(0);
            let (sign, digits) = text.split_at(digits);
            return format!("{sign}{}{digits}", "0".repeat(missing));
        }
        format!("{}{text}", " ".repeat(missing))
    }
}

/// Reads a number, 0 where there is none; none if it is too large.
fn number(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<usize> {
    let mut digits = String::new();
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    if digits.is_empty() {
        return Some(0);
    }
    digits.parse().ok().filter(|it| *it <= WIDEST)
}

fn hexadecimal(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{:x}", number.unsigned_abs())
}

fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Number(it) if it.is_f64() => "float64",
        Value::Number(_) => "int",
        other => kind(other),
    }
}

/// Writes a text as Go source has it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            it if it.is_control() => quoted.extend(["\\x", &format!("{:02x}", u32::from(it))]),
            it => quoted.push(it),
        }
    }
    quoted.push('"');
    quoted
}
