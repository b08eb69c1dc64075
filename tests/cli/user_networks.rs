//! Networks that are made: `network ...`, names and addresses in them, with root and without.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use strata::runtime::{Mode, probe};

use super::ports::{get, run_part, say, wait_for_web, web};
use crate::common::strata::{Home, wait_for};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Where a container stands in a network; none where it is not connected to it.
fn address(home: &Home, container: &str, network: &str) -> Option<String> {
    let told = json(&home.ok(&format!("inspect {container}")));
    let endpoint = &told[0]["NetworkSettings"]["Networks"][network];
    let address = endpoint["IPAddress"].as_str()?.to_owned();
    Some(address).filter(|it| !it.is_empty())
}

/// Whether this machine can give networks at all. Where it cannot, a container that asks for one says
/// so and stands alone.
fn has_networks(said: &str) -> bool {
    let alone = said.contains("connected to nothing");
    assert!(!alone || probe().mode != Mode::Rootful || !can_make_links());
    !alone
}

fn can_make_links() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|it| it.starts_with("CapEff")).unwrap();
    let held = u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap();
    // CAP_NET_ADMIN
    held & (1 << 12) != 0
}

#[test]
#[ignore = "a part that another test plays in a container"]
fn asks_by_name() {
    for name in std::env::var("STRATA_TEST_NAMES").unwrap().split(',') {
        let found = (name, 80)
            .to_socket_addrs()
            .map(Iterator::collect::<Vec<_>>);
        let heard = match &found {
            Ok(found) => found.iter().find_map(|host| reached(*host)),
            Err(_) => None,
        };
        say(&format!(
            "{name}: {}",
            heard.is_some_and(|it| it == b"hello\n")
        ));
    }
}

/// What a web server says. One that is not to be reached never answers, and that is not waited for.
fn reached(host: SocketAddr) -> Option<Vec<u8>> {
    TcpStream::connect_timeout(&host, Duration::from_secs(5)).ok()?;
    get(host, "/")
}

/// What a container in a network hears when it asks for these names.
fn hears(home: &Home, options: &[&str], names: &str) -> String {
    let asked = format!("STRATA_TEST_NAMES={names}");
    let options = [options, &["-e", &asked]].concat();
    run_part(home, "cli::user_networks::asks_by_name", &options);
    home.ok("wait part");
    let heard = home.ok("logs part");
    home.ok("rm part");
    heard
}

#[test]
fn containers_of_a_network_reach_each_other_by_every_name_they_have() {
    let home = Home::new();
    home.ok("network create shop");
    home.ok("network create other");
    let options = "--network shop --network-alias front --network-alias shown --hostname host-web";
    if !has_networks(&web(&home, &format!("{options} -p 127.0.0.1::80"))) {
        return;
    }
    let id = home.ok("ps -q");
    let names = format!("web,FRONT,shown,host-web,{},web.shop,nobody", id.trim());
    let heard = hears(&home, &["--network", "shop"], &names);
    for name in names.split(',') {
        let expected = format!("{name}: {}\n", name != "nobody");
        assert!(heard.contains(&expected), "{name}: {heard}");
    }
    // A port that is published leads to the same server.
    let published: SocketAddr = home.ok("port web 80").trim().parse().unwrap();
    wait_for_web(published);
    // In another network neither the name nor the address leads there.
    let at = address(&home, "web", "shop").unwrap();
    let heard = hears(&home, &["--network", "other"], &format!("web,{at}"));
    assert!(
        heard.contains("web: false") && heard.contains(&format!("{at}: false")),
        "{heard}"
    );
    // By its new name, at once.
    home.ok("rename web site");
    let heard = hears(&home, &["--network", "shop"], "site,web");
    assert!(
        heard.contains("site: true") && heard.contains("web: false"),
        "{heard}"
    );
}

