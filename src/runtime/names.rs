//! What containers are called: 64-digit ids, names people give, and names made up for them.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use serde::{Deserialize, Serialize};

/// The id of a container: 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContainerId(String);

impl ContainerId {
    /// Makes a new random id. Its first twelve digits are never all decimal: such a short id
    /// would be a number to programs that take it for a host name (as docker avoids).
    pub fn generate() -> io::Result<Self> {
        loop {
            let id = Self::from_bytes(random()?);
            if id.short().bytes().any(|byte| byte.is_ascii_alphabetic()) {
                return Ok(id);
            }
        }
    }

    /// Makes an id of 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let digit = |value: u8| char::from_digit(value.into(), 16).expect("four bits");
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        Self(digits.map(digit).collect())
    }

    /// Reads a whole id; none where the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 64 && is_id_prefix(text)).then(|| Self(text.to_owned()))
    }

    /// Returns all 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first 12 digits, which `ps` shows and which is the default host name.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ContainerId> for String {
    fn from(id: ContainerId) -> Self {
        id.0
    }
}

impl TryFrom<String> for ContainerId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("not a container id: {text:?}"))
    }
}

/// Whether the text could be the start of an id.
pub(super) fn is_id_prefix(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a person may give this name: `[a-zA-Z0-9][a-zA-Z0-9_.-]+`, so two characters at
/// least.
pub fn is_valid_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    name.len() >= 2 && name.as_bytes()[0].is_ascii_alphanumeric() && name.bytes().all(inner)
}

/// Returns a valid name that is close to one that is not.
pub(super) fn near_name(name: &str) -> String {
    let fitting = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' => character,
        _ => '-',
    };
    let fitted: String = name.chars().map(fitting).collect();
    let near = fitted.trim_matches(|character: char| !character.is_ascii_alphanumeric());
    match near.len() {
        0 => "box".to_owned(),
        1 => format!("{near}1"),
        _ => near.to_owned(),
    }
}

/// Makes up a name such as `patient_hopper`. After a few that were taken, a digit at the end
/// makes room, as docker does.
pub fn generate_name(attempt: u32) -> io::Result<String> {
    let [a, b, c, ..] = random()?;
    let name = name_from(usize::from(a), usize::from(b));
    Ok(match attempt {
        0..=5 => name,
        _ => format!("{name}{}", c % 10),
    })
}

fn name_from(adjective: usize, person: usize) -> String {
    let adjective = ADJECTIVES[adjective % ADJECTIVES.len()];
    let person = PEOPLE[person % PEOPLE.len()];
    format!("{adjective}_{person}")
}

fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

const ADJECTIVES: [&str; 64] = [
    "agile", "amber", "ample", "azure", "basic", "bold", "brave", "breezy", "bright", "brisk",
    "calm", "candid", "careful", "cheerful", "clear", "clever", "cosy", "crisp", "curious",
    "daring", "deft", "eager", "early", "earnest", "fair", "fluent", "fond", "frank", "fresh",
    "gentle", "glad", "golden", "grand", "handy", "hardy", "hearty", "honest", "humble", "jolly",
    "keen", "kind", "lively", "loyal", "lucid", "mellow", "merry", "mild", "neat", "nimble",
    "noble", "patient", "placid", "plucky", "polite", "proud", "quick", "quiet", "ready", "serene",
    "sharp", "steady", "sunny", "tidy", "warm",
];

/// People to whom computing owes something.
const PEOPLE: [&str; 64] = [
    "allen",
    "babbage",
    "backus",
    "baran",
    "bartik",
    "berners",
    "boole",
    "borg",
    "brooks",
    "cerf",
    "church",
    "clarke",
    "cocke",
    "codd",
    "conway",
    "corbato",
    "cray",
    "dahl",
    "davies",
    "dijkstra",
    "eckert",
    "engelbart",
    "estrin",
    "feinler",
    "floyd",
    "goldberg",
    "granville",
    "hamilton",
    "hamming",
    "hoare",
    "holberton",
    "hopper",
    "iverson",
    "johnson",
    "jonsson",
    "karp",
    "kay",
    "kernighan",
    "kilburn",
    "kleene",
    "knuth",
    "lamport",
    "liskov",
    "lovelace",
    "mauchly",
    "mccarthy",
    "meitner",
    "milner",
    "minsky",
    "naur",
    "neumann",
    "perlis",
    "perlman",
    "postel",
    "rabin",
    "ritchie",
    "shannon",
    "shaw",
    "stearns",
    "tarjan",
    "thompson",
    "turing",
    "wilkes",
    "wirth",
];

/// Whether a network may be called so: docker's characters, and short enough to be a file's name.
pub fn is_network_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric();
    name.len() <= 128
        && name.bytes().next().is_some_and(is_word)
        && name
            .bytes()
            .all(|byte| is_word(byte) || b"_.-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_dockers_rule() {
        for good in ["c1", "web-1", "a.b", "0_", "Box"] {
            assert!(is_valid_name(good), "{good}");
        }
        for bad in ["", "w", "a b", "-x", ".x", "_x", "é1", "a/b", "a\n"] {
            assert!(!is_valid_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_wrong_name_is_near_a_right_one() {
        for (wrong, near) in [
            ("my box!", "my-box"),
            ("-web", "web"),
            ("w", "w1"),
            ("상점", "box"),
            ("", "box"),
            ("a/b", "a-b"),
        ] {
            assert_eq!(near_name(wrong), near);
            assert!(is_valid_name(near));
        }
    }

    #[test]
    fn every_made_up_name_is_a_valid_and_different_one() {
        let mut seen = std::collections::HashSet::new();
        for adjective in 0..ADJECTIVES.len() {
            for person in 0..PEOPLE.len() {
                let name = name_from(adjective, person);
                assert!(is_valid_name(&name), "{name}");
                assert!(seen.insert(name));
            }
        }
    }

    #[test]
    fn late_attempts_end_in_a_digit() {
        let name = generate_name(6).unwrap();
        assert!(name.ends_with(|last: char| last.is_ascii_digit()), "{name}");
    }

    #[test]
    fn an_id_is_64_lower_case_hex_digits() {
        let id = ContainerId::from_bytes([0xab; 32]);
        assert_eq!(id.as_str(), "ab".repeat(32));
        assert_eq!(id.short(), "abababababab");
        assert_eq!(ContainerId::parse(id.as_str()), Some(id));
        assert_eq!(ContainerId::parse(&"AB".repeat(32)), None);
        assert_eq!(ContainerId::parse("ab"), None);
    }

    #[test]
    fn two_ids_differ() {
        assert_ne!(
            ContainerId::generate().unwrap(),
            ContainerId::generate().unwrap()
        );
    }
}
