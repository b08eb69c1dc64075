//! One request to a registry: where redirects may lead, when another attempt is
//! worth it.

use std::io::{self, Read};
use std::sync::OnceLock;
use std::time::Duration;

use ureq::http::{HeaderMap, Method, Request, StatusCode, header};
use ureq::{Agent, Body, SendBody, Timeout, http::Response};

use super::challenge;
use super::endpoint::{Endpoint, is_loopback};
use super::error::RegistryError;
use super::session::Session;
use super::settings::Settings;
use super::trust::agent;

/// Attempts for one request, and the pause after the first; each pause is twice the one before.
pub(super) const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// A server may say how long to wait; nobody waits longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const MOST_REDIRECTS: usize = 10;
/// What of a refusal is read.
const MOST_REASON: u64 = 64 * 1024;

/// What is asked.
pub(super) struct Ask<'a> {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(header::HeaderName, String)>,
    pub body: Payload<'a>,
    /// What a token has to allow.
    pub scopes: Vec<String>,
}

/// Opens what is sent; asked again for another attempt.
pub type Open<'a> = dyn Fn() -> io::Result<Box<dyn Read + 'a>> + 'a;

/// What is sent along. A stream is opened anew for another attempt.
pub(super) enum Payload<'a> {
    None,
    Bytes(&'a [u8]),
    Stream(&'a Open<'a>, u64),
}

/// A repository at a host, and what is known of the way there.
pub(super) struct Connection {
    endpoint: Endpoint,
    base: OnceLock<String>,
    agent: Agent,
    session: Session,
}

/// Why one attempt failed, and whether another is worth it.
struct Failure {
    error: RegistryError,
    again: bool,
}

impl Connection {
    pub fn new(endpoint: Endpoint, settings: &Settings) -> Result<Self, RegistryError> {
        if settings.offline || settings.loopback_only && !endpoint.is_loopback() {
            return Err(RegistryError::Offline);
        }
        let folders = settings.certificates.iter();
        let folders = folders.map(|folder| folder.join(endpoint.registry()));
        let agent = agent(&endpoint, &folders.collect::<Vec<_>>())?;
        Ok(Self {
            session: Session::new(settings.config.as_deref()),
            base: OnceLock::new(),
            endpoint,
            agent,
        })
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Returns how addresses begin: `https://HOST`. This machine's own registry may speak plain
    /// HTTP; it is asked, before anything secret is said.
    pub fn base(&self) -> Result<&str, RegistryError> {
        if let Some(known) = self.endpoint.base().or(self.base.get().map(String::as_str)) {
            return Ok(known);
        }
        let host = self.endpoint.registry();
        let plain = Request::get(format!("http://{host}/v2/")).body(SendBody::none());
        let answer = self.agent.run(plain.map_err(|error| self.odd(&error))?);
        let scheme = match answer.map_err(|error| self.failed(error)) {
            // What Go's servers say to who speaks plain HTTP where TLS is expected.
            Ok(response) if response.status() == StatusCode::BAD_REQUEST => "https",
            Ok(response) if response.status().is_redirection() => "https",
            Ok(_) => "http",
            Err(Failure { error, .. }) if error.is_no_network() => return Err(error),
            Err(_) => "https",
        };
        Ok(self.base.get_or_init(|| format!("{scheme}://{host}")))
    }

    /// Asks, proves who we are where that is wanted, and asks again after a failure that may pass.
    /// The answer may be a refusal.
    pub fn send(&self, ask: &Ask<'_>) -> Result<Response<Body>, RegistryError> {
        let mut proved = false;
        let mut attempt = 1;
        loop {
            let pause = match self.follow(ask) {
                Ok(response) if response.status() == StatusCode::UNAUTHORIZED && !proved => {
                    proved = true;
                    self.prove(&response, ask)?;
                    continue;
                }
                Ok(response) if may_pass(response.status()) && attempt < ATTEMPTS => {
                    wanted_pause(response.headers()).unwrap_or(pause_after(attempt))
                }
                Ok(response) => return Ok(response),
                Err(failure) if failure.again && attempt < ATTEMPTS => pause_after(attempt),
                Err(failure) => return Err(failure.error),
            };
            std::thread::sleep(pause);
            attempt += 1;
        }
    }

    fn prove(&self, response: &Response<Body>, ask: &Ask<'_>) -> Result<(), RegistryError> {
        let asked = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
        let mut asked = asked.filter_map(|value| challenge::parse(value.to_str().ok()?));
        match asked.next() {
            Some(challenge) => self.session.prove(self, &challenge, &ask.scopes),
            None => Ok(()),
        }
    }

    /// Asks once, wherever that leads. Only the registry itself is told who we are.
    fn follow(&self, ask: &Ask<'_>) -> Result<Response<Body>, Failure> {
        let mut url = ask.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let own = origin(&url) == origin(self.base().map_err(Failure::last)?);
            let response = self.once(ask, &url, own)?;
            let leads = response.status().is_redirection()
                && matches!(ask.method, Method::GET | Method::HEAD);
            let target = response.headers().get(header::LOCATION);
            let Some(target) = target.filter(|_| leads) else {
                return Ok(response);
            };
            url = join(&url, target.to_str().unwrap_or_default());
            self.check(&url).map_err(Failure::last)?;
        }
        let registry = self.endpoint.registry().to_owned();
        Err(Failure::last(RegistryError::Redirects(registry)))
    }