#[test]
fn a_container_is_told_of_and_found_by_its_network() {
    let home = Home::new();
    let id = home
        .ok("network create --label tier=back --subnet 10.213.4.0/24 --gateway 10.213.4.9 shop");
    let words = "run -d --name db --network shop --ip 10.213.4.77 --network-alias sql practice-os sleep 300";
    let called = home.call(words);
    assert_eq!(called.code, Some(0), "{called:?}");
    if !has_networks(&called.err) {
        return;
    }
    let told = json(&home.ok("inspect db"))[0].clone();
    assert_eq!(told["HostConfig"]["NetworkMode"], "shop");
    let endpoint = &told["NetworkSettings"]["Networks"]["shop"];
    assert_eq!(endpoint["IPAddress"], "10.213.4.77");
    assert_eq!(endpoint["NetworkID"], id.trim());
    assert_eq!(endpoint["Aliases"][0], "sql");
    assert_eq!(endpoint["IPAMConfig"]["IPv4Address"], "10.213.4.77");
    let network = json(&home.ok("network inspect shop"))[0].clone();
    assert_eq!(network["IPAM"]["Config"][0]["Gateway"], "10.213.4.9");
    let container = told["Id"].as_str().unwrap();
    assert_eq!(
        network["Containers"][container]["IPv4Address"],
        "10.213.4.77/24"
    );
    assert_eq!(network["Labels"]["tier"], "back");
    home.ok("run -d --name alone practice-os sleep 300");
    assert_eq!(
        home.ok("ps --filter network=shop --format {{.Names}}"),
        "db\n"
    );
    let short = &id[..12];
    assert_eq!(
        home.ok(&format!("ps -f network={short} --format {{{{.Networks}}}}")),
        "shop\n"
    );
    let resolving = home.ok("exec db cat /etc/resolv.conf");
    assert!(
        resolving.starts_with("nameserver 127.0.0.11\n"),
        "{resolving}"
    );
    let called = home.call("run --rm --network shop --ip 10.213.4.77 practice-os true");
    called.fails(125, "Address already in use: 10.213.4.77");
    let called = home.call("network rm shop");
    called.fails(
        1,
        &format!("network shop id {} has active endpoints", id.trim()),
    );
    home.ok("kill db");
    home.ok("wait db");
    assert_eq!(home.ok("network rm shop"), "shop\n");
    home.call("start db").fails(1, "network shop not found");
    home.assert_clean();
}

#[test]
fn what_cannot_be_is_said_in_dockers_words() {
    let home = Home::new();
    home.ok("network create --subnet 10.213.5.0/24 shop");
    home.ok("network create plain");
    for (line, words) in [
        (
            "network create shop",
            "network with name shop already exists",
        ),
        (
            "network create bridge",
            "operation is not permitted on predefined bridge network",
        ),
        ("network create a/b", "invalid network name: \"a/b\""),
        (
            "network create -d overlay x",
            "could not find plugin overlay",
        ),
        (
            "network create --subnet 10.213.5.128/25 x",
            "Pool overlaps with other one on this address space",
        ),
        (
            "network create --subnet nowhere x",
            "invalid subnet nowhere: invalid CIDR block notation",
        ),
        (
            "network create --subnet 10.1.2.3/16 x",
            "invalid subnet 10.1.2.3/16: it should be 10.1.0.0/16",
        ),
        (
            "network create --gateway 10.1.0.1 x",
            "every ip-range or gateway must have a corresponding subnet",
        ),
        (
            "network create --subnet 10.1.0.0/24 --gateway 10.2.0.1 x",
            "no matching subnet for gateway 10.2.0.1",
        ),
        ("network rm nowhere", "network nowhere not found"),
        (
            "network rm host",
            "host is a pre-defined network and cannot be removed",
        ),
        ("network inspect nowhere", "network nowhere not found"),
        ("network connect nowhere db", "network nowhere not found"),
        ("network connect shop db", "No such container: db"),
    ] {
        home.call(line).fails(1, words);
    }
    for (options, words) in [
        ("--network nowhere", "network nowhere not found"),
        (
            "--ip 10.213.5.5",
            "user specified IP address is supported on user defined networks only",
        ),
        (
            "--network bridge --network-alias a",
            "network-scoped alias is supported only for containers in user defined networks",
        ),
        (
            "--network plain --ip 10.213.5.5",
            "only when connecting to networks with user configured subnets",
        ),
        (
            "--network shop --ip 10.9.9.9",
            "no configured subnet contains IP address 10.9.9.9",
        ),
        (
            "--network shop --ip here",
            "invalid argument \"here\" for \"--ip\" flag",
        ),
        (
            "--network shop --network host",
            "cannot attach both user-defined and non-user-defined",
        ),
    ] {
        let line = format!("run --rm {options} practice-os true");
        home.call(&line).fails(125, words);
    }
    assert_eq!(home.ok("ps -aq"), "");
    home.call("--lang ko network rm nowhere")
        .fails(1, "네트워크를 찾을 수 없습니다");
}

