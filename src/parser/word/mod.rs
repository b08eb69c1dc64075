//! What one word becomes: quotes and escapes resolved, `$variables` put in.
//!
//! Dockerfile reference, "Environment replacement"; the rules are those of BuildKit's shell lexer.
//! | written | becomes |
//! | --- | --- |
//! | `$x` `${x}` | the value, or nothing |
//! | `${x:-w}` `${x-w}` | the value, or `w` if unset or empty / only if unset |
//! | `${x:+w}` `${x+w}` | `w` if set and not empty / if set, or nothing |
//! | `${x:?m}` `${x?m}` | the value, or an error with the message `m` |
//! | `${x#p}` `##` `%` `%%` | the value without its shortest / longest beginning / end that fits `p` |
//! | `${x/p/r}` `${x//p/r}` | the value with the first / every part that fits `p` replaced |

use std::collections::BTreeSet;

mod error;
mod expansion;
mod frame;
mod modifier;
mod pattern;

pub use error::{WordError, WordFault};

use expansion::Expansion;

/// How a variable's value is found.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A word after expansion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expanded {
    /// The result.
    pub text: String,
    /// The result split at white space that was neither quoted nor escaped.
    pub words: Vec<String>,
    /// The variables that were looked up and found, also in branches not taken.
    pub used: BTreeSet<String>,
    /// The variables that were looked up and not found.
    pub unset: BTreeSet<String>,
}

/// Expands a word of an instruction. `escape` is the file's escape character.
///
/// ```
/// use strata::parser::word::expand;
///
/// let lookup = |name: &str| (name == "PWD").then(|| "/home".to_owned());
/// let expanded = expand("he$PWD${XXX:-xx}", '\\', &lookup).unwrap();
/// assert_eq!(expanded.text, "he/homexx");
/// assert!(expanded.unset.contains("XXX"));
/// ```
pub fn expand(word: &str, escape: char, lookup: Lookup<'_>) -> Result<Expanded, WordError> {
    Ok(expand_located(word, escape, lookup)?)
}

/// Expands a word as [`expand`] does, and says where in it a mistake is.
pub fn expand_located(word: &str, escape: char, lookup: Lookup<'_>) -> Result<Expanded, WordFault> {
    Expansion::new(word, escape, true, lookup).run()
}

/// Expands the body of an unquoted here-document: quotes stay, the escape is always `\`.
pub fn expand_heredoc(body: &str, lookup: Lookup<'_>) -> Result<Expanded, WordError> {
    Ok(Expansion::new(body, '\\', false, lookup).run()?)
}

#[cfg(test)]
mod tests {
    use super::{Expanded, WordError, expand, expand_heredoc, expand_located};

    const ENVIRONMENT: &[(&str, &str)] = &[
        ("PWD", "/home"),
        ("SHELL", "bash"),
        ("KOREAN", "한국어"),
        ("NULL", ""),
        ("TWO", "a b"),
        ("FOO", "xxyy"),
        ("STAR", "*"),
    ];

    fn lookup(name: &str) -> Option<String> {
        let found = ENVIRONMENT.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    }

    fn text(word: &str) -> String {
        match expand(word, '\\', &lookup) {
            Ok(expanded) => expanded.text,
            Err(error) => format!("error: {error}"),
        }
    }

    #[track_caller]
    fn check(cases: &[(&str, &str)]) {
        for (word, expected) in cases {
            assert_eq!(text(word), *expected, "{word}");
        }
    }

    #[test]
    fn variables_become_their_values() {
        check(&[
            ("hello", "hello"),
            ("he$PWD", "he/home"),
            ("he$PWDx", "he"),
            ("he${PWD}x", "he/homex"),
            ("$KOREAN한", ""),
            ("${KOREAN}한", "한국어한"),
            ("$1x$12y", "xy"),
            ("$@$*$#$?$-$$$!$0.", "."),
            ("a$", "a$"),
            ("a$.b", "a$.b"),
        ]);
    }

    #[test]
    fn quotes_and_escapes_are_resolved() {
        check(&[
            ("he'll'o", "hello"),
            ("he'$PWD'o", "he$PWDo"),
            ("he\"$PWD\"o", "he/homeo"),
            ("he\\tx", "hetx"),
            ("he\\\\tx", "he\\tx"),
            ("he\\$PWD", "he$PWD"),
            ("\"he\\$PWD\"", "he$PWD"),
            ("\"a\\tb\\\"c\\\\\"", "a\\tb\"c\\"),
            ("'a\\'b", "a\\b"),
            ("\"it's\"", "it's"),
            ("end\\", "end"),
            ("\"\"", ""),
        ]);
    }

