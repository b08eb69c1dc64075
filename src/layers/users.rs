//! Users and groups by the names an image's `/etc/passwd` and `/etc/group` give them.

use super::error::StoreError;
use super::stack::Stack;
use crate::language::Language;

/// Who a process runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedUser {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Supplementary groups, sorted.
    pub groups: Vec<u32>,
    /// The home folder, `/` where nothing is known.
    pub home: String,
    /// The name, where the image has one.
    pub name: Option<String>,
}

/// A name that the image does not know.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// No such user.
    #[error("unable to find user {0}: no matching entries in passwd file")]
    UnknownUser(String),
    /// No such group.
    #[error("unable to find group {0}: no matching entries in group file")]
    UnknownGroup(String),
    /// The files cannot be read.
    #[error("cannot read the users of the image")]
    Store(#[from] StoreError),
}

impl UserError {
    /// Says it to a person.
    pub fn message(&self, language: Language) -> String {
        let _ = language;
        todo!()
    }
}

/// Returns who `user[:group]` is; empty means root. (docker run --user, USER)
pub fn resolve(stack: &Stack, user: &str) -> Result<ResolvedUser, UserError> {
    let _ = (stack, user);
    todo!()
}

/// Returns the owner and group that `--chown=user[:group]` means. A lone name takes the group
/// from passwd, a lone number gives the group the same number, as BuildKit does.
pub fn chown(stack: &Stack, owner: &str) -> Result<(u32, u32), UserError> {
    let _ = (stack, owner);
    todo!()
}
