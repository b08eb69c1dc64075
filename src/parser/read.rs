//! One logical line becomes a syntax node, by the grammar's second entry rule.

use pest::iterators::{Pair, Pairs};

use super::error::{ParseError, ParseErrorKind};
use super::form;
use super::grammar::{self, Rule};
use super::lines::LogicalLine;
use super::places::Places;
use super::syntax::{Arguments, Command, Flag, Heredoc, Node, Word};
use crate::source::Span;

/// How many ONBUILDs may stand inside each other. BuildKit allows one; deeper text is still shown,
/// up to a depth that no recursive walk over it, ours or a JSON reader's, minds.
const ONBUILD_DEPTH: usize = 64;

/// A piece of a logical line: the line itself, or the trigger of an ONBUILD in it.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    /// Its offset in the logical line.
    base: usize,
    places: &'a Places,
    escape: char,
}

impl Part<'_> {
    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        self.places
            .span(self.base + span.start(), self.base + span.end())
    }

    fn word(&self, pair: &Pair<'_, Rule>) -> Word {
        Word {
            text: pair.as_str().to_owned(),
            span: self.span(pair),
        }
    }

    /// The instruction word: everything up to the first white space.
    fn keyword(&self) -> Word {
        let end = self
            .text
            .find([' ', '\t', '\r', '\u{B}', '\u{C}'])
            .unwrap_or(self.text.len());
        Word {
            text: self.text[..end].to_owned(),
            span: self.places.span(self.base, self.base + end),
        }
    }

    fn error(&self, kind: ParseErrorKind, span: Span) -> ParseError {
        ParseError {
            kind,
            span,
            instruction: self.keyword().span,
        }
    }
}

/// Reads a logical line. Its text, lines, comments and here-document bodies are for the caller to add.
pub(super) fn read(line: &LogicalLine<'_>, escape: char) -> Result<Node, ParseError> {
    let text = line.text.trim();
    let part = Part {
        text,
        base: line.text.len() - line.text.trim_start().len(),
        places: &line.places,
        escape,
    };
    let mut node = nested(part)?;
    if may_have_heredocs(&node) && text.contains("<<") {
        node.heredocs = markers(part);
    }
    node.span = line.places.span(part.base, part.base + text.len());
    Ok(node)
}

/// Reads an instruction and, level by level, the triggers inside it. No recursion: the depth is
/// the writer's choice.
fn nested(outermost: Part<'_>) -> Result<Node, ParseError> {
    let mut levels = Vec::new();
    let mut next = Some(outermost);
    while let Some(part) = next {
        if levels.len() > ONBUILD_DEPTH {
            let kind = ParseErrorKind::NestedTooDeep;
            return Err(outermost.error(kind, part.keyword().span));
        }
        let (mut node, trigger) = instruction(part).map_err(|mut error| {
            error.instruction = outermost.keyword().span;
            error
        })?;
        if !levels.is_empty() {
            part.text.clone_into(&mut node.original);
        }
        levels.push(node);
        next = trigger;
    }
    let innermost = levels.pop().expect("the loop ran at least once");
    let wrap = |inner: Node, mut outer: Node| {
        outer.onbuild = Some(Box::new(inner));
        outer
    };
    Ok(levels.into_iter().rev().fold(innermost, wrap))
}

/// Reads one instruction; the trigger of an ONBUILD is given back.
fn instruction(part: Part<'_>) -> Result<(Node, Option<Part<'_>>), ParseError> {
    let keyword = part.keyword();
    let name = keyword.text.to_uppercase();
    let pair = grammar::read(grammar::instruction(&name, part.escape), part.text)
        .and_then(|mut entry| entry.next()?.into_inner().next())
        .expect("every line is an instruction, known or not");
    let mut node = Node {
        name,
        keyword,
        flags: Vec::new(),
        arguments: Arguments::None,
        heredocs: Vec::new(),
        onbuild: None,
        comments: Vec::new(),
        span: part.places.span(part.base, part.base + part.text.len()),
        lines: (0, 0),
        original: String::new(),
    };
    let rule = pair.as_rule();
    let mut inner = pair.into_inner();
    if rule == Rule::unknown {
        // The word itself, which is the keyword.
        inner.next();
    }
    let flags = match inner.next() {
        Some(pair) if pair.as_rule() == Rule::flags => pair.into_inner(),
        _ => return Ok((node, None)),
    };
    for flag in flags.filter(|pair| pair.as_rule() == Rule::flag) {
        node.flags.push(Flag {
            text: form::resolve_flag(flag.as_str()),
            span: part.span(&flag),
        });
    }
    let Some(first) = inner.next() else {
        return Ok((node, None));
    };
    if rule == Rule::unknown {
        return Ok((node, None));
    }
    if rule == Rule::onbuild {
        return Ok((node, trigger(part, &first)));
    }
    node.arguments = arguments(part, &node.name, first, inner)?;
    Ok((node, None))
}

fn trigger<'a>(part: Part<'a>, pair: &Pair<'a, Rule>) -> Option<Part<'a>> {
    (pair.as_rule() == Rule::trigger).then(|| Part {
        text: pair.as_str(),
        base: part.base + pair.as_span().start(),
        ..part
    })
}