#[test]
fn a_running_container_joins_and_leaves_networks() {
    let home = Home::new();
    home.ok("network create front");
    home.ok("network create --internal back");
    if !has_networks(&web(&home, "--network back")) {
        return;
    }
    home.ok("network connect --alias shown front web");
    let both = json(&home.ok("inspect web"))[0]["NetworkSettings"]["Networks"].clone();
    assert_eq!(both.as_object().unwrap().len(), 2, "{both}");
    let heard = hears(&home, &["--network", "front"], "web,shown");
    assert!(
        heard.contains("web: true") && heard.contains("shown: true"),
        "{heard}"
    );
    let again = home.call("network connect front web");
    again.fails(1, "endpoint with name web already exists in network front");
    home.ok("network disconnect back web");
    let heard = hears(&home, &["--network", "back"], "web");
    assert!(heard.contains("web: false"), "{heard}");
    let again = home.call("network disconnect back web");
    again.fails(1, "container web is not connected to network back");
    // A stopped one is there from its next start.
    home.ok("kill web");
    home.ok("wait web");
    home.ok("network connect back web");
    assert_eq!(address(&home, "web", "back"), None);
    home.ok("start web");
    assert!(address(&home, "web", "back").is_some() && address(&home, "web", "front").is_some());
    home.ok("run -d --name closed --network none practice-os sleep 300");
    let closed = home.call("network connect front closed");
    closed.fails(1, "container cannot be connected to multiple networks");
}

#[test]
fn containers_that_start_at_once_are_all_in_the_network() {
    let home = Home::new();
    home.ok("network create shop");
    home.ok("run --rm practice-os true");
    let names: Vec<String> = (0..5).map(|number| format!("c{number}")).collect();
    let started: Vec<_> = thread::scope(|scope| {
        let start = |name: &String| {
            let line = format!("run -d --name {name} --network shop practice-os sleep 300");
            scope.spawn({
                let home = &home;
                move || home.call(&line)
            })
        };
        let starting: Vec<_> = names.iter().map(start).collect();
        starting.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(started.iter().all(|it| it.code == Some(0)), "{started:?}");
    if !has_networks(&started[0].err) {
        return;
    }
    let told = json(&home.ok("network inspect shop"));
    let members = told[0]["Containers"].as_object().unwrap();
    let mut addresses: Vec<&str> = members
        .values()
        .map(|it| it["IPv4Address"].as_str().unwrap())
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), names.len(), "{told}");
    // All lie in one place: each is reached from one more.
    home.ok("rm -f c0");
    web(&home, "--network shop");
    assert!(hears(&home, &["--network", "shop"], "web").contains("web: true"));
}

/// Whether this machine knows a way to a network.
fn has_route(subnet: &str) -> bool {
    let base: std::net::Ipv4Addr = subnet.split('/').next().unwrap().parse().unwrap();
    let base = format!("{:08X}", u32::from_ne_bytes(base.octets()));
    let table = std::fs::read_to_string("/proc/net/route").unwrap();
    table
        .lines()
        .any(|line| line.split_whitespace().nth(1) == Some(&base))
}

