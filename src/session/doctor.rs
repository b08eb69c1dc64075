//! What works on this machine, what does not, and the remedy.

use serde::Serialize;

use super::Session;
use super::worker::Worker;
use crate::language::Language;
use crate::runtime::probe::{Cgroups, Overlay};
use crate::runtime::{Mode, RuntimeError};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It works.
    Good,
    /// It works in a lesser way.
    Lesser,
    /// It does not.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable name.
    pub kind: &'static str,
    /// How it is.
    pub health: Health,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

crate::messages! {
    rootful() {
        en: "running as root: every image's users and owners are kept",
        ko: "root로 실행 중입니다. 이미지의 모든 사용자와 소유자가 그대로 유지됩니다",
    }
    sub_ids(count: u32) {
        en: "user namespaces with {count} ids of your own from /etc/subuid",
        ko: "사용자 네임스페이스를 쓸 수 있고, /etc/subuid의 ID {count}개가 있습니다",
    }
    single_id() {
        en: "user namespaces with one id: files of several owners are recorded, not real",
        ko: "사용자 네임스페이스를 쓸 수 있지만 ID가 하나뿐이라, 여러 소유자는 기록으로만 남습니다",
    }
    single_id_help(user: &str) {
        en: "for more: install the package `uidmap`, then as root:\nusermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}",
        ko: "늘리려면 `uidmap` 패키지를 설치하고 root로 다음을 실행하세요:\nusermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}",
    }
    overlay_new() {
        en: "overlayfs stacks layers, through the new mount interface",
        ko: "overlayfs로 레이어를 쌓습니다(새 마운트 인터페이스)",
    }
    overlay_classic() {
        en: "overlayfs stacks layers, through the classic mount call",
        ko: "overlayfs로 레이어를 쌓습니다(기존 mount 호출)",
    }
    overlay_none() {
        en: "no overlayfs here: layers would have to be copied for every step",
        ko: "overlayfs를 쓸 수 없어 단계마다 레이어를 복사해야 합니다",
    }
    cgroups_given(which: &str) {
        en: "limits (memory, processes, cpu) through {which}",
        ko: "자원 제한(메모리, 프로세스, CPU)을 {which}로 걸 수 있습니다",
    }
    cgroups_none() {
        en: "no limits: this user may not write to the machine's cgroups",
        ko: "자원 제한을 걸 수 없습니다: 이 사용자는 cgroup에 쓸 수 없습니다",
    }
    kernel(major: u32, minor: u32) {
        en: "Linux {major}.{minor}",
        ko: "Linux {major}.{minor}",
    }
    store_at(path: &str) {
        en: "the store is {path}",
        ko: "저장소는 {path}입니다",
    }
}

impl Session {
    /// Looks at the machine.
    pub fn doctor(&self) -> Vec<Finding> {
        let language = self.language();
        let broken = self.try_namespaces();
        let probe = self.probe();
        let good = |kind, message| Finding {
            kind,
            health: Health::Good,
            message,
            help: None,
        };
        let mut findings = vec![
            good("kernel", kernel(language, probe.kernel.0, probe.kernel.1)),
            broken.unwrap_or_else(|| namespaces(&probe.mode, language)),
        ];
        findings.push(match probe.overlay {
            Overlay::New => good("overlay", overlay_new(language)),
            Overlay::Classic => good("overlay", overlay_classic(language)),
            Overlay::None => lesser("overlay", overlay_none(language)),
        });
        findings.push(match &probe.cgroups {
            Cgroups::V1 => good("limits", cgroups_given(language, "cgroup v1")),
            Cgroups::V2 => good("limits", cgroups_given(language, "cgroup v2")),
            Cgroups::None => lesser("limits", cgroups_none(language)),
        });
        findings.push(good(
            "store",
            store_at(language, &self.root().display().to_string()),
        ));
        findings
    }

    /// Goes into namespaces for a moment: the probe only looks at what is written about them.
    /// Returns what is broken, if it is not that there are none.
    fn try_namespaces(&self) -> Option<Finding> {
        if let Mode::Nothing { .. } = self.probe().mode {
            return None;
        }
        match Worker::attempt(&self.probe().mode) {
            Ok(()) => None,
            Err(RuntimeError::NoNamespaces(reason)) => {
                self.do_without(reason);
                None
            }
            Err(error) => Some(Finding {
                kind: "namespaces",
                health: Health::Missing,
                message: error.message(self.language()),
                help: error.help(self.language()),
            }),
        }
    }
}

fn lesser(kind: &'static str, message: String) -> Finding {
    Finding {
        kind,
        health: Health::Lesser,
        message,
        help: None,
    }
}

/// Returns what usermod calls whoever asks.
fn user_name() -> String {
    let id = nix::unistd::getuid();
    let user = nix::unistd::User::from_uid(id).ok().flatten();
    user.map_or_else(|| id.to_string(), |user| user.name)
}

fn namespaces(mode: &Mode, language: Language) -> Finding {
    let kind = "namespaces";
    let good = |message| Finding {
        kind,
        health: Health::Good,
        message,
        help: None,
    };
    match mode {
        Mode::Rootful => good(rootful(language)),
        Mode::SubIds { uids, .. } => good(sub_ids(language, uids.count)),
        Mode::SingleId => Finding {
            help: Some(single_id_help(language, &user_name())),
            ..lesser(kind, single_id(language))
        },
        Mode::Nothing { reason } => Finding {
            kind,
            health: Health::Missing,
            message: reason.message(language),
            help: Some(reason.help(language)),
        },
    }
}
