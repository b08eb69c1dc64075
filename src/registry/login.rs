//! Who we are to a registry: docker's `config.json`, with its credential helpers.
//!
//! What strata does not know in the file stays in it. A password goes to a helper where the file
//! names one, else into the file, which only its owner may read.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::endpoint::key;
use super::error::RegistryError;

/// The name that stands for a token in the answers of helpers.
const TOKEN: &str = "<token>";

/// What proves who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A name and a password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token that other tokens are given for.
    Identity(String),
}

/// Where credentials were put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// In this file, as they are.
    File(PathBuf),
    /// With a helper.
    Helper(String),
}

/// docker's `config.json`.
#[derive(Debug, Clone)]
pub struct Logins {
    path: PathBuf,
    document: Map<String, Value>,
}

impl Credentials {
    /// Returns what stands behind `Basic` in a header.
    pub(super) fn basic(&self) -> Option<String> {
        match self {
            Self::Password { user, password } => Some(BASE64.encode(format!("{user}:{password}"))),
            Self::Identity(_) => None,
        }
    }
}

impl Logins {
    /// Reads the file in docker's folder; a file that is missing is empty.
    pub fn open(folder: &Path) -> Result<Self, RegistryError> {
        let path = folder.join("config.json");
        let wrong = |reason: String| RegistryError::Config {
            path: path.clone(),
            reason,
        };
        let document = match fs::read(&path) {
            Ok(bytes) if bytes.is_empty() => Map::new(),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Map::new(),
            Err(error) => return Err(wrong(error.to_string())),
        };
        Ok(Self { path, document })
    }

    /// Returns what is known for a registry.
    pub fn find(&self, registry: &str) -> Result<Option<Credentials>, RegistryError> {
        let wanted = key(registry);
        if let Some(helper) = self.helper(wanted) {
            return ask_helper(&helper, wanted);
        }
        let entries = self.document.get("auths").and_then(Value::as_object);
        let mut entries = entries.into_iter().flatten();
        let exact = entries.clone().find(|(name, _)| *name == wanted);
        let entry = exact.or_else(|| entries.find(|(name, _)| bare(name) == bare(wanted)));
        Ok(entry.and_then(|(_, entry)| credentials(entry)))
    }

    /// Keeps credentials for a registry.
    pub fn keep(&mut self, registry: &str, it: &Credentials) -> Result<Kept, RegistryError> {
        let wanted = key(registry).to_owned();
        if let Some(helper) = self.helper(&wanted) {
            let (user, secret) = match it {
                Credentials::Password { user, password } => (user.as_str(), password),
                Credentials::Identity(token) => (TOKEN, token),
            };
            let document = json!({"ServerURL": wanted, "Username": user, "Secret": secret});
            call_helper(&helper, "store", &document.to_string())?;
            // docker, too, notes whom it has logged in to.
            self.entries()?.insert(wanted, json!({}));
            self.write()?;
            return Ok(Kept::Helper(helper));
        }
        let entry = match it {
            Credentials::Password { .. } => json!({ "auth": it.basic() }),
            Credentials::Identity(token) => json!({ "identitytoken": token }),
        };
        self.entries()?.insert(wanted, entry);
        self.write()?;
        Ok(Kept::File(self.path.clone()))
    }

    /// Forgets what is known for a registry; whether there was anything.
    pub fn forget(&mut self, registry: &str) -> Result<bool, RegistryError> {
        let wanted = key(registry).to_owned();
        let mut known = false;
        if let Some(helper) = self.helper(&wanted) {
            known = ask_helper(&helper, &wanted)?.is_some();
            if known {
                call_helper(&helper, "erase", &wanted)?;
            }
        }
        let entries = self.entries()?;
        let before = entries.len();
        entries.retain(|name, _| bare(name) != bare(&wanted));
        if entries.len() < before {
            known = true;
            self.write()?;
        }
        Ok(known)
    }

    fn entries(&mut self) -> Result<&mut Map<String, Value>, RegistryError> {
        let entries = self.document.entry("auths").or_insert_with(|| json!({}));
        entries
            .as_object_mut()
            .ok_or_else(|| RegistryError::Config {
                path: self.path.clone(),
                reason: "auths is no object".to_owned(),
            })
    }

