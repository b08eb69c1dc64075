//! `cp`: files from a container and into one, with docker's rules about where they land.
//!
//! | the source is | and the destination | then |
//! |---|---|---|
//! | anything | is a folder | it lands in there, under its own name |
//! | a folder, written `x/.` | is a folder | its content lands in there |
//! | a file | is a file | it is replaced |
//! | a folder | is a file | refused |
//! | anything | is missing | it gets the name that was written |
//! | a file | is missing and written `x/` | refused |

use std::ffi::OsStr;
use std::io::{BufReader, BufWriter};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use crate::runtime::container_error::ContainerError;
use crate::runtime::files::{Files, Found, Owner, Rename, Root, Thing, unpack};
use crate::runtime::{IdMode, Mode, Rootfs, probe::Overlay};
use crate::session::{Result, Session, SessionError, Trouble};

/// What to copy, as a person asks for it.
#[derive(Debug)]
pub struct CopyCall {
    /// Where from.
    pub from: Side,
    /// Where to.
    pub to: Side,
    /// `-a`: owners go along.
    pub archive: bool,
    /// `-L`: a link as the source means what it leads to.
    pub follow: bool,
}

/// One end of a copy.
#[derive(Debug)]
pub enum Side {
    /// A path of this machine, absolute, as it was written at its end.
    Host(PathBuf),
    /// A path of a container.
    Container {
        /// Its name or id.
        name: String,
        /// The path, as it was written.
        path: String,
    },
    /// A tar through this descriptor.
    Stream(OwnedFd),
}

/// As many links in a row as the kernel follows (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// Says what is at a path; none where nothing is.
type Look<'a> = &'a dyn Fn(&str) -> Result<Option<Found>>;

/// A source that was found.
struct Source {
    /// Its path, absolute; with `/.` at its end for its content.
    path: String,
    /// What it is called in the tar.
    name: String,
    is_folder: bool,
}

/// Where a tar goes.
#[derive(Debug, PartialEq, Eq)]
struct Landing {
    folder: String,
    name: Option<String>,
}

impl Landing {
    fn rename(&self, source: &Source) -> Rename {
        match &self.name {
            None => Rename::Not,
            Some(name) if source.name == "." => Rename::Under(name.into()),
            Some(name) => Rename::First(name.into()),
        }
    }
}

impl Session {
    /// Copies files from a container or into one.
    pub fn copy_files(&self, call: CopyCall) -> Result<()> {
        let language = self.language();
        match (call.from, call.to) {
            (Side::Container { .. }, Side::Container { .. }) => {
                Err(Trouble::new(between(language)).into())
            }
            (Side::Container { name, path }, to) => {
                let files = self.files_of(&name)?;
                let look = |path: &str| Ok(files.look(path).map_err(|e| self.contained(&e))?);
                let missing = |path: &str| Trouble::new(no_path(language, &name, path)).into();
                let source = self.copied(&look, &path, call.follow, &missing)?;
                self.copy_out(&files, &source, to, call.archive)
            }
            (from, Side::Container { name, path }) => {
                let files = self.files_of(&name)?;
                self.copy_in(&files, from, (&name, &path), (call.archive, call.follow))
            }
            _ => Err(Trouble::new(no_container(language))
                .with_help(no_container_help(language))
                .into()),
        }
    }

    fn copy_out(&self, files: &Files, source: &Source, to: Side, archive: bool) -> Result<()> {
        let path = match to {
            Side::Stream(stream) => {
                let packed = files.pack(&source.path, &source.name, stream);
                return Ok(packed.map_err(|e| self.contained(&e))?);
            }
            Side::Host(path) => text(&path),
            Side::Container { .. } => unreachable!("refused before"),
        };
        let root = Root::host().map_err(|e| self.uncopied(e))?;
        let look = |path: &str| root.look(path.as_ref()).map_err(|e| self.uncopied(e));
        let landing = self.landing(&look, &path, source.is_folder)?;
        let folder = root
            .folder(landing.folder.as_ref())
            .map_err(|_| Trouble::new(no_output_folder(self.language(), &landing.folder)))?;
        let owner = match self.probe().mode {
            Mode::Rootful if archive => Owner::Tar,
            _ => Owner::Maker,
        };
        let tar = files.begin_pack(&source.path, &source.name);
        let tar = tar.map_err(|e| self.contained(&e))?;
        let rename = landing.rename(source);
        let unpacked = unpack(folder, BufReader::with_capacity(CHUNK, tar), owner, &rename);
        // Whoever failed first knows why; the other one saw a broken pipe.
        let packed = files.end();
        unpacked.map_err(|e| self.uncopied(e))?;
        Ok(packed.map_err(|e| self.contained(&e))?)
    }

