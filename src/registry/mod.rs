//! Registries of images: what a program says to one over HTTP (distribution-spec), and nothing of
//! what is done with the bytes.
//!
//! | file | what |
//! |---|---|
//! | `settings` | what of the surroundings counts: docker's folder, certificates, mirrors |
//! | `endpoint` | which host a name means, and whether it is this machine |
//! | [`login`] | who we are: docker's `config.json`, its credential helpers |
//! | `challenge`, `session` | what a registry asks for, and the tokens we got |
//! | `connection` | one request: redirects, pauses and further attempts, trust |
//! | `client` | manifests, tags, search |
//! | `download`, `upload` | blobs, checked on the way; a download goes on where it broke off |
//! | `error` | why not |
//!
//! A small client over `ureq`, which fetches the URLs of ADD as well; docs/decisions.md says why.

mod challenge;
mod client;
mod connection;
mod download;
mod endpoint;
mod error;
pub mod login;
mod session;
mod settings;
mod upload;

pub use client::{Client, Document, Found};
pub use connection::Open;
pub use endpoint::Endpoint;
pub use error::RegistryError;
pub use login::Credentials;
pub use settings::Settings;
pub use upload::Place;
