//! The mounts of one RUN, every default filled in: what is shown where, and what of it counts for
//! the cache key.
//!
//! | type | in the key, beside its own fields | not in the key |
//! |---|---|---|
//! | bind | the content of what it shows | |
//! | cache | the content it begins with (`from`) | what earlier builds left in it |
//! | tmpfs | | |
//! | secret | | its value, and whether there is one |
//! | ssh | | the agent |

use std::fmt::Write as _;

use super::fill::{CACHE_MODE, SECRET_MODE};
use crate::plan::ingredients::FileIngredient;
use crate::plan::step::{CopyFrom, CopyStep};

/// A mount, ready to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunMount {
    /// Where it is seen, absolute; none for a secret that is a variable only.
    pub target: Option<String>,
    /// What is mounted.
    pub source: RunMountSource,
    /// Whether writing is refused.
    pub read_only: bool,
}

/// What a mount shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunMountSource {
    /// Files of the context, a stage or an image. Whatever is written there is thrown away.
    Bind(Shown),
    /// A folder that outlives the build.
    Cache {
        /// Caches with one id are one folder.
        id: String,
        /// Who may use it at the same time.
        sharing: Sharing,
        /// What it holds when it is new.
        begins_with: Option<Shown>,
        /// Its permission bits and owner when it is new.
        access: Access,
    },
    /// Memory, with a limit in bytes.
    Tmpfs {
        /// None is half of the machine's.
        size: Option<u64>,
    },
    /// A value given to the build.
    Secret {
        /// Its name in `--secret`.
        id: String,
        /// The variable it becomes as well, or instead.
        env: Option<String>,
        /// Whether the step fails without it.
        required: bool,
        /// The file's permission bits and owner.
        access: Access,
    },
    /// An ssh agent given to the build.
    Ssh {
        /// Its name in `--ssh`.
        id: String,
        /// Whether the step fails without it.
        required: bool,
    },
}

/// Files that a mount shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Where they come from.
    pub from: CopyFrom,
    /// What the Dockerfile calls that; none for the context.
    pub name: Option<String>,
    /// The file or folder, relative to the root of `from`, cleaned; empty for all of it.
    pub path: String,
}

/// Who may use a cache at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Everybody.
    Shared,
    /// Each step has its own while another one is in use.
    Private,
    /// One step after the other.
    Locked,
}

/// Permission bits and owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Permission bits.
    pub mode: u32,
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

impl RunMount {
    /// Returns the files whose content counts for the cache key.
    pub fn shown(&self) -> Option<&Shown> {
        match &self.source {
            RunMountSource::Bind(shown) => Some(shown),
            RunMountSource::Cache { begins_with, .. } => begins_with.as_ref(),
            _ => None,
        }
    }

    /// Returns what of the mount itself is in the cache key, as a person would write it.
    pub fn ingredient(&self) -> String {
        let mut text = String::from("type=");
        let mut add = |part: &str| text.push_str(part);
        match &self.source {
            RunMountSource::Bind(_) => add("bind"),
            RunMountSource::Cache { id, sharing, .. } => {
                add("cache,id=");
                add(id);
                add(match sharing {
                    Sharing::Shared => "",
                    Sharing::Private => ",sharing=private",
                    Sharing::Locked => ",sharing=locked",
                });
            }
            RunMountSource::Tmpfs { size } => {
                add("tmpfs");
                if let Some(size) = size {
                    add(&format!(",size={size}"));
                }
            }
            RunMountSource::Secret { id, env, .. } => {
                add("secret,id=");
                add(id);
                if let Some(env) = env {
                    add(&format!(",env={env}"));
                }
            }
            RunMountSource::Ssh { id, .. } => add(&format!("ssh,id={id}")),
        }
        self.common(&mut text);
        text
    }

