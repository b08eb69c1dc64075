//! GET, with the question whether there is anything new.

use std::fs::File;
use std::io;
use std::time::Duration;

use jiff::fmt::rfc2822;
use ureq::http::{HeaderMap, StatusCode, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, http::Response};

use super::{Answer, Download, FetchError, place};
use crate::digest::{Digest, HashingWriter};
use crate::layers::{ScratchDir, StoreError};

/// How long a server may be silent.
const SILENCE: Duration = Duration::from_mins(1);
const CONNECT: Duration = Duration::from_secs(30);
const NAME: &str = concat!("strata/", env!("CARGO_PKG_VERSION"));

/// Fetches a URL into a folder, unless the server says that it is what it was `before`.
pub(super) fn get(
    url: &str,
    before: Option<&Download>,
    scratch: &ScratchDir,
) -> Result<Answer, FetchError> {
    let mut request = agent(url)?.get(url);
    if let Some(etag) = before.and_then(|before| before.etag.as_ref()) {
        request = request.header(header::IF_NONE_MATCH, etag);
    } else if let Some(time) = before.and_then(|before| before.last_modified.as_ref()) {
        request = request.header(header::IF_MODIFIED_SINCE, time);
    }
    let mut response = request.call().map_err(failed)?;
    match response.status() {
        StatusCode::NOT_MODIFIED => return Ok(Answer::Unchanged),
        status if !status.is_success() => return Err(FetchError::Status(status.as_u16())),
        _ => {}
    }
    let path = place(scratch);
    let (digest, size) = save(&mut response, &path)?;
    let headers = response.headers();
    let last_modified = text(headers, &header::LAST_MODIFIED);
    let download = Download {
        url: url.to_owned(),
        digest,
        size,
        mtime: last_modified.as_deref().and_then(seconds).unwrap_or(0),
        etag: text(headers, &header::ETAG),
        last_modified,
    };
    Ok(Answer::File(download, path))
}

/// A client for one URL: authorities are only looked up for `https`.
fn agent(url: &str) -> Result<Agent, FetchError> {
    let config = Agent::config_builder()
        .user_agent(NAME)
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE));
    let config = if url.starts_with("https:") {
        // A second call finds the first one's, which is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roots = RootCerts::new_with_certs(&authorities()?);
        let tls = TlsConfig::builder().root_certs(roots).build();
        config.tls_config(tls)
    } else {
        config
    };
    Ok(config.build().new_agent())
}

/// Those this machine believes (`SSL_CERT_FILE`, or where its system keeps them).
fn authorities() -> Result<Vec<Certificate<'static>>, FetchError> {
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return Err(FetchError::NoAuthorities);
    }
    let certificates = found
        .iter()
        .map(|der| Certificate::from_der(der).to_owned());
    Ok(certificates.collect())
}

fn save(
    response: &mut Response<Body>,
    path: &std::path::Path,
) -> Result<(Digest, u64), FetchError> {
    let write = |error| StoreError::io("write", path)(error);
    let mut file = HashingWriter::new(File::create(path).map_err(write)?);
    let mut body = response.body_mut().as_reader();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let count = match io::Read::read(&mut body, &mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(FetchError::Network(error.to_string())),
        };
        io::Write::write_all(&mut file, &buffer[..count]).map_err(write)?;
    }
    let (digest, size, _) = file.finish();
    Ok((digest, size))
}

fn failed(error: ureq::Error) -> FetchError {
    match error {
        ureq::Error::HostNotFound => FetchError::NoHost,
        ureq::Error::Io(error) => FetchError::Network(error.to_string()),
        other => FetchError::Network(other.to_string()),
    }
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

/// Reads `Wed, 21 Oct 2015 07:28:00 GMT` (RFC 9110, 5.6.7).
fn seconds(date: &str) -> Option<i64> {
    let time = rfc2822::parse(date).ok()?;
    Some(time.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_file_is_the_servers() {
        assert_eq!(
            seconds("Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(1_445_412_480)
        );
        assert_eq!(seconds("yesterday"), None);
    }
}
