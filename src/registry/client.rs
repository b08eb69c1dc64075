//! [`Client`]: one repository of a registry, and what can be asked of it.

use std::io::Read;

use serde::{Deserialize, Serialize};
use ureq::http::{Method, StatusCode, header};
use ureq::{Body, http::Response};

use super::connection::{Ask, Connection, Payload, join, printable};
use super::endpoint::Endpoint;
use super::error::RegistryError;
use super::login::Credentials;
use super::settings::Settings;
use crate::digest::Digest;

/// No manifest and no index is larger (distribution-spec, Pushing Manifests).
pub const MOST_MANIFEST: u64 = 4 << 20;
/// What lists of tags or search results may be.
const MOST_LIST: u64 = 4 << 20;
/// Pages of a list of tags.
const MOST_PAGES: usize = 1000;
const CONTENT_DIGEST: header::HeaderName = header::HeaderName::from_static("docker-content-digest");

/// The documents that are asked for.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// A repository of a registry.
pub struct Client {
    pub(super) connection: Connection,
}

/// A manifest or an index, its digest checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their digest.
    pub digest: Digest,
    /// What it is.
    pub media_type: String,
}

/// A repository that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What its owner says of it.
    #[serde(default)]
    pub description: String,
    /// How many like it.
    #[serde(default, alias = "star_count")]
    pub stars: u64,
    /// Whether the registry itself keeps it.
    #[serde(default, alias = "is_official")]
    pub official: bool,
}

impl Client {
    /// Opens nothing yet: the first question does.
    pub fn new(endpoint: Endpoint, settings: &Settings) -> Result<Self, RegistryError> {
        Ok(Self {
            connection: Connection::new(endpoint, settings)?,
        })
    }

    /// Returns which repository it is, and where.
    pub fn endpoint(&self) -> &Endpoint {
        self.connection.endpoint()
    }

    /// Fetches a manifest or an index, by tag or digest.
    pub fn manifest(&self, which: &str) -> Result<Document, RegistryError> {
        let mut ask = self.ask(Method::GET, &format!("manifests/{which}"))?;
        ask.headers.push((header::ACCEPT, MANIFESTS.join(", ")));
        let what = self.named(which);
        let response = self.connection.send(&ask)?;
        if response.status() != StatusCode::OK {
            return Err(self.connection.refusal(response, &what));
        }
        let said = text(&response, &header::CONTENT_TYPE).unwrap_or_default();
        let promised = text(&response, &CONTENT_DIGEST).and_then(|it| it.parse().ok());
        let bytes = self.body(response, &what, MOST_MANIFEST)?;
        let digest = Digest::of(&bytes);
        for expected in [which.parse().ok(), promised].into_iter().flatten() {
            if expected != digest {
                return Err(RegistryError::WrongDigest {
                    what: "manifest",
                    expected,
                    found: digest,
                });
            }
        }
        let media_type = media_type(&said, &bytes)
            .map_err(|reason| RegistryError::NotAnImage { what, reason })?;
        Ok(Document {
            bytes,
            digest,
            media_type,
        })
    }

    /// Fetches a small blob whole.
    pub fn blob(&self, digest: Digest, size: u64, most: u64) -> Result<Vec<u8>, RegistryError> {
        let what = digest.to_string();
        if size > most {
            return Err(RegistryError::TooLarge { what, most });
        }
        let ask = self.ask(Method::GET, &format!("blobs/{digest}"))?;
        let response = self.connection.send(&ask)?;
        if response.status() != StatusCode::OK {
            return Err(self.connection.refusal(response, &what));
        }
        let bytes = self.body(response, &what, size)?;
        match Digest::of(&bytes) {
            found if found == digest => Ok(bytes),
            found => Err(RegistryError::WrongDigest {
                what: "blob",
                expected: digest,
                found,
            }),
        }
    }

