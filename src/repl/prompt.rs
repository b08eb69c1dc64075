//! The loop: a line is asked for, heard by the guide, carried out.

use std::io;

use super::desk::{Desk, Done, DoneKind};
use super::guide::Guide;
use super::line_kind::pieces;
use super::line_source::Input;
use crate::command::Learn;
use crate::language::Language;
use crate::parser::Missing;
use crate::render::{Line, Style};

/// A desk with somebody at it.
pub struct Prompt {
    desk: Desk,
    guide: Option<Box<dyn Guide>>,
    /// The exit code of the last line.
    code: i32,
    /// How often Ctrl-C was pressed in a row.
    interrupted: usize,
}

impl Prompt {
    /// Sits down at a desk.
    pub fn new(desk: Desk, guide: Option<Box<dyn Guide>>) -> Self {
        Self {
            desk,
            guide,
            code: 0,
            interrupted: 0,
        }
    }

    /// Asks for lines until there are no more. Returns the exit code: what `exit` was given, that
    /// of the last line where a pipe ended.
    pub fn run(mut self, learn: Option<&Learn>) -> i32 {
        let interactive = self.desk.is_interactive();
        if interactive {
            self.desk.greet(self.guide.as_deref());
        }
        self.begin(learn);
        while !self.desk.leaving {
            self.desk.refresh(self.guide.as_deref());
            match self.read() {
                Ok(Input::Text(text)) => {
                    self.interrupted = 0;
                    if let Some(code) = self.text(&text) {
                        self.code = code;
                        break;
                    }
                }
                Ok(Input::Interrupted) => self.interrupted(),
                Ok(Input::End) if interactive => {
                    // Ctrl-D says nothing about the line before it.
                    self.code = 0;
                    if let Some(guide) = &mut self.guide {
                        guide.leave(&mut self.desk);
                    }
                    break;
                }
                Ok(Input::End) => break,
                Err(error) => {
                    let message = crate::session::Trouble::system("read a line", &error);
                    self.code = self.desk.complain(&message.into());
                    break;
                }
            }
        }
        if interactive {
            self.goodbye();
        }
        self.code
    }

    /// Begins with a lesson, or with the draft that was left here.
    fn begin(&mut self, learn: Option<&Learn>) {
        let kept = self.desk.session.kept_draft(&self.desk.folder);
        match &mut self.guide {
            Some(guide) if learn.is_some() || kept.is_empty() => guide.begin(learn, &mut self.desk),
            _ => self.desk.offer_draft(),
        }
    }

    /// Returns the next text, whole: one that goes on is asked for line by line.
    fn read(&mut self) -> io::Result<Input> {
        match self.first()? {
            Input::Text(text) => self.rest(text),
            nothing => Ok(nothing),
        }
    }

    /// Asks for what is missing at the end of a text, and says how it ends.
    fn rest(&mut self, mut text: String) -> io::Result<Input> {
        let mut told = None;
        while let Some(missing) = self.desk.source.missing(&text) {
            if told.as_ref() != Some(&missing) {
                let sentence = how_it_ends(self.desk.language(), &missing, &text);
                self.desk.remark(&sentence);
                told = Some(missing);
            }
            let prompt = Line::styled(Style::Dim, "  ... ");
            match self.desk.source.read_on(&prompt, &text)? {
                Input::Text(line) => text = format!("{text}\n{line}"),
                Input::Interrupted | Input::End => return Ok(Input::Interrupted),
            }
        }
        Ok(Input::Text(text))
    }

    fn first(&mut self) -> io::Result<Input> {
        let language = self.desk.language();
        let own = self.guide.as_ref().and_then(|guide| guide.prompt(language));
        let word = if self.desk.draft.is_empty() {
            "strata> "
        } else {
            "build> "
        };
        let prompt = own.unwrap_or_else(|| Line::styled(Style::Prompt, word));
        if let Some(line) = self.desk.queued.take() {
            let shown = prompt.with(Style::Plain, &line);
            self.desk.show(&shown.into());
            return Ok(Input::Text(line));
        }
        let begun = std::mem::take(&mut self.desk.begun);
        let again = std::mem::take(&mut self.desk.again);
        self.desk.source.propose(&again);
        self.desk.source.read(&prompt, &begun)
    }

