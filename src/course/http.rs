//! A GET from this machine only, for lessons about ports.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::lesson::HttpFacts;

/// A server that is there answers in far less; a lesson must not hang.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long to wait before a server that hung up is asked again.
const BETWEEN: Duration = Duration::from_millis(50);
/// More of a body is not read.
const LONGEST: u64 = 1 << 20;

/// Asks a loopback address; any other one is refused before anything is sent.
///
/// A published port is open before the server behind it is: whoever hangs up without an answer is
/// asked again for a while.
pub(super) fn get(url: &str) -> HttpFacts {
    let end = Instant::now() + PATIENCE;
    loop {
        match ask(url) {
            Ok(facts) => return facts,
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return HttpFacts::Refused;
            }
            Err(error) if may_answer_later(&error) && Instant::now() < end => {
                std::thread::sleep(BETWEEN);
            }
            Err(error) => return HttpFacts::Failed(error.to_string()),
        }
    }
}

fn may_answer_later(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset | InvalidData
    )
}

fn ask(url: &str) -> io::Result<HttpFacts> {
    let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{url}: {why}"));
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| wrong("only http:// addresses can be asked"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let addresses = loopback(authority)?;
    let mut stream = connect(&addresses).ok_or_else(|| wrong("not a loopback address"))??;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // HTTP/1.0, so the end of the stream is the end of the body.
    // In one piece: a server that answers after the first and leaves would make the next fail.
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {authority}\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let no_http = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{url}: no answer of HTTP"),
        )
    };
    parse(&answer).ok_or_else(no_http)
}

/// Connects to the first address that answers: IPv6 may be missing here, or not be served.
fn connect(addresses: &[SocketAddr]) -> Option<io::Result<TcpStream>> {
    let mut refused = None;
    for address in addresses {
        match TcpStream::connect_timeout(address, PATIENCE) {
            Ok(stream) => return Some(Ok(stream)),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                refused = Some(Err(error));
            }
            Err(error) => refused = refused.or(Some(Err(error))),
        }
    }
    refused
}

/// Returns the loopback addresses of `host:port`.
fn loopback(authority: &str) -> io::Result<Vec<SocketAddr>> {
    let with_port = match authority.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => authority.to_owned(),
        _ => format!("{authority}:80"),
    };
    let host = with_port.rsplit_once(':').map_or("", |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    let named = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if !named {
        return Ok(Vec::new());
    }
    let addresses = with_port.to_socket_addrs()?;
    Ok(addresses.filter(|it| it.ip().is_loopback()).collect())
}

fn parse(answer: &str) -> Option<HttpFacts> {
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .or_else(|| answer.split_once("\n\n"))?;
    let status_line = head.lines().next()?;
    let (version, rest) = status_line.split_once(' ')?;
    if !version.starts_with("HTTP/") {
        return None;
    }
    let status = rest.split(' ').next()?.parse().ok()?;
    Some(HttpFacts::Answer {
        status,
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_local_server_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let length = stream.read(&mut request).unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello")
                .unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let facts = get(&format!("http://{address}/shop"));
        let (status, body) = (200, "hello".to_owned());
        assert_eq!(facts, HttpFacts::Answer { status, body });
        assert!(server.join().unwrap().starts_with("GET /shop HTTP/1.0\r\n"));
    }

    #[test]
    fn nobody_listening_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert_eq!(get(&format!("http://{address}/")), HttpFacts::Refused);
    }

    #[test]
    fn other_machines_are_never_asked() {
        for url in [
            "http://192.0.2.1/",
            "http://example.org/",
            "https://localhost/",
        ] {
            assert!(matches!(get(url), HttpFacts::Failed(_)), "{url}");
        }
    }
}
