//! Why a network cannot be had, in docker's words.

use std::io;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::language::Language;

/// Why a network cannot be made, removed or joined.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{}", self.message(Language::En))]
#[serde(rename_all = "kebab-case")]
pub enum NetworkError {
    /// There is one of this name.
    Exists {
        /// The name.
        name: String,
    },
    /// There is none.
    NotFound {
        /// As it was asked for.
        name: String,
    },
    /// Several ids begin so.
    Ambiguous {
        /// The beginning.
        prefix: String,
    },
    /// A name that nothing may have.
    BadName {
        /// The name.
        name: String,
    },
    /// A name of a network that is always there.
    Predefined {
        /// The name.
        name: String,
    },
    /// A network that is always there.
    CannotRemove {
        /// The name.
        name: String,
    },
    /// Containers are connected to it.
    InUse {
        /// The network.
        name: String,
        /// Its id.
        id: String,
        /// One of them.
        container: String,
    },
    /// Its addresses are another network's.
    Overlap,
    /// Every range that is tried by itself is in use.
    NoAddressesLeft,
    /// Every address of the network is somebody's.
    Full {
        /// The network.
        name: String,
    },
    /// Another has the address.
    AddressTaken {
        /// The address.
        address: Ipv4Addr,
    },
    /// The address is none of the network's.
    AddressElsewhere {
        /// The address.
        address: Ipv4Addr,
    },
    /// An address was asked for in a network whose addresses nobody chose.
    AddressUnchosen,
    /// The container is in it already.
    Connected {
        /// The container.
        container: String,
        /// The network.
        name: String,
    },
    /// The container is not in it.
    NotConnected {
        /// The container.
        container: String,
        /// The network.
        name: String,
    },
    /// The container's network is not its own.
    NotItsOwn,
    /// The container has asked for no network.
    Private,
    /// Without root only a container that is started in it gets into a network.
    NotWhileRunning,
    /// The networks of this user are elsewhere since: to be tried again.
    Elsewhere,
    /// The system refused.
    Io {
        /// What was being done: a verb and its object.
        what: String,
        /// Its answer.
        error: String,
    },
}

impl NetworkError {
    /// Makes a mapper for errors of the system.
    pub(super) fn io(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::Io {
            what: what.to_owned(),
            error: error.to_string(),
        }
    }

    /// Returns the error as one sentence for a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Exists { name } => exists(language, name),
            Self::NotFound { name } => not_found(language, name),
            Self::Ambiguous { prefix } => ambiguous(language, prefix),
            Self::BadName { name } => bad_name(language, name),
            Self::Predefined { name } => predefined(language, name),
            Self::CannotRemove { name } => cannot_remove(language, name),
            Self::InUse { name, id, .. } => in_use(language, name, id),
            Self::Overlap => overlap(language),
            Self::NoAddressesLeft => no_addresses_left(language),
            Self::Full { name } => full(language, name),
            Self::AddressTaken { address } => address_taken(language, *address),
            Self::AddressElsewhere { address } => address_elsewhere(language, *address),
            Self::AddressUnchosen => address_unchosen(language),
            Self::Connected { container, name } => connected(language, container, name),
            Self::NotConnected { container, name } => not_connected(language, container, name),
            Self::NotItsOwn => not_its_own(language),
            Self::Private => private(language),
            Self::NotWhileRunning => not_while_running(language),
            Self::Elsewhere => elsewhere(language),
            Self::Io { what, error } => failed(language, what, error),
        }
    }

    /// Returns what to do about it, where that is known.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::NotFound { name } => Some(not_found_help(language, name)),
            Self::Ambiguous { .. } => Some(ambiguous_help(language)),
            Self::BadName { .. } => Some(bad_name_help(language)),
            Self::Predefined { .. } | Self::Exists { .. } => Some(exists_help(language)),
            Self::InUse {
                name, container, ..
            } if !container.is_empty() => Some(in_use_help(language, name, container)),
            Self::Overlap => Some(overlap_help(language)),
            Self::NoAddressesLeft => Some(no_addresses_help(language)),
            Self::AddressUnchosen => Some(address_unchosen_help(language)),
            Self::AddressTaken { .. } => Some(address_taken_help(language)),
            Self::NotWhileRunning => Some(not_while_running_help(language)),
            _ => None,
        }
    }
}

