//! Values that have rules of their own: ports and signals.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use super::error::{PlanError, PlanErrorKind};
use super::scope::Scope;
use crate::parser::instruction::Word;
use crate::source::Span;

/// The ports of an EXPOSE: a range of all of them is one word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ports(Vec<PortRange>);

/// Ports of one protocol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct PortRange {
    protocol: String,
    first: u16,
    last: u16,
}

impl Ports {
    /// Joins ranges that touch.
    fn new(mut ranges: Vec<PortRange>) -> Self {
        ranges.sort_unstable();
        let mut joined: Vec<PortRange> = Vec::new();
        for range in ranges {
            match joined.last_mut() {
                Some(before)
                    if before.protocol == range.protocol
                        && range.first <= before.last.saturating_add(1) =>
                {
                    before.last = before.last.max(range.last);
                }
                _ => joined.push(range),
            }
        }
        Self(joined)
    }

    /// Returns each port, such as `80/tcp`, sorted as docker sorts them.
    pub fn unrolled(&self) -> impl Iterator<Item = String> + use<> {
        let ports = |range: &PortRange| {
            let protocol = range.protocol.clone();
            (range.first..=range.last).map(move |port| (port, protocol.clone()))
        };
        let mut ports: Vec<_> = self.0.iter().flat_map(ports).collect();
        ports.sort_unstable();
        ports
            .into_iter()
            .map(|(port, protocol)| format!("{port}/{protocol}"))
    }
}

/// Reads the ports of EXPOSE: words split after expansion, the protocol in lower case.
pub(super) fn ports(words: &[Word], scope: &Scope) -> Result<Ports, PlanError> {
    let mut ports = Vec::new();
    for word in words {
        let expanded = scope.expand(&word.text);
        let expanded = expanded.map_err(|e| PlanError::new(PlanErrorKind::Word(e), word.span))?;
        for text in expanded.words {
            ports.push(port_range(&text, word.span)?);
        }
    }
    Ok(Ports::new(ports))
}

/// A word of EXPOSE, in its parts: `[address:][host port:]port[/protocol]`.
pub struct PortParts<'a> {
    /// The host's address; empty for none.
    pub address: &'a str,
    /// The host's port or ports; empty for none.
    pub host: &'a str,
    /// The container's port or ports.
    pub container: &'a str,
    /// The protocol as written; `tcp` where none is.
    pub protocol: &'a str,
}

/// Cuts a word of EXPOSE, without judging its parts.
pub fn port_parts(text: &str) -> PortParts<'_> {
    let (outside, inside) = text.rsplit_once(':').unwrap_or(("", text));
    let (address, host) = outside.rsplit_once(':').unwrap_or(("", outside));
    let (container, protocol) = inside.split_once('/').unwrap_or((inside, "tcp"));
    PortParts {
        address,
        host,
        container,
        protocol,
    }
}

/// Reads the ports of one word. An address or a port of the host has no effect in EXPOSE, but has
/// to be one.
fn port_range(text: &str, span: Span) -> Result<PortRange, PlanError> {
    let error = |kind| PlanError::new(kind, span);
    let parts = port_parts(text);
    let protocol = parts.protocol.to_ascii_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(error(PlanErrorKind::BadProtocol { protocol }));
    }
    let address = parts.address.trim_matches(['[', ']']);
    if !address.is_empty() && address.parse::<IpAddr>().is_err() {
        let address = address.to_owned();
        return Err(error(PlanErrorKind::BadAddress { address }));
    }
    let Some(ports) = numbers(parts.container) else {
        let port = parts.container.to_owned();
        return Err(error(PlanErrorKind::BadPort { port }));
    };
    if !parts.host.is_empty() && numbers(parts.host).is_none() {
        let port = parts.host.to_owned();
        return Err(error(PlanErrorKind::BadHostPort { port }));
    }
    Ok(PortRange {
        protocol,
        first: *ports.start(),
        last: *ports.end(),
    })
}

/// Reads `80` or `80-90`.
fn numbers(text: &str) -> Option<RangeInclusive<u16>> {
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = port(first)?..=port(last)?;
    (!range.is_empty()).then_some(range)
}

/// The names of signals 1 to 31 on Linux (signal(7)), in order.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// Checks a signal: a name with or without `SIG`, `RTMIN+n`, `RTMAX-n`, or a number to 64.
pub(super) fn signal(text: &str, span: Span) -> Result<String, PlanError> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let real_time = name
        .strip_prefix("RTMIN")
        .or_else(|| name.strip_prefix("RTMAX"));
    let number = text
        .parse::<u8>()
        .is_ok_and(|number| (1..=64).contains(&number));
    if number || SIGNALS.contains(&name) || real_time.is_some_and(is_offset) {
        Ok(text.to_owned())
    } else {
        Err(PlanError::new(
            PlanErrorKind::BadSignal {
                signal: text.to_owned(),
            },
            span,
        ))
    }
}

fn is_offset(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or("none");
    text.is_empty() || digits.parse::<u8>().is_ok_and(|offset| offset <= 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unrolled(text: &str) -> Vec<String> {
        let word = Word {
            text: text.to_owned(),
            span: Span::default(),
        };
        let scope = Scope::default();
        ports(&[word], &scope).unwrap().unrolled().collect()
    }

    #[test]
    fn ranges_are_joined_and_sorted_as_docker_sorts_them() {
        let sorted = ["80/sctp", "80/tcp", "80/udp", "81/tcp", "82/tcp"];
        assert_eq!(unrolled("80/udp 81-82 80-81 80/SCTP 82 82"), sorted);
        let all = unrolled("1-65535 2-9 65535 60000-65535");
        assert_eq!((all.len(), all[65_534].as_str()), (65_535, "65535/tcp"));
    }

    #[test]
    fn ranges_are_unrolled_and_protocols_lowered() {
        assert_eq!(
            unrolled("8000-8002/UDP"),
            ["8000/udp", "8001/udp", "8002/udp"]
        );
        for wrong in [
            "99999",
            "0",
            "80-70",
            "x",
            "80/http",
            "",
            "a:80",
            "localhost:80:80",
        ] {
            assert!(port_range(wrong, Span::default()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_and_a_port_of_the_host_are_left_out() {
        for text in [
            "8080:80",
            "127.0.0.1:8080:80/tcp",
            "[::1]:8080:80",
            "127.0.0.1::80",
        ] {
            assert_eq!(unrolled(text), ["80/tcp"], "{text}");
        }
    }

    #[test]
    fn signals_have_names_and_numbers() {
        for right in ["SIGTERM", "term", "9", "SIGRTMIN+3"] {
            assert!(signal(right, Span::default()).is_ok(), "{right}");
        }
        for wrong in ["FOO", "0", "65", "RTMIN+99", ""] {
            assert!(signal(wrong, Span::default()).is_err(), "{wrong}");
        }
    }
}
