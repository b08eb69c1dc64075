//! The languages strata speaks, and the [`messages!`](crate::messages) macro that keeps a sentence's versions
//! together, so that one without the other does not compile.

use serde::{Deserialize, Serialize};

/// A language strata speaks to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Ko];

    /// Returns the two-letter code.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ko => "ko",
        }
    }

    /// Reads a language from a locale such as `ko_KR.UTF-8`; none for other languages.
    ///
    /// ```
    /// use strata::language::Language;
    /// assert_eq!(Language::from_locale("ko_KR.UTF-8"), Some(Language::Ko));
    /// assert_eq!(Language::from_locale("C"), None);
    /// ```
    pub fn from_locale(locale: &str) -> Option<Self> {
        let code = locale
            .split(['_', '.', '-', '@'])
            .next()
            .unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| code.eq_ignore_ascii_case(language.code()))
    }
}

/// Declares sentences, each in every language, as functions of the language and of what they
/// name. The texts are format strings over the parameters.
///
/// ```
/// strata::messages! {
///     /// A step has to run again because an earlier one did.
///     pub parent_changed(step: usize) {
///         en: "step {step} changed",
///         ko: "{step}단계가 바뀜",
///     }
/// }
/// use strata::language::Language;
/// assert_eq!(parent_changed(Language::En, 3), "step 3 changed");
/// assert_eq!(parent_changed(Language::Ko, 3), "3단계가 바뀜");
/// ```
#[macro_export]
macro_rules! messages {
    ($( $(#[$doc:meta])* $vis:vis $name:ident ( $($arg:ident : $ty:ty),* $(,)? ) {
        en: $en:literal, ko: $ko:literal $(,)?
    } )*) => { $(
        $(#[$doc])*
        $vis fn $name(language: $crate::language::Language $(, $arg: $ty)*) -> String {
            match language {
                $crate::language::Language::En => format!($en),
                $crate::language::Language::Ko => format!($ko),
            }
        }
    )* };
}

/// Reads an answer to a question of yes and no, in any language; Enter is no. None where the
/// answer is something else: whoever typed a command there did not mean to answer.
///
/// ```
/// use strata::language::yes_or_no;
/// assert_eq!(yes_or_no("Yes"), Some(true));
/// assert_eq!(yes_or_no("네"), Some(true));
/// assert_eq!(yes_or_no(""), Some(false));
/// assert_eq!(yes_or_no("write Dockerfile"), None);
/// ```
pub fn yes_or_no(answer: &str) -> Option<bool> {
    match answer.trim().to_lowercase().as_str() {
        // The last of each row is the key of the Latin letter on a Korean keyboard.
        "y" | "yes" | "예" | "네" | "ㅛ" => Some(true),
        "" | "n" | "no" | "아니요" | "아니오" | "ㅜ" => Some(false),
        _ => None,
    }
}

messages! {
    /// What to say to another answer.
    pub not_yes_or_no() {
        en: "That is neither yes nor no: `y`, or Enter for no.",
        ko: "예/아니요로 답해 주세요. 예는 `y`, 아니요는 Enter입니다.",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Particles that leave it to the reader which of two is right.
    const UNDECIDED: [&str; 11] = [
        "\u{c744}(\u{b97c})",
        "\u{b97c}(\u{c744})",
        "\u{c774}(\u{ac00})",
        "\u{ac00}(\u{c774})",
        "\u{c740}(\u{b294})",
        "\u{b294}(\u{c740})",
        "\u{c640}(\u{acfc})",
        "\u{acfc}(\u{c640})",
        "(\u{c73c})\u{b85c}",
        "(\u{c774})\u{b77c}",
        " \u{b77c}\u{ace0} \u{c4f0}",
    ];

    fn look_into(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("the tree is there") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                look_into(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            let lines = text.lines().enumerate();
            let undecided = |line: &str| UNDECIDED.iter().any(|it| line.contains(it));
            let wrong = lines.filter(|(_, line)| undecided(line));
            found.extend(wrong.map(|(at, line)| format!("{}:{}: {line}", path.display(), at + 1)));
        }
    }

    #[test]
    fn no_particle_is_left_to_the_reader() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        for folder in ["src", "lessons", "docs"] {
            look_into(&root.join(folder), &mut found);
        }
        assert!(
            found.is_empty(),
            "a sentence is to be put so that no particle hangs on a word that varies:\n{}",
            found.join("\n")
        );
    }
}