    /// Puts a manifest or an index in its place.
    pub fn put_manifest(
        &self,
        which: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), RegistryError> {
        let mut ask = self.ask(Method::PUT, &format!("manifests/{which}"))?;
        ask.headers
            .push((header::CONTENT_TYPE, media_type.to_owned()));
        ask.body = Payload::Bytes(bytes);
        ask.scopes = vec![self.scope("pull,push")];
        let response = self.connection.send(&ask)?;
        if response.status().is_success() {
            return Ok(());
        }
        Err(self.connection.refusal(response, &self.named(which)))
    }

    /// Lists the tags of the repository.
    pub fn tags(&self) -> Result<Vec<String>, RegistryError> {
        #[derive(Deserialize)]
        struct Tags {
            tags: Option<Vec<String>>,
        }
        let mut tags = Vec::new();
        let mut ask = self.ask(Method::GET, "tags/list")?;
        for _ in 0..MOST_PAGES {
            let response = self.connection.send(&ask)?;
            let what = self.endpoint().repository().to_owned();
            if response.status() != StatusCode::OK {
                return Err(self.connection.refusal(response, &what));
            }
            let next = text(&response, &header::LINK).and_then(|link| next_page(&link));
            let page: Tags = self.json(response, &what)?;
            tags.extend(page.tags.unwrap_or_default());
            let Some(next) = next else { return Ok(tags) };
            ask.url = join(&ask.url, &next);
            self.connection.check(&ask.url)?;
        }
        Ok(tags)
    }

    /// Searches a registry that can do so, as docker.io does.
    pub fn search(&self, term: &str, most: usize) -> Result<Vec<Found>, RegistryError> {
        #[derive(Deserialize)]
        struct Results {
            #[serde(default)]
            results: Vec<Found>,
        }
        let encoded =
            percent_encoding::utf8_percent_encode(term, percent_encoding::NON_ALPHANUMERIC);
        let mut ask = self.ask(Method::GET, "")?;
        ask.url = format!("{}/v1/search?q={encoded}&n={most}", self.search_base()?);
        ask.scopes = Vec::new();
        let response = self.connection.send(&ask)?;
        if response.status() != StatusCode::OK {
            return Err(self.connection.refusal(response, term));
        }
        let found: Results = self.json(response, term)?;
        Ok(found.results)
    }

    /// docker.io has another host for it.
    fn search_base(&self) -> Result<String, RegistryError> {
        if self.endpoint().key() == super::endpoint::HUB_KEY {
            return Ok(super::endpoint::HUB_KEY.trim_end_matches("/v1/").to_owned());
        }
        Ok(self.connection.base()?.to_owned())
    }

    /// Tries whether a registry takes these credentials.
    pub fn login(&self, credentials: Credentials) -> Result<(), RegistryError> {
        self.connection.session().use_credentials(credentials);
        let mut ask = self.ask(Method::GET, "")?;
        ask.url = format!("{}/v2/", self.connection.base()?);
        ask.scopes = Vec::new();
        let registry = self.endpoint().registry().to_owned();
        let response = self.connection.send(&ask)?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(RegistryError::WrongPassword(registry))
            }
            _ => Err(self.connection.refusal(response, &registry)),
        }
    }

    /// Makes a question about the repository, which only reads.
    pub(super) fn ask<'a>(&self, method: Method, path: &str) -> Result<Ask<'a>, RegistryError> {
        let (base, name) = (self.connection.base()?, self.endpoint().repository());
        Ok(Ask {
            method,
            url: format!("{base}/v2/{name}/{path}"),
            headers: Vec::new(),
            body: Payload::None,
            scopes: vec![self.scope("pull")],
        })
    }

    /// Returns what a token has to allow.
    pub(super) fn scope(&self, actions: &str) -> String {
        format!("repository:{}:{actions}", self.endpoint().repository())
    }

    fn named(&self, which: &str) -> String {
        let mark = if which.contains(':') { '@' } else { ':' };
        let endpoint = self.endpoint();
        format!(
            "{}/{}{mark}{which}",
            endpoint.registry(),
            endpoint.repository()
        )
    }

    fn json<T: serde::de::DeserializeOwned>(
        &self,
        response: Response<Body>,
        what: &str,
    ) -> Result<T, RegistryError> {
        let bytes = self.body(response, what, MOST_LIST)?;
        serde_json::from_slice(&bytes).map_err(|error| RegistryError::Status {
            registry: self.endpoint().registry().to_owned(),
            status: 200,
            reason: error.to_string(),
        })
    }

    /// Reads an answer that may have so many bytes and not one more.
    fn body(
        &self,
        mut response: Response<Body>,
        what: &str,
        most: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        let mut bytes = Vec::new();
        let body = response.body_mut().as_reader();
        body.take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| RegistryError::BrokenOff {
                registry: self.endpoint().registry().to_owned(),
                reason: error.to_string(),
            })?;
        if bytes.len() as u64 > most {
            return Err(RegistryError::TooLarge {
                what: what.to_owned(),
                most,
            });
        }
        Ok(bytes)
    }
}

