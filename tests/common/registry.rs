//! A registry on 127.0.0.1 as distribution-spec describes it, and every way a test wants it wrong.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};
use strata::digest::Digest;

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What is answered instead of the truth.
#[derive(Clone, Default)]
pub struct Odd {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// No length is told, and the body is sent so many times.
    pub times: Option<usize>,
}

/// Who may come in.
#[derive(Clone, Default, PartialEq)]
pub enum Door {
    #[default]
    Open,
    /// A name and a password, in base64.
    Basic(&'static str),
    /// A token, which this name and password get.
    Token(&'static str),
}

#[derive(Default)]
struct State {
    blobs: BTreeMap<(String, String), Vec<u8>>,
    manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    door: Door,
    /// Answers for a path, one for each request; the last stays.
    odd: BTreeMap<String, VecDeque<Odd>>,
    /// Bodies of this path end after so many bytes, so often.
    cut: Option<(String, usize, usize)>,
    asked: Vec<String>,
}

/// A registry that ends with the test.
pub struct Registry {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Asked {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Odd {
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub fn body(kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..Self::status(200).header("Content-Type", kind)
        }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }
}

impl Registry {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (state, over): (Arc<Mutex<State>>, Arc<AtomicBool>) = (Arc::default(), Arc::default());
        let thread = thread::spawn({
            let (state, over) = (Arc::clone(&state), Arc::clone(&over));
            move || {
                for stream in listener.incoming() {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let (Ok(stream), state) = (stream, Arc::clone(&state)) else {
                        continue;
                    };
                    // A client that goes away early is the test's own doing.
                    thread::spawn(move || answer(stream, &state, address));
                }
            }
        });
        Self {
            address,
            state,
            over,
            thread: Some(thread),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn name(&self, rest: &str) -> String {
        format!("{}/{rest}", self.host())
    }

    /// Locks the door.
    pub fn door(&self, door: Door) {
        self.state().door = door;
    }

    /// Answers a path oddly from now on: with each in turn, and with the last for ever.
    pub fn odd(&self, path: &str, answers: &[Odd]) {
        let answers = answers.iter().cloned().collect();
        self.state().odd.insert(path.to_owned(), answers);
    }

    /// Tells the truth again.
    pub fn even(&self) {
        let mut state = self.state();
        state.odd.clear();
        state.cut = None;
    }

    /// Breaks off answers to a path after so many bytes, so often.
    pub fn cut(&self, path: &str, bytes: usize, often: usize) {
        self.state().cut = Some((path.to_owned(), bytes, often));
    }

    pub fn put_blob(&self, repository: &str, bytes: &[u8]) -> String {
        let digest = Digest::of(bytes).to_string();
        let key = (repository.to_owned(), digest.clone());
        self.state().blobs.insert(key, bytes.to_vec());
        digest
    }

    /// Puts a document under a tag and its digest.
    pub fn put_manifest(
        &self,
        repository: &str,
        tag: &str,
        kind: &str,
        document: &Value,
    ) -> String {
        let bytes = serde_json::to_vec(document).unwrap();
        let digest = Digest::of(&bytes).to_string();
        for name in [tag, &digest] {
            let key = (repository.to_owned(), name.to_owned());
            self.state()
                .manifests
                .insert(key, (kind.to_owned(), bytes.clone()));
        }
        digest
    }

    /// Puts an image of one file under a tag; returns the digests of its manifest and its layer.
    pub fn put_image(&self, repository: &str, tag: &str, image: &Made) -> (String, String) {
        let layer = self.put_blob(repository, &image.blob);
        let config = self.put_blob(repository, &image.config);
        let document = image.manifest(&config, &layer);
        (
            self.put_manifest(repository, tag, MANIFEST, &document),
            layer,
        )
    }

    /// Returns what was asked since the last look: `GET /v2/... 200`.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    pub fn has_manifest(&self, repository: &str, tag: &str) -> Option<Vec<u8>> {
        let state = self.state();
        let found = state
            .manifests
            .get(&(repository.to_owned(), tag.to_owned()));
        found.map(|(_, bytes)| bytes.clone())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // The thread waits for somebody to come.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// An image of one layer, made by hand.
pub struct Made {
    pub blob: Vec<u8>,
    pub kind: String,
    pub config: Vec<u8>,
}

impl Made {
    /// With a file `/f` of this text, gzipped.
    pub fn gzipped(text: &[u8]) -> Self {
        let tar = tar(text);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        gzip.write_all(&tar).unwrap();
        Self::new(gzip.finish().unwrap(), GZIP, &tar, "amd64")
    }

    pub fn new(blob: Vec<u8>, kind: &str, tar: &[u8], architecture: &str) -> Self {
        let config = json!({
            "os": "linux",
            "architecture": architecture,
            "rootfs": { "type": "layers", "diff_ids": [Digest::of(tar)] },
            "config": {},
        });
        Self {
            blob,
            kind: kind.to_owned(),
            config: serde_json::to_vec(&config).unwrap(),
        }
    }

    pub fn manifest(&self, config: &str, layer: &str) -> Value {
        json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": CONFIG, "digest": config, "size": self.config.len() },
            "layers": [{ "mediaType": self.kind, "digest": layer, "size": self.blob.len() }],
        })
    }
}

/// A tar with a file `f`.
pub fn tar(text: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, "f", text).unwrap();
    builder.into_inner().unwrap()
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut from = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    from.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length");
    let length = length.and_then(|it| it.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    Some(Asked {
        method,
        path,
        headers,
        body,
    })
}

fn answer(mut stream: TcpStream, state: &Mutex<State>, address: SocketAddr) {
    let Some(asked) = read(&stream) else { return };
    let mut state = state.lock().unwrap();
    let odd = state
        .odd
        .get_mut(&asked.path)
        .filter(|_| asked.method != "HEAD");
    let odd = odd.and_then(|answers| {
        let last = answers.len() == 1;
        if last {
            answers.front().cloned()
        } else {
            answers.pop_front()
        }
    });
    let mut said = odd.unwrap_or_else(|| truth(&mut state, &asked, address));
    let range = asked
        .headers
        .get("range")
        .map_or(String::new(), |it| format!(" {it}"));
    let who = if asked.headers.contains_key("authorization") {
        " known"
    } else {
        ""
    };
    let line = format!(
        "{} {} {}{range}{who}",
        asked.method, asked.path, said.status
    );
    state.asked.push(line);
    let mut cut = usize::MAX;
    if let Some((path, bytes, often)) = &mut state.cut
        && *path == asked.path
        && *often > 0
    {
        *often -= 1;
        cut = *bytes;
    }
    drop(state);
    let mut head = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", said.status);
    if said.times.is_none() {
        let _ = write!(head, "Content-Length: {}\r\n", said.body.len());
    }
    for (name, value) in &said.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = stream.write_all(format!("{head}\r\n").as_bytes());
    if asked.method == "HEAD" {
        return;
    }
    said.body.truncate(cut);
    for _ in 0..said.times.unwrap_or(1) {
        if stream.write_all(&said.body).is_err() {
            return;
        }
    }
}

fn truth(state: &mut State, asked: &Asked, address: SocketAddr) -> Odd {
    if let Some(refused) = at_the_door(state, asked, address) {
        return refused;
    }
    let path = asked.path.strip_prefix("/v2/").unwrap_or_default();
    if asked.path == "/v2/" {
        return Odd::status(200);
    }
    if let Some((repository, rest)) = path.split_once("/blobs/uploads/") {
        return upload(state, asked, repository, rest);
    }
    if let Some((repository, digest)) = path.split_once("/blobs/") {
        let key = (repository.to_owned(), digest.to_owned());
        return state
            .blobs
            .get(&key)
            .map_or(Odd::status(404), |bytes| blob(bytes, asked));
    }
    if let Some((repository, name)) = path.split_once("/manifests/") {
        let key = (repository.to_owned(), name.to_owned());
        if asked.method == "PUT" {
            let kind = asked.headers["content-type"].clone();
            let digest = Digest::of(&asked.body).to_string();
            let both = (kind, asked.body.clone());
            state
                .manifests
                .insert((key.0.clone(), digest), both.clone());
            state.manifests.insert(key, both);
            return Odd::status(201);
        }
        let found = state.manifests.get(&key);
        return found.map_or(Odd::status(404), |(kind, bytes)| {
            let digest = Digest::of(bytes).to_string();
            Odd::body(kind, bytes.clone()).header("Docker-Content-Digest", digest)
        });
    }
    if let Some(repository) = path.strip_suffix("/tags/list") {
        let names = state.manifests.keys();
        let names = names.filter(|(known, name)| known == repository && !name.contains(':'));
        let tags: Vec<&String> = names.map(|(_, name)| name).collect();
        return Odd::body("application/json", json!({ "tags": tags }).to_string());
    }
    Odd::status(404)
}

fn blob(bytes: &[u8], asked: &Asked) -> Odd {
    let range = asked.headers.get("range");
    let start = range.and_then(|it| it.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let Some(start) = start.filter(|start: &usize| *start < bytes.len()) else {
        return Odd::body("application/octet-stream", bytes);
    };
    let range = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
    Odd {
        status: 206,
        ..Odd::body("application/octet-stream", &bytes[start..]).header("Content-Range", range)
    }
}

fn upload(state: &mut State, asked: &Asked, repository: &str, rest: &str) -> Odd {
    let field = |name: &str| {
        let fields = rest.split(['?', '&']);
        fields
            .filter_map(|it| it.split_once('='))
            .find(|(known, _)| *known == name)
    };
    if asked.method == "POST" {
        let from = field("mount").zip(field("from"));
        if let Some(((_, digest), (_, from))) = from
            && let Some(bytes) = state
                .blobs
                .get(&(from.to_owned(), digest.to_owned()))
                .cloned()
        {
            state
                .blobs
                .insert((repository.to_owned(), digest.to_owned()), bytes);
            return Odd::status(201);
        }
        let place = format!("/v2/{repository}/blobs/uploads/7?state=x");
        return Odd::status(202).header("Location", place);
    }
    let digest = field("digest").map_or("", |(_, digest)| digest);
    if Digest::of(&asked.body).to_string() != digest {
        return Odd::status(400);
    }
    let key = (repository.to_owned(), digest.to_owned());
    state.blobs.insert(key, asked.body.clone());
    Odd::status(201)
}

/// Refuses who may not come in, and gives tokens to who may.
fn at_the_door(state: &State, asked: &Asked, address: SocketAddr) -> Option<Odd> {
    let shown = asked
        .headers
        .get("authorization")
        .map_or("", String::as_str);
    let refuse = |challenge: String| Odd::status(401).header("WWW-Authenticate", challenge);
    match &state.door {
        Door::Open => None,
        Door::Basic(known) if shown == format!("Basic {known}") => None,
        Door::Basic(_) => Some(refuse("Basic realm=\"test\"".to_owned())),
        Door::Token(known) => {
            if let Some(query) = asked.path.strip_prefix("/token?") {
                if shown != format!("Basic {known}") {
                    return Some(Odd::status(401));
                }
                // The token says what it is for.
                let token = Digest::of(query.as_bytes()).hex();
                let scope = query
                    .split('&')
                    .any(|it| it.starts_with("scope=repository%3A"));
                let token = if scope { token } else { "nothing".to_owned() };
                return Some(Odd::body(
                    "application/json",
                    json!({ "token": token }).to_string(),
                ));
            }
            if shown.starts_with("Bearer ") {
                return None;
            }
            let scope = match asked
                .path
                .strip_prefix("/v2/")
                .and_then(|it| it.split_once("/manifests"))
            {
                Some((repository, _)) => format!(",scope=\"repository:{repository}:pull\""),
                None => String::new(),
            };
            Some(refuse(format!(
                "Bearer realm=\"http://{address}/token\",service=\"test\"{scope}"
            )))
        }
    }
}
