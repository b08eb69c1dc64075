//! Published ports: from the host into a container, in the network that every machine can give.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::common::strata::{Home, wait_for};

/// How long an answer may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// A web server in the background, with these options.
pub(super) fn web(home: &Home, options: &str) -> String {
    home.file("www/index.html", "hello\n");
    let folder = home.context().join("www");
    let volume = format!("{}:/www:ro", folder.display());
    let mut words = vec!["run", "-d", "--name", "web", "-v", &volume];
    words.extend(options.split_whitespace());
    words.extend(["practice-os", "httpd", "-f", "-p", "80", "-h", "/www"]);
    let called = home.words(&words);
    assert_eq!(called.code, Some(0), "{called:?}");
    called.err
}

/// Where `port` says that a container answers first.
fn address(home: &Home, name: &str, port: &str) -> SocketAddr {
    let said = home.ok(&format!("port {name} {port}"));
    said.lines().next().unwrap().parse().unwrap()
}

pub(super) fn get(host: SocketAddr, path: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(host).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(answer.split_off(head + 4))
}

pub(super) fn wait_for_web(host: SocketAddr) {
    wait_for("the web server", || {
        get(host, "/").as_deref() == Some(b"hello\n")
    });
}

#[test]
fn a_published_port_answers_while_the_container_runs_and_is_free_afterwards() {
    let home = Home::new();
    web(&home, "-p 127.0.0.1::80");
    let host = address(&home, "web", "80");
    wait_for_web(host);
    let row = home.ok("ps");
    assert!(row.contains(&format!("{host}->80/tcp")), "{row}");
    assert_eq!(home.ok("port web"), format!("80/tcp -> {host}\n"));
    home.ok("kill web");
    home.ok("wait web");
    drop(TcpListener::bind(host).unwrap());
    assert_eq!(home.ok("port web"), "");
    assert!(!home.ok("ps -a").contains("80/tcp"));
}

/// How much is carried: little, or with `STRATA_TEST_LOAD` in the environment as much as is promised.
struct Load {
    bytes: usize,
    requests: usize,
    at_once: usize,
}

fn load() -> Load {
    let whole = std::env::var_os("STRATA_TEST_LOAD").is_some();
    let small = Load {
        bytes: 20 << 20,
        requests: 200,
        at_once: 20,
    };
    let large = Load {
        bytes: 200 << 20,
        requests: 1000,
        at_once: 50,
    };
    if whole { large } else { small }
}

/// Carries files and many requests through a published port of a container with these options.
fn carries(options: &str) {
    let home = Home::new();
    if options.contains("shop") {
        home.ok("network create shop");
    }
    let load = load();
    // No two parts of it are equal that could take each other's place.
    let bytes: Vec<u8> = (0_u32..)
        .flat_map(u32::to_le_bytes)
        .take(load.bytes)
        .collect();
    home.file("www/large", &bytes);
    web(&home, &format!("{options} -p 127.0.0.1::80"));
    let host = address(&home, "web", "80/tcp");
    wait_for_web(host);
    assert!(get(host, "/large").unwrap() == bytes);
    let each = load.requests / load.at_once;
    let asking = (0..load.at_once).map(|_| {
        thread::spawn(move || {
            (0..each)
                .filter(|_| get(host, "/") == Some(b"hello\n".to_vec()))
                .count()
        })
    });
    let asking: Vec<_> = asking.collect();
    let answered: usize = asking.into_iter().map(|it| it.join().unwrap()).sum();
    assert_eq!(answered, load.requests);
}

#[test]
fn large_answers_arrive_whole_and_many_ask_at_once() {
    carries("");
}

#[test]
fn large_answers_arrive_whole_and_many_ask_at_once_in_a_network() {
    carries("--network shop");
}

#[test]
fn large_answers_arrive_whole_and_many_ask_at_once_on_the_bridge() {
    carries("--network bridge");
}

