//! What follows a name in braces and changes its value: `:-` `-` `:+` `+` `:?` `?` `#` `%`.

use super::error::WordError;
use super::pattern::Glob;

/// What follows a name in braces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Modifier {
    /// `-`, `+`, `?`, `#` or `%`.
    pub sign: char,
    /// A `:` stands before it: an empty value counts as unset.
    pub colon: bool,
}

impl Modifier {
    /// Whether its operand is a pattern.
    pub fn has_pattern(self) -> bool {
        matches!(self.sign, '#' | '%')
    }

    /// Puts the value of `${name<modifier>operand}` in the place of the operand, which is all that
    /// stands in `text` from `start` on. An operand that is taken stays where it is.
    pub fn apply(
        self,
        name: String,
        value: Option<String>,
        text: &mut String,
        start: usize,
    ) -> Result<(), WordError> {
        let unset = value.is_none();
        let counts = value
            .as_deref()
            .is_some_and(|value| !(self.colon && value.is_empty()));
        let value = value.unwrap_or_default();
        let result = match self.sign {
            '-' if !counts => return Ok(()),
            '+' if counts => return Ok(()),
            '+' => String::new(),
            '-' => value,
            '?' if counts => value,
            '?' => {
                let message = text.split_off(start);
                return Err(WordError::Required {
                    name,
                    message,
                    unset,
                });
            }
            sign => stripped(sign, &value, &text[start..])?,
        };
        text.truncate(start);
        text.push_str(&result);
        Ok(())
    }
}

/// `#` and `%` take the shortest beginning or end that fits, written twice the longest.
fn stripped(sign: char, value: &str, operand: &str) -> Result<String, WordError> {
    let (pattern, longest) = match operand.strip_prefix(sign) {
        Some(pattern) => (pattern, true),
        None => (operand, false),
    };
    let glob = Glob::new(pattern)?;
    if sign == '#' {
        Ok(glob.without_prefix(value, longest))
    } else {
        Ok(glob.without_suffix(value, longest))
    }
}
