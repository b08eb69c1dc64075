//! Addresses of git repositories, as BuildKit reads them: `URL#REFERENCE:FOLDER`.

use super::remote::is_web;

/// Where a git repository is, which of its commits is meant, and which folder of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitAddress {
    /// What git is given: `https://host/repo.git`, `git@host:repo`.
    pub url: String,
    /// A branch, a tag, a full name of either, or a commit; none for the default branch.
    pub reference: Option<String>,
    /// A folder of the repository that stands for all of it.
    pub folder: Option<String>,
}

/// A build context that is not on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteContext {
    /// The files of a commit.
    Git(GitAddress),
    /// A tar, or nothing but a Dockerfile.
    Web(String),
}

/// What the shorthand for this host begins with; docker knows it in contexts only.
const SHORTHAND: &str = "github.com/";

impl GitAddress {
    /// Reads an address that [`is_git`](super::is_git), or the shorthand that docker knows.
    ///
    /// ```
    /// use strata::plan::GitAddress;
    /// let address = GitAddress::parse("https://host/repo.git#v1:docs");
    /// assert_eq!(address.url, "https://host/repo.git");
    /// assert_eq!(address.reference.as_deref(), Some("v1"));
    /// assert_eq!(address.folder.as_deref(), Some("docs"));
    /// ```
    pub fn parse(text: &str) -> Self {
        let (url, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (reference, folder) = fragment.split_once(':').unwrap_or((fragment, ""));
        let given = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        let folder = folder.trim_matches('/');
        Self {
            url: if url.starts_with(SHORTHAND) {
                format!("https://{url}")
            } else {
                url.to_owned()
            },
            reference: given(reference),
            folder: given(if folder == "." { "" } else { folder }),
        }
    }
}

/// Returns what a build context is that is not a path: a URL, or a repository, as docker tells them
/// apart. A web address is a repository if its path ends in `.git`.
pub fn remote_context(text: &str) -> Option<RemoteContext> {
    let is_git = super::is_git(text) || text.starts_with(SHORTHAND);
    match (is_git, is_web(text)) {
        (true, _) => Some(RemoteContext::Git(GitAddress::parse(text))),
        (false, true) => Some(RemoteContext::Web(text.to_owned())),
        (false, false) => None,
    }
}

/// Tells whether this is the whole name of a commit: SHA-1, or SHA-256.
pub fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && is_part_of_commit(text)
}

/// Tells whether a commit's name can begin like this.
pub fn is_part_of_commit(text: &str) -> bool {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (7..=64).contains(&text.len()) && text.bytes().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_repository_commit_and_folder() {
        for (text, url, reference, folder) in [
            ("git://h/r", "git://h/r", None, None),
            ("git@h:me/r#:a/b/", "git@h:me/r", None, Some("a/b")),
            ("https://h/r.git#", "https://h/r.git", None, None),
            ("https://h/r.git#x:.", "https://h/r.git", Some("x"), None),
            (
                "github.com/me/r#x",
                "https://github.com/me/r",
                Some("x"),
                None,
            ),
        ] {
            let address = GitAddress::parse(text);
            assert_eq!(address.url, url, "{text}");
            assert_eq!(address.reference.as_deref(), reference, "{text}");
            assert_eq!(address.folder.as_deref(), folder, "{text}");
        }
    }

    #[test]
    fn a_context_is_a_repository_a_web_address_or_neither() {
        let kind = |text| match remote_context(text) {
            Some(RemoteContext::Git(_)) => "git",
            Some(RemoteContext::Web(_)) => "web",
            None => "path",
        };
        for (text, what) in [
            (".", "path"),
            ("repo.git", "path"),
            ("/github.com/me", "path"),
            ("file:///r.git", "path"),
            ("github.com/me/r", "git"),
            ("http://h/r.git", "git"),
            ("http://h/r.git#v1", "git"),
            ("http://h/r.tar.gz", "web"),
            ("ssh://h/r", "git"),
        ] {
            assert_eq!(kind(text), what, "{text}");
        }
    }
}
