//! `RUN --mount` and `RUN --device`: their fields, expanded and checked (Dockerfile reference,
//! "RUN --mount").
//!
//! Which key belongs to which type:
//!
//! | key | bind | cache | tmpfs | secret | ssh |
//! |---|---|---|---|---|---|
//! | target, dst, destination | x | x | x | x | x |
//! | source, src; from | x | x | | (source) | |
//! | readonly, ro; readwrite, rw | x | x | x | x | x |
//! | id | | x | | x | x |
//! | sharing | | x | | | |
//! | size | | | x | | |
//! | mode, uid, gid | | x | | x | x |
//! | required | | | | x | x |
//! | env | | | | x | |

mod error;
mod fields;
mod fill;
mod of_run;

pub use error::FieldError;
pub use of_run::{Access, RunMount, RunMountSource, Sharing, Shown};

use fields::{Field, fields};

use super::error::{PlanError, PlanErrorKind};
use super::scope::{Scope, join_path};
use crate::parser::instruction::Word;
use crate::parser::nearest;
use crate::source::Span;

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountKind {
    /// Files of the context, a stage or an image.
    Bind,
    /// A folder that outlives the build.
    Cache,
    /// Memory.
    Tmpfs,
    /// A secret file or variable.
    Secret,
    /// The socket of an ssh agent.
    Ssh,
}

/// The types and their names.
const KINDS: [(&str, MountKind); 5] = [
    ("bind", MountKind::Bind),
    ("cache", MountKind::Cache),
    ("tmpfs", MountKind::Tmpfs),
    ("secret", MountKind::Secret),
    ("ssh", MountKind::Ssh),
];

/// The keys, other spellings last.
const KEYS: [&str; 19] = [
    "type",
    "target",
    "source",
    "from",
    "readonly",
    "readwrite",
    "id",
    "sharing",
    "size",
    "mode",
    "uid",
    "gid",
    "required",
    "env",
    "src",
    "dst",
    "destination",
    "ro",
    "rw",
];

/// One mount, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What is mounted.
    pub kind: MountKind,
    /// Absolute path, where one is given or the type has a default.
    pub target: Option<String>,
    /// `from`: a stage, its number, or an image.
    pub from: Option<Word>,
    /// The other fields, their keys in the first spelling of the table.
    pub options: Vec<(String, String)>,
}

/// Reads a `--mount`.
pub fn mount(word: &Word, scope: &Scope) -> Result<Mount, PlanError> {
    let fields = fields(word);
    let kind = kind(&fields, scope)?;
    let mut mount = Mount {
        kind,
        target: None,
        from: None,
        options: Vec::new(),
    };
    for field in &fields {
        read(&mut mount, field, scope)?;
    }
    judge(&mut mount, word, scope)?;
    Ok(mount)
}

/// Checks a `--device`: a name, and whether it is required.
pub fn device(word: &Word) -> Result<(), PlanError> {
    let fields = fields(word);
    for (place, field) in fields.iter().enumerate() {
        let problem = match field.split() {
            // Names have an equals sign themselves: vendor.com/class=name.
            (key, _) if place == 0 && key != "required" => None,
            (key, None) if key == "required" => None,
            (_, None) => Some(FieldError::NotAPair {
                field: field.text.clone(),
            }),
            (key, Some(_)) if key == "name" => None,
            (key, Some(value)) if key == "required" => boolean(&key, value).err(),
            (key, Some(_)) => Some(unknown_key(key, field, &["name", "required"])),
        };
        if let Some(problem) = problem {
            return Err(wrong(problem, field.span));
        }
    }
    Ok(())
}

/// Returns the value of a mount's `from`, if it has one and nothing has to be expanded for it.
pub fn from_of(word: &Word) -> Option<Word> {
    let field = fields(word)
        .into_iter()
        .rfind(|field| field.split().0 == "from")?;
    let value = field.split().1?.to_owned();
    let as_written = field.span.end - field.span.start == field.text.len();
    let start = if as_written {
        field.span.end - value.len()
    } else {
        field.span.start
    };
    (!value.is_empty() && !value.contains('$')).then(|| Word {
        text: value,
        span: Span::new(start, field.span.end),
    })
}

fn wrong(problem: FieldError, span: Span) -> PlanError {
    PlanError::new(PlanErrorKind::Field(problem), span)
}

