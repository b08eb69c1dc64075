//! The fields of a flag's value: CSV, each `key=value` or a key alone.

use crate::parser::instruction::Word;
use crate::source::Span;

/// One field, not yet expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// The whole field, quotes resolved.
    pub text: String,
    /// Its bytes in the Dockerfile; where quotes were removed, the whole flag's.
    pub span: Span,
}

impl Field {
    /// Returns the key in lower case, and the value if there is one.
    pub fn split(&self) -> (String, Option<&str>) {
        match self.text.split_once('=') {
            Some((key, value)) => (key.to_ascii_lowercase(), Some(value)),
            None => (self.text.to_ascii_lowercase(), None),
        }
    }
}

/// Cuts a value at its commas; a field in double quotes can hold some (RFC 4180).
pub(super) fn fields(word: &Word) -> Vec<Field> {
    let as_written = word.span.end - word.span.start == word.text.len();
    let mut fields = Vec::new();
    let mut text = String::new();
    let (mut start, mut quoted) = (0, false);
    let mut characters = word.text.char_indices().peekable();
    let mut end_field = |text: &mut String, start: usize, end: usize| {
        let span = if as_written {
            Span::new(word.span.start + start, word.span.start + end)
        } else {
            word.span
        };
        let text = std::mem::take(text);
        fields.push(Field { text, span });
    };
    while let Some((at, character)) = characters.next() {
        match character {
            '"' if quoted && characters.next_if(|(_, next)| *next == '"').is_some() => {
                text.push('"');
            }
            '"' if quoted || text.is_empty() => quoted = !quoted,
            ',' if !quoted => {
                end_field(&mut text, start, at);
                start = at + 1;
            }
            other => text.push(other),
        }
    }
    end_field(&mut text, start, word.text.len());
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_field_can_hold_commas() {
        let text = "type=cache,\"target=/a,b\",ro";
        let word = Word {
            text: text.to_owned(),
            span: Span::new(10, 10 + text.len()),
        };
        let found = fields(&word);
        let texts: Vec<_> = found.iter().map(|field| field.text.as_str()).collect();
        assert_eq!(texts, ["type=cache", "target=/a,b", "ro"]);
        assert_eq!(found[0].span, Span::new(10, 20));
        assert_eq!(found[2].split(), ("ro".to_owned(), None));
    }
}
