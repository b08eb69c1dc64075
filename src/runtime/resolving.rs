//! What a container's `/etc/resolv.conf` says: the host's lines, or what was asked for.

use std::fs::File;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsRawFd;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use super::resolver;
use super::spec::Dns;

/// Returns its text. Each of the three kinds of lines is the host's unless it was asked for. With an
/// address of its own a container does not reach a name server on the host's loopback, which is
/// left out.
pub(super) fn resolv_conf(host: &str, asked: &Dns, own_address: Option<Ipv4Addr>) -> String {
    if *asked == Dns::default() && own_address.is_none() {
        return host.to_owned();
    }
    let mut text = String::new();
    for server in &asked.servers {
        text.extend(["nameserver ", server, "\n"]);
    }
    for (keyword, words) in [("search", &asked.search), ("options", &asked.options)] {
        // docker: a lone dot means no domain at all.
        if !words.is_empty() && words != &["."] {
            text.extend([keyword, " ", &words.join(" "), "\n"]);
        }
    }
    let keeps = |line: &&str| match line.split_whitespace().next() {
        Some("nameserver") => {
            asked.servers.is_empty() && !(own_address.is_some() && is_loopback(line))
        }
        Some("search" | "domain") => asked.search.is_empty(),
        Some("options") => asked.options.is_empty(),
        _ => false,
    };
    for line in host.lines().filter(keeps) {
        text.extend([line, "\n"]);
    }
    text
}

/// Returns what a container says that has a name server of its own: that one, which asks those that
/// were asked for, and docker's `ndots:0`, by which a name without a dot is looked up as it is.
pub(super) fn with_own_server(host: &str, asked: &Dns) -> Dns {
    let mut options = asked.options.clone();
    if options.is_empty() {
        let line = |line: &str| line.strip_prefix("options").map(str::to_owned);
        let words = host.lines().filter_map(line);
        options.extend(words.flat_map(|it| {
            let words = it.split_whitespace().map(str::to_owned);
            words.collect::<Vec<_>>()
        }));
    }
    if !options.iter().any(|it| it.starts_with("ndots:")) {
        options.push("ndots:0".to_owned());
    }
    Dns {
        servers: vec![resolver::ADDRESS.to_string()],
        search: asked.search.clone(),
        options,
    }
}

/// Returns the name servers of a `resolv.conf`.
pub(super) fn name_servers(text: &str) -> Vec<IpAddr> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        words.next().filter(|it| *it == "nameserver")?;
        words.next()?.parse().ok()
    };
    text.lines().filter_map(line).collect()
}

/// Replaces what `/etc/resolv.conf` of a running container says. Whatever the container made of its
/// folders, nothing outside of it is written to.
pub(super) fn rewrite(init: u32, text: &str) -> io::Result<()> {
    let root = File::open(format!("/proc/{init}/root"))?;
    // Not to be stopped by what is no file: only then it is opened for writing.
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let path = "etc/resolv.conf";
    let found = openat2(&root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)?;
    if !File::from(found.try_clone()?).metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut file = File::options()
        .write(true)
        .truncate(true)
        .open(format!("/proc/self/fd/{}", found.as_raw_fd()))?;
    file.write_all(text.as_bytes())
}

fn is_loopback(line: &str) -> bool {
    let address = line.split_whitespace().nth(1);
    let address = address.and_then(|it| it.parse::<IpAddr>().ok());
    address.is_some_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "# made by hand\nnameserver 192.0.2.53\nsearch example\noptions ndots:2\n";

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn without_a_wish_it_is_the_hosts() {
        assert_eq!(resolv_conf(HOST, &Dns::default(), None), HOST);
    }

    #[test]
    fn each_kind_of_line_is_replaced_by_itself() {
        let asked = Dns {
            servers: words(&["192.0.2.1", "::1"]),
            ..Dns::default()
        };
        assert_eq!(
            resolv_conf(HOST, &asked, None),
            "nameserver 192.0.2.1\nnameserver ::1\nsearch example\noptions ndots:2\n"
        );
        let asked = Dns {
            search: words(&["a", "b"]),
            options: words(&["rotate"]),
            ..Dns::default()
        };
        assert_eq!(
            resolv_conf(HOST, &asked, None),
            "search a b\noptions rotate\nnameserver 192.0.2.53\n"
        );
    }

    #[test]
    fn a_dot_takes_the_domains_away() {
        let asked = Dns {
            search: words(&["."]),
            ..Dns::default()
        };
        assert_eq!(
            resolv_conf(HOST, &asked, None),
            "nameserver 192.0.2.53\noptions ndots:2\n"
        );
    }

    #[test]
    fn in_a_network_that_was_made_the_own_name_server_stands_alone() {
        let text = |asked: &Dns| resolv_conf(HOST, &with_own_server(HOST, asked), None);
        assert_eq!(
            text(&Dns::default()),
            "nameserver 127.0.0.11\noptions ndots:2\nsearch example\n"
        );
        let asked = Dns {
            servers: words(&["192.0.2.1"]),
            search: words(&["a"]),
            options: words(&["rotate"]),
        };
        assert_eq!(
            text(&asked),
            "nameserver 127.0.0.11\nsearch a\noptions rotate ndots:0\n"
        );
        let both: Vec<IpAddr> = name_servers("nameserver ::1\n#\nnameserver 192.0.2.53\n");
        assert_eq!(both.len(), 2);
    }

    #[test]
    fn a_name_server_on_the_hosts_loopback_is_none_for_a_network_of_its_own() {
        let own = Some(Ipv4Addr::new(172, 17, 0, 2));
        let host = "nameserver 127.0.0.53\nnameserver 192.0.2.53\n";
        assert_eq!(
            resolv_conf(host, &Dns::default(), own),
            "nameserver 192.0.2.53\n"
        );
    }
}
