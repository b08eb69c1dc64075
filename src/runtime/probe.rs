//! What this kernel and this user may do, in well under a millisecond: a few small files are read
//! and nothing is tried out. Where a guess was too hopeful, `enter` and `launch` say so.

use std::fs;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::idmap;
use super::spec::IdMode;

pub use super::idmap::IdRange;
use crate::language::Language;
use crate::messages;

/// What can be had here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// How namespaces are entered.
    pub mode: Mode,
    /// How layers are merged.
    pub overlay: Overlay,
    /// Where limits can be set.
    pub cgroups: Cgroups,
    /// Whether a network namespace may be made.
    pub network: bool,
    /// The running kernel's version: major and minor.
    pub kernel: (u32, u32),
}

/// How this user gets into namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Real root with `CAP_SYS_ADMIN`: no user namespace is needed.
    Rootful,
    /// A user namespace with the ranges of `/etc/subuid` and `/etc/subgid`.
    SubIds {
        /// Becomes uid 1 and up inside; the user is uid 0.
        uids: IdRange,
        /// Becomes gid 1 and up inside.
        gids: IdRange,
    },
    /// A user namespace in which only id 0 exists.
    SingleId,
    /// No namespaces at all.
    Nothing {
        /// Why not.
        reason: NoNamespaces,
    },
}

impl Mode {
    /// Returns which ids exist in a container started this way.
    pub fn ids(&self) -> IdMode {
        match self {
            Self::Rootful | Self::SubIds { .. } => IdMode::Many,
            Self::SingleId | Self::Nothing { .. } => IdMode::Single,
        }
    }
}

/// How layers can be merged, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overlay {
    /// The new mount API with one `lowerdir+` per layer: up to 500 layers.
    New,
    /// mount(2) with one page of options.
    Classic,
    /// Not at all; copy the layers into a folder.
    None,
}

/// Where limits can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cgroups {
    /// Unified hierarchy.
    V2,
    /// One hierarchy per controller.
    V1,
    /// Nowhere this user may write.
    None,
}

/// Why no namespace can be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum NoNamespaces {
    /// `user.max_user_namespaces` is 0.
    #[error("{}", self.message(Language::En))]
    Limit,
    /// Debian's switch `kernel.unprivileged_userns_clone` is 0.
    #[error("{}", self.message(Language::En))]
    RootOnly,
    /// Ubuntu's `AppArmor` rule for programs without a profile.
    #[error("{}", self.message(Language::En))]
    AppArmor,
    /// The kernel said no and none of the known switches is the reason.
    #[error("{}", self.message(Language::En))]
    Refused {
        /// What unshare(2) answered.
        errno: i32,
    },
}

messages! {
    limit() {
        en: "this machine allows no user namespaces (user.max_user_namespaces is 0)",
        ko: "이 컴퓨터는 사용자 네임스페이스를 허용하지 않습니다 (user.max_user_namespaces가 0)",
    }
    root_only() {
        en: "this machine allows user namespaces to root only (kernel.unprivileged_userns_clone is 0)",
        ko: "이 컴퓨터는 root에게만 사용자 네임스페이스를 허용합니다 (kernel.unprivileged_userns_clone이 0)",
    }
    app_armor() {
        en: "AppArmor forbids user namespaces to programs it has no profile for (kernel.apparmor_restrict_unprivileged_userns is 1)",
        ko: "AppArmor가 프로필이 없는 프로그램의 사용자 네임스페이스를 막습니다 (kernel.apparmor_restrict_unprivileged_userns가 1)",
    }
    refused(reason: &str) {
        en: "the kernel refused new namespaces: {reason}",
        ko: "커널이 새 네임스페이스를 거부했습니다: {reason}",
    }
    used_up() {
        en: "this machine allows no more user namespaces (user.max_user_namespaces is used up)",
        ko: "이 컴퓨터는 사용자 네임스페이스를 더 허용하지 않습니다 (user.max_user_namespaces만큼 다 썼음)",
    }
    help_sysctl(setting: &str) {
        en: "an administrator can allow them: sudo sysctl -w {setting}; reading, plans and pictures work without",
        ko: "관리자가 허용할 수 있습니다: sudo sysctl -w {setting}. 읽기, 계획, 그림은 없어도 됩니다",
    }
    help_refused() {
        en: "inside another container or a sandbox, start that one with fewer restrictions; reading, plans and pictures work without",
        ko: "다른 컨테이너나 샌드박스 안이라면 그 제한을 줄여서 시작하세요. 읽기, 계획, 그림은 없어도 됩니다",
    }
}

/// What unshare(2) answers at the limit of `user.max_user_namespaces`.
const ENOSPC: i32 = nix::libc::ENOSPC;

impl NoNamespaces {
    /// Returns the reason as a sentence for a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Limit => limit(language),
            Self::RootOnly => root_only(language),
            Self::AppArmor => app_armor(language),
            Self::Refused { errno: ENOSPC } => used_up(language),
            Self::Refused { errno } => refused(
                language,
                &nix::errno::Errno::from_raw(*errno).desc().to_lowercase(),
            ),
        }
    }

    /// Returns what to do about it.
    pub fn help(&self, language: Language) -> String {
        match self {
            Self::Limit | Self::Refused { errno: ENOSPC } => {
                help_sysctl(language, "user.max_user_namespaces=15000")
            }
            Self::RootOnly => help_sysctl(language, "kernel.unprivileged_userns_clone=1"),
            Self::AppArmor => {
                help_sysctl(language, "kernel.apparmor_restrict_unprivileged_userns=0")
            }
            Self::Refused { .. } => help_refused(language),
        }
    }
}

