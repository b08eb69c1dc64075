//! What the options of `build` say about every RUN: network, limits, hosts, permissions.

use std::net::IpAddr;

use crate::command::RunOptions;
use crate::language::Language;
use crate::plan::mount::size_in_bytes;
use crate::plan::{Entitlement, Limit, NetworkMode, Sandbox};
use crate::runtime::is_ulimit;
use crate::session::Trouble;

/// Reads what surrounds every RUN.
pub(super) fn sandbox(options: &RunOptions, language: Language) -> Result<Sandbox, Trouble> {
    let network = options.network.as_deref().map(|name| {
        let mode = NetworkMode::from_name(name);
        mode.ok_or_else(|| wrong(bad_network(language, name), network_help(language)))
    });
    let size = options.shm_size.as_deref().map(|text| {
        let size = size_in_bytes(text).filter(|size| *size > 0);
        size.ok_or_else(|| wrong(bad_size(language, text), size_help(language)))
    });
    let hosts = options.add_host.iter().map(|text| {
        let host = host(text);
        host.ok_or_else(|| wrong(bad_host(language, text), host_help(language)))
    });
    let limits = options.ulimit.iter().map(|text| {
        let limit = limit(text);
        limit.ok_or_else(|| wrong(bad_limit(language, text), limit_help(language)))
    });
    Ok(Sandbox {
        network: network.transpose()?.unwrap_or_default(),
        insecure: false,
        hosts: hosts.collect::<Result<_, _>>()?,
        shm_size: size.transpose()?,
        limits: limits.collect::<Result<_, _>>()?,
    })
}

/// Reads what is allowed. Who gives the whole build the host's network allows it.
pub(super) fn allowed(
    options: &RunOptions,
    language: Language,
) -> Result<Vec<Entitlement>, Trouble> {
    let mut allowed = Vec::new();
    for name in &options.allow {
        let known = Entitlement::from_name(name);
        let known = known.ok_or_else(|| wrong(bad_allow(language, name), allow_help(language)));
        allowed.push(known?);
    }
    if options.network.as_deref() == Some("host") {
        allowed.push(Entitlement::HostNetwork);
    }
    Ok(allowed)
}

/// Reads `--label`: a name alone has an empty value.
pub(super) fn labels(words: &[String]) -> Vec<(String, String)> {
    let pair = |word: &String| {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        (name.to_owned(), value.to_owned())
    };
    words.iter().map(pair).collect()
}

/// Reads `NAME:ADDRESS` or `NAME=ADDRESS`; an IPv6 address may stand in brackets.
pub(super) fn host(text: &str) -> Option<(String, String)> {
    let (name, address) = text.split_once(['=', ':'])?;
    let bare = address
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(address);
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    let address: IpAddr = bare.parse().ok()?;
    is_name.then(|| (name.to_owned(), address.to_string()))
}

/// Reads `NAME=SOFT[:HARD]`; -1 is unlimited.
fn limit(text: &str) -> Option<Limit> {
    let (name, values) = text.split_once('=')?;
    let (soft, hard) = values.split_once(':').unwrap_or((values, values));
    let number = |text: &str| match text {
        "-1" => Some(u64::MAX),
        text => text.parse().ok(),
    };
    let (soft, hard) = (number(soft)?, number(hard)?);
    (is_ulimit(name) && soft <= hard).then(|| Limit {
        name: name.to_owned(),
        soft,
        hard,
    })
}

fn wrong(message: String, help: String) -> Trouble {
    Trouble::new(message).with_help(help).with_exit(125)
}

crate::messages! {
    bad_network(name: &str) {
        en: "network mode \"{name}\" is not supported",
        ko: "지원하지 않는 네트워크입니다(network mode not supported): \"{name}\"",
    }
    network_help() {
        en: "it is default, none or host",
        ko: "default, none, host 가운데 하나를 쓰세요",
    }
    bad_size(text: &str) {
        en: "invalid size: '{text}'",
        ko: "크기 '{text}' 값이 올바르지 않습니다(invalid size)",
    }
    size_help() {
        en: "a number of bytes with or without a unit: 64m, 1g",
        ko: "바이트 수를 쓰고 단위를 붙일 수 있습니다: 64m, 1g",
    }
    bad_host(text: &str) {
        en: "bad format for add-host: \"{text}\"",
        ko: "--add-host \"{text}\" 값이 올바르지 않습니다(bad format)",
    }
    pub(super) host_help() {
        en: "a name, then an IP address: `--add-host db:10.0.0.5`",
        ko: "이름 뒤에 IP 주소를 쓰세요: `--add-host db:10.0.0.5`",
    }
    bad_limit(text: &str) {
        en: "invalid ulimit argument: {text}",
        ko: "--ulimit {text} 값이 올바르지 않습니다(invalid ulimit)",
    }
    limit_help() {
        en: "a limit's name, then soft and hard value, the first not above the second: `--ulimit nofile=1024:2048`",
        ko: "제한의 이름, 소프트 값, 하드 값을 쓰세요. 소프트 값이 더 클 수 없습니다: `--ulimit nofile=1024:2048`",
    }
    bad_allow(name: &str) {
        en: "invalid entitlement: {name}",
        ko: "--allow {name} 값을 모릅니다(invalid entitlement)",
    }
    allow_help() {
        en: "it is network.host or security.insecure",
        ko: "network.host 또는 security.insecure를 쓰세요",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_and_an_address() {
        let pair = |name: &str, at: &str| Some((name.to_owned(), at.to_owned()));
        for (text, expected) in [
            ("db:10.0.0.5", pair("db", "10.0.0.5")),
            ("db=10.0.0.5", pair("db", "10.0.0.5")),
            ("six:::1", pair("six", "::1")),
            ("six=[::1]", pair("six", "::1")),
            ("db", None),
            (":1.2.3.4", None),
            ("db:host", None),
        ] {
            assert_eq!(host(text), expected, "{text}");
        }
    }

    #[test]
    fn a_limit_has_a_known_name_and_an_order() {
        let values = |text: &str| limit(text).map(|limit| (limit.soft, limit.hard));
        for (text, expected) in [
            ("nofile=5", Some((5, 5))),
            ("nofile=5:9", Some((5, 9))),
            ("core=-1", Some((u64::MAX, u64::MAX))),
            ("nofile=9:5", None),
            ("files=5", None),
            ("nofile", None),
        ] {
            assert_eq!(values(text), expected, "{text}");
        }
    }
}
