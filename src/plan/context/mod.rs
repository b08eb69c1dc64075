//! The build context: the files of one folder that COPY may take, minus what `.dockerignore` leaves out.
//!
//! Nothing is copied or sent anywhere. A file is read only when its digest is needed and cannot be
//! taken from an earlier look ([`KnownDigests`]).

mod matches;

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ignore::Ignore;
use super::ingredients::{FileContent, FileIngredient};
use super::pattern::Pattern;
use super::step::CopyStep;
use crate::digest::{Digest, Hasher};
pub use matches::Excluded;

/// Symbolic links followed before a path counts as a loop, as in the kernel (`path_resolution(7)`).
const MAX_LINKS: usize = 40;

/// A folder to copy from.
pub struct BuildContext {
    root: Arc<Path>,
    ignore: Ignore,
    rights: Rights,
}

/// What decides which files of a context may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rights {
    /// The kernel alone: the reader has no more rights than the user who asks.
    #[default]
    Kernel,
    /// The files' bits too: the reader is root in a namespace of the user's own, where the kernel
    /// lets it read what the user has closed to himself (`user_namespaces(7)`, capabilities).
    Owner,
}

impl Rights {
    /// Tells whether bits that the kernel does not ask about here close a file or a folder.
    fn close(self, metadata: &Metadata) -> bool {
        let needed = match (metadata.is_dir(), metadata.is_file()) {
            (true, _) => 0o500,
            (_, true) => 0o400,
            _ => 0,
        };
        let is_own = || metadata.uid() == rustix::process::geteuid().as_raw();
        self == Self::Owner && metadata.mode() & needed != needed && is_own()
    }
}

/// One file of the context.
#[derive(Debug, Clone)]
pub struct ContextFile {
    /// Path relative to the root, `/`-separated, no leading `/`; empty for the root itself.
    pub path: String,
    /// What lstat(2) says of it.
    pub metadata: FileStat,
    /// Where a symbolic link points.
    pub target: Option<String>,
    /// The folder of its context.
    root: Arc<Path>,
    /// How many names the file has.
    names: u64,
    /// Whether its bits keep its own user from reading it ([`Rights::Owner`]).
    closed: bool,
}

/// The part of lstat(2) that tells whether a file is the one that was looked at before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStat {
    /// Type and permission bits.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
    /// Device and inode.
    pub inode: (u64, u64),
    /// Modification, in nanoseconds since the epoch.
    pub modified: i128,
    /// Status change, in nanoseconds since the epoch.
    pub changed: i128,
}

/// What one source of a COPY stands for.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The source's own file or folder, links followed; its path is where it really is.
    pub top: ContextFile,
    /// The name it is copied under when the destination is a folder.
    pub name: String,
    /// What is below a folder, sorted by path, parents first; paths relative to the root.
    pub below: Vec<ContextFile>,
    /// With `--parents`: the folders it keeps, outermost first, and the name each is copied under.
    pub parents: Vec<(String, ContextFile)>,
    /// The path it was found by, links not followed.
    matched: String,
}

/// Digests remembered from earlier looks.
pub trait KnownDigests {
    /// Returns the digest of a file that has not changed since it was last read.
    fn known(&self, path: &str, stat: &FileStat) -> Option<Digest>;
    /// Remembers the digest of a file that was just read.
    fn remember(&mut self, path: &str, stat: &FileStat, digest: Digest);
}

