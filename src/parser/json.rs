//! A syntax file as JSON, `dockerfile-ast/1`: what `strata parse --json` prints.
//!
//! Keys that would be empty are left out; a reader takes an absent key as empty.

use serde::{Serialize, Serializer};

use super::syntax::{Arguments, Command, File, Heredoc, Node, Pair, Word};
use crate::language::Language;

/// The version of the shape; a change that breaks readers gets another.
const SCHEMA: &str = "dockerfile-ast/1";

/// A file.
#[derive(Debug, Serialize)]
pub struct Json<'a> {
    schema: &'static str,
    file: String,
    escape: char,
    directives: Vec<JsonDirective>,
    #[serde(serialize_with = "one_by_one")]
    instructions: &'a [Node],
    stages: Vec<JsonStage>,
    warnings: Vec<JsonWarning>,
}

#[derive(Debug, Serialize)]
struct JsonDirective {
    name: String,
    value: String,
    line: usize,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct JsonInstruction {
    instruction: String,
    flags: Vec<String>,
    form: &'static str,
    args: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pairs: Vec<JsonPair>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    heredocs: Vec<JsonHeredoc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    onbuild: Option<Box<JsonInstruction>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<usize>,
    original: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct JsonPair {
    key: String,
    value: String,
    sep: &'static str,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct JsonHeredoc {
    name: String,
    content: String,
    expand: bool,
    strip_tabs: bool,
    fd: u32,
}

#[derive(Debug, Serialize)]
struct JsonStage {
    index: usize,
    name: Option<String>,
    base: String,
    platform: Option<String>,
    first: usize,
    last: usize,
}

#[derive(Debug, Serialize)]
struct JsonWarning {
    rule: &'static str,
    line: usize,
    message: String,
}

/// Returns a file's JSON value; `name` is the file's name as it was given.
pub fn json<'a>(name: &str, file: &'a File) -> Json<'a> {
    let directives = file.directives.iter().map(|directive| JsonDirective {
        name: directive.name.clone(),
        value: directive.value.text.clone(),
        line: directive.line,
    });
    let stages = file.stages.iter().map(|stage| JsonStage {
        index: stage.index,
        name: stage.name.clone(),
        base: stage.base.clone(),
        platform: stage.platform.clone(),
        first: stage.first,
        last: stage.last,
    });
    let warnings = file.warnings.iter().map(|warning| JsonWarning {
        rule: warning.rule.name(),
        line: warning.line,
        message: warning.rule.message(Language::En),
    });
    Json {
        schema: SCHEMA,
        file: name.to_owned(),
        escape: file.escape,
        directives: directives.collect(),
        instructions: &file.instructions,
        stages: stages.collect(),
        warnings: warnings.collect(),
    }
}

/// Of a large file all instructions together are many times its size.
fn one_by_one<S: Serializer>(nodes: &[Node], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(nodes.iter().map(outer))
}

fn outer(node: &Node) -> JsonInstruction {
    JsonInstruction {
        start_line: Some(node.lines.0),
        end_line: Some(node.lines.1),
        ..instruction(node)
    }
}

/// Returns what an instruction says, wherever and however it is written.
pub(super) fn meaning(node: &Node) -> JsonInstruction {
    let mut said = instruction(node);
    let mut at = Some(&mut said);
    while let Some(instruction) = at {
        instruction.original.clear();
        at = instruction.onbuild.as_deref_mut();
    }
    said
}

/// The reader limits how deep ONBUILD goes, so this recursion is short.
fn instruction(node: &Node) -> JsonInstruction {
    JsonInstruction {
        instruction: node.name.clone(),
        flags: node.flags.iter().map(|flag| flag.text.clone()).collect(),
        form: form(&node.arguments),
        args: args(&node.arguments),
        pairs: pairs(&node.arguments),
        heredocs: node.heredocs.iter().map(heredoc).collect(),
        onbuild: node
            .onbuild
            .as_deref()
            .map(|inner| Box::new(instruction(inner))),
        original: node.original.clone(),
        ..JsonInstruction::default()
    }
}

fn form(arguments: &Arguments) -> &'static str {
    match arguments {
        Arguments::None => "none",
        Arguments::Words(_) => "words",
        Arguments::Pairs(_) => "pairs",
        Arguments::Text(_) => "text",
        Arguments::Shell(_) => "shell",
        Arguments::Exec(_) => "exec",
        Arguments::Check { command, .. } => match command.as_deref() {
            None => "none",
            Some(Command::Shell(_)) => "shell",
            Some(Command::Exec(_)) => "exec",
        },
    }
}

fn args(arguments: &Arguments) -> Vec<String> {
    match arguments {
        Arguments::None | Arguments::Pairs(_) => Vec::new(),
        Arguments::Shell(word) | Arguments::Text(word) => vec![word.text.clone()],
        Arguments::Exec(words) | Arguments::Words(words) => texts(words),
        Arguments::Check { kind, command } => {
            let mut all = vec![kind.text.clone()];
            match command.as_deref() {
                Some(Command::Shell(word)) => all.push(word.text.clone()),
                Some(Command::Exec(words)) => all.extend(texts(words)),
                None => {}
            }
            all
        }
    }
}

fn texts(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| word.text.clone()).collect()
}

fn pairs(arguments: &Arguments) -> Vec<JsonPair> {
    let Arguments::Pairs(pairs) = arguments else {
        return Vec::new();
    };
    pairs.iter().map(pair).collect()
}

fn pair(pair: &Pair) -> JsonPair {
    JsonPair {
        key: pair.key.text.clone(),
        value: pair.value.text.clone(),
        sep: if pair.legacy { " " } else { "=" },
    }
}

fn heredoc(heredoc: &Heredoc) -> JsonHeredoc {
    JsonHeredoc {
        name: heredoc.name.clone(),
        content: heredoc.content.clone(),
        expand: heredoc.expand,
        strip_tabs: heredoc.strip_tabs,
        fd: heredoc.fd,
    }
}