    #[test]
    fn the_escape_character_follows_the_directive() {
        let expanded = expand("C:\\x`$PWD\"`\"\\$\"", '`', &lookup).unwrap();
        assert_eq!(expanded.text, "C:\\x$PWD\"\\$");
    }

    #[test]
    fn defaults_and_alternatives_look_at_unset_and_empty() {
        check(&[
            ("${X:-w}${X-w}", "ww"),
            ("${NULL:-w}${NULL-w}", "w"),
            ("${PWD:-w}${PWD-w}", "/home/home"),
            ("${X:+w}${X+w}", ""),
            ("${NULL:+w}${NULL+w}", "w"),
            ("${PWD:+w}${PWD+w}", "ww"),
            ("${X:-a${Y:-$PWD}b}", "a/homeb"),
            ("${X:-'a}b'}", "a}b"),
            ("${X:-\"$PWD\"}", "/home"),
            ("${X:-a\\}b}", "a}b"),
        ]);
    }

    #[test]
    fn a_required_variable_without_a_value_is_an_error() {
        check(&[
            ("${PWD:?m}${NULL?m}", "/home"),
            ("${X:?no $SHELL}", "error: X: no bash"),
            ("${X?}", "error: X: is not allowed to be unset"),
            ("${NULL:?}", "error: NULL: is not allowed to be empty"),
        ]);
    }

    #[test]
    fn prefixes_and_suffixes_that_fit_a_pattern_go() {
        check(&[
            ("${FOO#x}", "xyy"),
            ("${FOO##*x}", "yy"),
            ("${FOO#*}", "xxyy"),
            ("${FOO##*}", ""),
            ("${FOO%y}", "xxy"),
            ("${FOO%y*}", "xxy"),
            ("${FOO%%y*}", "xx"),
            ("${FOO#?}", "xyy"),
            ("${FOO#z}", "xxyy"),
            ("${FOO#[x]}", "xxyy"),
            ("${STAR#\\*}", ""),
            ("${STAR#\\?}", "*"),
            ("${FOO##}", "xxyy"),
            ("${X#a}", ""),
            (
                "${FOO#\\x}",
                "error: invalid pattern (\\x) in substitution: invalid escape '\\x'",
            ),
        ]);
    }

    #[test]
    fn parts_that_fit_a_pattern_are_replaced() {
        check(&[
            ("${FOO/x/1}", "1xyy"),
            ("${FOO//x/1}", "11yy"),
            ("${FOO//x*y/1}", "1"),
            ("${FOO/z/1}", "xxyy"),
            ("${PWD/\\//:}", ":home"),
            ("${PWD//o/$SHELL}", "/hbashme"),
            ("${FOO/$NULL/w}", "wxxyy"),
            ("${FOO/x/\\}}", "\\}xyy"),
            ("${FOO//ww}", "error: syntax error: missing '/' in ${}"),
            ("${FOO/x/y", "error: syntax error: missing '}'"),
        ]);
    }

    #[test]
    fn what_is_not_well_formed_is_named() {
        check(&[
            (
                "'a",
                "error: unexpected end of statement while looking for matching single-quote",
            ),
            (
                "\"a",
                "error: unexpected end of statement while looking for matching double-quote",
            ),
            ("${", "error: syntax error: missing '}'"),
            ("${X", "error: syntax error: missing '}'"),
            ("${X:", "error: syntax error: missing '}'"),
            ("${X:-'a", "error: syntax error: missing '}'"),
            ("\"${X:-a\"", "error: syntax error: missing '}'"),
            ("${}", "error: syntax error: bad substitution"),
            ("${:x}", "error: syntax error: bad substitution"),
            ("${{x}}", "error: syntax error: bad substitution"),
            ("${X=w}", "error: unsupported modifier (=) in substitution"),
            (
                "${X:=w}",
                "error: unsupported modifier (:=) in substitution",
            ),
            (
                "${X:#p}",
                "error: unsupported modifier (:#) in substitution",
            ),
            ("${X^^}", "error: unsupported modifier (^) in substitution"),
        ]);
    }

    #[test]
    fn values_are_not_expanded_again() {
        let lookup = |name: &str| (name == "A").then(|| "$B'\\".to_owned());
        assert_eq!(expand("$A", '\\', &lookup).unwrap().text, "$B'\\");
    }