/// Why a COPY source cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// The context is no folder that can be read.
    #[error("cannot read the build context {path}")]
    Root {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// There is no such file.
    #[error("\"/{path}\": not found in the build context")]
    NotFound {
        /// The source as it is written.
        path: String,
    },
    /// The file is there, but `.dockerignore` leaves it out.
    #[error("\"/{path}\": not found in the build context: {rule} leaves it out")]
    Ignored {
        /// The source as it is written.
        path: String,
        /// The ignore file's line.
        rule: String,
    },
    /// No file fits the pattern.
    #[error("\"{pattern}\": no file of the build context matches this pattern")]
    NoMatch {
        /// The pattern as it is written.
        pattern: String,
    },
    /// A malformed pattern.
    #[error("\"{pattern}\": malformed pattern")]
    BadPattern {
        /// The pattern as it is written.
        pattern: String,
    },
    /// Symbolic links that lead in a circle.
    #[error("\"/{path}\": too many symbolic links")]
    LinkLoop {
        /// The source as it is written.
        path: String,
    },
    /// A name that is not UTF-8.
    #[error("cannot copy {path}: its name is not UTF-8")]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses to read a file.
    #[error("cannot read {path} of the build context")]
    Read {
        /// Path relative to the context.
        path: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

impl BuildContext {
    /// Opens a folder as context.
    pub fn open(root: &Path, ignore: Ignore) -> Result<Self, ContextError> {
        let root_error = |source| ContextError::Root {
            path: root.to_owned(),
            source,
        };
        let root = root.canonicalize().map_err(root_error)?;
        fs::read_dir(&root).map_err(root_error)?;
        Ok(Self {
            root: root.into(),
            ignore,
            rights: Rights::default(),
        })
    }

    /// Says what decides which files may be read.
    pub fn with_rights(mut self, rights: Rights) -> Self {
        self.rights = rights;
        self
    }

    /// Returns the folder, absolute and without symbolic links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns what a COPY takes.
    pub fn select_all(&self, copy: &CopyStep) -> Result<Vec<Selection>, ContextError> {
        // A pattern that cannot be read was refused by the plan.
        let exclude = Ignore::from_patterns(copy.exclude.iter().map(String::as_str));
        let exclude = exclude.unwrap_or_default();
        let mut selections = Vec::new();
        for source in copy.paths() {
            let (path, left) = copy.source_parts(source);
            for mut selection in self.select(&path, copy.parents)? {
                if copy.parents {
                    selection.parents = self.folders_above(&selection.matched, left)?;
                }
                if selection.leave_out(&exclude) {
                    selections.push(selection);
                }
            }
        }
        Ok(selections)
    }

    /// Returns the folders that a path lies in, but for the first `left`.
    fn folders_above(
        &self,
        path: &str,
        left: usize,
    ) -> Result<Vec<(String, ContextFile)>, ContextError> {
        let names: Vec<&str> = components(path).collect();
        let folder = |depth: usize| {
            let file = self.lookup(&names[..=depth].join("/"))?;
            Ok((names[depth].to_owned(), file))
        };
        let end = names.len().saturating_sub(1);
        (left.min(end)..end).map(folder).collect()
    }

    /// Returns what a COPY source (cleaned, relative to the root) stands for: one selection, or
    /// several where it is a pattern. `deep` gives `**` its meaning.
    pub fn select(&self, source: &str, deep: bool) -> Result<Vec<Selection>, ContextError> {
        if !Pattern::is_pattern(source) {
            return Ok(vec![self.selection(source)?]);
        }
        let paths = self.matches(source, deep)?;
        if paths.is_empty() {
            return Err(ContextError::NoMatch {
                pattern: source.to_owned(),
            });
        }
        paths.iter().map(|path| self.selection(path)).collect()
    }

    fn selection(&self, source: &str) -> Result<Selection, ContextError> {
        let top = self.lookup(source)?;
        if top.metadata.is_folder() {
            top.open_to_its_user()?;
            let mut below = Vec::new();
            self.walk(&top.path, &mut below)?;
            // A folder whose every file is left out is itself still there, unless it is named.
            if below.is_empty() && self.ignored(&top.path).is_some() {
                return Err(self.left_out(source, &top.path));
            }
            return Ok(Selection {
                name: last_name(source),
                matched: source.to_owned(),
                parents: Vec::new(),
                top,
                below,
            });
        }
        match self.ignored(&top.path) {
            Some(_) => Err(self.left_out(source, &top.path)),
            None => Ok(Selection {
                name: last_name(source),
                matched: source.to_owned(),
                parents: Vec::new(),
                top,
                below: Vec::new(),
            }),
        }
    }

    fn left_out(&self, source: &str, path: &str) -> ContextError {
        let rule = self.ignored(path).unwrap_or_default();
        ContextError::Ignored {
            path: source.to_owned(),
            rule,
        }
    }

    /// Returns the line that leaves a path out, if one does.
    fn ignored(&self, path: &str) -> Option<String> {
        let decision = self.ignore.decide(path);
        let rule = decision
            .rule
            .filter(|_| decision.ignored && !path.is_empty())?;
        Some(format!(
            "line {} of the ignore file ({})",
            rule.line, rule.pattern
        ))
    }

    /// Adds everything below a folder that is not left out, depth first, in the order of a tar:
    /// sorted by path components, parents first.
    fn walk(&self, folder: &str, files: &mut Vec<ContextFile>) -> Result<(), ContextError> {
        for file in self.list(folder)? {
            let excluded = self.ignored(&file.path).is_some();
            if !file.metadata.is_folder() {
                files.extend((!excluded).then_some(file));
            } else if !excluded || !self.ignore.excludes_whole_folder(&file.path) {
                file.open_to_its_user()?;
                let (at, path) = (files.len(), file.path.clone());
                files.push(file);
                self.walk(&path, files)?;
                // An excluded folder is there only for what `!` brought back below it.
                if excluded && files.len() == at + 1 {
                    files.pop();
                }
            }
        }
        Ok(())
    }

    /// Lists one folder, sorted by name.
    fn list(&self, folder: &str) -> Result<Vec<ContextFile>, ContextError> {
        let read = |source| ContextError::Read {
            path: folder.to_owned(),
            source,
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(self.root.join(folder)).map_err(read)? {
            let entry = entry.map_err(read)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Err(ContextError::Name { path: entry.path() });
            };
            let metadata = entry.metadata().map_err(read)?;
            files.push(self.file(join(folder, name), &metadata)?);
        }
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    fn file(&self, path: String, metadata: &Metadata) -> Result<ContextFile, ContextError> {
        let target = if metadata.file_type().is_symlink() {
            let read = |source| ContextError::Read {
                path: path.clone(),
                source,
            };
            let target = fs::read_link(self.root.join(&path)).map_err(read)?;
            let Ok(target) = target.into_os_string().into_string() else {
                return Err(ContextError::Name {
                    path: self.root.join(&path),
                });
            };
            Some(target)
        } else {
            None
        };
        Ok(ContextFile {
            path,
            metadata: FileStat::new(metadata),
            target,
            root: Arc::clone(&self.root),
            names: metadata.nlink(),
            closed: self.rights.close(metadata),
        })
    }

    /// Finds a path, following symbolic links, none of which can lead out of the context.
    fn lookup(&self, source: &str) -> Result<ContextFile, ContextError> {
        let not_found = || ContextError::NotFound {
            path: source.to_owned(),
        };
        let mut rest: Vec<String> = components(source).rev().map(str::to_owned).collect();
        let mut at: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(name) = rest.pop() {
            if name == ".." {
                at.pop();
                continue;
            }
            at.push(name);
            let path = at.join("/");
            let metadata = fs::symlink_metadata(self.root.join(&path)).map_err(|_| not_found())?;
            let Some(target) = self.file(path, &metadata)?.target else {
                continue;
            };
            links += 1;
            if links > MAX_LINKS {
                return Err(ContextError::LinkLoop {
                    path: source.to_owned(),
                });
            }
            at.pop();
            if target.starts_with('/') {
                at.clear();
            }
            rest.extend(components(&target).rev().map(str::to_owned));
        }
        let path = at.join("/");
        let metadata = fs::symlink_metadata(self.root.join(&path)).map_err(|_| not_found())?;
        self.file(path, &metadata)
    }

    /// Returns what of the selected files is in a cache key. Reads the files whose digest is not
    /// known, on as many threads as the machine has processors.
    pub fn ingredients(
        &self,
        selections: &[Selection],
        known: &mut dyn KnownDigests,
    ) -> Result<Vec<FileIngredient>, ContextError> {
        let files: Vec<&ContextFile> = selections.iter().flat_map(Selection::files).collect();
        // Also those whose digest is known: the bits may have changed since.
        files.iter().try_for_each(|file| file.open_to_its_user())?;
        let unknown: Vec<&ContextFile> = files
            .iter()
            .copied()
            .filter(|f| f.metadata.is_file() && known.known(&f.path, &f.metadata).is_none())
            .collect();
        for (file, digest) in unknown.iter().zip(self.read_all(&unknown)?) {
            known.remember(&file.path, &file.metadata, digest);
        }
        let ingredient = |file: &&ContextFile| {
            let digest = || known.known(&file.path, &file.metadata);
            FileIngredient {
                path: file.path.clone(),
                mode: file.metadata.mode & 0o7777,
                owner: None,
                attributes: None,
                content: file.content(digest),
            }
        };
        Ok(files.iter().map(ingredient).collect())
    }

    fn read_all(&self, files: &[&ContextFile]) -> Result<Vec<Digest>, ContextError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        if files.len() < 2 || threads < 2 {
            return files.iter().map(|file| self.digest(file)).collect();
        }
        let next = std::sync::atomic::AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let Some(file) = files.get(index) else {
                    return done;
                };
                done.push((index, self.digest(file)));
            }
        };
        let mut digests: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<_>>| {
                worker.join().expect("hashing a file does not panic")
            };
            workers.into_iter().flat_map(join).collect()
        });
        digests.sort_unstable_by_key(|(index, _)| *index);
        digests.into_iter().map(|(_, digest)| digest).collect()
    }

    /// Reads a file and returns the digest of its bytes.
    fn digest(&self, file: &ContextFile) -> Result<Digest, ContextError> {
        let read = |source| ContextError::Read {
            path: file.path.clone(),
            source,
        };
        let mut reader = fs::File::open(self.root.join(&file.path)).map_err(read)?;
        let mut hasher = Hasher::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match io::Read::read(&mut reader, &mut buffer).map_err(read)? {
                0 => return Ok(hasher.finish()),
                count => hasher.update(&buffer[..count]),
            }
        }
    }
}

