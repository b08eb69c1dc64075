//! Which request a path is (distribution-spec, Endpoints).

use crate::digest::Digest;

/// What a path names. Names have passed [`is_name`], so they are safe as paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`
    Version,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/NAME/tags/list`
    Tags(String),
    /// `/v2/NAME/manifests/REFERENCE`
    Manifest(String, Which),
    /// `/v2/NAME/blobs/DIGEST`
    Blob(String, Digest),
    /// `/v2/NAME/blobs/uploads/`
    Uploads(String),
    /// `/v2/NAME/blobs/uploads/ID`
    Upload(String, String),
    /// A path of this shape with a name, tag or digest that cannot be one.
    Malformed(&'static str),
    /// Nothing.
    Unknown,
}

/// A manifest's tag or digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    Tag(String),
    Digest(Digest),
}

/// No name is longer.
const LONGEST_NAME: usize = 255;
const LONGEST_TAG: usize = 128;

impl Route {
    pub fn of(path: &str) -> Self {
        let Some(rest) = path.strip_prefix("/v2") else {
            return Self::Unknown;
        };
        match rest.trim_start_matches('/') {
            "" => return Self::Version,
            "_catalog" => return Self::Catalog,
            _ => {}
        }
        let parts: Vec<&str> = rest.split('/').skip(1).collect();
        let name = |count: usize| parts[..count].join("/");
        let count = parts.len();
        let route = match parts[..] {
            [_, .., "tags", "list"] => Self::Tags(name(count - 2)),
            [_, .., "blobs", "uploads"] => Self::Uploads(name(count - 2)),
            [_, .., "blobs", "uploads", ""] => Self::Uploads(name(count - 3)),
            [_, .., "blobs", "uploads", id] if is_id(id) => {
                Self::Upload(name(count - 3), id.to_owned())
            }
            [_, .., "blobs", digest] => match digest.parse() {
                Ok(digest) => Self::Blob(name(count - 2), digest),
                Err(_) => return Self::Malformed("DIGEST_INVALID"),
            },
            [_, .., "manifests", reference] => match Which::of(reference) {
                Some(which) => Self::Manifest(name(count - 2), which),
                None => return Self::Malformed("MANIFEST_INVALID"),
            },
            _ => return Self::Unknown,
        };
        match route.name().is_none_or(is_name) {
            true => route,
            false => Self::Malformed("NAME_INVALID"),
        }
    }

    /// Returns the repository.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Tags(name)
            | Self::Manifest(name, _)
            | Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Upload(name, _) => Some(name),
            _ => None,
        }
    }
}

impl Which {
    fn of(text: &str) -> Option<Self> {
        if text.contains(':') {
            return text.parse().ok().map(Self::Digest);
        }
        let mut letters = text.chars();
        let starts = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let goes_on = |c: char| starts(c) || matches!(c, '.' | '-');
        let is_tag = letters.next().is_some_and(starts) && letters.all(goes_on);
        (is_tag && text.len() <= LONGEST_TAG).then(|| Self::Tag(text.to_owned()))
    }
}

/// Whether a name is a repository's: parts of small letters and digits, with `.`, `_`, `__` or any
/// number of `-` between them.
pub(super) fn is_name(name: &str) -> bool {
    let is_word = |part: &str| {
        let outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let inner = |c: char| outer(c) || matches!(c, '.' | '_' | '-');
        part.starts_with(outer)
            && part.ends_with(outer)
            && part.chars().all(inner)
            && !["..", "___", "._", "_.", ".-", "-.", "_-", "-_"]
                .iter()
                .any(|wrong| part.contains(wrong))
    };
    name.len() <= LONGEST_NAME && name.split('/').all(is_word)
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_requests() {
        let digest = Digest::of(b"x");
        let shop = || "me/shop".to_owned();
        for (path, route) in [
            ("/v2/", Route::Version),
            ("/v2", Route::Version),
            ("/v2/_catalog", Route::Catalog),
            ("/v2/me/shop/tags/list", Route::Tags(shop())),
            ("/v2/me/shop/blobs/uploads/", Route::Uploads(shop())),
            (
                "/v2/me/shop/blobs/uploads/a1",
                Route::Upload(shop(), "a1".to_owned()),
            ),
            (
                "/v2/me/shop/manifests/v1.0",
                Route::Manifest(shop(), Which::Tag("v1.0".to_owned())),
            ),
            ("/v2/manifests/1", Route::Unknown),
            ("/v3/", Route::Unknown),
            ("/", Route::Unknown),
            ("/v2/shop", Route::Unknown),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
        let path = format!("/v2/me/shop/blobs/{digest}");
        assert_eq!(Route::of(&path), Route::Blob(shop(), digest));
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for path in [
            "/v2/../x/tags/list",
            "/v2/a/../b/manifests/1",
            "/v2/A/tags/list",
            "/v2/_tags/tags/list",
            "/v2//tags/list",
            "/v2/a/manifests/..",
            "/v2/a/manifests/sha256:..",
            "/v2/a/blobs/sha256:..",
            "/v2/a/blobs/x",
        ] {
            let route = Route::of(path);
            assert!(matches!(route, Route::Malformed(_)), "{path}: {route:?}");
        }
        for path in ["/v2/a/blobs/uploads/../x", "/v2/a/manifests/sha256:../../x"] {
            assert_eq!(Route::of(path), Route::Unknown);
        }
    }
}
