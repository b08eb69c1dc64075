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

pub use super::port_error::{PortError, Unavailable};

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

pub(super) fn socket(address: &str, port: impl fmt::Display) -> String {
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
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