    fn copy_in(
        &self,
        files: &Files,
        from: Side,
        (name, path): (&str, &str),
        (archive, follow): (bool, bool),
    ) -> Result<()> {
        let language = self.language();
        let look = |path: &str| Ok(files.look(path).map_err(|e| self.contained(&e))?);
        // With one id there is nobody else to give them to.
        let owner = match self.ids() {
            IdMode::Many if archive => Owner::Tar,
            _ => Owner::Maker,
        };
        let host = match from {
            Side::Stream(stream) => {
                let (folder, found) = self.followed(&look, path)?;
                if !found.is_some_and(|it| it.kind == Thing::Folder) {
                    let shown = format!("{name}:{path}");
                    return Err(Trouble::new(must_be_folder(language, &shown)).into());
                }
                self.check_writable(name, &folder)?;
                let unpacked = files.unpack(&folder, stream, owner);
                return Ok(unpacked.map_err(|e| self.contained(&e))?);
            }
            Side::Host(path) => text(&path),
            Side::Container { .. } => unreachable!("refused before"),
        };
        let mut root = Root::host().map_err(|e| self.uncopied(e))?;
        if self.probe().mode != Mode::Rootful {
            // Inside this user is root.
            root.own_is_root();
        }
        let here = |path: &str| root.look(path.as_ref()).map_err(|e| self.uncopied(e));
        let missing = |path: &str| Trouble::new(no_host_path(language, path)).into();
        let source = self.copied(&here, &host, follow, &missing)?;
        let landing = self.landing(&look, path, source.is_folder)?;
        // As a folder: it may be a link to one.
        if look(&format!("{}/.", landing.folder))?.is_none_or(|it| it.kind != Thing::Folder) {
            return Err(Trouble::new(no_path(language, name, &landing.folder)).into());
        }
        self.check_writable(name, &landing.folder)?;
        let rename = landing.rename(&source);
        let tar = files.begin_unpack(&landing.folder, &rename, owner);
        let tar = BufWriter::with_capacity(CHUNK, tar.map_err(|e| self.contained(&e))?);
        let packed = root.pack(source.path.as_ref(), source.name.as_ref(), tar);
        let unpacked = files.end();
        match packed {
            // Whoever failed first knows why; the other one saw a broken pipe.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(self.uncopied(error))
            }
            _ => Ok(unpacked.map_err(|e| self.contained(&e))?),
        }
    }

    /// A read-only container is so for `cp` too, but for what is mounted there to be written to.
    fn check_writable(&self, name: &str, folder: &str) -> Result<()> {
        let spec = self.container_config(name)?.spec;
        let mounts = spec.mounts.iter().filter(|mount| !mount.read_only);
        let is_mounted = mounts
            .map(|it| &it.target)
            .any(|it| Path::new(folder).starts_with(it));
        if spec.read_only && !is_mounted {
            return Err(Trouble::new(read_only(self.language())).into());
        }
        Ok(())
    }

    fn files_of(&self, name: &str) -> Result<Files> {
        let id = self.find_container(name)?;
        let containers = self.containers();
        let config = self.container_config(name)?;
        let is_overlay = matches!(config.spec.rootfs, Rootfs::Overlay { .. });
        if is_overlay && self.probe().overlay == Overlay::None {
            let copy = |config: &_, folder: &Path| self.copy_layers(config, folder);
            let copied = containers.copy_layers(&id, &copy);
            copied.map_err(|e| self.contained(&e))?;
        }
        let files = containers.files(&id, &self.probe().mode);
        Ok(files.map_err(|e| self.contained(&e))?)
    }

    /// Finds what is to be copied.
    fn copied(
        &self,
        look: Look<'_>,
        path: &str,
        follow: bool,
        missing: &dyn Fn(&str) -> SessionError,
    ) -> Result<Source> {
        let mut at = clean(path);
        let name = last(&at).to_owned();
        let mut found = look(&at)?.ok_or_else(|| missing(path))?;
        if follow && found.kind == Thing::Link {
            let (target, there) = self.followed(look, &at)?;
            at = target;
            found = there.ok_or_else(|| missing(path))?;
        }
        let is_folder = found.kind == Thing::Folder;
        if says_folder(path) && !is_folder {
            return Err(Trouble::new(not_a_folder(self.language(), path)).into());
        }
        Ok(Source {
            path: at,
            name,
            is_folder,
        })
    }

    /// Follows links from a path to their end, where there may be nothing.
    fn followed(&self, look: Look<'_>, path: &str) -> Result<(String, Option<Found>)> {
        let mut at = clean(path);
        for _ in 0..MOST_LINKS {
            let found = look(&at)?;
            let Some(target) = found.as_ref().and_then(|it| it.target.as_ref()) else {
                return Ok((at, found));
            };
            let target = Path::new(parent(&at)).join(target);
            at = clean(&text(&target));
        }
        Err(Trouble::new(circle(self.language(), path)).into())
    }

    /// Decides where something lands.
    fn landing(&self, look: Look<'_>, path: &str, is_folder: bool) -> Result<Landing> {
        let language = self.language();
        let (at, found) = self.followed(look, path)?;
        let under = |name: &str| Landing {
            folder: parent(&at).to_owned(),
            name: Some(name.to_owned()),
        };
        let refused = |sentence: String| Err(Trouble::new(sentence).into());
        match found.map(|it| it.kind) {
            Some(Thing::Folder) => Ok(Landing {
                folder: at,
                name: None,
            }),
            Some(_) if is_folder => refused(cannot_copy_folder(language)),
            Some(Thing::Other) => refused(must_be_file(language, path)),
            None if !is_folder && says_folder(path) => refused(no_folder(language)),
            Some(_) | None => Ok(under(last(at.trim_end_matches("/.")))),
        }
    }

    fn uncopied(&self, source: std::io::Error) -> SessionError {
        self.contained(&ContainerError::Copy { source }).into()
    }
}