/// Finds out what can be had here. `STRATA_FORCE` (comma-separated: `copy`, `classic-mount`,
/// `single-id`, `no-net`, `cgroup-none`) takes things away, for tests.
pub fn probe() -> Probe {
    let mode = mode();
    Probe {
        overlay: overlay(mode != Mode::Rootful),
        cgroups: cgroups(),
        network: network(),
        kernel: kernel(),
        mode,
    }
}

/// Tells whether `STRATA_FORCE` names a word.
fn forced(word: &str) -> bool {
    let value = std::env::var("STRATA_FORCE").unwrap_or_default();
    value.split(',').any(|part| part.trim() == word)
}

/// Returns how namespaces are entered.
pub(super) fn mode() -> Mode {
    let single = forced("single-id");
    if !single && is_real_root() {
        return Mode::Rootful;
    }
    if let Some(reason) = forbidden() {
        return Mode::Nothing { reason };
    }
    match idmap::sub_ids().filter(|_| !single) {
        Some((uids, gids)) => Mode::SubIds { uids, gids },
        None => Mode::SingleId,
    }
}

/// Root of the initial user namespace, where every id is mapped to itself, with `CAP_SYS_ADMIN`.
pub fn is_real_root() -> bool {
    rustix::process::geteuid().is_root()
        && fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| is_initial(&map))
        && rustix::thread::capabilities(None).is_ok_and(|sets| {
            sets.effective
                .contains(rustix::thread::CapabilitySet::SYS_ADMIN)
        })
}

fn is_initial(uid_map: &str) -> bool {
    uid_map.split_whitespace().eq(["0", "0", "4294967295"])
}

/// The known switches that forbid user namespaces.
fn forbidden() -> Option<NoNamespaces> {
    let is = |path: &str, value: &str| {
        fs::read_to_string(path).is_ok_and(|content| content.trim() == value)
    };
    // Root is held back by the limit alone.
    let root = rustix::process::geteuid().is_root();
    if is("/proc/sys/user/max_user_namespaces", "0") {
        Some(NoNamespaces::Limit)
    } else if !root && is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        Some(NoNamespaces::RootOnly)
    } else if !root
        && is(
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
        )
    {
        Some(NoNamespaces::AppArmor)
    } else {
        None
    }
}

/// Finds a program of the host.
pub(super) fn find_in_path(tool: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    // Not every login shell has the folders of administrators' tools.
    let folders = path
        .split(':')
        .chain(["/usr/bin", "/bin", "/usr/sbin", "/sbin"]);
    folders
        .map(|folder| std::path::Path::new(folder).join(tool))
        .find(|file| file.is_file())
}

/// `lowerdir+` is there from 6.8 on, overlayfs in user namespaces from 5.11 on (kernel,
/// filesystems/overlayfs.rst).
pub(super) fn overlay(rootless: bool) -> Overlay {
    let kernel = kernel();
    if forced("copy") || (rootless && kernel < (5, 11)) {
        Overlay::None
    } else if forced("classic-mount") || kernel < (6, 8) {
        Overlay::Classic
    } else {
        Overlay::New
    }
}

pub(super) fn network() -> bool {
    !forced("no-net")
}

/// Where limits can be set. A hybrid machine has the controllers on version 1.
pub(super) fn cgroups() -> Cgroups {
    let writable = |path: &str| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    if forced("cgroup-none") {
        Cgroups::None
    } else if std::path::Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
        Cgroups::V2
    } else if writable("/sys/fs/cgroup/memory") || writable("/sys/fs/cgroup/pids") {
        Cgroups::V1
    } else {
        Cgroups::None
    }
}

fn kernel() -> (u32, u32) {
    let name = rustix::system::uname();
    parse_kernel(&name.release().to_string_lossy())
}

fn parse_kernel(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|character: char| !character.is_ascii_digit());
    let mut next = || {
        numbers
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0)
    };
    (next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_initial_namespace_maps_every_id_to_itself() {
        assert!(is_initial("         0          0 4294967295\n"));
        assert!(!is_initial("         0       1001          1\n"));
    }

    #[test]
    fn a_kernels_version_is_its_first_two_numbers() {
        assert_eq!(parse_kernel("6.18.44-generic"), (6, 18));
        assert_eq!(parse_kernel("5.4"), (5, 4));
        assert_eq!(parse_kernel("odd"), (0, 0));
    }

    #[test]
    fn only_modes_with_many_ids_say_so() {
        assert_eq!(Mode::Rootful.ids(), IdMode::Many);
        assert_eq!(Mode::SingleId.ids(), IdMode::Single);
    }

    #[test]
    fn each_switch_has_its_remedy() {
        assert!(
            NoNamespaces::AppArmor
                .help(Language::En)
                .contains("apparmor_restrict")
        );
        assert!(
            NoNamespaces::Limit
                .message(Language::Ko)
                .contains("max_user_namespaces")
        );
    }
}
