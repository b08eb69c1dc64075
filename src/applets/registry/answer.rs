//! What a request comes to (distribution-spec, Workflow).

use std::fs::File;
use std::io::{self, Cursor, Read};

use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, StatusCode};

use super::route::{Route, Which, is_name};
use super::shelf::{Manifest, Shelf};
use crate::digest::Digest;

/// No manifest is larger.
const MOST_MANIFEST: u64 = 4 << 20;
const JSON: &str = "application/json";

/// An answer before it is sent.
pub(super) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

enum Body {
    Bytes(Vec<u8>),
    /// A file from where it stands, and how many bytes of it.
    File(File, u64),
}

/// Answers a request.
pub(super) fn answer(shelf: &Shelf, request: &mut Request) -> Answer {
    let url = request.url().to_owned();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let query = Query(query);
    let method = request.method().clone();
    let answered = match (Route::of(path), &method) {
        (Route::Version, _) => Ok(Answer::json(200, &json!({}))),
        (Route::Catalog, Method::Get) => {
            let names = page(shelf.names(), &query);
            Ok(Answer::json(200, &json!({ "repositories": names })))
        }
        (Route::Tags(name), Method::Get) => Ok(tags(shelf, &name, &query)),
        (Route::Blob(name, digest), _) => blob(shelf, request, &name, digest),
        (Route::Uploads(name), Method::Post) => begin(shelf, request, &name, &query),
        (Route::Upload(name, id), _) => upload(shelf, request, &name, &id, &query),
        (Route::Manifest(name, which), _) => manifest(shelf, request, &name, &which),
        (Route::Malformed(code), _) => Ok(Answer::error(400, code)),
        (Route::Unknown, _) => Ok(Answer::error(404, "UNSUPPORTED")),
        _ => Ok(Answer::error(405, "UNSUPPORTED")),
    };
    answered.unwrap_or_else(|error| {
        let message = json!({ "errors": [{ "code": "UNKNOWN", "message": error.to_string() }] });
        Answer::json(500, &message)
    })
}

fn tags(shelf: &Shelf, name: &str, query: &Query<'_>) -> Answer {
    if !shelf.has_name(name) {
        return Answer::error(404, "NAME_UNKNOWN");
    }
    let tags = page(shelf.tags(name), query);
    Answer::json(200, &json!({ "name": name, "tags": tags }))
}

/// The part of a list that `n` and `last` ask for.
fn page(list: Vec<String>, query: &Query<'_>) -> Vec<String> {
    let most = query.get("n").and_then(|n| n.parse().ok());
    let last = query.get("last").unwrap_or_default();
    let rest = list.into_iter().filter(|it| *it > last);
    rest.take(most.unwrap_or(usize::MAX)).collect()
}

fn blob(shelf: &Shelf, request: &Request, name: &str, digest: Digest) -> io::Result<Answer> {
    let Some(size) = shelf.blob_size(name, digest) else {
        return Ok(Answer::error(404, "BLOB_UNKNOWN"));
    };
    match request.method() {
        Method::Get | Method::Head => {}
        Method::Delete => {
            shelf.forget_blob(name, digest)?;
            return Ok(Answer::empty(202));
        }
        _ => return Ok(Answer::error(405, "UNSUPPORTED")),
    }
    let (mut status, mut from) = (200, 0);
    let mut headers = vec![
        ("Content-Type", "application/octet-stream".to_owned()),
        ("Docker-Content-Digest", digest.to_string()),
        ("Accept-Ranges", "bytes".to_owned()),
    ];
    // Only `bytes=FIRST-`, which is what a download that goes on asks for.
    let range = header(request, "Range");
    let range = range.as_deref().and_then(|it| it.strip_prefix("bytes="));
    let first = range.and_then(|it| it.strip_suffix('-'));
    if let Some(first) = first.and_then(|it| it.parse().ok()) {
        if first >= size {
            return Ok(Answer::error(416, "SIZE_INVALID"));
        }
        (status, from) = (206, first);
        headers.push((
            "Content-Range",
            format!("bytes {first}-{}/{size}", size - 1),
        ));
    }
    Ok(Answer {
        status,
        headers,
        body: Body::File(shelf.blob(digest, from)?, size - from),
    })
}

fn begin(
    shelf: &Shelf,
    request: &mut Request,
    name: &str,
    query: &Query<'_>,
) -> io::Result<Answer> {
    if let (Some(digest), Some(from)) = (query.digest("mount"), query.get("from"))
        && is_name(&from)
        && shelf.mount(name, &from, digest)?
    {
        return Ok(Answer::made(name, "blobs", digest));
    }
    let id = shelf.begin()?;
    match query.digest("digest") {
        None => Ok(Answer::going_on(202, name, &id, 0)),
        Some(digest) => {
            shelf.append(&id, request.as_reader())?;
            finish(shelf, name, &id, digest)
        }
    }
}

fn upload(
    shelf: &Shelf,
    request: &mut Request,
    name: &str,
    id: &str,
    query: &Query<'_>,
) -> io::Result<Answer> {
    let Some(size) = shelf.upload_size(id) else {
        return Ok(Answer::error(404, "BLOB_UPLOAD_UNKNOWN"));
    };
    match request.method() {
        Method::Get => Ok(Answer::going_on(204, name, id, size)),
        Method::Delete => {
            shelf.cancel(id)?;
            Ok(Answer::empty(204))
        }
        Method::Patch => {
            let begins = header(request, "Content-Range");
            let begins = begins.and_then(|it| it.split('-').next()?.parse::<u64>().ok());
            if begins.is_some_and(|begins| begins != size) {
                return Ok(Answer::going_on(416, name, id, size));
            }
            let size = shelf.append(id, request.as_reader())?;
            Ok(Answer::going_on(202, name, id, size))
        }
        Method::Put => match query.digest("digest") {
            None => Ok(Answer::error(400, "DIGEST_INVALID")),
            Some(digest) => {
                shelf.append(id, request.as_reader())?;
                finish(shelf, name, id, digest)
            }
        },
        _ => Ok(Answer::error(405, "UNSUPPORTED")),
    }
}

