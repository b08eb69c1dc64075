//! The first lines: what this is, what works on this machine, which folder builds look at.

use super::desk::Desk;
use super::guide::Guide;
use crate::language::Language;
use crate::render::{self, Line, Style};
use crate::runtime::Mode;

impl Desk {
    /// Greets.
    pub(super) fn greet(&mut self, guide: Option<&dyn Guide>) {
        let language = self.language();
        let version = env!("CARGO_PKG_VERSION");
        let mut line = Line::styled(Style::Title, format!("strata {version}"));
        if let Some(status) = guide.and_then(|guide| guide.status(language)) {
            line.push(Style::Plain, format!("   {status}"));
        }
        let mode = self.session.probe().mode.clone();
        line.push(Style::Plain, format!("   {}", machine(&mode, language)));
        let mut text = self.screen.wrap(&line, 0);
        if let Mode::Nothing { reason } = &mode {
            let (message, help) = (reason.message(language), reason.help(language));
            text.append(render::warning(&message, Some(&help), &self.screen));
        }
        let folder =
            Line::styled(Style::Dim, context(language)).with(Style::Path, self.home_folder());
        text.append(self.screen.wrap(&folder, 2));
        if self.session.kept_draft(&self.folder).is_empty() {
            let hint = Line::styled(Style::Dim, begin(language));
            text.append(self.screen.wrap(&hint, 0));
        }
        self.show(&text);
    }

    /// Returns the folder with `~` for the home folder.
    fn home_folder(&self) -> String {
        let folder = self.folder.display().to_string();
        let home = (self.opening.variable)("HOME").filter(|home| home.len() > 1);
        let below = home.and_then(|home| folder.strip_prefix(&home).map(str::to_owned));
        match below {
            Some(below) if below.is_empty() || below.starts_with('/') => format!("~{below}"),
            _ => folder,
        }
    }

    /// Offers the draft that was left in this folder.
    pub(super) fn offer_draft(&mut self) {
        if !self.is_interactive() {
            return;
        }
        let kept = self.session.kept_draft(&self.folder);
        if kept.is_empty() {
            self.draft = kept;
            return;
        }
        let (language, count) = (self.language(), kept.count().max(1));
        let question = Line::styled(Style::Prompt, go_on(language, count));
        let answer = self.ask(&question).unwrap_or_default();
        let is = |words: &[&str]| words.contains(&answer.to_lowercase().as_str());
        if is(&["n", "no", "아니요", "아니오", "ㅜ"]) {
            // `undo` brings it back even now.
            self.draft = kept.replaced_by(Vec::new());
            self.keep_draft();
            return;
        }
        self.draft = kept;
        if !is(&["", "y", "yes", "예", "네", "ㅛ"]) {
            self.queue(&answer);
        }
        self.show_draft();
    }
}

fn machine(mode: &Mode, language: Language) -> String {
    match mode {
        Mode::Rootful => rootful(language),
        Mode::SubIds { uids, .. } => sub_ids(language, uids.count),
        Mode::SingleId => single_id(language),
        Mode::Nothing { .. } => no_namespaces(language),
    }
}

crate::messages! {
    rootful() { en: "Linux, namespaces ok (root)", ko: "Linux, 네임스페이스 사용 가능(root)" }
    sub_ids(count: u32) {
        en: "Linux, namespaces ok ({count} ids)",
        ko: "Linux, 네임스페이스 사용 가능(ID {count}개)",
    }
    single_id() { en: "Linux, namespaces ok (one id)", ko: "Linux, 네임스페이스 사용 가능(ID 1개)" }
    no_namespaces() { en: "Linux, no namespaces", ko: "Linux, 네임스페이스 사용 불가" }
    context() { en: "Builds look at the files of ", ko: "빌드가 보는 폴더: " }
    begin() {
        en: "Type a Dockerfile line by line, `FROM practice-os` first; `help` lists verbs.",
        ko: "Dockerfile을 한 줄씩 써 보세요: `FROM practice-os`. `help`는 명령 목록입니다.",
    }
    go_on(count: usize) {
        en: "Continue the draft of {count} lines? [Enter] yes, n no > ",
        ko: "{count}줄짜리 초안을 이어서 쓸까요? [Enter] 예, n 아니요 > ",
    }
}