#[test]
fn a_port_that_is_taken_is_named_and_leaves_no_container_behind() {
    let home = Home::new();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let host = other.local_addr().unwrap();
    for (language, words) in [
        ("en", "port is already allocated"),
        ("ko", "이미 쓰고 있는"),
    ] {
        let options = format!("--lang {language} run -d -p {host}:80 practice-os sleep 300");
        let called = home.call(&options);
        assert_eq!(called.code, Some(125), "{called:?}");
        let named = format!("Bind for {host} failed");
        assert!(
            called.err.contains(&named) && called.err.contains(words),
            "{called:?}"
        );
    }
    assert_eq!(home.ok("ps -aq"), "");
}

#[test]
fn the_container_that_has_a_port_is_named() {
    let home = Home::new();
    home.ok("run -d --name first -p 127.0.0.1::80 practice-os sleep 300");
    let host = address(&home, "first", "80");
    let called = home.call(&format!("run --rm -p {host}:80 practice-os true"));
    assert_eq!(called.code, Some(125));
    assert!(called.err.contains("`stop first`"), "{called:?}");
}

#[test]
fn exposed_ports_are_shown_and_published_by_a_capital_p() {
    let home = Home::with("FROM practice-os\nEXPOSE 80 53/udp\nCMD [\"sleep\", \"300\"]\n");
    home.ok("build -q -t exposes .");
    home.ok("run -d --name quiet exposes");
    let row = home.ok("ps");
    assert!(row.contains("53/udp, 80/tcp"), "{row}");
    assert_eq!(home.ok("port quiet"), "");
    home.ok("run -d --name loud -P --expose 443 exposes");
    let said = home.ok("port loud");
    for port in [
        "53/udp -> 0.0.0.0:",
        "80/tcp -> 0.0.0.0:",
        "443/tcp -> 0.0.0.0:",
    ] {
        assert!(said.contains(port), "{said}");
    }
    let inspected = home.ok("inspect loud");
    let inspected: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    let ports = &inspected[0]["NetworkSettings"]["Ports"];
    let number = address(&home, "loud", "80").port().to_string();
    assert_eq!(ports["80/tcp"][0]["HostPort"], number);
    assert_eq!(ports["80/tcp"][0]["HostIp"], "0.0.0.0");
    let config = &inspected[0]["Config"]["ExposedPorts"];
    assert!(
        config["53/udp"].is_object() && config["443/tcp"].is_object(),
        "{config}"
    );
}

#[test]
fn a_port_nobody_published_is_an_error() {
    let home = Home::new();
    home.ok("run -d --name quiet practice-os sleep 300");
    let called = home.call("port quiet 81");
    assert_eq!(called.code, Some(1));
    let words = "No public port '81/tcp' published for quiet";
    assert!(called.err.contains(words), "{called:?}");
}

#[test]
fn options_that_are_no_ports_are_refused_before_anything_is_made() {
    let home = Home::new();
    for (option, words) in [
        ("99999:80", "Invalid hostPort: 99999"),
        ("80:x", "Invalid containerPort: x"),
        ("80:80/sctp", "Invalid proto: sctp"),
        ("nowhere:80:80", "Invalid ip address: nowhere"),
    ] {
        let called = home.call(&format!("run --rm -p {option} practice-os true"));
        assert_eq!(called.code, Some(125), "{called:?}");
        assert!(called.err.contains(words), "{called:?}");
    }
    assert_eq!(home.ok("ps -aq"), "");
}

#[test]
fn the_hosts_own_network_needs_no_published_ports() {
    let home = Home::new();
    let called = home.call("run --rm --network host -p 127.0.0.1::80 practice-os true");
    assert_eq!(called.code, Some(0));
    assert!(
        called.err.contains("Published ports are discarded"),
        "{called:?}"
    );
}