    /// Adds the fields that several types have, where they are not what is usual.
    fn common(&self, text: &mut String) {
        let mut add = |name: &str, value: &str| {
            let _ = write!(text, ",{name}={value}");
        };
        if let Some(target) = &self.target {
            add("target", target);
        }
        if let Some(shown) = self.shown() {
            if let Some(name) = &shown.name {
                add("from", name);
            }
            if !shown.path.is_empty() {
                add("source", &shown.path);
            }
        }
        let (access, usual, required) = match &self.source {
            RunMountSource::Cache { access, .. } => (Some(access), CACHE_MODE, false),
            RunMountSource::Secret {
                access, required, ..
            } => (Some(access), SECRET_MODE, *required),
            RunMountSource::Ssh { required, .. } => (None, 0, *required),
            _ => (None, 0, false),
        };
        if let Some(access) = access
            && *access != Access::of_root(usual)
        {
            add("mode", &format!("{:04o}", access.mode));
            add("uid", &access.uid.to_string());
            add("gid", &access.gid.to_string());
        }
        if required {
            add("required", "true");
        }
        let read_only = matches!(
            self.source,
            RunMountSource::Bind(_) | RunMountSource::Secret { .. }
        );
        if self.read_only != read_only {
            add(
                if self.read_only {
                    "readonly"
                } else {
                    "readwrite"
                },
                "true",
            );
        }
    }
}

impl Access {
    /// Returns those of a file that is root's.
    fn of_root(mode: u32) -> Self {
        Self {
            mode,
            uid: 0,
            gid: 0,
        }
    }
}

impl Shown {
    /// Returns the COPY that takes the same files.
    pub fn copy(&self) -> CopyStep {
        let (source, place) = (literal(&self.path), format!("/{}", Self::PLACE));
        CopyStep::new(self.from.clone(), vec![source], place)
    }

    /// Where that COPY puts them, relative to the root.
    pub const PLACE: &str = "shown";

    /// Names the files by where they come from, so that those of two mounts stay apart.
    pub fn labelled(&self, mut files: Vec<FileIngredient>) -> Vec<FileIngredient> {
        if let Some(name) = &self.name {
            for file in &mut files {
                file.path = format!("{name}:/{}", file.path);
            }
        }
        files
    }
}

/// Takes the meaning from characters that make a COPY's source a pattern.
fn literal(path: &str) -> String {
    let mut text = String::new();
    for character in path.chars() {
        if matches!(character, '*' | '?' | '[' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::instruction::Word;
    use crate::plan::scope::Scope;
    use crate::source::Span;

    fn read(text: &str) -> RunMount {
        let word = Word {
            text: text.to_owned(),
            span: Span::new(0, text.len()),
        };
        let scope = Scope {
            workdir: "/app".to_owned(),
            escape: '\\',
            ..Scope::default()
        };
        let mount = super::super::mount(&word, &scope).unwrap();
        let from = mount.from.is_some().then_some(CopyFrom::Stage(0));
        RunMount::new(&mount, from, 2)
    }

    #[test]
    fn what_is_not_said_is_filled_in() {
        for (text, full) in [
            ("target=x", "type=bind,target=/app/x"),
            (
                "source=/a/../b,target=/x,rw",
                "type=bind,target=/x,source=b,readwrite=true",
            ),
            (
                "from=base,target=/x,ro=false",
                "type=bind,target=/x,from=base,readwrite=true",
            ),
            ("type=cache,target=/c", "type=cache,id=/c,target=/c"),
            (
                "type=cache,id=a,target=/c,sharing=locked,mode=1777,gid=5,ro",
                "type=cache,id=a,sharing=locked,target=/c,mode=1777,uid=0,gid=5,readonly=true",
            ),
            (
                "type=tmpfs,target=/t,size=2k",
                "type=tmpfs,size=2048,target=/t",
            ),
            (
                "type=secret,id=a/key",
                "type=secret,id=a/key,target=/run/secrets/key",
            ),
            ("type=secret,target=/k", "type=secret,id=k,target=/k"),
            ("type=secret,id=a,env=A", "type=secret,id=a,env=A"),
            (
                "type=secret,id=a,env=A,target=/k,required",
                "type=secret,id=a,env=A,target=/k,required=true",
            ),
            (
                "type=ssh",
                "type=ssh,id=default,target=/run/buildkit/ssh_agent.2",
            ),
        ] {
            assert_eq!(read(text).ingredient(), full, "{text}");
        }
    }

    #[test]
    fn files_of_two_places_have_names_of_their_own() {
        let file = FileIngredient {
            path: "a".to_owned(),
            mode: 0o644,
            owner: None,
            attributes: None,
            content: crate::plan::FileContent::Folder,
        };
        let mount = read("from=base,target=/x");
        let files = mount.shown().unwrap().labelled(vec![file]);
        assert_eq!(files[0].path, "base:/a");
    }

    #[test]
    fn a_source_is_a_name_and_no_pattern() {
        assert_eq!(
            read("source=a[1]*,target=/x")
                .shown()
                .unwrap()
                .copy()
                .sources,
            ["a\\[1]\\*"]
        );
    }
}
