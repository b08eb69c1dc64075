//! Which network a container sees: none, the host's, another container's; names in there.

use crate::common::strata::Home;

fn namespace(home: &Home, name: &str) -> String {
    home.ok(&format!("exec {name} readlink /proc/self/ns/net"))
}

#[test]
fn a_container_lives_in_the_network_of_another_and_outlives_it() {
    let home = Home::new();
    home.ok("run -d --name first --hostname shared --add-host db:10.0.0.5 practice-os sleep 300");
    home.ok("run -d --name second --network container:first practice-os sleep 300");
    assert_eq!(namespace(&home, "first"), namespace(&home, "second"));
    assert_eq!(home.ok("exec second hostname"), "shared\n");
    let hosts = home.ok("exec second cat /etc/hosts");
    assert!(hosts.contains("10.0.0.5\tdb\n"), "{hosts}");
    let id = home.ok("ps -q --no-trunc -a");
    let first = id.lines().last().unwrap();
    let inspected = home.ok("inspect second");
    assert!(
        inspected.contains(&format!("\"container:{first}\"")),
        "{inspected}"
    );
    home.ok("rm -f first");
    assert_eq!(home.ok("exec second hostname"), "shared\n");
}

#[test]
fn a_server_is_reached_from_the_container_beside_it() {
    let home = Home::new();
    home.ok("run -d --name web practice-os httpd -f -p 80 -h /etc");
    // The kernel lists who listens on port 80 (0050) of this network, and in no other.
    let listens = |network: &str| {
        let line = "cat /proc/net/tcp /proc/net/tcp6 | grep -c :0050";
        let words = [
            "run",
            "--rm",
            "--network",
            network,
            "practice-os",
            "sh",
            "-c",
            line,
        ];
        home.words(&words).out
    };
    crate::common::strata::wait_for("the web server", || listens("container:web") == "1\n");
    assert_eq!(listens("none"), "0\n");
}

#[test]
fn a_network_of_a_container_that_does_not_run_cannot_be_joined() {
    let home = Home::new();
    home.ok("run --name ended practice-os true");
    let called = home.call("run --rm --network container:ended practice-os true");
    called.fails(125, "cannot join network of a non running container");
    let called = home.call("--lang ko run --rm --network container:ended practice-os true");
    called.fails(125, "실행 중이 아닌 컨테이너");
    let called = home.call("run --rm --network container:nobody practice-os true");
    called.fails(125, "No such container: nobody");
    assert_eq!(home.ok("ps -aq").lines().count(), 1);
}

#[test]
fn what_belongs_to_the_other_container_cannot_be_said_of_this_one() {
    let home = Home::new();
    home.ok("run -d --name first practice-os sleep 300");
    for (options, words) in [
        ("-p 127.0.0.1::80", "port publishing"),
        ("-P", "port publishing"),
        ("--expose 80", "port exposing"),
        ("--hostname x", "hostname"),
        ("--dns 192.0.2.1", "dns"),
        ("--add-host a:10.0.0.1", "custom host-to-IP mapping"),
    ] {
        let line = format!("run --rm {options} --network container:first practice-os true");
        let words = format!("conflicting options: {words} and the container type network mode");
        home.call(&line).fails(125, &words);
    }
}

#[test]
fn a_network_that_does_not_exist_is_named() {
    let home = Home::new();
    let called = home.call("run --rm --network nowhere practice-os true");
    let said = called.fails(125, "network nowhere not found");
    assert!(said.contains("container:NAME"), "{said}");
}

#[test]
fn nothing_is_said_where_nothing_was_asked_for() {
    let home = Home::new();
    for options in [
        "",
        "--network none",
        "--network default",
        "-p 127.0.0.1::80",
    ] {
        let called = home.call(&format!("run --rm {options} practice-os true"));
        assert_eq!(
            (called.code, called.err.as_str()),
            (Some(0), ""),
            "{options}"
        );
    }
}

#[test]
fn name_servers_and_hosts_are_those_asked_for() {
    let home = Home::new();
    let said = home.ok(
        "run --rm --dns 192.0.2.53 --dns ::1 --dns-search corp --dns-opt ndots:2 \
         --add-host db:10.0.0.5 --add-host six:[2001:db8::1] \
         practice-os cat /etc/resolv.conf /etc/hosts",
    );
    let servers = "nameserver 192.0.2.53\nnameserver ::1\nsearch corp\noptions ndots:2\n";
    assert!(said.starts_with(servers), "{said}");
    assert!(said.contains("10.0.0.5\tdb\n2001:db8::1\tsix\n"), "{said}");
    for (options, flag) in [
        ("--dns nowhere", "--dns"),
        ("--add-host nowhere", "--add-host"),
    ] {
        let called = home.call(&format!("run --rm {options} practice-os true"));
        called.fails(
            125,
            &format!("invalid argument \"nowhere\" for \"{flag}\" flag"),
        );
    }
}
