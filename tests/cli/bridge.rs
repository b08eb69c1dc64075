//! The network that containers of root share. Where there is no root, or a root without the right to
//! make links, a container stands alone and says so.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use strata::runtime::{Mode, probe};

use super::ports::{get, run_part, say, wait_for_web, web};
use crate::common::strata::{Home, wait_for};

fn settings(home: &Home, name: &str) -> Value {
    let inspected: Value = serde_json::from_str(&home.ok(&format!("inspect {name}"))).unwrap();
    inspected[0]["NetworkSettings"].clone()
}

/// The address of a container on a bridge; none where it stands alone, which must have been said,
/// or where slirp4netns makes it a network without root.
fn address(home: &Home, name: &str, said: &str) -> Option<IpAddr> {
    let settings = settings(home, name);
    if probe().mode != Mode::Rootful && settings["IPAddress"] == "10.0.2.100" {
        let names = home.ok(&format!("exec {name} cat /etc/resolv.conf"));
        assert!(names.contains("nameserver 10.0.2.3"), "{names}");
        return None;
    }
    let Some(address) = settings["IPAddress"].as_str() else {
        assert!(said.contains("connected to nothing"), "{said}");
        let links = home.ok(&format!("exec {name} cat /proc/net/dev"));
        assert!(!links.contains("eth0"), "{links}");
        return None;
    };
    assert_eq!(settings["Networks"]["bridge"]["IPAddress"], address);
    Some(address.parse().unwrap())
}

/// The name of the store's bridge, which the machine has a route to.
fn bridge_link(address: IpAddr) -> String {
    let IpAddr::V4(address) = address else {
        panic!("{address}");
    };
    let wanted = u32::from_ne_bytes(address.octets());
    let table = fs::read_to_string("/proc/net/route").unwrap();
    let links = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let base = u32::from_str_radix(fields[1], 16).unwrap();
        let mask = u32::from_str_radix(fields[7], 16).unwrap();
        (mask != 0 && wanted & mask == base).then(|| fields[0].to_owned())
    });
    let links: Vec<String> = links.collect();
    assert_eq!(links.len(), 1, "{table}");
    links[0].clone()
}

fn is_there(link: &str) -> bool {
    Path::new("/sys/class/net").join(link).exists()
}

#[test]
#[ignore = "a part that another test plays in a container"]
fn asks_a_web_server() {
    let host: SocketAddr = std::env::var("STRATA_TEST_ASK").unwrap().parse().unwrap();
    say(&format!(
        "heard {:?}",
        get(host, "/").map(String::from_utf8)
    ));
}

#[test]
fn containers_on_the_bridge_reach_each_other_and_the_host_reaches_them() {
    let home = Home::new();
    let said = web(&home, "--network bridge -p 127.0.0.1::80");
    // Published ports work either way.
    let published = home.ok("port web 80");
    wait_for_web(published.trim().parse().unwrap());
    let Some(address) = address(&home, "web", &said) else {
        return;
    };
    let host = SocketAddr::new(address, 80);
    wait_for_web(host);
    let hosts = home.ok("exec web cat /etc/hosts");
    assert!(hosts.contains(&format!("{address}\t")), "{hosts}");
    let ask = format!("STRATA_TEST_ASK={host}");
    let options = ["--network", "bridge", "-e", &ask];
    run_part(&home, "cli::bridge::asks_a_web_server", &options);
    home.ok("wait part");
    let heard = home.ok("logs part");
    assert!(heard.contains("hello"), "{heard}");
    // One that is not connected does not reach it.
    home.ok("rm part");
    run_part(&home, "cli::bridge::asks_a_web_server", &["-e", &ask]);
    home.ok("wait part");
    let heard = home.ok("logs part");
    assert!(heard.contains("heard None"), "{heard}");
}

#[test]
fn the_last_container_takes_the_bridge_away() {
    let home = Home::new();
    let said = web(&home, "--network bridge");
    let Some(first) = address(&home, "web", &said) else {
        return;
    };
    let link = bridge_link(first);
    home.ok("run -d --name other --network bridge practice-os sleep 300");
    let other = settings(&home, "other")["IPAddress"].clone();
    assert_ne!(other, first.to_string());
    home.ok("rm -f web");
    assert!(is_there(&link));
    home.ok("rm -f other");
    wait_for("the bridge to go", || !is_there(&link));
}

#[test]
fn a_killed_supervisor_leaves_no_address_taken_and_no_bridge() {
    let home = Home::new();
    let said = web(&home, "--network bridge");
    let Some(first) = address(&home, "web", &said) else {
        return;
    };
    let link = bridge_link(first);
    let id = home.ok("ps -q --no-trunc");
    let state = home
        .store()
        .join("containers")
        .join(id.trim())
        .join("state.json");
    let state: Value = serde_json::from_slice(&fs::read(state).unwrap()).unwrap();
    let supervisor = state["state"]["supervisor"].to_string();
    let killed = Command::new("kill").args(["-9", &supervisor]).status();
    assert!(killed.unwrap().success());
    wait_for("the end", || home.ok("ps -a").contains("supervisor lost"));
    home.ok("start web");
    let leases = fs::read(home.store().join("networks/bridge.json")).unwrap();
    let leases: Value = serde_json::from_slice(&leases).unwrap();
    assert_eq!(leases["leases"].as_object().unwrap().len(), 1, "{leases}");
    assert_eq!(settings(&home, "web")["IPAddress"], first.to_string());
    home.ok("rm -f web");
    wait_for("the bridge to go", || !is_there(&link));
}
