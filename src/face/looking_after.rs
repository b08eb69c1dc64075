//! Doctor, system, version.

use super::{Answer, Face};
use crate::command;
use crate::render::{self, Line, Style, Text};
use crate::session::{Health, Trouble};

impl Face<'_> {
    pub(super) fn doctor(&mut self, call: &command::Json) -> Answer {
        let findings = self.session.doctor();
        if call.json {
            self.write(&render::json(&findings));
            return Ok(0);
        }
        let mut text = Text::new();
        for finding in &findings {
            let (word, style) = match finding.health {
                Health::Good => ("ok   ", Style::Good),
                Health::Lesser => ("less ", Style::Warning),
                Health::Missing => ("no   ", Style::Error),
            };
            let line = Line::styled(style, word).with(Style::Plain, &finding.message);
            text.append(self.screen.wrap(&line, word.len()));
            // A command stands on a line of its own, to be copied.
            for help in finding.help.iter().flat_map(|help| help.lines()) {
                let line = Line::plain("     ").with(Style::Help, help);
                text.append(self.screen.wrap(&line, word.len()));
            }
        }
        self.show(&text);
        Ok(i32::from(
            findings
                .iter()
                .any(|finding| finding.health == Health::Missing),
        ))
    }

    pub(super) fn system(&mut self, call: &command::System) -> Answer {
        match call {
            command::System::Df(df) => self.disk_use(df),
            command::System::Prune(prune) => self.prune_system(prune),
            command::System::Fsck(json) => {
                let problems = self.session.fsck()?;
                if json.json {
                    self.write(&render::json(&problems));
                } else if problems.is_empty() {
                    self.line(&clean(self.language()));
                } else {
                    let text: String = problems.iter().map(|it| format!("{it}\n")).collect();
                    self.write(&text);
                }
                Ok(i32::from(!problems.is_empty()))
            }
            command::System::Reset(reset) => {
                if !reset.force {
                    let path = self.session.root().display().to_string();
                    let trouble = Trouble::new(reset_asks(self.language(), &path));
                    return Err(trouble.with_help(reset_help(self.language())).into());
                }
                let running = self.session.containers_list()?;
                if let Some(record) = running.iter().find(|record| record.state.is_running()) {
                    let name = record.name.clone();
                    let trouble = Trouble::new(still_running(self.language(), &name));
                    return Err(trouble.with_help(stop_help(self.language(), &name)).into());
                }
                self.session.reset()?;
                Ok(0)
            }
        }
    }

    pub(super) fn version(&mut self, call: &command::Version) -> Answer {
        if let Some(format) = &call.format {
            // There is no daemon: who asks docker's server finds the same.
            let own = serde_json::json!({
                "Version": env!("CARGO_PKG_VERSION"),
                "Os": std::env::consts::OS,
                "Arch": go_arch(),
            });
            let all = serde_json::json!({ "Client": own, "Server": own });
            return self.lay_out_value(format, &all);
        }
        self.line(&format!("strata version {}", env!("CARGO_PKG_VERSION")));
        Ok(0)
    }
}

/// Returns the processor in Go's words.
fn go_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

crate::messages! {
    clean() {
        en: "the store is clean: every digest and size is right",
        ko: "저장소에 문제가 없습니다. 모든 다이제스트와 크기가 맞습니다",
    }
    reset_asks(path: &str) {
        en: "this would remove all images, containers and the build cache in {path}",
        ko: "{path}의 이미지, 컨테이너, 빌드 캐시가 모두 지워집니다",
    }
    reset_help() {
        en: "to do it: `system reset -f`",
        ko: "정말 지우려면: `system reset -f`",
    }
    still_running(name: &str) {
        en: "container {name} is running",
        ko: "실행 중인 컨테이너가 있습니다: {name}",
    }
    stop_help(name: &str) {
        en: "`stop {name}` first",
        ko: "먼저 멈추세요: `stop {name}`",
    }
}