    fn words(word: &str) -> Vec<String> {
        expand(word, '\\', &lookup).unwrap().words
    }

    #[test]
    fn words_split_at_white_space_that_is_not_protected() {
        assert_eq!(words(" a  b\tc "), ["a", "b", "c"]);
        assert_eq!(words("x$TWO y"), ["xa", "b", "y"]);
        assert_eq!(words("\"$TWO\" 'c d' e\\ f"), ["a b", "c d", "e f"]);
        assert_eq!(words("\"\" ''"), Vec::<String>::new());
    }

    #[test]
    fn variables_that_were_looked_up_are_listed() {
        let Expanded { used, unset, .. } =
            expand("$PWD ${A:-$B} ${SHELL:-$C}", '\\', &lookup).unwrap();
        assert_eq!(used.into_iter().collect::<Vec<_>>(), ["PWD", "SHELL"]);
        assert_eq!(unset.into_iter().collect::<Vec<_>>(), ["A", "B", "C"]);
    }

    #[test]
    fn heredoc_bodies_keep_quotes_and_lose_single_backslashes() {
        let body = "\"$PWD\" 'x' \\$PWD \\\\ \\n it's\n";
        let expanded = expand_heredoc(body, &lookup).unwrap();
        assert_eq!(expanded.text, "\"/home\" 'x' $PWD \\ n it's\n");
    }

    #[test]
    fn nesting_may_be_as_deep_as_the_text_is_long() {
        let deep = "${X:-\"".repeat(50_000) + "end" + &"\"}".repeat(50_000);
        assert_eq!(text(&deep), "end");
        let open = "${X:-".repeat(100_000);
        assert_eq!(expand(&open, '\\', &lookup), Err(WordError::MissingBrace));
    }

    #[test]
    fn depth_is_linear_where_every_level_adds_text() {
        // Copied anew at every level these would be 5 GB.
        let deep = "${X:-x".repeat(100_000) + &"}".repeat(100_000);
        assert_eq!(text(&deep).len(), 100_000);
        let deep = "${PWD:+x\"".repeat(100_000) + &"\"}".repeat(100_000);
        assert_eq!(text(&deep).len(), 100_000);
    }

    #[test]
    fn names_that_only_a_shell_knows_are_always_unset() {
        let all = |_: &str| Some("set".to_owned());
        for word in ["$1", "$0", "$12", "$@", "$*", "$#", "$?", "$-", "$$", "$!"] {
            let expanded = expand(word, '\\', &all).unwrap();
            assert_eq!(expanded.text, "", "{word}");
            assert!(expanded.unset.contains(&word[1..]), "{word}");
        }
        assert_eq!(expand("$1x$x1", '\\', &all).unwrap().text, "xset");
    }

    #[test]
    fn a_mistake_is_placed_in_the_word() {
        for (word, place) in [
            ("ab'c", "'c"),
            ("ab\"c", "\"c"),
            ("a${", "${"),
            ("a${X:-b", "${X:-b"),
            ("a${X:-${Y:-'b", "${X:-${Y:-'b"),
            ("a${}b", "${"),
            ("a${X^}b", "${X^"),
            ("a${X:=b}c", "${X:="),
            ("a${PWD#\\x}b", "${PWD#\\x}"),
            ("a${X:?b}c", "${X:?b}"),
            ("a${X/b}c", "${X/b}c"),
        ] {
            let fault = expand_located(word, '\\', &lookup).unwrap_err();
            assert_eq!(&word[fault.span.start..fault.span.end], place, "{word}");
        }
    }

    #[test]
    fn a_word_that_explodes_is_refused() {
        let mut word = "$BIG".to_owned();
        for _ in 0..9 {
            word = format!("${{BIG//?/{word}}}");
        }
        let lookup = |_: &str| Some("x".repeat(100));
        assert_eq!(expand(&word, '\\', &lookup), Err(WordError::TooLong));
    }

    #[test]
    fn what_would_take_minutes_is_refused() {
        let value = "a".repeat(100_000);
        let words = [
            format!("${{A//{}/}}", "a?*".repeat(10_000)),
            format!("${{A##{}}}", "a?*".repeat(10_000)),
            "${A##*a}".repeat(100),
            "${A/a*/}".repeat(100),
            "${A:+}".repeat(20_000),
        ];
        for word in words {
            let lookup = |_: &str| Some(value.clone());
            let refused = Err(WordError::TooCostly);
            assert_eq!(expand(&word, '\\', &lookup), refused, "{}", &word[..20]);
        }
    }
}
