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

/// Picks the Korean particle that follows a word: `with` after a final consonant, `without`
/// after a vowel, and `with(without)` where the last sound of the word cannot be told.
///
/// ```
/// use strata::language::particle;
/// assert_eq!(particle("이미지", "을", "를"), "를");
/// assert_eq!(particle("단계들", "을", "를"), "을");
/// assert_eq!(particle("COPY", "을", "를"), "을(를)");
/// ```
pub fn particle(word: &str, with: &str, without: &str) -> String {
    match word.chars().last() {
        Some(last @ '가'..='힣') if (last as u32 - '가' as u32).is_multiple_of(28) => {
            without.to_owned()
        }
        Some('가'..='힣') => with.to_owned(),
        _ => format!("{with}({without})"),
    }
}