pub(super) fn text(response: &Response<Body>, name: &header::HeaderName) -> Option<String> {
    let value = response.headers().get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

/// Works out what a document is from what the server and the document itself say; both together
/// have to make sense.
fn media_type(said: &str, bytes: &[u8]) -> Result<String, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Own {
        schema_version: Option<u32>,
        media_type: Option<String>,
    }
    let said = said.split(';').next().unwrap_or_default().trim();
    let own: Own = serde_json::from_slice(bytes)
        .map_err(|_| format!("its manifest is no JSON (media type `{}`)", printable(said)))?;
    if own.schema_version != Some(2) {
        return Err("its manifest has not the schema version 2".to_owned());
    }
    let is_known = |name: &str| MANIFESTS.contains(&name);
    match (said, own.media_type) {
        (said, Some(own)) if is_known(said) && own != said => Err(format!(
            "the registry calls its manifest {said}, the manifest itself {}",
            printable(&own)
        )),
        (said, _) if is_known(said) => Ok(said.to_owned()),
        ("" | "application/json" | "application/octet-stream" | "text/plain", Some(own))
            if is_known(&own) =>
        {
            Ok(own)
        }
        (said, _) => Err(format!("media type `{}`", printable(said))),
    }
}

/// Reads `</v2/x/tags/list?last=b>; rel="next"`.
fn next_page(link: &str) -> Option<String> {
    let (target, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    rest.contains("next").then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_is_both_sides_say() {
        let oci = MANIFESTS[2];
        let document = |own: &str| format!(r#"{{"schemaVersion":2{own}}}"#);
        let own = document(&format!(r#","mediaType":"{oci}""#));
        assert_eq!(media_type(oci, document("").as_bytes()).as_deref(), Ok(oci));
        assert_eq!(
            media_type("application/json", own.as_bytes()).as_deref(),
            Ok(oci)
        );
        let with_parameter = format!("{oci}; charset=utf-8");
        assert_eq!(
            media_type(&with_parameter, own.as_bytes()).as_deref(),
            Ok(oci)
        );
        for (said, bytes) in [
            (MANIFESTS[0], own.as_str()),
            ("text/html", own.as_str()),
            ("application/json", r#"{"schemaVersion":2}"#),
            (oci, r#"{"schemaVersion":1}"#),
            (oci, "<html>"),
        ] {
            assert!(
                media_type(said, bytes.as_bytes()).is_err(),
                "{said} {bytes}"
            );
        }
    }

    #[test]
    fn the_next_page_stands_in_a_header() {
        let link = r#"</v2/x/tags/list?last=b&n=2>; rel="next""#;
        assert_eq!(
            next_page(link).as_deref(),
            Some("/v2/x/tags/list?last=b&n=2")
        );
        assert_eq!(next_page("</a>; rel=\"prev\""), None);
    }
}
