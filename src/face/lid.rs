//! `lid`: draws what a container is made of.

use std::fmt::Write;

use super::{Answer, Face};
use crate::command;
use crate::language::Language;
use crate::render;
use crate::session::{Kernel, Lid};

impl Face<'_> {
    pub(super) fn lid(&mut self, call: &command::Lid) -> Answer {
        let lid = self.session.lid(&call.container)?;
        if call.json {
            self.write(&render::json(&lid));
        } else {
            self.write(&drawn(&lid, self.language()));
        }
        Ok(0)
    }
}

fn drawn(lid: &Lid, language: Language) -> String {
    let short = lid.id.get(..12).unwrap_or(&lid.id);
    let mut text = format!("{} ({short})  {}\n", lid.name, lid.state);
    let command = lid.command.join(" ");
    match lid.host_pid {
        Some(pid) => line(&mut text, "PID 1", &first_process(language, &command, pid)),
        None => line(&mut text, "PID 1", &rests(language, &command)),
    }
    section(&mut text, &root(language));
    for (number, folder) in lid.root.lower.iter().enumerate() {
        let name = if number == 0 { "lower" } else { "" };
        line(&mut text, name, &folder.display().to_string());
    }
    let others = [
        ("upper", &lid.root.upper),
        ("work", &lid.root.work),
        ("copied", &lid.root.copied),
    ];
    for (name, folder) in others {
        if let Some(folder) = folder {
            line(&mut text, name, &folder.display().to_string());
        }
    }
    if let Some(kernel) = &lid.kernel {
        draw_kernel(&mut text, kernel, language);
    }
    text
}

fn draw_kernel(text: &mut String, kernel: &Kernel, language: Language) {
    section(text, &namespaces(language));
    for it in &kernel.namespaces {
        let number = |number: Option<u64>| number.map_or("?".to_owned(), |it| it.to_string());
        let beside = if it.is_shared() {
            same(language)
        } else {
            number(it.host)
        };
        line(
            text,
            it.kind,
            &format!("{:<12}{beside}", number(it.container)),
        );
    }
    if !kernel.uid_map.is_empty() {
        line(text, "uid_map", &kernel.uid_map);
    }
    section(text, &mounts(language));
    for mount in &kernel.mounts {
        line(
            text,
            &mount.kind,
            &format!("{}  {}", mount.target, mount.options),
        );
    }
    section(text, &limits(language));
    if kernel.limits.is_empty() {
        line(text, "", &no_limits(language));
    }
    for (name, value) in &kernel.limits {
        line(text, name, value);
    }
    section(text, &rights(language));
    let names = kernel.capabilities.iter();
    let names: Vec<&str> = names.map(|name| name.trim_start_matches("CAP_")).collect();
    if names.is_empty() {
        line(text, "capabilities", "0");
    }
    for (number, some) in names.chunks(CAPABILITIES).enumerate() {
        let name = if number == 0 { "capabilities" } else { "" };
        line(text, name, &some.join(" "));
    }
    match kernel.seccomp_filters {
        Some(count) => line(text, "seccomp", &filtered(language, count)),
        None => line(text, "seccomp", &unfiltered(language)),
    }
}

fn section(text: &mut String, head: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n{head}");
}

/// So many names of capabilities fit on a line.
const CAPABILITIES: usize = 4;

fn line(text: &mut String, name: &str, value: &str) {
    // As above.
    let _ = writeln!(text, "  {name:<24}{value}");
}

crate::messages! {
    first_process(command: &str, pid: u32) {
        en: "{command}  (pid {pid} on this machine)",
        ko: "{command}  (이 컴퓨터에서는 pid {pid})",
    }
    rests(command: &str) {
        en: "{command}  (does not run)",
        ko: "{command}  (실행 중이 아닙니다)",
    }
    root() {
        en: "/ is merged from these folders, the topmost first",
        ko: "/는 다음 폴더를 겹친 것입니다. 맨 위부터",
    }
    namespaces() {
        en: "namespaces: the container's, and this machine's",
        ko: "네임스페이스: 컨테이너의 것과 이 컴퓨터의 것",
    }
    same() {
        en: "the same",
        ko: "같음",
    }
    mounts() {
        en: "what it sees mounted",
        ko: "컨테이너가 보는 마운트",
    }
    limits() {
        en: "limits, in its control groups",
        ko: "제한(컨트롤 그룹)",
    }
    no_limits() {
        en: "none: it was started without -m, --cpus and --pids-limit",
        ko: "없음: -m, --cpus, --pids-limit 없이 시작했습니다",
    }
    rights() {
        en: "what PID 1 may do",
        ko: "PID 1에 허용된 것",
    }
    filtered(count: u32) {
        en: "on: {count} filter judges every system call",
        ko: "켜짐: 모든 시스템 콜을 필터 {count}개가 검사합니다",
    }
    unfiltered() {
        en: "off: every system call is let through",
        ko: "꺼짐: 모든 시스템 콜이 통과합니다",
    }
}
