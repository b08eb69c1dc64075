//! Published ports as data: what `-p` asks for, what came of it, and what cannot be.
//!
//! ```text
//! -p 8080:80              every address of the host, IPv4 and IPv6
//! -p 127.0.0.1:8080:80    one address;  [::1]:8080:80 for IPv6
//! -p 80                   a free port of the host;  127.0.0.1::80 likewise
//! -p 8000-8009:80         the first free port of a range
//! -p 8000-8002:80-82/udp  three ports
//! ```

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::language::Language;

/// What runs over a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Streams.
    Tcp,
    /// Datagrams.
    Udp,
}

impl Protocol {
    /// Returns docker's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "" | "tcp" => Some(Self::Tcp),
            "udp" => Some(Self::Udp),
            _ => None,
        }
    }
}

/// A port of a container, written `80/tcp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// Its number, never 0.
    pub number: u16,
    /// What runs over it.
    pub protocol: Protocol,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.protocol.word())
    }
}

impl FromStr for Port {
    type Err = PortError;

    /// Reads `80`, `80/tcp` or `53/udp`.
    fn from_str(text: &str) -> Result<Self, PortError> {
        match ports(text)?[..] {
            [port] => Ok(port),
            _ => Err(PortError::Container(text.to_owned())),
        }
    }
}

impl Serialize for Port {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse()
            .map_err(|error: PortError| serde::de::Error::custom(error.message(Language::En)))
    }
}

/// A port that is to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publish {
    /// The host's address; every address if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The host's ports to choose from, first and last; (0, 0) for any that is free.
    pub host: (u16, u16),
    /// The container's port.
    pub port: Port,
}

impl Publish {
    /// Describes a port that gets any free one of the host's.
    pub fn anywhere(port: Port) -> Self {
        Self {
            address: None,
            host: (0, 0),
            port,
        }
    }
}

/// A port of a running container and where the host answers for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The container's.
    pub port: Port,
    /// The host's.
    pub host: SocketAddr,
}

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

/// Reads what `-p` is given: docker's short form, or `published=8080,target=80,protocol=tcp`.
pub fn publish(text: &str) -> Result<Vec<Publish>, PortError> {
    if text.contains('=') {
        return publish(&short_form(text)?);
    }
    let (front, container) = text.rsplit_once(':').unwrap_or(("", text));
    let (address, host) = match front.rsplit_once(':') {
        Some((address, host)) => (address, host),
        None => ("", front),
    };
    let address = address_of(address)?;
    if container.is_empty() || container.starts_with('/') {
        return Err(PortError::Nothing(text.to_owned()));
    }
    let inside = ports(container)?;
    let ((first, last), count) = (host_range(host)?, inside.len());
    let choose_from_range = count == 1 || host.is_empty();
    if !choose_from_range && usize::from(last - first) + 1 != count {
        return Err(PortError::Ranges(container.to_owned(), host.to_owned()));
    }
    let published = inside.into_iter().zip(0..).map(|(port, offset)| Publish {
        address,
        host: if choose_from_range {
            (first, last)
        } else {
            (first + offset, first + offset)
        },
        port,
    });
    Ok(published.collect())
}

/// Reads `80`, `80/udp` or `8000-8010/tcp`: what `--expose` is given.
pub fn ports(text: &str) -> Result<Vec<Port>, PortError> {
    let (numbers, protocol) = text.split_once('/').unwrap_or((text, ""));
    let protocol =
        Protocol::parse(protocol).ok_or_else(|| PortError::Protocol(protocol.to_owned()))?;
    let (first, last) = range(numbers)
        .filter(|(first, _)| *first > 0)
        .ok_or_else(|| PortError::Container(numbers.to_owned()))?;
    Ok((first..=last)
        .map(|number| Port { number, protocol })
        .collect())
}

fn short_form(text: &str) -> Result<String, PortError> {
    let (mut target, mut published, mut protocol) = ("", "", "tcp");
    for field in text.split(',') {
        match field.split_once('=') {
            Some(("target", value)) => target = value,
            Some(("published", value)) => published = value,
            Some(("protocol", value)) => protocol = value,
            _ => return Err(PortError::Container(text.to_owned())),
        }
    }
    if target.is_empty() {
        return Err(PortError::Nothing(text.to_owned()));
    }
    Ok(format!("{published}:{target}/{protocol}"))
}

