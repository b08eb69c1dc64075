//! Sending a blob: asked for first, taken from another repository where it is there, else sent.

use ureq::http::{Method, StatusCode, header};

use super::client::{Client, text};
use super::connection::{Open, Payload, join};
use super::error::RegistryError;
use crate::digest::Digest;

/// Where a blob that is to be sent will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It is there now: the registry took it from another repository.
    Mounted,
    /// It is to be sent to this address.
    Upload(String),
}

impl Client {
    /// Tells whether the repository has a blob.
    pub fn has_blob(&self, digest: Digest) -> Result<bool, RegistryError> {
        let mut ask = self.ask(Method::HEAD, &format!("blobs/{digest}"))?;
        ask.scopes = vec![self.scope("pull,push")];
        let response = self.connection.send(&ask)?;
        match response.status() {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self
                .connection
                .refusal(response, self.endpoint().repository())),
        }
    }

    /// Asks where a blob may be sent; `from` is a repository of the same registry that may have it.
    pub fn place(&self, digest: Digest, from: Option<&str>) -> Result<Place, RegistryError> {
        let mut ask = self.ask(Method::POST, "blobs/uploads/")?;
        ask.scopes = vec![self.scope("pull,push")];
        ask.body = Payload::Bytes(&[]);
        if let Some(from) = from {
            ask.url = format!("{}?mount={digest}&from={from}", ask.url);
            ask.scopes.push(format!("repository:{from}:pull"));
        }
        let response = self.connection.send(&ask)?;
        match response.status() {
            StatusCode::CREATED => Ok(Place::Mounted),
            StatusCode::ACCEPTED => {
                let target = text(&response, &header::LOCATION).unwrap_or_default();
                let target = join(&ask.url, &target);
                self.connection.check(&target)?;
                Ok(Place::Upload(target))
            }
            _ => Err(self
                .connection
                .refusal(response, self.endpoint().repository())),
        }
    }

    /// Sends a blob; `open` is asked again for another attempt.
    pub fn send_blob<'a>(
        &self,
        place: &str,
        digest: Digest,
        size: u64,
        open: &'a Open<'a>,
    ) -> Result<(), RegistryError> {
        let mark = if place.contains('?') { '&' } else { '?' };
        let mut ask = self.ask(Method::PUT, "")?;
        ask.url = format!("{place}{mark}digest={digest}");
        let kind = "application/octet-stream".to_owned();
        ask.headers.push((header::CONTENT_TYPE, kind));
        ask.scopes = vec![self.scope("pull,push")];
        ask.body = Payload::Stream(open, size);
        let response = self.connection.send(&ask)?;
        if response.status().is_success() {
            return Ok(());
        }
        Err(self
            .connection
            .refusal(response, self.endpoint().repository()))
    }
}
