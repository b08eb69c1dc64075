//! Sources of ADD that are fetched: what kind they are, and what the file is called.

use percent_encoding::percent_decode_str;

/// Tells whether a source is fetched instead of copied.
pub fn is_remote(source: &str) -> bool {
    is_web(source)
        || ["git://", "git@", "ssh://"]
            .iter()
            .any(|start| source.starts_with(start))
}

/// Tells whether a source is a git repository, as BuildKit does: by its scheme, or by `.git` at the
/// end of its path.
pub fn is_git(source: &str) -> bool {
    let (path, _) = split_off(source);
    is_remote(source) && (!is_web(source) || path.strip_suffix(".git").is_some())
}

/// Returns the name of a URL's file: the last part of its path; none without a path.
///
/// ```
/// use strata::plan::file_name;
/// assert_eq!(file_name("http://host/a/b%20c.tar?x=/y"), Some("b c.tar".to_owned()));
/// assert_eq!(file_name("http://host/"), None);
/// ```
pub fn file_name(url: &str) -> Option<String> {
    let (path, _) = split_off(url);
    let (_, path) = path.split_once("://")?.1.split_once('/')?;
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let name = path.split('/').rfind(|part| !part.is_empty())?;
    (!matches!(name, "." | "..") && !name.contains('\0')).then(|| name.to_owned())
}

pub(super) fn is_web(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

/// Splits a URL before its query or fragment.
fn split_off(url: &str) -> (&str, &str) {
    url.split_at(url.find(['?', '#']).unwrap_or(url.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_is_told_from_files() {
        for (source, git) in [
            ("https://host/repo.git", true),
            ("https://host/repo.git#v1:docs", true),
            ("git@host:me/repo", true),
            ("git://host/repo", true),
            ("https://host/repo.git/file", false),
            ("http://host/f?x=.git", false),
            ("repo.git", false),
        ] {
            assert_eq!(is_git(source), git, "{source}");
        }
    }

    #[test]
    fn names_are_the_last_part_of_the_path() {
        for (url, name) in [
            ("http://h/a/b", Some("b")),
            ("http://h/a/", Some("a")),
            ("http://h/%2e%2e", None),
            ("http://h/a%2Fb", Some("b")),
            ("http://h?x/y", None),
            ("http://h", None),
        ] {
            assert_eq!(file_name(url).as_deref(), name, "{url}");
        }
    }
}