crate::messages! {
    exists(name: &str) {
        en: "network with name {name} already exists",
        ko: "이미 있는 네트워크 이름입니다(network already exists): {name}",
    }
    exists_help() {
        en: "`network ls` lists the names that are taken",
        ko: "이미 쓰고 있는 이름은 `network ls`로 볼 수 있습니다",
    }
    not_found(name: &str) {
        en: "network {name} not found",
        ko: "네트워크를 찾을 수 없습니다(not found): {name}",
    }
    not_found_help(name: &str) {
        en: "`network ls` lists what there is, `network create {name}` makes it; beside them none, host, bridge and container:NAME",
        ko: "`network ls` 명령으로 목록을 보고 `network create {name}` 명령으로 만들 수 있습니다. 그 밖에 none, host, bridge, container:NAME을 쓸 수 있습니다",
    }
    ambiguous(prefix: &str) {
        en: "network {prefix} is ambiguous: several ids begin so",
        ko: "이렇게 시작하는 네트워크 ID가 여럿입니다(ambiguous): {prefix}",
    }
    ambiguous_help() {
        en: "write more digits, or the name",
        ko: "더 길게 쓰거나 이름을 쓰세요",
    }
    bad_name(name: &str) {
        en: "invalid network name: \"{name}\"",
        ko: "네트워크 이름이 올바르지 않습니다(invalid network name): \"{name}\"",
    }
    bad_name_help() {
        en: "a letter or a digit, then letters, digits, `_`, `.` and `-`, 128 at most",
        ko: "영문자나 숫자로 시작하고 영문자, 숫자, `_`, `.`, `-`로 128자까지 쓸 수 있습니다",
    }
    predefined(name: &str) {
        en: "operation is not permitted on predefined {name} network",
        ko: "처음부터 있는 네트워크라 만들 수 없습니다(predefined): {name}",
    }
    cannot_remove(name: &str) {
        en: "{name} is a pre-defined network and cannot be removed",
        ko: "처음부터 있는 네트워크라 지울 수 없습니다(pre-defined): {name}",
    }
    in_use(name: &str, id: &str) {
        en: "error while removing network: network {name} id {id} has active endpoints",
        ko: "컨테이너가 연결되어 있어 네트워크를 지울 수 없습니다(has active endpoints): {name} ({id})",
    }
    in_use_help(name: &str, container: &str) {
        en: "`stop {container}`, or `network disconnect {name} {container}`",
        ko: "`stop {container}` 명령으로 멈추거나 `network disconnect {name} {container}` 명령으로 떼어 내세요",
    }
    overlap() {
        en: "Pool overlaps with other one on this address space",
        ko: "다른 네트워크가 쓰는 주소와 겹칩니다(Pool overlaps with other one)",
    }
    overlap_help() {
        en: "`network inspect` and this machine's routes show what is in use",
        ko: "쓰고 있는 주소는 `network inspect`와 이 컴퓨터의 라우팅 테이블에서 볼 수 있습니다",
    }
    no_addresses_left() {
        en: "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
        ko: "기본 주소 범위를 모두 쓰고 있어 네트워크에 줄 주소가 없습니다",
    }
    no_addresses_help() {
        en: "`network prune` gives back what nobody uses, `--subnet 10.1.0.0/24` names one",
        ko: "`network prune`으로 쓰지 않는 것을 지우거나 `--subnet 10.1.0.0/24`로 정하세요",
    }
    full(name: &str) {
        en: "no available IPv4 addresses on this network's address pools: {name}",
        ko: "네트워크에 남은 주소가 없습니다(no available IPv4 addresses): {name}",
    }
    address_taken(address: Ipv4Addr) {
        en: "Address already in use: {address}",
        ko: "이미 쓰고 있는 주소입니다(Address already in use): {address}",
    }
    address_taken_help() {
        en: "`network inspect` shows who has it",
        ko: "누가 쓰는지는 `network inspect`로 볼 수 있습니다",
    }
    address_elsewhere(address: Ipv4Addr) {
        en: "no configured subnet contains IP address {address}",
        ko: "네트워크의 범위에 없는 주소입니다(no configured subnet contains IP address): {address}",
    }
    address_unchosen() {
        en: "user specified IP address is supported only when connecting to networks with user configured subnets",
        ko: "주소는 --subnet으로 만든 네트워크에서만 고를 수 있습니다(user configured subnets)",
    }
    address_unchosen_help() {
        en: "make the network with `network create --subnet 10.1.0.0/24 NAME`",
        ko: "`network create --subnet 10.1.0.0/24 NAME`으로 네트워크를 만드세요",
    }
    connected(container: &str, name: &str) {
        en: "endpoint with name {container} already exists in network {name}",
        ko: "이미 네트워크에 연결된 컨테이너입니다(already exists in network {name}): {container}",
    }
    not_connected(container: &str, name: &str) {
        en: "container {container} is not connected to network {name}",
        ko: "네트워크에 연결되지 않은 컨테이너입니다(not connected to network {name}): {container}",
    }
    not_its_own() {
        en: "container sharing network namespace with another container or host cannot be connected to any other network",
        ko: "호스트나 다른 컨테이너의 네트워크를 쓰는 컨테이너는 다른 네트워크에 연결할 수 없습니다(sharing network namespace)",
    }
    private() {
        en: "container cannot be connected to multiple networks with one of the networks in private (none) mode",
        ko: "--network none으로 만든 컨테이너는 네트워크에 연결할 수 없습니다(private (none) mode)",
    }
    not_while_running() {
        en: "without root a running container gets into a network only if it was started in one",
        ko: "root가 아니면 네트워크에서 시작한 컨테이너만 실행 중에 다른 네트워크에 연결할 수 있습니다",
    }
    not_while_running_help() {
        en: "stop it first: it will be in the network from its next start",
        ko: "먼저 멈추고 연결하세요. 다음에 시작할 때부터 네트워크에 있습니다",
    }
    elsewhere() {
        en: "the networks of this store moved while the container was started",
        ko: "컨테이너를 시작하는 동안 이 저장소의 네트워크가 옮겨졌습니다",
    }
    failed(what: &str, error: &str) {
        en: "could not {what}: {error}",
        ko: "실패했습니다 ({what}): {error}",
    }
}