    fn helper(&self, registry: &str) -> Option<String> {
        let own = self
            .document
            .get("credHelpers")
            .and_then(|it| it.get(registry));
        let any = || self.document.get("credsStore");
        let name = own.or_else(any)?.as_str()?;
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// Writes the file, which appears whole; it may be a link to elsewhere.
    fn write(&self) -> Result<(), RegistryError> {
        let failed = |error: std::io::Error| RegistryError::Config {
            path: self.path.clone(),
            reason: error.to_string(),
        };
        let path = self
            .path
            .canonicalize()
            .unwrap_or_else(|_| self.path.clone());
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = tempfile::Builder::new()
            .prefix(".config.json")
            .permissions(fs::Permissions::from_mode(0o600))
            .tempfile_in(folder)
            .map_err(failed)?;
        serde_json::to_writer_pretty(&mut file, &self.document).map_err(|e| failed(e.into()))?;
        file.write_all(b"\n").map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// Older files name a registry by an address.
fn bare(name: &str) -> &str {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    name.split('/').next().unwrap_or(name)
}

fn credentials(entry: &Value) -> Option<Credentials> {
    let text = |name: &str| entry.get(name)?.as_str().filter(|text| !text.is_empty());
    if let Some(token) = text("identitytoken") {
        return Some(Credentials::Identity(token.to_owned()));
    }
    let (user, password) = match text("auth") {
        Some(auth) => {
            let bytes = BASE64.decode(auth.trim()).ok()?;
            let pair = String::from_utf8(bytes).ok()?;
            let (user, password) = pair.split_once(':')?;
            (user.to_owned(), password.trim_end_matches('\0').to_owned())
        }
        None => (text("username")?.to_owned(), text("password")?.to_owned()),
    };
    Some(Credentials::Password { user, password })
}

fn ask_helper(helper: &str, registry: &str) -> Result<Option<Credentials>, RegistryError> {
    let Some(said) = call_helper(helper, "get", registry)? else {
        return Ok(None);
    };
    let document: Value = serde_json::from_str(&said).map_err(|error| RegistryError::Helper {
        helper: helper.to_owned(),
        reason: error.to_string(),
    })?;
    let text = |name: &str| {
        document
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let secret = text("Secret").to_owned();
    Ok(match text("Username") {
        _ if secret.is_empty() => None,
        TOKEN => Some(Credentials::Identity(secret)),
        user => Some(Credentials::Password {
            user: user.to_owned(),
            password: secret,
        }),
    })
}

/// Calls a helper; none where it knows nothing of the registry.
fn call_helper(helper: &str, verb: &str, input: &str) -> Result<Option<String>, RegistryError> {
    let failed = |reason: String| RegistryError::Helper {
        helper: helper.to_owned(),
        reason,
    };
    // A name, not a path: it may only lead to a program of PATH.
    if helper.contains('/') {
        return Err(failed("this is no name of a helper".to_owned()));
    }
    let mut child = Command::new(format!("docker-credential-{helper}"))
        .arg(verb)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that reads nothing says itself what it wants.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(|e| failed(e.to_string()))?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        return Ok(Some(said));
    }
    // docker-credential-helpers: the words of an answer that is no error.
    if said.contains("credentials not found") {
        return Ok(None);
    }
    Err(failed(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Credentials {
        Credentials::Password {
            user: "me".to_owned(),
            password: "a:b".to_owned(),
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_kept_is_found_again_and_only_the_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        fs::write(
            &path,
            r#"{"psFormat":"x","auths":{"other":{"auth":"eDp5"}}}"#,
        )
        .unwrap();
        let mut logins = Logins::open(folder.path()).unwrap();
        let kept = logins.keep("localhost:5000", &me()).unwrap();
        assert_eq!(kept, Kept::File(path.clone()));
        assert_eq!(mode(&path), 0o600);
        let mut again = Logins::open(folder.path()).unwrap();
        assert_eq!(again.find("localhost:5000").unwrap(), Some(me()));
        assert_eq!(again.document["psFormat"], "x");
        assert!(again.forget("localhost:5000").unwrap());
        assert!(!again.forget("localhost:5000").unwrap());
        let again = Logins::open(folder.path()).unwrap();
        assert_eq!(again.find("localhost:5000").unwrap(), None);
        assert!(again.find("other").unwrap().is_some());
    }

    #[test]
    fn older_ways_of_writing_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{"auths":{
            "https://index.docker.io/v1/":{"auth":"bWU6YTpi"},
            "https://reg.example/v2/":{"username":"me","password":"a:b"},
            "tok.example":{"identitytoken":"t"}}}"#;
        fs::write(folder.path().join("config.json"), text).unwrap();
        let logins = Logins::open(folder.path()).unwrap();
        assert_eq!(logins.find("docker.io").unwrap(), Some(me()));
        assert_eq!(logins.find("reg.example").unwrap(), Some(me()));
        let token = Some(Credentials::Identity("t".to_owned()));
        assert_eq!(logins.find("tok.example").unwrap(), token);
        assert_eq!(logins.find("reg.example:5000").unwrap(), None);
    }

    #[test]
    fn a_file_that_is_no_json_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.json"), "{").unwrap();
        let error = Logins::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("config.json"), "{error}");
    }

    #[test]
    fn a_helper_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{"credHelpers":{"a.example":"strata-nosuch"}}"#;
        fs::write(folder.path().join("config.json"), text).unwrap();
        let logins = Logins::open(folder.path()).unwrap();
        let error = logins.find("a.example").unwrap_err().to_string();
        assert!(error.contains("docker-credential-strata-nosuch"), "{error}");
        assert_eq!(logins.find("b.example").unwrap(), None);
    }
}