impl ContextFile {
    /// Returns where it is on this machine.
    pub fn host_path(&self) -> PathBuf {
        self.root.join(&self.path)
    }

    /// Whether it is a regular file with hard links.
    pub fn has_more_names(&self) -> bool {
        self.metadata.is_file() && self.names > 1
    }

    fn open_to_its_user(&self) -> Result<(), ContextError> {
        if !self.closed {
            return Ok(());
        }
        Err(ContextError::Read {
            path: self.path.clone(),
            source: rustix::io::Errno::ACCESS.into(),
        })
    }

    fn content(&self, digest: impl Fn() -> Option<Digest>) -> FileContent {
        match (
            &self.target,
            self.metadata.is_folder(),
            self.metadata.is_file(),
        ) {
            (Some(target), ..) => FileContent::Symlink(target.clone()),
            (_, true, _) => FileContent::Folder,
            (_, _, true) => FileContent::File(digest().expect("every file was read above")),
            _ => FileContent::Special(format!("special file of mode {:o}", self.metadata.mode)),
        }
    }
}

impl Selection {
    /// Returns the folders it keeps, the source itself and everything below it.
    pub fn files(&self) -> impl Iterator<Item = &ContextFile> {
        let parents = self.parents.iter().map(|(_, folder)| folder);
        parents.chain(std::iter::once(&self.top)).chain(&self.below)
    }