#[test]
fn killed_supervisors_leave_neither_names_nor_addresses_nor_links() {
    let home = Home::new();
    home.ok("network create shop");
    if !has_networks(&web(&home, "--network shop")) {
        return;
    }
    let first = address(&home, "web", "shop");
    home.ok("run -d --name db --network shop practice-os sleep 300");
    let state = |id: &str| {
        let path = home.store().join("containers").join(id).join("state.json");
        json(&std::fs::read_to_string(path).unwrap())
    };
    let ids = home.ok("ps -q --no-trunc");
    for id in ids.lines() {
        let supervisor = state(id)["state"]["supervisor"].to_string();
        let killed = Command::new("kill").args(["-9", &supervisor]).status();
        assert!(killed.unwrap().success());
    }
    wait_for("the ends", || {
        home.ok("ps -a").matches("supervisor lost").count() == 2
    });
    let told = json(&home.ok("network inspect shop"));
    assert_eq!(told[0]["Containers"], serde_json::json!({}));
    home.ok("start web");
    assert_eq!(address(&home, "web", "shop"), first);
    assert!(hears(&home, &["--network", "shop"], "web").contains("web: true"));
    // The machine has a way to the network while somebody is in it, as root, and none afterwards.
    let network = json(&home.ok("network inspect shop"))[0].clone();
    let subnet = network["IPAM"]["Config"][0]["Subnet"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(has_route(&subnet), probe().mode == Mode::Rootful);
    home.ok("rm -f web db");
    wait_for("the bridge to go", || !has_route(&subnet));
    assert_eq!(home.ok("network rm shop"), "shop\n");
    home.assert_clean();
}

#[test]
fn prune_takes_what_nobody_is_connected_to() {
    let home = Home::new();
    home.ok("network create --label keep=no idle");
    home.ok("network create busy");
    let called = home.call("run -d --name web --network busy practice-os sleep 300");
    assert_eq!(called.code, Some(0), "{called:?}");
    let connected = has_networks(&called.err);
    assert_eq!(home.ok("network prune -f --filter label=keep=yes"), "");
    let said = home.ok("network prune -f");
    let expected = if connected { "idle\n" } else { "busy\nidle\n" };
    assert_eq!(said, format!("Deleted Networks:\n{expected}\n"));
    home.ok("rm -f web");
    let said = home.ok("system prune -f");
    assert_eq!(
        said.contains("Deleted Networks:\nbusy\n\n"),
        connected,
        "{said}"
    );
    let rows = home.ok("network ls --format {{.Name}}/{{.Driver}}/{{.Scope}}");
    assert_eq!(
        rows,
        "bridge/bridge/local\nhost/host/local\nnone/null/local\n"
    );
    home.assert_clean();
}

#[test]
fn networks_are_listed_filtered_and_laid_out() {
    let home = Home::new();
    let id = home.ok("network create --label tier=front a1");
    home.ok("network create --internal b2");
    let table = home.ok("network ls --filter type=custom");
    let heads = table.lines().next().unwrap();
    assert_eq!(
        heads.split_whitespace().collect::<Vec<_>>(),
        ["NETWORK", "ID", "NAME", "DRIVER", "SCOPE"]
    );
    assert!(
        table.contains(&format!("{}   a1     bridge   local", &id[..12])),
        "{table}"
    );
    for (filter, names) in [
        ("name=a1", "a1\n"),
        ("label=tier", "a1\n"),
        ("driver=null", "none\n"),
        ("dangling=true", "a1\nb2\n"),
        ("type=builtin", "bridge\nhost\nnone\n"),
    ] {
        let line = format!("network ls --filter {filter} --format {{{{.Name}}}}");
        assert_eq!(home.ok(&line), names, "{filter}");
    }
    assert_eq!(home.ok("network ls -q --no-trunc --filter name=a1"), id);
    let internal = home.ok("network inspect --format {{.Internal}} b2");
    assert_eq!(internal, "true\n");
    home.call("network ls --filter lable=x")
        .fails(1, "invalid filter 'lable'");
}
