//! The pest parser of `grammar/lesson.pest`; its types stay inside this module's siblings.

#![allow(
    missing_docs,
    reason = "pest derives an enum of rules whose docs are in the grammar"
)]

use pest::error::{Error, ErrorVariant, InputLocation};

/// The parser that pest derives.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/lesson.pest"]
pub(super) struct LessonGrammar;

/// Says what pest expected, in words, and at which byte.
pub(super) fn explain(error: &Error<Rule>) -> (String, usize) {
    let offset = match error.location {
        InputLocation::Pos(offset) | InputLocation::Span((offset, _)) => offset,
    };
    let message = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } if positives.is_empty() => {
            "this does not belong here".to_owned()
        }
        ErrorVariant::ParsingError { positives, .. } => {
            let mut names: Vec<&str> = positives.iter().copied().map(human).collect();
            names.dedup();
            format!("expected {}", names.join(" or "))
        }
        ErrorVariant::CustomError { message } => message.clone(),
    };
    (message, offset)
}

fn human(rule: Rule) -> &'static str {
    match rule {
        Rule::front | Rule::fence => "a line `---`",
        Rule::entry | Rule::key => "`key: value`",
        Rule::value => "a value",
        Rule::list => "a list such as `[a, b]`",
        Rule::item | Rule::bare => "a word",
        Rule::bare_char => "a character",
        Rule::quoted => "text in double quotes",
        Rule::inner => "text and a closing `\"`",
        Rule::plain => "text without `: `",
        Rule::indicator | Rule::comment | Rule::blank | Rule::comma => "plain text",
        Rule::condition | Rule::either | Rule::both | Rule::single | Rule::comparison => {
            "a comparison such as `exit == 0`"
        }
        Rule::negation => "`not`",
        Rule::group => "`(`",
        Rule::operator => "`==` or `!=`",
        Rule::operand | Rule::name | Rule::part | Rule::word => "the name of a fact",
        Rule::predicted => "`predicted('...')`",
        Rule::literal | Rule::literal_text => "text in single quotes",
        Rule::number => "a number",
        Rule::space => "a space",
        Rule::line_end => "the end of the line",
        Rule::EOI => "the end",
    }
}
