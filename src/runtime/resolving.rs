//! What a container's `/etc/resolv.conf` says: the host's lines, or what was asked for.

use super::spec::Dns;

/// Returns its text. Each of the three kinds of lines is the host's unless it was asked for.
pub(super) fn resolv_conf(host: &str, asked: &Dns) -> String {
    if *asked == Dns::default() {
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
        Some("nameserver") => asked.servers.is_empty(),
        Some("search" | "domain") => asked.search.is_empty(),
        Some("options") => asked.options.is_empty(),
        _ => false,
    };
    for line in host.lines().filter(keeps) {
        text.extend([line, "\n"]);
    }
    text
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
        assert_eq!(resolv_conf(HOST, &Dns::default()), HOST);
    }

    #[test]
    fn each_kind_of_line_is_replaced_by_itself() {
        let asked = Dns {
            servers: words(&["192.0.2.1", "::1"]),
            ..Dns::default()
        };
        assert_eq!(
            resolv_conf(HOST, &asked),
            "nameserver 192.0.2.1\nnameserver ::1\nsearch example\noptions ndots:2\n"
        );
        let asked = Dns {
            search: words(&["a", "b"]),
            options: words(&["rotate"]),
            ..Dns::default()
        };
        assert_eq!(
            resolv_conf(HOST, &asked),
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
            resolv_conf(HOST, &asked),
            "nameserver 192.0.2.53\noptions ndots:2\n"
        );
    }
}