    /// Carries out a text: one line, or a paste that stops at its first failure. Returns an exit
    /// code if it ends the session.
    fn text(&mut self, text: &str) -> Option<i32> {
        if text.trim().is_empty() {
            self.hear(text);
            return None;
        }
        self.desk.source.remember(text);
        let verbs = self.verbs();
        let pieces = pieces(text, |word| verbs.iter().any(|verb| verb == word));
        for (index, piece) in pieces.iter().enumerate() {
            let left = pieces.len() - index - 1;
            if let Some(code) = self.hear(piece) {
                self.code = code;
                continue;
            }
            let done = self.one(piece, left == 0);
            if done.kind == DoneKind::Leave {
                return Some(done.code);
            }
            if self.code != 0 && left > 0 {
                let sentence = left_out(self.desk.language(), left);
                self.desk.remark(&sentence);
                break;
            }
        }
        None
    }

    fn verbs(&self) -> Vec<String> {
        let guide = self.guide.as_ref().map(|guide| guide.verbs());
        let own = self.desk.verbs.names.iter().cloned();
        own.chain(guide.unwrap_or_default()).collect()
    }

    /// Lets the guide take a line.
    fn hear(&mut self, line: &str) -> Option<i32> {
        let guide = self.guide.as_mut()?;
        guide.take(line, &mut self.desk)
    }

    fn one(&mut self, line: &str, last: bool) -> Done {
        let done = self.desk.carry_out_piece(line, last);
        self.code = done.code;
        if let Some(guide) = &mut self.guide {
            guide.after(line, &done, &mut self.desk);
        }
        done
    }

    fn interrupted(&mut self) {
        self.interrupted += 1;
        if let Some(guide) = &mut self.guide {
            guide.cancel(&mut self.desk);
        }
        if self.interrupted == 2 {
            let sentence = how_to_leave(self.desk.language());
            self.desk.remark(&sentence);
        }
    }

    fn goodbye(&mut self) {
        if !self.desk.draft.is_empty() {
            let sentence = draft_is_kept(self.desk.language());
            self.desk.remark(&sentence);
        }
    }
}

/// Says what ends a text that waits for more lines.
fn how_it_ends(language: Language, missing: &Missing, text: &str) -> String {
    match missing {
        Missing::Heredoc { name } => ends_with_a_line(language, name),
        Missing::Continuation => {
            // Comments may stand between the lines of an instruction.
            let ends = text
                .lines()
                .rev()
                .filter_map(|it| it.trim_end().chars().last());
            let escape = ends.into_iter().find(|end| ['\\', '`'].contains(end));
            ends_without(language, escape.unwrap_or('\\'))
        }
    }
}

crate::messages! {
    ends_with_a_line(name: &str) {
        en: "  `{name}` on a line of its own ends it; Ctrl-C gives all of it up.",
        ko: "  `{name}`만 적은 줄로 끝납니다. Ctrl-C를 누르면 전부 취소합니다.",
    }
    ends_without(escape: char) {
        en: "  A line that does not end in {escape} is the last; Ctrl-C gives all of it up.",
        ko: "  끝에 {escape} 없이 적은 줄이 마지막 줄입니다. Ctrl-C를 누르면 전부 취소합니다.",
    }
    left_out(lines: usize) {
        en: "Stopped here: {lines} more of what was pasted left out.",
        ko: "여기서 멈췄습니다. 붙여 넣은 것 중 {lines}개는 실행하지 않았습니다.",
    }
    how_to_leave() {
        en: "Ctrl-D or `exit` leaves.",
        ko: "나가려면 Ctrl-D 또는 `exit`입니다.",
    }
    draft_is_kept() {
        en: "The draft is kept: `strata` in this folder goes on with it.",
        ko: "초안은 남아 있습니다. 이 폴더에서 `strata`를 시작하면 이어집니다.",
    }
}
