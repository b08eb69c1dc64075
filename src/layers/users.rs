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

crate::messages! {
    unknown_user(name: &str) {
        en: "unable to find user {name}: no matching entries in passwd file",
        ko: "{name} 사용자를 찾을 수 없습니다: 이미지의 /etc/passwd에 없습니다",
    }
    unknown_group(name: &str) {
        en: "unable to find group {name}: no matching entries in group file",
        ko: "{name} 그룹을 찾을 수 없습니다: 이미지의 /etc/group에 없습니다",
    }
    help_numbers() {
        en: "use a number, such as 1000, or make it in a RUN of the image, for example with adduser",
        ko: "1000 같은 숫자를 쓰거나, 이미지의 RUN에서 adduser 등으로 먼저 만드세요",
    }
}

impl UserError {
    /// Says it to a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::UnknownUser(name) => unknown_user(language, name),
            Self::UnknownGroup(name) => unknown_group(language, name),
            Self::Store(error) => error.message(language),
        }
    }

    /// Says what to do about it.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::UnknownUser(_) | Self::UnknownGroup(_) => Some(help_numbers(language)),
            Self::Store(error) => error.help(language),
        }
    }
}

/// Returns who `user[:group]` is; empty means root. (docker run --user, USER)
///
/// A number needs no line in passwd: it then has group 0 and no groups. Supplementary groups are
/// those of the name, unless a group is written out. (runc, libcontainer/user)
pub fn resolve(stack: &Stack, user: &str) -> Result<ResolvedUser, UserError> {
    let (user, group) = split(user);
    let user = if user.is_empty() { "0" } else { user };
    let number = user.parse().ok();
    let line = find_user(stack, user)?;
    if line.is_none() && number.is_none() {
        return Err(UserError::UnknownUser(user.to_owned()));
    }
    let mut resolved = ResolvedUser {
        uid: line.as_ref().map_or(number.unwrap_or(0), |line| line.uid),
        gid: line.as_ref().map_or(0, |line| line.gid),
        groups: Vec::new(),
        home: line
            .as_ref()
            .map(|line| line.home.clone())
            .filter(|home| !home.is_empty())
            .unwrap_or_else(|| "/".to_owned()),
        name: line.map(|line| line.name),
    };
    match (group, &resolved.name) {
        (Some(group), _) => resolved.gid = find_group(stack, group)?,
        (None, Some(name)) => resolved.groups = groups_of(stack, name)?,
        (None, None) => {}
    }
    Ok(resolved)
}

/// Returns the owner and group that `--chown=user[:group]` means. A lone name takes the group
/// from passwd, a lone number gives the group the same number, as `BuildKit` does.
pub fn chown(stack: &Stack, owner: &str) -> Result<(u32, u32), UserError> {
    let (user, group) = split(owner);
    let (uid, own_group) = match user.parse() {
        Ok(number) => (number, number),
        Err(_) if user.is_empty() => (0, 0),
        Err(_) => {
            let line = find_user(stack, user)?;
            let line = line.ok_or_else(|| UserError::UnknownUser(user.to_owned()))?;
            (line.uid, line.gid)
        }
    };
    let gid = group.map_or(Ok(own_group), |group| find_group(stack, group))?;
    Ok((uid, gid))
}

fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (text, None),
    }
}

struct PasswdLine {
    name: String,
    uid: u32,
    gid: u32,
    home: String,
}

fn find_user(stack: &Stack, user: &str) -> Result<Option<PasswdLine>, UserError> {
    let text = read(stack, "/etc/passwd")?;
    let number: Option<u32> = user.parse().ok();
    let mut lines: Vec<PasswdLine> = text.lines().filter_map(passwd_line).collect();
    // A name may consist of digits; then the name wins over the number.
    let at = lines
        .iter()
        .position(|line| line.name == user)
        .or_else(|| lines.iter().position(|line| Some(line.uid) == number));
    Ok(at.map(|at| lines.swap_remove(at)))
}

/// `name:password:uid:gid:comment:home:shell` (passwd(5)); other lines say nothing.
fn passwd_line(line: &str) -> Option<PasswdLine> {
    let mut fields = line.split(':');
    Some(PasswdLine {
        name: fields.next().filter(|name| !name.is_empty())?.to_owned(),
        uid: fields.nth(1)?.parse().ok()?,
        gid: fields.next()?.parse().ok()?,
        home: fields.nth(1).unwrap_or_default().to_owned(),
    })
}