fn kind(fields: &[Field], scope: &Scope) -> Result<MountKind, PlanError> {
    let Some(field) = fields.iter().rfind(|field| field.split().0 == "type") else {
        return Ok(MountKind::Bind);
    };
    let value = expanded(field, field.split().1.unwrap_or_default(), scope)?;
    let found = KINDS.iter().find(|(name, _)| *name == value.to_lowercase());
    found.map(|(_, kind)| *kind).ok_or_else(|| {
        let suggestion = nearest(&value, KINDS.iter().map(|(name, _)| *name));
        wrong(FieldError::UnknownType { value, suggestion }, field.span)
    })
}

/// Takes one field in.
fn read(mount: &mut Mount, field: &Field, scope: &Scope) -> Result<(), PlanError> {
    let (key, value) = field.split();
    let error = |problem| Err(wrong(problem, field.span));
    if !KEYS.contains(&key.as_str()) {
        // `target = /x` leaves fields that are no keys at all.
        return error(match value {
            Some(_) => unknown_key(key, field, &KEYS),
            None => FieldError::NotAPair {
                field: field.text.clone(),
            },
        });
    }
    let key = first_spelling(&key);
    let may_stand_alone = matches!(key, "readonly" | "readwrite" | "required");
    let value = match value {
        Some(value) => expanded_unless_from(field, key, value, scope)?,
        None if may_stand_alone => "true".to_owned(),
        None => {
            return error(FieldError::NotAPair {
                field: field.text.clone(),
            });
        }
    };
    if let Err(problem) = fits(mount.kind, key).and_then(|()| value_fits(key, &value)) {
        return error(problem);
    }
    match key {
        "type" => {}
        "target" => mount.target = Some(join_path(&scope.workdir, &value)),
        "from" => {
            mount.from = Some(Word {
                text: value,
                span: field.span,
            });
        }
        _ => mount.options.push((key.to_owned(), value)),
    }
    Ok(())
}

fn expanded_unless_from(
    field: &Field,
    key: &str,
    value: &str,
    scope: &Scope,
) -> Result<String, PlanError> {
    if key != "from" {
        return expanded(field, value, scope);
    }
    if value.contains('$') {
        return Err(wrong(FieldError::VariableInFrom, field.span));
    }
    Ok(value.to_owned())
}

fn expanded(field: &Field, value: &str, scope: &Scope) -> Result<String, PlanError> {
    let expanded = scope.expand(value);
    let error = |error| PlanError::new(PlanErrorKind::Word(error), field.span);
    Ok(expanded.map_err(error)?.text)
}

fn first_spelling(key: &str) -> &str {
    match key {
        "src" => "source",
        "dst" | "destination" => "target",
        "ro" => "readonly",
        "rw" => "readwrite",
        other => other,
    }
}

fn unknown_key(key: String, field: &Field, known: &[&'static str]) -> FieldError {
    FieldError::UnknownKey {
        suggestion: nearest(&key, known.iter().copied()),
        key,
        field: field.text.clone(),
    }
}

/// Tells whether a type of mount has a key.
fn fits(kind: MountKind, key: &str) -> Result<(), FieldError> {
    use MountKind::{Bind, Cache, Secret, Ssh, Tmpfs};
    let has = match key {
        "sharing" => kind == Cache,
        "size" => kind == Tmpfs,
        "mode" | "uid" | "gid" => !matches!(kind, Bind | Tmpfs),
        "required" => matches!(kind, Secret | Ssh),
        "env" => kind == Secret,
        _ => true,
    };
    let name = KINDS.iter().find(|(_, known)| *known == kind);
    let name = name.map_or("", |(name, _)| *name);
    if has {
        Ok(())
    } else {
        Err(FieldError::KeyOfOtherType {
            key: key.to_owned(),
            kind: name,
        })
    }
}

/// Tells whether a value is one that its key takes.
fn value_fits(key: &str, value: &str) -> Result<(), FieldError> {
    let needs = |fits: bool, expected| {
        let problem = FieldError::BadValue {
            key: key.to_owned(),
            value: value.to_owned(),
            expected,
        };
        if fits { Ok(()) } else { Err(problem) }
    };
    match key {
        "readonly" | "readwrite" | "required" => boolean(key, value),
        "sharing" => {
            let known = ["shared", "private", "locked"];
            if known.contains(&value) {
                return Ok(());
            }
            Err(FieldError::BadSharing {
                value: value.to_owned(),
                suggestion: nearest(value, known.into_iter()),
            })
        }
        "mode" => needs(
            u32::from_str_radix(value, 8).is_ok_and(|mode| mode <= 0o7777),
            "0755",
        ),
        "uid" | "gid" => needs(value.parse::<u32>().is_ok(), "1000"),
        "size" => needs(size_in_bytes(value).is_some(), "64m, 1g, 1048576"),
        _ => Ok(()),
    }
}

/// Go's `strconv.ParseBool`.
fn boolean(key: &str, value: &str) -> Result<(), FieldError> {
    let known = ["1", "t", "true", "0", "f", "false"];
    if known.contains(&value.to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(FieldError::BadValue {
        key: key.to_owned(),
        value: value.to_owned(),
        expected: "true, false",
    })
}

/// Reads a number of bytes with or without a unit, as docker's units package does.
pub fn size_in_bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let end = lower
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(lower.len());
    let (number, unit) = lower.split_at(end);
    let power = match unit.trim_start() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * 1024_f64.powi(power);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "there is no minus sign, and `as` ends at the largest number"
    )]
    Some(bytes as u64)
}