fn address_of(text: &str) -> Result<Option<IpAddr>, PortError> {
    if text.is_empty() {
        return Ok(None);
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse()
        .map_err(|_| PortError::Address(text.to_owned()))?;
    Ok(Some(address))
}

fn host_range(text: &str) -> Result<(u16, u16), PortError> {
    if text.is_empty() {
        return Ok((0, 0));
    }
    range(text).ok_or_else(|| PortError::Host(text.to_owned()))
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    // `parse` alone would take `+80`.
    let number = |digits: &str| {
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u16>().ok().filter(|_| plain)
    };
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

/// Returns the PORTS column of `ps`: what is published, and what is only exposed. Neighbours with
/// the same number on both sides are drawn together, as docker does.
pub fn column(published: &[Published], exposed: &[Port]) -> String {
    let mut rows: Vec<(u16, String, u16, Protocol)> = published
        .iter()
        .map(|it| {
            let (number, protocol) = (it.port.number, it.port.protocol);
            (number, it.host.ip().to_string(), it.host.port(), protocol)
        })
        .collect();
    let bare = exposed
        .iter()
        .filter(|port| !published.iter().any(|it| it.port == **port))
        .map(|port| (port.number, String::new(), 0, port.protocol));
    rows.extend(bare);
    rows.sort();
    let mut groups: Vec<Group> = Vec::new();
    let mut mappings = Vec::new();
    for (number, address, host, protocol) in rows {
        if !address.is_empty() && host != number {
            let host = socket(&address, host);
            mappings.push(format!("{host}->{number}/{}", protocol.word()));
            continue;
        }
        let continued = groups.iter_mut().find(|group| {
            group.address == address
                && group.protocol == protocol
                && group.last.checked_add(1) == Some(number)
        });
        match continued {
            Some(group) => group.last = number,
            None => groups.push(Group {
                address,
                protocol,
                first: number,
                last: number,
            }),
        }
    }
    let groups = groups.iter().map(ToString::to_string);
    groups.chain(mappings).collect::<Vec<_>>().join(", ")
}

/// Ports side by side that have the same number on both sides, or are only exposed.
struct Group {
    address: String,
    protocol: Protocol,
    first: u16,
    last: u16,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = if self.first == self.last {
            self.first.to_string()
        } else {
            format!("{}-{}", self.first, self.last)
        };
        if !self.address.is_empty() {
            write!(f, "{}->", socket(&self.address, &numbers))?;
        }
        write!(f, "{numbers}/{}", self.protocol.word())
    }
}

fn socket(address: &str, port: impl fmt::Display) -> String {
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(number: u16) -> Port {
        Port {
            number,
            protocol: Protocol::Tcp,
        }
    }

    fn asked(address: Option<&str>, host: (u16, u16), port: Port) -> Publish {
        Publish {
            address: address.map(|text| text.parse().unwrap()),
            host,
            port,
        }
    }

    #[test]
    fn every_form_of_p_is_read() {
        let dns = Port {
            number: 53,
            protocol: Protocol::Udp,
        };
        let cases = [
            ("80", vec![asked(None, (0, 0), tcp(80))]),
            ("8080:80", vec![asked(None, (8080, 8080), tcp(80))]),
            ("8080:80/TCP", vec![asked(None, (8080, 8080), tcp(80))]),
            (
                "127.0.0.1:8080:80",
                vec![asked(Some("127.0.0.1"), (8080, 8080), tcp(80))],
            ),
            (
                "127.0.0.1::80",
                vec![asked(Some("127.0.0.1"), (0, 0), tcp(80))],
            ),
            (
                "[::1]:5353:53/udp",
                vec![asked(Some("::1"), (5353, 5353), dns)],
            ),
            ("8000-8009:80", vec![asked(None, (8000, 8009), tcp(80))]),
            (
                "8000-8001:80-81",
                vec![
                    asked(None, (8000, 8000), tcp(80)),
                    asked(None, (8001, 8001), tcp(81)),
                ],
            ),
            (
                "80-81",
                vec![asked(None, (0, 0), tcp(80)), asked(None, (0, 0), tcp(81))],
            ),
            (
                "published=8080,target=80",
                vec![asked(None, (8080, 8080), tcp(80))],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(publish(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_port_is_refused_in_dockers_words() {
        let cases = [
            ("99999:80", "Invalid hostPort: 99999"),
            ("x:80", "Invalid hostPort: x"),
            ("+1:80", "Invalid hostPort: +1"),
            ("8080:x", "Invalid containerPort: x"),
            ("8080:0", "Invalid containerPort: 0"),
            ("8080:", "No port specified: 8080:<empty>"),
            ("1.2.3:8080:80", "Invalid ip address: 1.2.3"),
            ("8080:80/sctp", "Invalid proto: sctp"),
            (
                "8000-8005:80-81",
                "Invalid ranges specified for container and host Ports: 80-81 and 8000-8005",
            ),
            ("90-80:1", "Invalid hostPort: 90-80"),
        ];
        for (text, message) in cases {
            assert_eq!(publish(text).unwrap_err().message(Language::En), message);
        }
    }

    fn published(host: &str, port: Port) -> Published {
        Published {
            port,
            host: host.parse().unwrap(),
        }
    }

    #[test]
    fn the_column_of_ps_reads_as_dockers() {
        let both = [
            published("0.0.0.0:8080", tcp(80)),
            published("[::]:8080", tcp(80)),
        ];
        assert_eq!(
            column(&both, &[tcp(80), tcp(443)]),
            "443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"
        );
        assert_eq!(
            column(&[published("127.0.0.1:8101", tcp(80))], &[]),
            "127.0.0.1:8101->80/tcp"
        );
        let same = [7000, 7001, 7003].map(|n| published(&format!("127.0.0.1:{n}"), tcp(n)));
        assert_eq!(
            column(&same, &[]),
            "127.0.0.1:7000-7001->7000-7001/tcp, 127.0.0.1:7003->7003/tcp"
        );
        assert_eq!(column(&[], &[tcp(80), tcp(81)]), "80-81/tcp");
        assert_eq!(column(&[], &[]), "");
    }

    #[test]
    fn a_port_that_cannot_be_had_is_named() {
        let error = Unavailable {
            address: "127.0.0.1".parse().unwrap(),
            host: (80, 80),
            port: tcp(80),
            errno: nix::libc::EACCES,
        };
        for language in Language::ALL {
            let message = error.message(language);
            assert!(
                message.contains("Bind for 127.0.0.1:80 failed"),
                "{message}"
            );
            assert!(error.help(language).unwrap().contains("-p 8080:80"));
        }
    }
}