fn find_group(stack: &Stack, group: &str) -> Result<u32, UserError> {
    let text = read(stack, "/etc/group")?;
    let named = text
        .lines()
        .filter_map(group_line)
        .find(|(name, ..)| *name == group);
    match (named, group.parse()) {
        (Some((_, gid, _)), _) | (None, Ok(gid)) => Ok(gid),
        (None, Err(_)) => Err(UserError::UnknownGroup(group.to_owned())),
    }
}

fn groups_of(stack: &Stack, user: &str) -> Result<Vec<u32>, UserError> {
    let text = read(stack, "/etc/group")?;
    let mut groups: Vec<u32> = text
        .lines()
        .filter_map(group_line)
        .filter(|(_, _, members)| members.split(',').any(|member| member == user))
        .map(|(_, gid, _)| gid)
        .collect();
    groups.sort_unstable();
    groups.dedup();
    Ok(groups)
}

/// `name:password:gid:members` (group(5)).
fn group_line(line: &str) -> Option<(&str, u32, &str)> {
    let mut fields = line.split(':');
    let name = fields.next()?;
    let gid = fields.nth(1)?.parse().ok()?;
    Some((name, gid, fields.next().unwrap_or_default()))
}

/// An image may have no such file, or a folder in its place: then it knows no names.
fn read(stack: &Stack, path: &str) -> Result<String, UserError> {
    match stack.read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()),
        Err(StoreError::NotADirectory(_) | StoreError::NotAFile(_)) => Ok(String::new()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Content, Entry, RootPath};

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n# games\ngames:x:5:60::/usr/games:\n\
                          node:x:1000:1000::/home/node:/bin/sh\nbroken\n";
    const GROUP: &str =
        "root:x:0:\ngames:x:60:\naudio:x:29:node,games\nnode:x:1000:\nvideo:x:44:node\n";

    fn with_stack(test: impl FnOnce(&Stack)) {
        let (_folder, store) = temporary_store();
        let mut draft = store.draft_layer().unwrap();
        let etc = Entry::directory(RootPath::clean("etc"), 0o755, 0);
        draft.add(&etc).unwrap();
        for (name, text) in [("etc/group", GROUP), ("etc/passwd", PASSWD)] {
            let size = text.len() as u64;
            let entry = Entry::file(RootPath::clean(name), size, 0o644, 0);
            draft
                .add_file(&entry, Content::Bytes(text.as_bytes()))
                .unwrap();
        }
        let layer = draft.commit().unwrap();
        test(&store.stack(&[layer.diff_id]).unwrap());
    }

    #[test]
    fn users_have_the_groups_and_home_of_their_image() {
        with_stack(|stack| {
            for (text, uid, gid, groups, home) in [
                ("", 0, 0, vec![], "/root"),
                ("node", 1000, 1000, vec![29, 44], "/home/node"),
                ("1000", 1000, 1000, vec![29, 44], "/home/node"),
                ("node:games", 1000, 60, vec![], "/home/node"),
                ("7:8", 7, 8, vec![], "/"),
                ("7", 7, 0, vec![], "/"),
                (":29", 0, 29, vec![], "/root"),
            ] {
                let user = resolve(stack, text).unwrap();
                assert_eq!(
                    (user.uid, user.gid, user.groups, user.home.as_str()),
                    (uid, gid, groups, home),
                    "{text}"
                );
            }
        });
    }

    #[test]
    fn chown_takes_the_group_of_a_name_and_doubles_a_number() {
        with_stack(|stack| {
            assert_eq!(chown(stack, "games").unwrap(), (5, 60));
            assert_eq!(chown(stack, "55").unwrap(), (55, 55));
            assert_eq!(chown(stack, "node:audio").unwrap(), (1000, 29));
        });
    }

    #[test]
    fn unknown_names_are_refused_in_dockers_words() {
        with_stack(|stack| {
            let error = resolve(stack, "nobody").unwrap_err();
            assert_eq!(
                error.message(Language::En),
                "unable to find user nobody: no matching entries in passwd file"
            );
            let error = chown(stack, "node:wheel").unwrap_err();
            assert!(matches!(error, UserError::UnknownGroup(name) if name == "wheel"));
        });
    }

    #[test]
    fn an_empty_image_knows_root_by_number_only() {
        let (_folder, store) = temporary_store();
        let stack = store.stack(&[]).unwrap();
        assert_eq!(resolve(&stack, "").unwrap().home, "/");
        assert!(resolve(&stack, "root").is_err());
    }
}
