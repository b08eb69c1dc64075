//! What ENV and ARG make visible where, and the settings that later steps depend on.
//!
//! Dockerfile reference, "ARG", "Scope" and "Using ARG variables": an ENV after an ARG of the
//! same name wins; an ARG after an ENV counts for the later build steps, not for the image.

use rpds::RedBlackTreeSetSync;

use super::meter::Meter;
pub use super::variables::Variables;
use crate::parser::word::{Expanded, WordError};

/// Set by `--build-arg` alone, without any ARG (Dockerfile reference, "Predefined ARGs").
pub const PROXY_ARGS: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Words in order, as an image's environment.
pub type Pairs = Vec<(String, String)>;

/// What a step sees.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The image's environment, in its order.
    pub env: Variables,
    /// The build arguments declared so far that have a value and that no ENV hides.
    pub args: Variables,
    /// The folder later steps work in, absolute.
    pub workdir: String,
    /// `user[:group]`, empty for root.
    pub user: String,
    /// The shell of shell forms.
    pub shell: Vec<String>,
    /// Whether SHELL or the base chose that shell.
    pub own_shell: bool,
    /// Whether a WORKDIR of the Dockerfile chose the folder.
    pub own_workdir: bool,
    /// The names of all build arguments declared so far, with or without a value.
    pub declared: RedBlackTreeSetSync<String>,
    /// The file's escape character.
    pub escape: char,
    /// What expanding costs, in all scopes of a file together.
    pub meter: Meter,
}

impl Scope {
    /// Returns a variable's value: the ARG or ENV that came last.
    pub fn get(&self, name: &str) -> Option<String> {
        let found = self.args.get(name).or_else(|| self.env.get(name));
        found.map(str::to_owned)
    }

    /// Expands a word.
    pub fn expand(&self, word: &str) -> Result<Expanded, WordError> {
        self.meter.expand(word, self.escape, &|name| self.get(name))
    }

    /// Sets variables of the image: each in its place if it exists, else at the end.
    pub fn set_env(&mut self, pairs: &Pairs) {
        for (name, value) in pairs {
            self.args.remove(name);
            self.env.set(name, value);
        }
    }

    /// Declares a build argument; without a value it is not visible.
    pub fn set_arg(&mut self, name: &str, value: Option<&str>) {
        self.declared.insert_mut(name.to_owned());
        if let Some(value) = value {
            self.args.set(name, value);
        }
    }
}

/// Replaces a variable in place, or appends it.
pub fn set(pairs: &mut Pairs, name: &str, value: &str) {
    match pairs.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => value.clone_into(old),
        None => pairs.push((name.to_owned(), value.to_owned())),
    }
}

/// Joins a path to the folder it is relative to, and cleans it: `.`, `..` and doubled `/` go.
///
/// ```
/// use strata::plan::scope::join_path;
/// assert_eq!(join_path("/app", "../a//b/."), "/a/b");
/// assert_eq!(join_path("/app", "/x"), "/x");
/// ```
pub fn join_path(folder: &str, path: &str) -> String {
    let mut joined = String::new();
    if !path.starts_with('/') {
        // A long one, cleaned before, is copied as it is.
        if is_clean(folder) {
            joined.push_str(folder.trim_end_matches('/'));
        } else {
            add_parts(&mut joined, folder);
        }
    }
    add_parts(&mut joined, path);
    if joined.is_empty() {
        joined.push('/');
    }
    joined
}

fn is_clean(folder: &str) -> bool {
    folder.starts_with('/') && !folder.contains("//") && !folder.contains("/.")
}

fn add_parts(joined: &mut String, path: &str) {
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => joined.truncate(joined.rfind('/').unwrap_or(0)),
            part => {
                joined.push('/');
                joined.push_str(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_of_arg_and_env_came_last_wins() {
        let mut scope = Scope::default();
        scope.set_arg("A", Some("arg"));
        assert_eq!(scope.get("A").as_deref(), Some("arg"));
        scope.set_env(&vec![("A".into(), "env".into())]);
        assert_eq!(scope.get("A").as_deref(), Some("env"));
        scope.set_arg("A", Some("again"));
        assert_eq!(scope.get("A").as_deref(), Some("again"));
        assert_eq!(scope.env.pairs(), [("A".to_owned(), "env".to_owned())]);
    }

    #[test]
    fn an_argument_without_value_hides_nothing() {
        let mut scope = Scope::default();
        scope.set_env(&vec![("A".into(), "env".into())]);
        scope.set_arg("A", None);
        assert_eq!(scope.get("A").as_deref(), Some("env"));
    }
}