fn arguments<'a>(
    part: Part<'_>,
    instruction: &str,
    first: Pair<'a, Rule>,
    others: impl Iterator<Item = Pair<'a, Rule>>,
) -> Result<Arguments, ParseError> {
    Ok(match first.as_rule() {
        Rule::exec => Arguments::Exec(strings(part, first)),
        Rule::shell_form => Arguments::Shell(shell_form(part, &first)?),
        Rule::text => Arguments::Text(part.word(&first)),
        Rule::old_pair => Arguments::Pairs(vec![old_pair(part, instruction, first.into_inner())?]),
        Rule::quoted_words if instruction != "ARG" => {
            let words = first.into_inner().filter(is_word);
            Arguments::Pairs(
                words
                    .map(|word| pair(part, &word))
                    .collect::<Result<_, _>>()?,
            )
        }
        Rule::words | Rule::quoted_words => {
            refuse_other_array(part, instruction, &first)?;
            let words = first.into_inner().filter(is_word);
            Arguments::Words(words.map(|word| part.word(&word)).collect())
        }
        Rule::check_kind => Arguments::Check {
            kind: part.word(&first),
            command: command(part, others)?.map(Box::new),
        },
        // Only the end of the line is left: no arguments.
        _ => Arguments::None,
    })
}

/// The end of the line can be among the words.
fn is_word(pair: &Pair<'_, Rule>) -> bool {
    matches!(pair.as_rule(), Rule::word | Rule::quoted_word)
}

fn command<'a>(
    part: Part<'_>,
    mut pairs: impl Iterator<Item = Pair<'a, Rule>>,
) -> Result<Option<Command>, ParseError> {
    let Some(pair) = pairs.next() else {
        return Ok(None);
    };
    Ok(match pair.as_rule() {
        Rule::exec => Some(Command::Exec(strings(part, pair))),
        Rule::shell_form => Some(Command::Shell(shell_form(part, &pair)?)),
        _ => None,
    })
}

fn strings(part: Part<'_>, exec: Pair<'_, Rule>) -> Vec<Word> {
    let strings = exec
        .into_inner()
        .filter(|pair| pair.as_rule() == Rule::string);
    strings
        .map(|pair| Word {
            text: form::decode_string(pair.as_str()),
            span: part.span(&pair),
        })
        .collect()
}

fn shell_form(part: Part<'_>, pair: &Pair<'_, Rule>) -> Result<Word, ParseError> {
    if form::is_other_array(pair.as_str()) {
        return Err(part.error(ParseErrorKind::ArrayNotStrings, part.span(pair)));
    }
    Ok(part.word(pair))
}

/// Words of COPY, ADD and VOLUME that would be a JSON array together.
fn refuse_other_array(
    part: Part<'_>,
    instruction: &str,
    first: &Pair<'_, Rule>,
) -> Result<(), ParseError> {
    let start = first.as_span().start();
    let takes_exec = matches!(instruction, "COPY" | "ADD" | "VOLUME");
    if takes_exec && form::is_other_array(&part.text[start..]) {
        let span = part
            .places
            .span(part.base + start, part.base + part.text.len());
        return Err(part.error(ParseErrorKind::ArrayNotStrings, span));
    }
    Ok(())
}

fn pair(part: Part<'_>, word: &Pair<'_, Rule>) -> Result<super::syntax::Pair, ParseError> {
    let base = part.base + word.as_span().start();
    let span = |start, end| part.places.span(base + start, base + end);
    form::split_pair(word.as_str(), span).ok_or_else(|| {
        let kind = ParseErrorKind::PairWithoutEquals {
            word: word.as_str().to_owned(),
        };
        part.error(kind, part.span(word))
    })
}

fn old_pair(
    part: Part<'_>,
    instruction: &str,
    mut inner: Pairs<'_, Rule>,
) -> Result<super::syntax::Pair, ParseError> {
    let key = inner
        .next()
        .map(|key| part.word(&key))
        .expect("an old pair has a key");
    let Some(value) = inner.next() else {
        let instruction = if instruction == "ENV" { "ENV" } else { "LABEL" };
        return Err(part.error(ParseErrorKind::PairWithoutValue { instruction }, key.span));
    };
    Ok(super::syntax::Pair {
        key,
        value: part.word(&value),
        legacy: true,
    })
}

/// RUN, COPY and ADD can have here-documents, unless in the exec form; also as a trigger.
fn may_have_heredocs(node: &Node) -> bool {
    let node = node.onbuild.as_deref().unwrap_or(node);
    matches!(node.name.as_str(), "RUN" | "COPY" | "ADD")
        && !matches!(node.arguments, Arguments::Exec(_))
}

/// Finds the here-document markers of a line. Bodies are still empty.
fn markers(part: Part<'_>) -> Vec<Heredoc> {
    let line = grammar::read(Rule::marked_line, part.text).and_then(|mut entry| entry.next());
    let Some(line) = line else {
        // An open quote: then nothing on the line is a marker.
        return Vec::new();
    };
    let markers = line
        .into_inner()
        .filter(|pair| pair.as_rule() == Rule::heredoc);
    markers.filter_map(|marker| heredoc(part, marker)).collect()
}

fn heredoc(part: Part<'_>, marker: Pair<'_, Rule>) -> Option<Heredoc> {
    let mut heredoc = Heredoc {
        name: String::new(),
        content: String::new(),
        expand: true,
        strip_tabs: false,
        fd: 0,
        marker: part.span(&marker),
        body: Span::default(),
    };
    for piece in marker.into_inner() {
        match piece.as_rule() {
            Rule::descriptor => heredoc.fd = piece.as_str().parse().unwrap_or(0),
            Rule::strip_tabs => heredoc.strip_tabs = true,
            Rule::heredoc_name => {
                let (name, quoted) = form::resolve_heredoc_name(piece.as_str());
                heredoc.name = name;
                heredoc.expand = !quoted;
            }
            _ => {}
        }
    }
    // `<<''` names nothing.
    (!heredoc.name.is_empty()).then_some(heredoc)
}