/// Runs a part of this test program in a container, with the libraries it needs.
pub(super) fn run_part(home: &Home, part: &str, options: &[&str]) {
    let program = std::env::current_exe().unwrap();
    let ldd = Command::new("ldd").arg(&program).output().unwrap();
    let libraries = String::from_utf8(ldd.stdout).unwrap();
    let libraries = libraries
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    let mut volumes = vec![format!("{}:/part:ro", program.display())];
    volumes.extend(libraries.map(|library| format!("{library}:{library}:ro")));
    let mut words = vec!["run", "-d", "--name", "part"];
    for volume in &volumes {
        words.extend(["-v", volume]);
    }
    words.extend(options);
    words.extend([
        "practice-os",
        "/part",
        "--exact",
        part,
        "--ignored",
        "--nocapture",
    ]);
    home.words(&words).ok();
}

/// Writes a line for `logs`.
pub(super) fn say(text: &str) {
    let line = format!("{text}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

#[test]
#[ignore = "a part that another test plays in a container"]
fn echoes_datagrams() {
    let server = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 5300)).unwrap();
    say("listening");
    let mut bytes = vec![0; 65536];
    loop {
        let (count, from) = server.recv_from(&mut bytes).unwrap();
        server.send_to(&bytes[..count], from).unwrap();
    }
}

#[test]
#[ignore = "a part that another test plays in a container"]
fn counts_until_half_of_the_connection_closes() {
    let server = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 80)).unwrap();
    say("listening");
    loop {
        let (mut stream, _) = server.accept().unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).unwrap();
        writeln!(stream, "{}", said.len()).unwrap();
    }
}

fn wait_until_part_listens(home: &Home) {
    wait_for("the part", || home.ok("logs part").contains("listening"));
}

#[test]
fn datagrams_are_echoed_through_a_published_port() {
    echoes(&Home::new(), "default");
}

#[test]
fn datagrams_are_echoed_through_a_published_port_of_a_network() {
    let home = Home::new();
    home.ok("network create shop");
    echoes(&home, "shop");
}

fn echoes(home: &Home, network: &str) {
    let options = ["--network", network, "-p", "127.0.0.1::5300/udp"];
    run_part(home, "cli::ports::echoes_datagrams", &options);
    wait_until_part_listens(home);
    let host = address(home, "part", "5300/udp");
    for size in [1, 1400, 60_000] {
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.connect(host).unwrap();
        let said = vec![7; size];
        client.send(&said).unwrap();
        let mut heard = vec![0; 65536];
        let count = client.recv(&mut heard).unwrap();
        assert!(heard[..count] == said, "{size}");
    }
}

#[test]
fn a_client_may_close_its_half_before_the_answer() {
    let home = Home::new();
    run_part(
        &home,
        "cli::ports::counts_until_half_of_the_connection_closes",
        &["-p", "127.0.0.1::80"],
    );
    wait_until_part_listens(&home);
    let mut client = TcpStream::connect(address(&home, "part", "80")).unwrap();
    client.write_all(&vec![1; 1 << 20]).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "1048576\n");
}

#[test]
fn a_supervisor_that_forwards_is_small_and_takes_the_port_with_it() {
    let home = Home::new();
    web(&home, "-p 127.0.0.1::80");
    let host = address(&home, "web", "80");
    wait_for_web(host);
    let id = home.ok("ps -q --no-trunc");
    let state = home
        .store()
        .join("containers")
        .join(id.trim())
        .join("state.json");
    let state: serde_json::Value = serde_json::from_slice(&std::fs::read(state).unwrap()).unwrap();
    let supervisor = state["state"]["supervisor"].as_i64().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{supervisor}/status")).unwrap();
    let memory = status
        .lines()
        .find(|line| line.starts_with("RssAnon"))
        .unwrap();
    let kilobytes: u32 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes <= 3 * 1024, "{memory}");
    let killed = Command::new("kill")
        .args(["-9", &supervisor.to_string()])
        .status();
    assert!(killed.unwrap().success());
    wait_for("the port to be free", || TcpListener::bind(host).is_ok());
    assert!(home.ok("ps -a").contains("supervisor lost"));
}
