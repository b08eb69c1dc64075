//! What the grammar cannot decide about an instruction's arguments, in one place.
//!
//! - **JSON of another kind.** The grammar knows arrays of strings. `[1]` and `[["a"]]` are JSON
//!   too and an error, while `['a']` and `["a",]` are not JSON and silently shell form; to tell
//!   them apart takes all of JSON, which nests, and a grammar that nests can exhaust the stack.
//! - **`key=value`.** The key ends at the first `=` of the word, even inside quotes, where the
//!   grammar is still in the middle of a quoted part.

use serde::de::IgnoredAny;

use super::syntax::{Pair, Word};
use crate::source::Span;

/// Returns whether a text that is no array of strings is a JSON array all the same.
pub(super) fn is_other_array(text: &str) -> bool {
    text.starts_with('[') && serde_json::from_str::<Vec<IgnoredAny>>(text).is_ok()
}

/// Splits a word at its first `=`; none without one.
pub(super) fn split_pair(text: &str, span: impl Fn(usize, usize) -> Span) -> Option<Pair> {
    let (key, value) = text.split_once('=')?;
    let word = |text: &str, start: usize| Word {
        text: text.to_owned(),
        span: span(start, start + text.len()),
    };
    Some(Pair {
        key: word(key, 0),
        value: word(value, key.len() + 1),
        legacy: false,
    })
}

/// Decodes a JSON string that the grammar found, quotes included. Half a surrogate pair becomes
/// U+FFFD, as in Go, which BuildKit is written in.
pub(super) fn decode_string(quoted: &str) -> String {
    let inner = &quoted[1..quoted.len() - 1];
    if !inner.contains('\\') {
        return inner.to_owned();
    }
    let mut units: Vec<u16> = Vec::new();
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' {
            characters.next()
        } else {
            None
        };
        if escaped == Some('u') {
            let digits: String = characters.by_ref().take(4).collect();
            // The grammar asks for four hexadecimal digits.
            units.push(u16::from_str_radix(&digits, 16).unwrap_or(0xFFFD));
            continue;
        }
        flush(&mut units, &mut text);
        text.push(match escaped {
            None => character,
            Some('b') => '\u{8}',
            Some('f') => '\u{C}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(other) => other,
        });
    }
    flush(&mut units, &mut text);
    text
}

/// Consecutive `\u` escapes can form surrogate pairs.
fn flush(units: &mut Vec<u16>, text: &mut String) {
    let decoded = char::decode_utf16(units.drain(..));
    text.extend(decoded.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

/// Resolves the quotes and escapes of a flag. The escape is always `\`, in both kinds of quotes,
/// and a missing closing quote is forgiven, as in BuildKit.
pub(super) fn resolve_flag(raw: &str) -> String {
    if !raw.contains(['\'', '"', '\\']) {
        return raw.to_owned();
    }
    let mut text = String::with_capacity(raw.len());
    let mut quote = None;
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            '\'' | '"' if quote.is_none() => quote = Some(character),
            _ if quote == Some(character) => quote = None,
            _ => text.push(character),
        }
    }
    text
}

/// Resolves the quotes of a here-document's name, and tells whether there were any.
pub(super) fn resolve_heredoc_name(raw: &str) -> (String, bool) {
    let mut name = String::with_capacity(raw.len());
    let mut quote = None;
    let mut quoted = false;
    let mut characters = raw.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '\\') => name.extend(characters.next()),
            (Some('"'), '\\') if matches!(characters.peek(), Some('"' | '$' | '\\')) => {
                name.extend(characters.next());
            }
            (None, '\'' | '"') => {
                quote = Some(character);
                quoted = true;
            }
            (Some(open), _) if open == character => quote = None,
            _ => name.push(character),
        }
    }
    (name, quoted)
}
