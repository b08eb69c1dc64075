//! The sentences of [`super::ParseErrorKind`], in every language.

use super::error::ParseErrorKind;
use crate::language::Language;

pub(super) fn of(_kind: &ParseErrorKind, _language: Language) -> String {
    unimplemented!()
}

pub(super) fn help(_kind: &ParseErrorKind, _language: Language) -> Option<String> {
    unimplemented!()
}

impl ParseErrorKind {
    /// Returns a stable name for machines.
    pub fn id(&self) -> &'static str {
        unimplemented!()
    }
}
