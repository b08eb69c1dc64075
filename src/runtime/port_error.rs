//! What cannot be read as ports, and ports that cannot be had, in docker's words.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::ports::{Port, socket};
use crate::language::Language;

/// What cannot be read as ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortError {
    /// The container's side.
    Container(String),
    /// The host's side.
    Host(String),
    /// The host's address.
    Address(String),
    /// Neither tcp nor udp.
    Protocol(String),
    /// Nothing behind the last colon.
    Nothing(String),
    /// Ranges of different lengths: the container's, the host's.
    Ranges(String, String),
}

/// A port of the host that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unavailable {
    /// The host's address.
    pub address: IpAddr,
    /// The ports that were tried, first and last.
    pub host: (u16, u16),
    /// What was to be published.
    pub port: Port,
    /// The kernel's answer.
    pub errno: i32,
}

impl Unavailable {
    /// Whether someone else has it.
    pub fn is_taken(&self) -> bool {
        self.errno == nix::libc::EADDRINUSE
    }

    /// Returns one sentence for a person, with docker's key words.
    pub fn message(&self, language: Language) -> String {
        let numbers = if self.host.0 == self.host.1 {
            self.host.0.to_string()
        } else {
            format!("{}-{}", self.host.0, self.host.1)
        };
        let place = socket(&self.address.to_string(), numbers);
        match self.errno {
            nix::libc::EADDRINUSE if self.host.0 == self.host.1 => taken(language, &place),
            nix::libc::EADDRINUSE => all_taken(language, &place),
            nix::libc::EACCES => not_allowed(language, &place),
            nix::libc::EADDRNOTAVAIL => no_such_address(language, &place),
            errno => {
                let reason = std::io::Error::from_raw_os_error(errno);
                failed(language, &place, &reason.to_string())
            }
        }
    }

    /// Returns what to do about it, where that is known.
    pub fn help(&self, language: Language) -> Option<String> {
        let inside = self.port.number;
        match self.errno {
            nix::libc::EADDRINUSE => Some(help_taken(language, inside)),
            nix::libc::EACCES => Some(help_not_allowed(
                language,
                self.host.0.saturating_add(8000),
                inside,
            )),
            nix::libc::EADDRNOTAVAIL => Some(help_address(language)),
            _ => None,
        }
    }
}

impl PortError {
    /// Returns one sentence for a person, with docker's key words.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Container(text) => bad_container(language, text),
            Self::Host(text) => bad_host(language, text),
            Self::Address(text) => bad_address(language, text),
            Self::Protocol(text) => bad_protocol(language, text),
            Self::Nothing(text) => no_port(language, text),
            Self::Ranges(inside, outside) => bad_ranges(language, inside, outside),
        }
    }

    /// Returns what to type instead.
    pub fn help(&self, language: Language) -> String {
        match self {
            Self::Container(_) | Self::Host(_) => help_number(language),
            Self::Address(_) => help_form_address(language),
            Self::Protocol(_) => help_protocol(language),
            Self::Nothing(_) => help_form(language),
            Self::Ranges(..) => help_ranges(language),
        }
    }
}

crate::messages! {
    taken(place: &str) {
        en: "Bind for {place} failed: port is already allocated",
        ko: "Bind for {place} failed: 이미 쓰고 있는 포트입니다(port is already allocated)",
    }
    all_taken(place: &str) {
        en: "Bind for {place} failed: all ports are allocated",
        ko: "Bind for {place} failed: 이 범위의 포트를 모두 쓰고 있습니다(all ports are allocated)",
    }
    not_allowed(place: &str) {
        en: "Bind for {place} failed: permission denied",
        ko: "Bind for {place} failed: 권한이 없습니다(permission denied)",
    }
    no_such_address(place: &str) {
        en: "Bind for {place} failed: this machine has no such address",
        ko: "Bind for {place} failed: 이 컴퓨터에 없는 주소입니다",
    }
    failed(place: &str, reason: &str) {
        en: "Bind for {place} failed: {reason}",
        ko: "Bind for {place} failed: {reason}",
    }
    help_taken(inside: u16) {
        en: "a program of this machine listens there: choose another port, or `-p {inside}` for any free one",
        ko: "이 컴퓨터의 다른 프로그램이 쓰고 있습니다. 다른 포트를 고르거나, 빈 포트 아무거나 쓰려면 `-p {inside}`로 하세요",
    }
    help_not_allowed(outside: u16, inside: u16) {
        en: "ports below 1024 are root's: `-p {outside}:{inside}`, or let everybody have them: `sysctl net.ipv4.ip_unprivileged_port_start=0`",
        ko: "1024 아래의 포트는 root만 쓸 수 있습니다. `-p {outside}:{inside}`로 하거나, 모두에게 허락하세요: `sysctl net.ipv4.ip_unprivileged_port_start=0`",
    }
    help_address() {
        en: "`-p HOST:CONTAINER` listens on every address of this machine, 127.0.0.1 is the machine itself",
        ko: "`-p HOST:CONTAINER`는 이 컴퓨터의 모든 주소에서 받습니다. 127.0.0.1은 이 컴퓨터 자신입니다",
    }
    bad_container(text: &str) {
        en: "Invalid containerPort: {text}",
        ko: "컨테이너의 포트가 올바르지 않습니다(Invalid containerPort): {text}",
    }
    bad_host(text: &str) {
        en: "Invalid hostPort: {text}",
        ko: "호스트의 포트가 올바르지 않습니다(Invalid hostPort): {text}",
    }
    bad_address(text: &str) {
        en: "Invalid ip address: {text}",
        ko: "IP 주소가 올바르지 않습니다(Invalid ip address): {text}",
    }
    bad_protocol(text: &str) {
        en: "Invalid proto: {text}",
        ko: "프로토콜이 올바르지 않습니다(Invalid proto): {text}",
    }
    no_port(text: &str) {
        en: "No port specified: {text}<empty>",
        ko: "포트가 없습니다(No port specified): {text}<empty>",
    }
    bad_ranges(inside: &str, outside: &str) {
        en: "Invalid ranges specified for container and host Ports: {inside} and {outside}",
        ko: "두 포트 범위의 길이가 다릅니다(Invalid ranges specified for container and host Ports): {inside} and {outside}",
    }
    help_number() {
        en: "a port is a number from 1 to 65535, a range two of them: `-p 8080:80`, `-p 8000-8002:80-82`",
        ko: "포트는 1부터 65535까지의 숫자이고, 범위는 두 숫자입니다: `-p 8080:80`, `-p 8000-8002:80-82`",
    }
    help_form_address() {
        en: "the form is ADDRESS:HOST:CONTAINER: `-p 127.0.0.1:8080:80`, `-p [::1]:8080:80`",
        ko: "주소:호스트 포트:컨테이너 포트 순서로 쓰세요: `-p 127.0.0.1:8080:80`, `-p [::1]:8080:80`",
    }
    help_protocol() {
        en: "it is tcp or udp: `-p 5353:53/udp`",
        ko: "tcp 또는 udp입니다: `-p 5353:53/udp`",
    }
    help_form() {
        en: "the form is HOST:CONTAINER: `-p 8080:80`",
        ko: "호스트 포트:컨테이너 포트 순서로 쓰세요: `-p 8080:80`",
    }
    help_ranges() {
        en: "as many ports on both sides, or one port of the container and a range to choose from",
        ko: "양쪽의 포트 수가 같아야 합니다. 컨테이너 포트가 하나면 호스트 쪽은 고를 범위여도 됩니다",
    }
}
