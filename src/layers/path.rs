//! [`RootPath`]: where something lies in a root file system, safe to hand to `openat`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A path inside a root file system: relative to the root, without leading `/`, `.`, `..` and
/// empty parts. The root itself is the empty path.
///
/// Paths are bytes, as the kernel has them. They are ordered part by part, which is the order of
/// a sorted walk: a folder, everything in it, then its next sibling.
///
/// ```
/// use strata::layers::RootPath;
/// let path = RootPath::clean("/srv/../app//./main.rs");
/// assert_eq!(path.to_string(), "app/main.rs");
/// assert!(RootPath::clean("a/b") < RootPath::clean("a-b"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RootPath(Vec<u8>);

impl RootPath {
    /// Returns the root.
    pub fn root() -> Self {
        Self::default()
    }

    /// Cleans a path by its letters alone: a leading `/` goes, `..` takes back the part before it
    /// and stops at the root. Symbolic links are not looked at.
    pub fn clean(path: impl AsRef<OsStr>) -> Self {
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in path.as_ref().as_bytes().split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => drop(parts.pop()),
                _ => parts.push(part),
            }
        }
        Self(parts.join(&b'/'))
    }

    /// Returns the path of something in this folder. A `name` of several parts is cleaned first,
    /// so the result never lies outside of the folder.
    pub fn join(&self, name: impl AsRef<OsStr>) -> Self {
        let name = Self::clean(name);
        match (self.is_root(), name.is_root()) {
            (true, _) => name,
            (_, true) => self.clone(),
            _ => Self([&self.0[..], b"/", &name.0[..]].concat()),
        }
    }

    /// Returns the folder it lies in; none for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let slash = self.0.iter().rposition(|byte| *byte == b'/');
        Some(Self(self.0[..slash.unwrap_or(0)].to_vec()))
    }

    /// Returns the last part; empty for the root.
    pub fn name(&self) -> &OsStr {
        let start = self.0.iter().rposition(|byte| *byte == b'/');
        OsStr::from_bytes(&self.0[start.map_or(0, |slash| slash + 1)..])
    }

    /// Returns the parts, outermost first.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &OsStr> {
        self.0
            .split(|byte| *byte == b'/')
            .filter(|part| !part.is_empty())
            .map(OsStr::from_bytes)
    }

    /// Returns the folders it lies in, outermost first, without the root and itself.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        let slashes = self.0.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        slashes.map(|(at, _)| Self(self.0[..at].to_vec()))
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is `folder` or lies in it.
    pub fn is_within(&self, folder: &Self) -> bool {
        folder.is_root()
            || self
                .0
                .strip_prefix(&folder.0[..])
                .is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
    }

    /// Returns the part after `folder`, if this lies in it; the root for `folder` itself.
    pub fn within(&self, folder: &Self) -> Option<Self> {
        let rest = self.is_within(folder).then(|| &self.0[folder.0.len()..])?;
        Some(Self(rest.strip_prefix(b"/").unwrap_or(rest).to_vec()))
    }

    /// Returns the path relative to the root, for `openat` and `Path::join`.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the path with a leading `/`, as a person writes it.
    pub fn absolute(&self) -> String {
        format!("/{self}")
    }

    /// For the system call interface: the path, or `.` for the root.
    pub(crate) fn or_dot(&self) -> &Path {
        if self.is_root() {
            Path::new(".")
        } else {
            self.as_path()
        }
    }
}

impl Ord for RootPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(other.parts())
    }
}

impl PartialOrd for RootPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for RootPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for RootPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

/// Removes from a map whatever is `path` or lies in it: one run of its order.
pub(super) fn remove_within<T>(map: &mut BTreeMap<RootPath, T>, path: &RootPath) {
    let run = map.range(path..).map(|(known, _)| known);
    let run: Vec<RootPath> = run
        .take_while(|known| known.is_within(path))
        .cloned()
        .collect();
    for known in run {
        map.remove(&known);
    }
}

/// In JSON a path is text; a backslash is doubled and bytes that are no UTF-8 become `\xNN`.
impl From<RootPath> for String {
    fn from(path: RootPath) -> Self {
        escape(&path.0).into_owned()
    }
}

impl TryFrom<String> for RootPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = unescape(&text).ok_or_else(|| format!("malformed escape in `{text}`"))?;
        let clean = Self::clean(OsStr::from_bytes(&bytes));
        if clean.0 == bytes {
            Ok(clean)
        } else {
            Err(format!("`{text}` is not a path relative to a root"))
        }
    }
}

fn escape(bytes: &[u8]) -> Cow<'_, str> {
    use fmt::Write as _;
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains('\\')
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', r"\\"));
        for byte in chunk.invalid() {
            let _ = write!(text, r"\x{byte:02x}"); // writing to a String cannot fail
        }
    }
    Cow::Owned(text)
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        if let Some(after) = after.strip_prefix('\\') {
            bytes.push(b'\\');
            rest = after;
        } else {
            let digits = after.strip_prefix('x')?;
            bytes.push(u8::from_str_radix(digits.get(..2)?, 16).ok()?);
            rest = &digits[2..];
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_leads_out_of_the_root() {
        for (text, clean) in [
            ("../../etc/passwd", "etc/passwd"),
            ("/", ""),
            ("a/../../b", "b"),
            ("./a//b/.", "a/b"),
            ("..", ""),
        ] {
            assert_eq!(RootPath::clean(text).to_string(), clean, "{text}");
        }
        assert_eq!(
            RootPath::clean("app").join("../../etc").to_string(),
            "app/etc"
        );
    }

    #[test]
    fn the_order_is_that_of_a_sorted_walk() {
        let mut paths = ["a-b", "a", "a/z", "b", "a/b/c"].map(RootPath::clean);
        paths.sort();
        assert_eq!(
            paths.map(|path| path.to_string()),
            ["a", "a/b/c", "a/z", "a-b", "b"]
        );
    }

    #[test]
    fn names_that_are_no_text_survive_json() {
        let path = RootPath::clean(OsStr::from_bytes(b"a\\b/\xff\xc3\xa9"));
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(json, r#""a\\\\b/\\xffé""#);
        assert_eq!(serde_json::from_str::<RootPath>(&json).unwrap(), path);
        assert!(serde_json::from_str::<RootPath>(r#""../x""#).is_err());
    }

    #[test]
    fn parents_and_prefixes_go_by_whole_parts() {
        let path = RootPath::clean("a/bc/d");
        let ancestors: Vec<_> = path.ancestors().map(|path| path.to_string()).collect();
        assert_eq!(ancestors, ["a", "a/bc"]);
        assert_eq!(path.parent(), Some(RootPath::clean("a/bc")));
        assert_eq!(RootPath::clean("a").parent(), Some(RootPath::root()));
        assert_eq!(RootPath::root().parent(), None);
        assert!(!path.is_within(&RootPath::clean("a/b")));
        let rest = path.within(&RootPath::clean("a"));
        assert_eq!(rest, Some(RootPath::clean("bc/d")));
    }
}