    /// Takes out what `--exclude` names; returns whether anything is left.
    fn leave_out(&mut self, exclude: &Ignore) -> bool {
        let names = self.parents.iter().map(|(name, _)| name.as_str());
        let excluded = Excluded::new(exclude, names, &self.name, self.top.metadata.is_folder());
        let top = self.top.path.clone();
        let within = |file: &ContextFile| file.path[top.len()..].trim_start_matches('/').to_owned();
        self.below.retain(|file| !excluded.has(&within(file)));
        !excluded.all()
    }
}

impl FileStat {
    /// Takes what matters from lstat(2).
    pub fn new(metadata: &Metadata) -> Self {
        let nanos =
            |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Self {
            mode: metadata.mode(),
            size: metadata.len(),
            inode: (metadata.dev(), metadata.ino()),
            modified: nanos(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanos(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Says whether it is a regular file (inode(7), `S_IFREG`).
    pub fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }

    /// Says whether it is a folder (inode(7), `S_IFDIR`).
    pub fn is_folder(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }
}

fn components(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

fn last_name(path: &str) -> String {
    components(path).next_back().unwrap_or_default().to_owned()
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_a_user_closed_to_himself_is_not_taken_by_the_root_of_his_namespace() {
        let folder = tempfile::tempdir().unwrap();
        let (file, inner) = (folder.path().join("secret"), folder.path().join("inner"));
        fs::write(&file, "x").unwrap();
        fs::create_dir(&inner).unwrap();
        let context = |rights| {
            let context = BuildContext::open(folder.path(), Ignore::default()).unwrap();
            context.with_rights(rights)
        };
        let taken = |rights: Rights, source: &str| {
            let context = context(rights);
            let selections = context.select(source, false)?;
            context.ingredients(&selections, &mut NothingKnown::default())
        };
        let close = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        assert_eq!(taken(Rights::Owner, "").unwrap().len(), 3);
        close(&file, 0o000);
        for source in ["", "secret", "s*"] {
            let refused = taken(Rights::Owner, source).unwrap_err();
            let said = refused.to_string();
            assert_eq!(said, "cannot read secret of the build context", "{source}");
        }
        close(&file, 0o600);
        close(&inner, 0o000);
        let refused = taken(Rights::Owner, "").unwrap_err();
        close(&inner, 0o700);
        assert!(refused.to_string().contains("inner"), "{refused}");
    }

    /// Remembers only what is read.
    #[derive(Default)]
    struct NothingKnown(std::collections::HashMap<String, Digest>);

    impl KnownDigests for NothingKnown {
        fn known(&self, path: &str, _: &FileStat) -> Option<Digest> {
            self.0.get(path).copied()
        }

        fn remember(&mut self, path: &str, _: &FileStat, digest: Digest) {
            self.0.insert(path.to_owned(), digest);
        }
    }
}
