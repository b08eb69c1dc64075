//! A web server on 127.0.0.1 that serves what a test tells it to, and remembers who asked for what.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What is served at a path.
#[derive(Clone, Default)]
pub struct Page {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Bytes that are promised and never sent.
    pub missing: usize,
}

impl Page {
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            body: body.into(),
            ..Self::default()
        }
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn has(&self, name: &str, value: &str) -> bool {
        let mut headers = self.headers.iter();
        headers.any(|(known, it)| known.eq_ignore_ascii_case(name) && it == value)
    }
}

#[derive(Default)]
struct Site {
    pages: BTreeMap<String, Page>,
    /// `GET /path 200`, in order.
    asked: Vec<String>,
}

/// A server that ends with the test.
pub struct Server {
    address: SocketAddr,
    site: Arc<Mutex<Site>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts one that knows no page.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (site, over) = (Arc::default(), Arc::default());
        let thread = thread::spawn({
            let (site, over) = (Arc::clone(&site), Arc::clone(&over));
            move || serve(&listener, &site, &over)
        });
        Self {
            address,
            site,
            over,
            thread: Some(thread),
        }
    }

    /// Serves a page from now on.
    pub fn put(&self, path: &str, page: Page) {
        let mut site = self.site.lock().unwrap();
        site.pages.insert(path.to_owned(), page);
    }

    /// Returns the URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns what was asked since the last look.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.site.lock().unwrap().asked)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // The thread waits for somebody to come.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(listener: &TcpListener, site: &Mutex<Site>, over: &AtomicBool) {
    for stream in listener.incoming() {
        if over.load(Ordering::SeqCst) {
            return;
        }
        // A client that goes away early is the test's own doing.
        let _ = stream.and_then(|stream| answer(stream, site));
    }
}

fn answer(mut stream: TcpStream, site: &Mutex<Site>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut unchanged = false;
    let mut site = site.lock().unwrap();
    let mut page = site.pages.get(&path).cloned().unwrap_or(Page::status(404));
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").unwrap_or_default();
        unchanged |= match name.to_ascii_lowercase().as_str() {
            "if-none-match" => page.has("ETag", value),
            "if-modified-since" => page.has("Last-Modified", value),
            _ => false,
        };
    }
    if unchanged {
        page = Page::status(304);
    }
    site.asked.push(format!("{path} {}", page.status));
    drop(site);
    let length = page.body.len() + page.missing;
    let mut head = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", page.status);
    let _ = write!(head, "Content-Length: {length}\r\n");
    for (name, value) in &page.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    stream.write_all(&page.body)
}
