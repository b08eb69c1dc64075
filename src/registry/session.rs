//! What we have shown a registry to prove who we are: a name and a password, or tokens.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use ureq::SendBody;
use ureq::http::{Request, StatusCode, header};

use super::challenge::Challenge;
use super::connection::Connection;
use super::error::RegistryError;
use super::login::{Credentials, Logins};

/// No token is larger.
const MOST_TOKEN: u64 = 1 << 20;

/// What is known of us, and what was given for it.
pub(super) struct Session {
    config: Option<PathBuf>,
    credentials: OnceLock<Option<Credentials>>,
    /// What stands in the header `Authorization`, for what is wanted.
    proofs: Mutex<HashMap<Vec<String>, String>>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Session {
    pub fn new(config: Option<&Path>) -> Self {
        Self {
            config: config.map(Path::to_owned),
            credentials: OnceLock::new(),
            proofs: Mutex::default(),
        }
    }

    /// Takes these credentials instead of those that are kept.
    pub fn use_credentials(&self, credentials: Credentials) {
        // They are told before anything is asked.
        let _ = self.credentials.set(Some(credentials));
    }

    /// Returns what is shown for what is wanted.
    pub fn proof(&self, scopes: &[String]) -> Option<String> {
        let proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.get(scopes).cloned()
    }

    /// Gets what a registry wants to see.
    pub fn prove(
        &self,
        connection: &Connection,
        challenge: &Challenge,
        scopes: &[String],
    ) -> Result<(), RegistryError> {
        let known = self.known(connection.endpoint().key())?;
        let proof = match challenge {
            Challenge::Basic => known
                .and_then(Credentials::basic)
                .map(|it| format!("Basic {it}")),
            Challenge::Bearer {
                realm,
                service,
                scope,
            } => {
                let own: Vec<&str> = match scope {
                    Some(scope) if scopes.len() < 2 => vec![scope],
                    _ => scopes.iter().map(String::as_str).collect(),
                };
                let token = token(connection, realm, service.as_deref(), &own, known)?;
                Some(format!("Bearer {token}"))
            }
        };
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(proof) = proof {
            proofs.insert(scopes.to_owned(), proof);
        }
        Ok(())
    }

    fn known(&self, registry: &str) -> Result<Option<&Credentials>, RegistryError> {
        if let Some(known) = self.credentials.get() {
            return Ok(known.as_ref());
        }
        let found = match &self.config {
            Some(folder) => Logins::open(folder)?.find(registry)?,
            None => None,
        };
        Ok(self.credentials.get_or_init(|| found).as_ref())
    }
}

/// Asks the server that gives tokens (docker's token authentication; OAuth 2 for an identity).
fn token(
    connection: &Connection,
    realm: &str,
    service: Option<&str>,
    scopes: &[&str],
    known: Option<&Credentials>,
) -> Result<String, RegistryError> {
    connection.check(realm)?;
    let mut fields: Vec<(&str, &str)> = service.map(|it| ("service", it)).into_iter().collect();
    let joined = scopes.join(" ");
    let oauth = matches!(known, Some(Credentials::Identity(_)));
    if oauth {
        fields.push(("scope", &joined));
    } else {
        fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    }
    if let Some(Credentials::Identity(identity)) = known {
        fields.push(("grant_type", "refresh_token"));
        fields.push(("client_id", "strata"));
        fields.push(("refresh_token", identity));
    }
    let form = form(&fields);
    let request = if oauth {
        let kind = "application/x-www-form-urlencoded";
        let request = Request::post(realm).header(header::CONTENT_TYPE, kind);
        request.body(SendBody::from_owned_reader(std::io::Cursor::new(form)))
    } else {
        let mark = if realm.contains('?') { '&' } else { '?' };
        let mut request = Request::get(format!("{realm}{mark}{form}"));
        if let Some(basic) = known.and_then(Credentials::basic) {
            request = request.header(header::AUTHORIZATION, format!("Basic {basic}"));
        }
        request.body(SendBody::none())
    };
    let registry = connection.endpoint().registry().to_owned();
    let broken = |reason: String| RegistryError::BrokenOff {
        registry: registry.clone(),
        reason,
    };
    let request = request.map_err(|error| broken(error.to_string()))?;
    let answer = connection.agent().run(request);
    let mut answer = answer.map_err(|error| broken(error.to_string()))?;
    match answer.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if known.is_some() => {
            return Err(RegistryError::WrongPassword(registry));
        }
        status if !status.is_success() => {
            let what = connection.endpoint().repository().to_owned();
            return Err(connection.refusal(answer, &what));
        }
        _ => {}
    }
    let mut text = Vec::new();
    let body = answer.body_mut().as_reader();
    let read = body.take(MOST_TOKEN).read_to_end(&mut text);
    read.map_err(|error| broken(error.to_string()))?;
    let token: Token = serde_json::from_slice(&text)
        .map_err(|_| broken("the server of its tokens answered with something else".to_owned()))?;
    let token = token.token.or(token.access_token);
    token.ok_or_else(|| broken("the server of its tokens gave none".to_owned()))
}

fn form(fields: &[(&str, &str)]) -> String {
    let field = |(name, value): &(&str, &str)| {
        format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
    };
    fields.iter().map(field).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_form_are_encoded() {
        let fields = [("service", "reg.example"), ("scope", "repository:a/b:pull")];
        assert_eq!(
            form(&fields),
            "service=reg%2Eexample&scope=repository%3Aa%2Fb%3Apull"
        );
    }
}
