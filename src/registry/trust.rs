//! Who is believed, and what we show to who wants to see it: certificates of this machine, and of
//! one registry as docker's `certs.d` has them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use super::endpoint::Endpoint;
use super::error::RegistryError;

/// How long a name may take to become an address: a machine without a network is to say so soon.
const RESOLVE: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(10);
/// How long a server may be silent.
const SILENCE: Duration = Duration::from_mins(1);
/// A registry moves a large blob to its place before it answers.
const ANSWER: Duration = Duration::from_mins(5);
const NAME: &str = concat!("strata/", env!("CARGO_PKG_VERSION"));

/// Makes the client for a registry; `folders` may hold its certificates.
pub(super) fn agent(endpoint: &Endpoint, folders: &[PathBuf]) -> Result<Agent, RegistryError> {
    // A second call finds the first one's, which is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = Vec::new();
    let mut own = None;
    for folder in folders {
        let (found, client) = certificates(folder)?;
        roots.extend(found);
        own = own.or(client);
    }
    let native = rustls_native_certs::load_native_certs().certs;
    roots.extend(
        native
            .iter()
            .map(|der| Certificate::from_der(der).to_owned()),
    );
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .client_cert(own)
        .build();
    // What this machine says to itself goes through no proxy.
    let proxy = Proxy::try_from_env().filter(|_| !endpoint.is_loopback());
    let config = Agent::config_builder()
        .user_agent(NAME)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy)
        .timeout_resolve(Some(RESOLVE))
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .tls_config(tls);
    Ok(config.build().new_agent())
}

/// Reads the folder of a registry as docker does: `*.crt` are authorities; `NAME.cert` with
/// `NAME.key` is who we are.
fn certificates(
    folder: &Path,
) -> Result<(Vec<Certificate<'static>>, Option<ClientCert>), RegistryError> {
    let (mut roots, mut own) = (Vec::new(), None);
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok((roots, own));
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        match path.extension().and_then(|it| it.to_str()) {
            Some("crt") => roots.extend(chain(&path)?),
            Some("cert") => {
                let key = read(&path.with_extension("key"))?;
                let key = PrivateKey::from_pem(&key).map_err(|e| unread(&path, &e))?;
                own = Some(ClientCert::new_with_certs(&chain(&path)?, key));
            }
            _ => {}
        }
    }
    Ok((roots, own))
}

fn chain(path: &Path) -> Result<Vec<Certificate<'static>>, RegistryError> {
    let bytes = read(path)?;
    let mut found = Vec::new();
    for item in parse_pem(&bytes) {
        if let PemItem::Certificate(it) = item.map_err(|error| unread(path, &error))? {
            found.push(it);
        }
    }
    if found.is_empty() {
        return Err(unread(path, &"there is no certificate in PEM form in it"));
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, RegistryError> {
    fs::read(path).map_err(|error| unread(path, &error))
}

fn unread(path: &Path, reason: &dyn std::fmt::Display) -> RegistryError {
    RegistryError::Certificate {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.crt"), "text").unwrap();
        let error = certificates(folder.path()).err().unwrap().to_string();
        assert!(error.contains("ca.crt"), "{error}");
        let (none, own) = certificates(&folder.path().join("nosuch")).unwrap();
        assert!(none.is_empty() && own.is_none());
    }
}
