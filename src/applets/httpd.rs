//! `httpd -f -p PORT -h DIR`: serves the files of a folder over HTTP/1.0, a thread for each
//! connection.
//!
//! GET and HEAD only, `index.html` for a folder, no listing, nothing outside the folder by way of
//! `..`. Without `-f` it goes into the background, as busybox's does.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const USAGE: &str = "usage: httpd [-f] [-p [ADDRESS:]PORT] [-h DIR]";

/// A silent client holds its thread no longer than this.
const PATIENCE: Duration = Duration::from_secs(30);
/// More connections than this at once are closed unanswered.
const MOST_CONNECTIONS: usize = 64;
/// A request with its headers is shorter than this.
const LONGEST_REQUEST: u64 = 16 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Options {
    foreground: bool,
    address: String,
    folder: PathBuf,
}

pub(super) fn main(args: &[String]) -> Result<(), String> {
    let options = options(args)?;
    let said = |error: io::Error| format!("{}: {error}", options.address);
    let listener = TcpListener::bind(&options.address).map_err(said)?;
    fs::read_dir(&options.folder).map_err(|e| format!("{}: {e}", options.folder.display()))?;
    if options.foreground {
        // After going into the background by way of /proc/self/exe, `ps` would call it `exe`.
        let _ = nix::sys::prctl::set_name(c"httpd");
        serve(&listener, &options.folder);
        return Ok(());
    }
    drop(listener); // it was only to see that the port is free
    background(args).map_err(|error| format!("cannot go into the background: {error}"))
}

fn options(args: &[String]) -> Result<Options, String> {
    let mut options = Options {
        foreground: false,
        address: "0.0.0.0:80".to_owned(),
        folder: ".".into(),
    };
    let mut args = args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        let letters = arg.strip_prefix('-').filter(|letters| !letters.is_empty());
        let mut letters = letters.ok_or(USAGE)?.chars();
        while let Some(letter) = letters.next() {
            if letter == 'f' {
                options.foreground = true;
                continue;
            }
            let attached = letters.as_str();
            let value = if attached.is_empty() {
                args.next().ok_or(USAGE)?
            } else {
                attached
            };
            match letter {
                'p' if value.contains(':') => value.clone_into(&mut options.address),
                'p' => options.address = format!("0.0.0.0:{value}"),
                'h' => options.folder = value.into(),
                _ => return Err(format!("unknown option -{letter}\n{USAGE}")),
            }
            break;
        }
    }
    Ok(options)
}

/// Starts the same again, with `-f`, without a terminal and out of reach of its signals.
fn background(args: &[String]) -> io::Result<()> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("httpd").arg("-f").args(args).process_group(0);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().map(drop)
}