    /// Nothing but https, except where this machine's own registry speaks plain HTTP.
    pub fn check(&self, url: &str) -> Result<(), RegistryError> {
        let host = url
            .strip_prefix("http://")
            .map(|rest| rest.split('/').next());
        let plain = self.base()?.starts_with("http:");
        let own = |host: &str| plain && is_loopback(host.rsplit('@').next().unwrap_or(host));
        if url.starts_with("https://") || host.flatten().is_some_and(own) {
            return Ok(());
        }
        Err(RegistryError::Downgrade {
            registry: self.endpoint.registry().to_owned(),
            address: printable(url),
        })
    }

    fn once(&self, ask: &Ask<'_>, url: &str, own: bool) -> Result<Response<Body>, Failure> {
        let mut request = Request::builder().method(ask.method.clone()).uri(url);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        if let Some(proof) = self.session.proof(&ask.scopes).filter(|_| own) {
            request = request.header(header::AUTHORIZATION, proof);
        }
        let odd = |error: ureq::http::Error| Failure::last(self.odd(&error));
        let answer = match &ask.body {
            Payload::None => self.agent.run(request.body(SendBody::none()).map_err(odd)?),
            Payload::Bytes(bytes) => self.agent.run(request.body(*bytes).map_err(odd)?),
            Payload::Stream(open, size) => {
                let mut from = open().map_err(|e| Failure::last(RegistryError::File(e)))?;
                let request = request.header(header::CONTENT_LENGTH, *size);
                let body = SendBody::from_reader(&mut from);
                self.agent.run(request.body(body).map_err(odd)?)
            }
        };
        answer.map_err(|error| self.failed(error))
    }

    fn odd(&self, error: &ureq::http::Error) -> RegistryError {
        RegistryError::BrokenOff {
            registry: self.endpoint.registry().to_owned(),
            reason: error.to_string(),
        }
    }

    fn failed(&self, error: ureq::Error) -> Failure {
        let registry = self.endpoint.registry().to_owned();
        let unreachable = |reason: String| {
            Failure::last(RegistryError::Unreachable {
                registry: self.endpoint.registry().to_owned(),
                reason,
            })
        };
        match error {
            ureq::Error::HostNotFound => {
                unreachable("no address is known for this host".to_owned())
            }
            ureq::Error::Timeout(Timeout::Resolve) => {
                unreachable("no name server answers".to_owned())
            }
            ureq::Error::Timeout(Timeout::Connect) | ureq::Error::ConnectionFailed => {
                unreachable("nobody answers".to_owned())
            }
            ureq::Error::Rustls(error) => Failure::last(RegistryError::Untrusted {
                registry,
                reason: error.to_string(),
            }),
            ureq::Error::Io(error) => match tls_reason(&error) {
                Some(reason) => Failure::last(RegistryError::Untrusted { registry, reason }),
                None if is_unreachable(&error) => unreachable(error.to_string()),
                None => Failure {
                    error: RegistryError::BrokenOff {
                        registry,
                        reason: error.to_string(),
                    },
                    again: true,
                },
            },
            other => Failure {
                error: RegistryError::BrokenOff {
                    registry,
                    reason: other.to_string(),
                },
                again: matches!(other, ureq::Error::Timeout(_) | ureq::Error::Protocol(_)),
            },
        }
    }

