//! Gathers what is found, and leaves out what was silenced.

use super::finding::{Finding, What};
use super::note::Note;
use super::remark::Remark;
use super::rule::Rule;
use super::settings::Settings;
use crate::parser::instruction::Word;
use crate::parser::{Dockerfile, Instruction, Located, nearest};
use crate::plan::PlanError;
use crate::source::{Source, Span};

/// What every rule is given.
pub(super) struct Judge<'a> {
    pub source: &'a Source,
    pub file: &'a Dockerfile,
    pub settings: Settings,
    pub findings: Vec<Finding>,
}

impl<'a> Judge<'a> {
    pub fn new(source: &'a Source, file: &'a Dockerfile) -> Self {
        Self {
            source,
            file,
            settings: Settings::default(),
            findings: Vec::new(),
        }
    }

    /// Warns about a place of an instruction, unless the rule is silenced.
    pub fn warn(&mut self, at: &Located<Instruction>, span: Span, remark: Remark) {
        if self.allows(remark.rule(), &at.comments) {
            self.push(What::Remark(remark), span, Some(at.keyword.span));
        }
    }

    /// Remarks on a place of an instruction.
    pub fn note(&mut self, at: &Located<Instruction>, span: Span, note: Note) {
        self.push(What::Note(note), span, Some(at.keyword.span));
    }

    /// Refuses an instruction, or the request for none.
    pub fn refuse(&mut self, index: Option<usize>, error: PlanError) {
        let file = self.file;
        let at = index.map(|index| &file.instructions[index]);
        let span = at.map_or(Span::default(), |_| error.span);
        self.push(What::Plan(error.kind), span, at.map(|at| at.keyword.span));
    }

    /// Returns the nearest of some known names, as [`nearest`] does, of the first thousand: among
    /// more, a near one is chance. Of a file that is wrong from end to end nobody reads on.
    pub fn nearest<'n>(&self, typed: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
        let few = self.findings.len() < 100;
        few.then(|| nearest(typed, known.take(1_000))).flatten()
    }

    /// Says that a setting names no rule.
    pub fn unknown_rule(&mut self, name: &str, span: Span) {
        let note = Note::UnknownRule {
            name: name.to_owned(),
            suggestion: nearest(name, Rule::ALL.into_iter().map(Rule::name)),
        };
        self.push(What::Note(note), span, None);
    }

    /// Notes something down; it names the line where the instruction begins.
    pub fn push(&mut self, what: What, span: Span, instruction: Option<Span>) {
        let line = self.source.line(instruction.unwrap_or(span).start);
        self.findings.push(Finding {
            what,
            span,
            instruction,
            line,
        });
    }

    /// Tells whether a rule is judged at an instruction: a comment right before it can silence it.
    pub fn allows(&self, rule: Rule, comments: &[Word]) -> bool {
        let local = comments.iter().filter_map(local_settings);
        let silenced = |settings: Settings| {
            let with_rule = Settings {
                experimental: self.settings.experimental.clone(),
                ..settings
            };
            !with_rule.allows(rule)
        };
        self.settings.allows(rule) && !local.into_iter().any(silenced)
    }
}

/// Reads `check=...` in a comment; any other comment is one.
fn local_settings(comment: &Word) -> Option<Settings> {
    let (name, value) = comment.text.split_once('=')?;
    let is_check = name.trim().eq_ignore_ascii_case("check");
    is_check.then(|| Settings::parse(value).ok()).flatten()
}