fn serve(listener: &TcpListener, folder: &Path) {
    static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            thread::sleep(Duration::from_millis(50)); // out of file descriptors: some will close
            continue;
        };
        if CONNECTIONS.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
            CONNECTIONS.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let folder = folder.to_owned();
        thread::spawn(move || {
            // A client that went away is its own affair.
            let _ = answer(&stream, &folder);
            CONNECTIONS.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

enum Answer {
    File(File, &'static str),
    Moved(String),
    Refused(&'static str),
}

fn answer(stream: &TcpStream, folder: &Path) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.take(LONGEST_REQUEST));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    // The headers are read to their end: closing with bytes unread would reset the connection.
    let mut header = String::new();
    while reader.read_line(&mut header)? > 0 && !header.trim_end().is_empty() {
        header.clear();
    }
    let with_body = !request.starts_with("HEAD ");
    let mut out = stream;
    match decide(&request, folder) {
        Answer::File(mut file, kind) => {
            let size = file.metadata()?.len();
            write!(
                out,
                "HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
            )?;
            if with_body {
                io::copy(&mut file, &mut out)?;
            }
        }
        Answer::Moved(to) => {
            write!(
                out,
                "HTTP/1.0 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )?;
        }
        Answer::Refused(status) => {
            let body = if with_body {
                format!("{status}\n")
            } else {
                String::new()
            };
            let size = status.len() + 1;
            write!(
                out,
                "HTTP/1.0 {status}\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n{body}"
            )?;
        }
    }
    out.flush()
}

fn decide(request: &str, folder: &Path) -> Answer {
    let words: Vec<&str> = request.split_whitespace().collect();
    let (method, target) = match words[..] {
        [method, target, version] if version.starts_with("HTTP/") => (method, target),
        _ => return Answer::Refused("400 Bad Request"),
    };
    if !matches!(method, "GET" | "HEAD") {
        return Answer::Refused("501 Not Implemented");
    }
    let Some(path) = inside(target, folder) else {
        return Answer::Refused("400 Bad Request");
    };
    let whole = target.split(['?', '#']).next().unwrap_or(target);
    if path.is_dir() && !whole.ends_with('/') {
        return Answer::Moved(format!("{whole}/"));
    }
    let path = if path.is_dir() {
        path.join("index.html")
    } else {
        path
    };
    match File::open(&path) {
        Ok(file) if file.metadata().is_ok_and(|found| found.is_file()) => {
            Answer::File(file, media_type(&path))
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Answer::Refused("403 Forbidden")
        }
        _ => Answer::Refused("404 Not Found"),
    }
}

/// Returns the path that a request names; none when it leads out of the folder.
fn inside(target: &str, folder: &Path) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let path = String::from_utf8(decode(path)?).ok()?;
    if path.contains('\0') || path.split('/').any(|part| part == "..") {
        return None;
    }
    Some(folder.join(path.trim_start_matches('/')))
}

/// Replaces `%20` and its like (RFC 3986, section 2.1).
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    Some(bytes)
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// Serves a folder on a free port, and returns what it answers to a request.
    fn ask(folder: &Path, request: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let folder = folder.to_owned();
        let thread = thread::spawn(move || answer(&server, &folder).unwrap());
        write!(client, "{request}\r\nHost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        thread.join().unwrap();
        text
    }

    fn site() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub dir")).unwrap();
        fs::write(folder.path().join("index.html"), "<p>hi").unwrap();
        fs::write(folder.path().join("sub dir/a.txt"), "text").unwrap();
        folder
    }

    #[test]
    fn a_folder_shows_its_index() {
        let answer = ask(site().path(), "GET / HTTP/1.1");
        assert!(
            answer.starts_with("HTTP/1.0 200 OK\r\nContent-Type: text/html"),
            "{answer}"
        );
        assert!(answer.contains("Content-Length: 5\r\n"));
        assert!(answer.ends_with("\r\n\r\n<p>hi"));
    }

    #[test]
    fn head_has_no_body() {
        let answer = ask(site().path(), "HEAD / HTTP/1.0");
        assert!(
            answer.contains("Content-Length: 5\r\n") && answer.ends_with("\r\n\r\n"),
            "{answer}"
        );
    }

    #[test]
    fn names_may_be_encoded() {
        let site = site();
        assert!(ask(site.path(), "GET /sub%20dir/a.txt?x=1 HTTP/1.1").ends_with("\r\n\r\ntext"));
        let moved = ask(site.path(), "GET /sub%20dir HTTP/1.1");
        assert!(
            moved.contains(" 302 ") && moved.contains("Location: /sub%20dir/\r\n"),
            "{moved}"
        );
    }

    #[test]
    fn nothing_outside_the_folder_is_shown() {
        let site = site();
        let inner = site.path().join("sub dir");
        for target in [
            "/../index.html",
            "/%2e%2e/index.html",
            "/x/../../index.html",
            "/%00",
            "/%2",
        ] {
            let answer = ask(&inner, &format!("GET {target} HTTP/1.1"));
            assert!(answer.starts_with("HTTP/1.0 400 "), "{target}: {answer}");
        }
        assert!(ask(&inner, "GET //etc/passwd HTTP/1.1").contains(" 404 "));
    }

    #[test]
    fn other_requests_are_refused() {
        let site = site();
        assert!(ask(site.path(), "GET /none HTTP/1.1").contains(" 404 "));
        assert!(ask(site.path(), "PUT / HTTP/1.1").contains(" 501 "));
        assert!(ask(site.path(), "hello").contains(" 400 "));
    }

    #[test]
    fn options_are_those_of_busybox() {
        let options = |text| options(&words(text));
        let expected = Options {
            foreground: true,
            address: "0.0.0.0:8080".into(),
            folder: "/www".into(),
        };
        assert_eq!(options("-f -p 8080 -h /www"), Ok(expected.clone()));
        assert_eq!(options("-fp8080 -h/www"), Ok(expected));
        assert_eq!(options("-p 127.0.0.1:1").unwrap().address, "127.0.0.1:1");
        assert!(options("-z 1").unwrap_err().contains("usage"));
        assert!(options("-p").is_err() && options("8080").is_err());
    }

    #[test]
    fn a_taken_port_is_said() {
        let taken = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .to_string();
        let first = TcpListener::bind(&taken).unwrap();
        let error = main(&words(&format!("-f -p {taken}"))).unwrap_err();
        assert!(error.starts_with(&taken), "{error}");
        drop(first);
    }
}