    /// Makes the error of an answer that is a refusal.
    pub fn refusal(&self, mut response: Response<Body>, what: &str) -> RegistryError {
        let status = response.status();
        let mut text = Vec::new();
        let body = response.body_mut().as_reader();
        // What can be read of the reason is enough.
        let _ = body.take(MOST_REASON).read_to_end(&mut text);
        let reason = reason(&text)
            .unwrap_or_else(|| status.canonical_reason().unwrap_or_default().to_owned());
        let registry = self.endpoint.registry().to_owned();
        match status {
            StatusCode::NOT_FOUND => RegistryError::NotFound(what.to_owned()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => RegistryError::Denied {
                what: what.to_owned(),
                reason,
            },
            other => RegistryError::Status {
                registry,
                status: other.as_u16(),
                reason,
            },
        }
    }
}

impl Failure {
    fn last(error: RegistryError) -> Self {
        Self {
            error,
            again: false,
        }
    }
}

/// Returns the pause after so many attempts.
pub(super) fn pause_after(attempt: u32) -> Duration {
    PAUSE * 2_u32.pow(attempt.saturating_sub(1).min(ATTEMPTS))
}

/// Whether a server may answer otherwise in a while.
fn may_pass(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

fn wanted_pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let pause = Duration::from_secs(seconds.trim().parse().ok()?);
    Some(pause.min(LONGEST_PAUSE))
}

fn is_unreachable(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionRefused
            | Kind::NetworkUnreachable
            | Kind::HostUnreachable
            | Kind::NetworkDown
            | Kind::AddrNotAvailable
    ) || error.to_string().contains("failed to lookup address")
}

fn tls_reason(error: &io::Error) -> Option<String> {
    let inner: &rustls::Error = error.get_ref()?.downcast_ref()?;
    Some(inner.to_string())
}

/// Reads the sentences of a refusal (distribution-spec, Error Codes).
fn reason(text: &[u8]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(text).ok()?;
    let errors = document.get("errors")?.as_array()?;
    let sentence = |error: &serde_json::Value| {
        let text = |name: &str| error.get(name).and_then(serde_json::Value::as_str);
        text("message").or(text("code")).map(printable)
    };
    let sentences: Vec<String> = errors.iter().filter_map(sentence).collect();
    (!sentences.is_empty()).then(|| sentences.join(", "))
}

/// Bytes of a server are not to move the cursor, and not to fill the screen.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .filter(|char| !char.is_control())
        .take(300)
        .collect()
}

/// Returns scheme and host of an address.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..]
        .find(['/', '?'])
        .map_or(url.len(), |at| host + at);
    &url[..end]
}

/// Resolves what a header `Location` says (RFC 3986, 5.2, as far as servers use it).
pub(super) fn join(base: &str, target: &str) -> String {
    if target.contains("://") {
        return target.to_owned();
    }
    let scheme = base.split("://").next().unwrap_or("https");
    if target.starts_with("//") {
        return format!("{scheme}:{target}");
    }
    if target.starts_with('/') {
        return format!("{}{target}", origin(base));
    }
    let path = base.split(['?', '#']).next().unwrap_or(base);
    if target.starts_with('?') {
        return format!("{path}{target}");
    }
    let folder = path.rfind('/').map_or(path, |at| &path[..=at]);
    format!("{folder}{target}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_ask_only_registries_of_this_machine() {
        let settings = Settings::loopback_only();
        let asked = |registry| Connection::new(Endpoint::new(registry, "x"), &settings);
        assert!(asked("localhost:5818").is_ok());
        assert!(asked("127.0.0.1").is_ok());
        for registry in ["docker.io", "localhost.example", "registry.example:5000"] {
            let error = asked(registry).err();
            assert!(matches!(error, Some(RegistryError::Offline)), "{registry}");
        }
    }

    #[test]
    fn addresses_lead_on_as_browsers_follow_them() {
        let base = "https://a.example/v2/x/blobs/1?y=/z";
        for (target, expected) in [
            ("https://b.example/c", "https://b.example/c"),
            ("//b.example/c", "https://b.example/c"),
            ("/c?d", "https://a.example/c?d"),
            ("2", "https://a.example/v2/x/blobs/2"),
            ("?d", "https://a.example/v2/x/blobs/1?d"),
        ] {
            assert_eq!(join(base, target), expected, "{target}");
        }
        assert_eq!(origin(base), "https://a.example");
    }

    #[test]
    fn the_reason_of_a_refusal_is_one_line_of_text() {
        let text = br#"{"errors":[{"code":"DENIED","message":"no\u001b[2J"},{"code":"X"}]}"#;
        assert_eq!(reason(text).as_deref(), Some("no[2J, X"));
        assert_eq!(reason(b"<html>"), None);
    }

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<u128> = (1..5).map(|at| pause_after(at).as_millis()).collect();
        assert_eq!(pauses, [200, 400, 800, 1600]);
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, "86400".parse().unwrap());
        assert_eq!(wanted_pause(&headers), Some(LONGEST_PAUSE));
    }
}
