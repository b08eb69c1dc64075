//! Permission bits as `--chmod` takes them: octal, or chmod(1)'s letters.

use std::fmt;

/// What `--chmod` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// `0755`: whatever it was before.
    Bits(u32),
    /// `u=rwX,go=rX`: what comes out depends on the file.
    Letters {
        /// As written.
        text: String,
        /// What is done, in order.
        acts: Vec<Act>,
    },
}

/// One operator of chmod(1)'s letters with what stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// For whom: the bits of `u`, `g` and `o` that are meant.
    who: u32,
    operator: char,
    permissions: Permissions,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Permissions {
    /// `rwxXst`.
    Letters(String),
    /// `u`, `g` or `o`: what that one has.
    Of(char),
}

const USER: u32 = 0o4700;
const GROUP: u32 = 0o2070;
const OTHERS: u32 = 0o1007;

impl Mode {
    /// Reads the value of `--chmod`.
    pub fn parse(value: &str) -> Option<Self> {
        if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) {
            let bits = u32::from_str_radix(value, 8).ok();
            return bits.filter(|bits| *bits <= 0o7777).map(Self::Bits);
        }
        let mut acts = Vec::new();
        for clause in value.split(',') {
            acts.extend(self::acts(clause)?);
        }
        let text = value.to_owned();
        Some(Self::Letters { text, acts })
    }

    /// Returns what becomes of a file's bits. `X` is for folders, and for what somebody may execute.
    pub fn apply(&self, mode: u32, is_folder: bool) -> u32 {
        match self {
            Self::Bits(bits) => *bits,
            Self::Letters { acts, .. } => acts
                .iter()
                .fold(mode, |mode, act| act.apply(mode, is_folder)),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bits(bits) => write!(f, "{bits:o}"),
            Self::Letters { text, .. } => f.write_str(text),
        }
    }
}

/// Reads one clause: who, then `+`, `-` or `=` with permissions, perhaps again.
fn acts(clause: &str) -> Option<Vec<Act>> {
    let rest = clause.trim_start_matches(['u', 'g', 'o', 'a']);
    let names = &clause[..clause.len() - rest.len()];
    let mut who = 0;
    for name in names.chars() {
        who |= bits_of(name);
    }
    let who = if who == 0 { bits_of('a') } else { who };
    let mut acts = Vec::new();
    let mut rest = rest;
    while let Some(operator) = rest.chars().next() {
        if !matches!(operator, '+' | '-' | '=') {
            return None;
        }
        let after = &rest[1..];
        let end = after.find(['+', '-', '=']).unwrap_or(after.len());
        let (letters, next) = after.split_at(end);
        acts.push(Act {
            who,
            operator,
            permissions: permissions(letters)?,
        });
        rest = next;
    }
    (!acts.is_empty()).then_some(acts)
}

fn permissions(letters: &str) -> Option<Permissions> {
    if let "u" | "g" | "o" = letters {
        return letters.chars().next().map(Permissions::Of);
    }
    let fits = letters.chars().all(|c| "rwxXst".contains(c));
    fits.then(|| Permissions::Letters(letters.to_owned()))
}

fn bits_of(name: char) -> u32 {
    match name {
        'u' => USER,
        'g' => GROUP,
        'o' => OTHERS,
        _ => USER | GROUP | OTHERS,
    }
}

impl Act {
    fn apply(&self, mode: u32, is_folder: bool) -> u32 {
        let given = self.given(mode, is_folder) & self.who;
        match self.operator {
            '+' => mode | given,
            '-' => mode & !given,
            _ => (mode & !self.who) | given,
        }
    }

    /// Returns the bits that the permissions stand for, for everybody.
    fn given(&self, mode: u32, is_folder: bool) -> u32 {
        let letters = match &self.permissions {
            Permissions::Letters(letters) => letters,
            Permissions::Of(name) => {
                let shift = match name {
                    'u' => 6,
                    'g' => 3,
                    _ => 0,
                };
                return ((mode >> shift) & 0o7) * 0o111;
            }
        };
        let executed = is_folder || mode & 0o111 != 0;
        let bit = |letter: char| match letter {
            'r' => 0o444,
            'w' => 0o222,
            'x' => 0o111,
            'X' if executed => 0o111,
            's' => 0o6000,
            't' => 0o1000,
            _ => 0,
        };
        letters.chars().map(bit).fold(0, |bits, bit| bits | bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_or_letters() {
        assert_eq!(Mode::parse("0755"), Some(Mode::Bits(0o755)));
        for letters in ["u=rwX,go=rX", "+x", "a-w", "g=u", "u=", "u+r-w"] {
            let read = Mode::parse(letters);
            assert!(matches!(read, Some(Mode::Letters { .. })), "{letters}");
        }
        for wrong in [
            "", "rwx", "8", "77777", "u=q", "+755", "u", "u=rwx,", "u=gr",
        ] {
            assert_eq!(Mode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn letters_change_what_they_name() {
        for (letters, before, file, folder) in [
            ("u=rwX,go=rX", 0o600, 0o644, 0o755),
            ("u=rwX,go=rX", 0o711, 0o755, 0o755),
            ("+x", 0o644, 0o755, 0o755),
            ("a-w", 0o666, 0o444, 0o444),
            ("g=u", 0o640, 0o660, 0o660),
            ("o=", 0o1777, 0o770, 0o770),
            ("u+s,g+s", 0o755, 0o6755, 0o6755),
            ("u-s", 0o6755, 0o2755, 0o2755),
            ("+t", 0o777, 0o1777, 0o1777),
            ("u+r-w", 0o200, 0o400, 0o400),
            ("ug=rw,o=r", 0o777, 0o664, 0o664),
        ] {
            let mode = Mode::parse(letters).unwrap();
            let found = (mode.apply(before, false), mode.apply(before, true));
            assert_eq!(found, (file, folder), "{letters} of {before:o}");
            assert_eq!(mode.to_string(), letters);
        }
    }
}