fn finish(shelf: &Shelf, name: &str, id: &str, digest: Digest) -> io::Result<Answer> {
    Ok(if shelf.finish(name, id, digest)? {
        Answer::made(name, "blobs", digest)
    } else {
        Answer::error(400, "DIGEST_INVALID")
    })
}

fn manifest(shelf: &Shelf, request: &mut Request, name: &str, which: &Which) -> io::Result<Answer> {
    if *request.method() == Method::Put {
        return put_manifest(shelf, request, name, which);
    }
    let Some(found) = shelf.manifest(name, which) else {
        return Ok(Answer::error(404, "MANIFEST_UNKNOWN"));
    };
    match request.method() {
        Method::Get | Method::Head => Ok(Answer::manifest(found)),
        Method::Delete => {
            shelf.forget_manifest(name, which)?;
            Ok(Answer::empty(202))
        }
        _ => Ok(Answer::error(405, "UNSUPPORTED")),
    }
}

fn put_manifest(
    shelf: &Shelf,
    request: &mut Request,
    name: &str,
    which: &Which,
) -> io::Result<Answer> {
    let media_type = header(request, "Content-Type").unwrap_or_default();
    let mut bytes = Vec::new();
    let reader = request.as_reader();
    reader.take(MOST_MANIFEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_MANIFEST {
        return Ok(Answer::error(413, "SIZE_INVALID"));
    }
    let Ok(document) = serde_json::from_slice::<Value>(&bytes) else {
        return Ok(Answer::error(400, "MANIFEST_INVALID"));
    };
    if matches!(which, Which::Digest(digest) if *digest != Digest::of(&bytes)) {
        return Ok(Answer::error(400, "DIGEST_INVALID"));
    }
    if !needed(&document).all(|digest| shelf.blob_size(name, digest).is_some()) {
        return Ok(Answer::error(400, "MANIFEST_BLOB_UNKNOWN"));
    }
    let digest = shelf.put_manifest(name, which, &media_type, &bytes)?;
    Ok(Answer::made(name, "manifests", digest))
}

/// The blobs a manifest names. (What an index names need not all be here.)
fn needed(document: &Value) -> impl Iterator<Item = Digest> {
    let layers = document["layers"].as_array().into_iter().flatten();
    let named = layers.chain(document.get("config"));
    // A layer that is kept elsewhere says where.
    let own = named.filter(|it| it["urls"].is_null());
    own.filter_map(|it| it["digest"].as_str()?.parse().ok())
}

fn header(request: &Request, name: &'static str) -> Option<String> {
    let mut headers = request.headers().iter();
    let found = headers.find(|header| header.field.equiv(name));
    found.map(|header| header.value.to_string())
}

impl Answer {
    fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Bytes(Vec::new()),
        }
    }

    fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", JSON.to_owned())],
            body: Body::Bytes(value.to_string().into_bytes()),
        }
    }

    fn error(status: u16, code: &str) -> Self {
        let message = code.to_lowercase().replace('_', " ");
        Self::json(
            status,
            &json!({ "errors": [{ "code": code, "message": message }] }),
        )
    }

    fn made(name: &str, kind: &str, digest: Digest) -> Self {
        let mut answer = Self::empty(201);
        answer.headers = vec![
            ("Location", format!("/v2/{name}/{kind}/{digest}")),
            ("Docker-Content-Digest", digest.to_string()),
        ];
        answer
    }

    fn going_on(status: u16, name: &str, id: &str, size: u64) -> Self {
        let mut answer = Self::empty(status);
        answer.headers = vec![
            ("Location", format!("/v2/{name}/blobs/uploads/{id}")),
            ("Range", format!("0-{}", size.saturating_sub(1))),
        ];
        answer
    }

    fn manifest(manifest: Manifest) -> Self {
        Self {
            status: 200,
            headers: vec![
                ("Content-Type", manifest.media_type),
                ("Docker-Content-Digest", manifest.digest.to_string()),
            ],
            body: Body::Bytes(manifest.bytes),
        }
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    pub fn into_response(self) -> Response<Box<dyn Read + Send>> {
        let version = ("Docker-Distribution-Api-Version", "registry/2.0".to_owned());
        let headers = self.headers.into_iter().chain([version]);
        // What came from a client and is no header's value is left out.
        let headers = headers.filter_map(|(name, value)| Header::from_bytes(name, value).ok());
        let (reader, size): (Box<dyn Read + Send>, u64) = match self.body {
            Body::Bytes(bytes) => {
                let size = bytes.len() as u64;
                (Box::new(Cursor::new(bytes)), size)
            }
            Body::File(file, size) => (Box::new(file), size),
        };
        let size = usize::try_from(size).ok();
        let status = StatusCode(self.status);
        let response = Response::new(status, headers.collect(), reader, size, None);
        response.with_chunked_threshold(usize::MAX)
    }
}

/// What stands behind `?`.
struct Query<'a>(&'a str);

impl Query<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let pairs = self.0.split('&').filter_map(|it| it.split_once('='));
        let found = pairs.filter(|(key, _)| *key == name).map(|(_, it)| it);
        let value = percent_encoding::percent_decode_str(found.last()?);
        value.decode_utf8().ok().map(Into::into)
    }

    fn digest(&self, name: &str) -> Option<Digest> {
        self.get(name)?.parse().ok()
    }
}