/// How much of a tar is moved at once.
const CHUNK: usize = 1 << 16;

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Whether a path is written as a folder's.
fn says_folder(path: &str) -> bool {
    path.ends_with('/') || path == "." || path.ends_with("/.")
}

/// Returns a path from the root, without `..` and with `/.` at its end where it says so.
fn clean(path: &str) -> String {
    let mut parts: Vec<&OsStr> = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(part) => parts.push(part),
            Component::ParentDir => drop(parts.pop()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    let joined: PathBuf = [OsStr::new("/")].into_iter().chain(parts).collect();
    let content = path == "." || path.ends_with("/.");
    match (text(&joined), content) {
        (joined, true) if joined == "/" => "/.".to_owned(),
        (joined, true) => format!("{joined}/."),
        (joined, false) => joined,
    }
}

/// Returns the folder that a clean path lies in.
fn parent(path: &str) -> &str {
    let path = path.strip_suffix("/.").unwrap_or(path);
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &path[..at],
    }
}

/// Returns what a clean path is called in a tar: its content is `.`, and so is the root.
fn last(path: &str) -> &str {
    match path.rsplit('/').next() {
        None | Some("") => ".",
        Some(name) => name,
    }
}

crate::messages! {
    between() {
        en: "copying between containers is not supported",
        ko: "컨테이너에서 컨테이너로는 복사할 수 없습니다(copying between containers is not supported)",
    }
    no_container() {
        en: "must specify at least one container source",
        ko: "한쪽은 컨테이너여야 합니다(must specify at least one container source)",
    }
    no_container_help() {
        en: "a path of a container is written CONTAINER:PATH, as in `cp web:/etc/hosts .`",
        ko: "컨테이너의 경로는 컨테이너:경로로 씁니다. 예: `cp web:/etc/hosts .`",
    }
    no_path(container: &str, path: &str) {
        en: "No such container:path: {container}:{path}",
        ko: "No such container:path: {container}:{path} (컨테이너에 그런 경로가 없습니다)",
    }
    no_host_path(path: &str) {
        en: "lstat {path}: no such file or directory",
        ko: "lstat {path}: 그런 파일이나 폴더가 없습니다(no such file or directory)",
    }
    not_a_folder(path: &str) {
        en: "{path}: not a directory",
        ko: "{path}: 폴더가 아닙니다(not a directory)",
    }
    circle(path: &str) {
        en: "{path}: too many levels of symbolic links",
        ko: "{path}: 심볼릭 링크가 너무 많이 이어집니다(too many levels of symbolic links)",
    }
    no_output_folder(path: &str) {
        en: "invalid output path: directory \"{path}\" does not exist",
        ko: "invalid output path: 폴더가 없습니다: \"{path}\"",
    }
    must_be_folder(path: &str) {
        en: "destination \"{path}\" must be a directory",
        ko: "destination \"{path}\" must be a directory: 폴더여야 합니다",
    }
    must_be_file(path: &str) {
        en: "destination \"{path}\" must be a directory or a regular file",
        ko: "destination \"{path}\" must be a directory or a regular file: 폴더나 보통 파일이어야 합니다",
    }
    read_only() {
        en: "container rootfs is marked read-only",
        ko: "컨테이너의 파일 시스템이 읽기 전용입니다(container rootfs is marked read-only)",
    }
    cannot_copy_folder() {
        en: "cannot copy directory",
        ko: "폴더를 파일 자리에 복사할 수 없습니다(cannot copy directory)",
    }
    no_folder() {
        en: "no such directory",
        ko: "그런 폴더가 없습니다(no such directory)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cleaned_and_keeps_its_wish_for_content() {
        for (path, cleaned, folder, name) in [
            ("/a/b", "/a/b", "/a", "b"),
            ("a", "/a", "/", "a"),
            ("/a/b/", "/a/b", "/a", "b"),
            ("/a/b/.", "/a/b/.", "/a", "."),
            ("/a/../../x//./y", "/x/y", "/x", "y"),
            ("/", "/", "/", "."),
            (".", "/.", "/", "."),
        ] {
            let found = clean(path);
            assert_eq!(
                (found.as_str(), parent(&found), last(&found)),
                (cleaned, folder, name)
            );
        }
    }
}
