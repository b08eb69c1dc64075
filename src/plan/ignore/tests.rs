//! The rules of patternmatcher, path by path.

use super::{Ignore, clean};

#[track_caller]
fn check(text: &str, ignored: &[&str], included: &[&str]) {
    let ignore = Ignore::parse(text).unwrap();
    for path in ignored {
        assert!(ignore.is_ignored(path), "{path} with {text:?}");
    }
    for path in included {
        assert!(!ignore.is_ignored(path), "{path} with {text:?}");
    }
}

#[test]
fn a_pattern_is_anchored_and_takes_all_below() {
    check(
        "foo",
        &["foo", "foo/a", "foo/a/b"],
        &["a/foo", "foo2", "fo"],
    );
    check("/foo/", &["foo", "foo/a"], &["a/foo"]);
    check("a/../b//c/", &["b/c", "b/c/d"], &["b", "a"]);
    check("foo", &["./foo", "foo/"], &["."]);
}

#[test]
fn wildcards_stay_within_a_segment() {
    check("*.log", &["a.log", "a.log/x"], &["d/a.log"]);
    check("*/b", &["a/b", "a/b/c"], &["b", "a/x/b"]);
    check("a?c", &["abc", "a한c"], &["a/c", "ac"]);
    check("[a-c]x", &["ax", "cx/y"], &["dx"]);
    check("[^a-c]x", &["dx"], &["ax"]);
    check("\\*", &["*"], &["a"]);
    check("\\!x", &["!x"], &["x"]);
}

#[test]
fn two_stars_match_any_number_of_folders() {
    check("**", &["a", "a/b", ".git"], &["."]);
    check(
        "**/foo",
        &["foo", "a/foo", "a/b/foo/c"],
        &["xfoo", "a/xfoo"],
    );
    check("**foo", &["foo", "xfoo", "a/xfoo"], &["foox"]);
    check("abc/**", &["abc/d", "abc/d/e"], &["abc", "abcd"]);
    check("abc**", &["abc", "abcd", "abc/d"], &["ab"]);
    check("a/**/b", &["a/b", "a/x/b", "a/x/y/b/z"], &["a/xb", "b"]);
    check("**/*.log", &["a.log", "x/y/a.log"], &["log", "a.logs"]);
    check("**/a*/**", &["ab/c", "x/ab/c"], &["ab", "x/ab"]);
    check("a**b", &["ab", "ax/b"], &["axb"]);
}

#[test]
fn characters_that_mean_something_elsewhere_are_plain() {
    check("a.|)$(}+{b", &["a.|)$(}+{b"], &["ab", "a"]);
    check("a.b", &["a.b"], &["axb"]);
    check("a\\\\", &["a\\"], &["a"]);
    check("[\\-x]", &["-", "x"], &["a"]);
    check("[a-ζ]*", &["α", "b/c"], &["A"]);
}

#[test]
fn stars_beside_other_signs_match_as_many_folders() {
    check("**/", &["a", "a/b"], &["."]);
    check("**/**/*.txt", &["f.txt", "a/b/f.txt"], &["f.txt2"]);
    check("a**/*.txt", &["a/f.txt", "a/b/c/f.txt"], &["b/f.txt"]);
    check("a/*.txt**", &["a/f.txt", "a/f.txt2"], &["a/b/f.txt"]);
    check("**/a/*", &["a/b", "x/a/b/c"], &["a", "x/a"]);
}

#[test]
fn the_last_line_that_matches_decides() {
    check("*.md\n!README.md\n", &["a.md"], &["README.md"]);
    check(
        "*.md\n!README*.md\nREADME-secret.md\n",
        &["README-secret.md"],
        &["README-x.md"],
    );
    check("!README.md\n*.md\n", &["README.md"], &[]);
}

#[test]
fn an_exception_brings_back_what_is_below_an_excluded_folder() {
    check(
        "dir\n!dir/keep\n",
        &["dir", "dir/a", "dir/keeper"],
        &["dir/keep", "dir/keep/x"],
    );
    check("**\n!**/*.go\n", &["a", "d/x.c"], &["d/x.go"]);
}

#[test]
fn only_a_hash_in_the_first_column_is_a_comment() {
    check(
        "\u{FEFF}#a\n #b\n\n  c  \r\n",
        &["#b", "c"],
        &["a", "b", "#a"],
    );
}

#[test]
fn the_deciding_line_is_named_as_written() {
    let ignore = Ignore::parse("# c\n\n **/*.log \n! /keep/a.log\n").unwrap();
    let rule = ignore.decide("a/b.log").rule.unwrap();
    assert_eq!((rule.pattern, rule.line), ("**/*.log", 3));
    let kept = ignore.decide("keep/a.log");
    assert!(!kept.ignored);
    assert_eq!(kept.rule.unwrap().line, 4);
    assert_eq!(ignore.decide("x").rule, None);
}

#[test]
fn malformed_patterns_name_their_line() {
    for pattern in ["[", "a[", "[]a]", "a\\", "!", "! "] {
        let error = Ignore::parse(&format!("ok\n{pattern}\n")).unwrap_err();
        assert_eq!(error.line, 2, "{pattern}");
    }
    let error = Ignore::parse("!").unwrap_err();
    assert_eq!(error.to_string(), "illegal exclusion pattern: \"!\"");
}

#[test]
fn a_walk_may_skip_a_folder_that_nothing_is_brought_back_from() {
    let ignore = Ignore::parse("node_modules\ndir\n!dir/keep\nlast\n").unwrap();
    assert!(ignore.excludes_whole_folder("node_modules"));
    assert!(ignore.excludes_whole_folder("node_modules/a"));
    assert!(!ignore.excludes_whole_folder("dir"));
    assert!(ignore.excludes_whole_folder("dir/other"));
    assert!(ignore.excludes_whole_folder("last"));
    assert!(!ignore.excludes_whole_folder("src"));
    assert!(!ignore.excludes_whole_folder("."));
    let ignore = Ignore::parse("!a/b\na\n").unwrap();
    assert!(
        ignore.excludes_whole_folder("a"),
        "an earlier exception is overruled"
    );
    let ignore = Ignore::parse("a\n!**/x\n").unwrap();
    assert!(!ignore.excludes_whole_folder("a"));
    let ignore = Ignore::parse("a\n!*/x\n!b/*\n").unwrap();
    assert!(!ignore.excludes_whole_folder("a"));
    assert!(ignore.excludes_whole_folder("a/y"));
}

#[test]
fn paths_are_cleaned_as_go_does() {
    let cases = [
        ("", "."),
        ("a//b", "a/b"),
        ("/..", "/"),
        ("../a", "../a"),
        ("a/../..", ".."),
    ];
    for (path, expected) in cases {
        assert_eq!(clean(path), expected, "{path:?}");
    }
}
