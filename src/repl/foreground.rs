//! A program in the foreground: what Ctrl-C does to it, and what it ended with.

use super::desk::Desk;
use crate::render::{Line, Style, theme};

/// The exit code of a program that was killed: 128 and SIGKILL.
const KILLED: i32 = 137;

impl Desk {
    /// Lets a program run in the foreground, and says with what it ended unless that was 0. An
    /// error that was shown has said enough.
    pub(super) fn in_foreground(&mut self, act: impl FnOnce(&mut Self) -> i32) -> i32 {
        if !self.is_interactive() {
            return act(self);
        }
        let language = self.language();
        let earlier = self.last.error.take();
        let sentence = press_again(language);
        let shown = Line::styled(Style::Dim, sentence);
        let sentence: String = shown
            .pieces()
            .iter()
            .map(|piece| theme::paint_words(piece.text(), piece.style(), self.screen.color))
            .collect();
        let interrupts = self.interrupts.clone();
        let watch = interrupts.watch(sentence);
        let code = act(self);
        let went_on = watch.was_said();
        drop(watch);
        if self.last.error.is_none() {
            self.last.error = earlier;
            match code {
                0 => {}
                KILLED if went_on => self.remark(&was_killed(language, code)),
                code => self.remark(&exit_code(language, code)),
            }
        }
        code
    }
}

crate::messages! {
    press_again() {
        en: "press Ctrl-C twice more to kill it",
        ko: "강제로 끝내려면 Ctrl-C를 두 번 더 누르세요",
    }
    was_killed(code: i32) {
        en: "killed: exit code {code}",
        ko: "강제로 끝냈습니다: 종료 코드 {code}",
    }
    exit_code(code: i32) { en: "exit code {code}", ko: "종료 코드 {code}" }
}
