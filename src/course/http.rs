//! A GET from this machine only, for lessons about ports.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::lesson::HttpFacts;

/// A server that is there answers in far less; a lesson must not hang.
const PATIENCE: Duration = Duration::from_secs(3);
/// More of a body is not read.
const LONGEST: u64 = 1 << 20;

/// Asks a loopback address; any other one is refused before anything is sent.
pub(super) fn get(url: &str) -> HttpFacts {
    match ask(url) {
        Ok(facts) => facts,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => HttpFacts::Refused,
        Err(error) => HttpFacts::Failed(error.to_string()),
    }
}

fn ask(url: &str) -> io::Result<HttpFacts> {
    let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{url}: {why}"));
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| wrong("only http:// addresses can be asked"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = loopback(authority)?.ok_or_else(|| wrong("not a loopback address"))?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // HTTP/1.0, so the end of the stream is the end of the body.
    // In one piece: a server that answers after the first and leaves would make the next fail.
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {authority}\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    parse(&answer).ok_or_else(|| wrong("the answer is not HTTP"))
}

/// Returns the loopback address of `host:port`, if it is one.
fn loopback(authority: &str) -> io::Result<Option<SocketAddr>> {
    let with_port = match authority.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => authority.to_owned(),
        _ => format!("{authority}:80"),
    };
    let host = with_port.rsplit_once(':').map_or("", |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    let named = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if !named {
        return Ok(None);
    }
    let mut addresses = with_port.to_socket_addrs()?;
    Ok(addresses.find(|address| address.ip().is_loopback()))
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