/// What only all fields together tell.
fn judge(mount: &mut Mount, word: &Word, scope: &Scope) -> Result<(), PlanError> {
    let has = |key: &str| mount.options.iter().any(|(known, _)| known == key);
    if mount.kind == MountKind::Secret {
        if let Some(from) = &mount.from {
            return Err(wrong(FieldError::SecretFrom, from.span));
        }
        if !has("id") && !has("source") && mount.target.is_none() {
            return Err(wrong(FieldError::SecretUnnamed, word.span));
        }
    }
    let needs_target = matches!(
        mount.kind,
        MountKind::Bind | MountKind::Cache | MountKind::Tmpfs
    );
    if needs_target && mount.target.is_none() {
        mount.target = Some(join_path("/", &scope.workdir));
    }
    if mount.target.as_deref() == Some("/") {
        return Err(wrong(FieldError::RootTarget, word.span));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    fn read(text: &str) -> Result<Mount, String> {
        let word = Word {
            text: text.to_owned(),
            span: Span::new(0, text.len()),
        };
        let mut scope = Scope {
            workdir: "/app".to_owned(),
            escape: '\\',
            ..Scope::default()
        };
        scope.set_arg("DIR", Some("/cache"));
        mount(&word, &scope).map_err(|error| error.kind.message(Language::En))
    }

    #[test]
    fn values_are_expanded_and_targets_joined_to_the_folder() {
        let mount = read("type=cache,dst=$DIR,sharing=locked,ro").unwrap();
        assert_eq!(mount.kind, MountKind::Cache);
        assert_eq!(mount.target.as_deref(), Some("/cache"));
        let options = [("sharing", "locked"), ("readonly", "true")];
        assert_eq!(mount.options, options.map(|(k, v)| (k.into(), v.into())));
        assert_eq!(read("target=x").unwrap().target.as_deref(), Some("/app/x"));
    }

    #[test]
    fn mistakes_are_named_with_the_key() {
        for (text, message) in [
            (
                "type=cash,target=/x",
                "unsupported mount type \"cash\" (did you mean cache?)",
            ),
            (
                "tagret=/x",
                "unexpected key 'tagret' in 'tagret=/x' (did you mean target?)",
            ),
            (
                "type=cache,/x",
                "invalid field '/x' must be a key=value pair",
            ),
            (
                "type=cache,target=/x,sharing=all",
                "unsupported sharing value \"all\"",
            ),
            (
                "type=secret,id=a,from=b",
                "secret mount should not have a from",
            ),
            (
                "type=secret",
                "invalid secret mount: one of id, source, target is required",
            ),
            ("target=/", "invalid mount target \"/\""),
            (
                "target=/x,size=1m",
                "unexpected key 'size' for mount type 'bind'",
            ),
            (
                "target=/x,mode=0755",
                "unexpected key 'mode' for mount type 'bind'",
            ),
            (
                "type=tmpfs,target=/x,size=big",
                "invalid value for size: big",
            ),
            (
                "target=/x,from=$DIR",
                "'from' doesn't support variable expansion, define alias stage instead",
            ),
            (
                "type=cache,target=/x,required",
                "unexpected key 'required' for mount type 'cache'",
            ),
            (
                "type=cache,target=/x,env=A",
                "unexpected key 'env' for mount type 'cache'",
            ),
        ] {
            assert_eq!(read(text), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_device_has_a_name_and_may_be_required() {
        let read = |text: &str| {
            let word = Word {
                text: text.to_owned(),
                span: Span::default(),
            };
            device(&word).map_err(|error| error.kind.message(Language::En))
        };
        assert_eq!(read("vendor.com/gpu=all,required"), Ok(()));
        assert_eq!(read("name=vendor.com/gpu=all,required"), Ok(()));
        assert_eq!(read("vendor1.com/device"), Ok(()));
        let message = "unexpected key 'requird' in 'requird=1' (did you mean required?)";
        assert_eq!(read("name=a,requird=1"), Err(message.to_owned()));
    }
}
