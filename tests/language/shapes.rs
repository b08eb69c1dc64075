//! Shapes of text that once took minutes or gigabytes, or might: each is read and judged to its end.
//! No time is measured; a rule that costs the square of what it is given makes this test hang.

use std::fmt::Write;

use strata::check::{Request, World, check};
use strata::parser;
use strata::plan::ignore::Ignore;
use strata::source::Source;

/// How long a shape is, in bytes, about.
const LENGTH: usize = 40_000;

/// Lines that stand again and again behind `FROM a AS b`.
const REPEATED: &[&str] = &[
    "x\n",
    "CMD a\n",
    "# c\n",
    "RUN <<E\n",
    "RUN <<E\nE\n",
    "RUN a \\\n",
    "FROM b\n",
    "FROM a AS b\n",
    "COPY --from=x a b\n",
    "COPY --from=b a b\n",
    "COPY --form=x a b\n",
    "COPY $aa $bb\n",
    "ARG a=$a\n",
    "ENV a=$a$a\n",
    "ENV a='\n",
    "EXPOSE 1-65535\n",
    "WORKDIR folder\n",
    "CMD [1]\n",
    "ONBUILD ENV a=b\nFROM b\n",
    "ONBUILD EXPOSE 0\n",
    "RUN --mount=from=b,target=/a c\n",
    "한\n",
    "ENV \\\u{a0}\n",
];

fn judge(text: String) -> usize {
    let source = Source::new("Dockerfile", text);
    let world = World {
        image: &|_| None,
        ignore: None,
    };
    if let Ok(file) = parser::syntax(&source) {
        let json = strata::render::json(&parser::json::json("Dockerfile", &file));
        assert!(json.ends_with("}\n"));
    }
    check(&source, &Request::default(), &world).findings.len()
}

#[test]
fn repeated_lines_are_judged_to_the_end() {
    for line in REPEATED {
        judge("FROM a AS b\n".to_owned() + &line.repeat(LENGTH / line.len()));
    }
}

/// Makes one line for each number.
fn numbered(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        writeln!(text, "{}", line(number)).expect("a text takes all");
        text
    })
}

#[test]
fn many_names_are_judged_to_the_end() {
    let from = "FROM a AS b\n".to_owned();
    let envs = numbered(2_000, |n| format!("ENV a{n}=x"));
    let args = numbered(2_000, |n| format!("ARG a{n}=$a{}", n.saturating_sub(1)));
    judge(from.clone() + &envs + &"FROM b\nENV c=d\n".repeat(2_000));
    judge(from.clone() + &envs + &"RUN x\n".repeat(2_000));
    judge(from.clone() + &args + &envs);
    judge(args + &from + &"FROM $a1999\n".repeat(2_000));
    judge(numbered(2_000, |n| {
        format!("FROM a AS s{n}\nCOPY --from=s{} a b", n + 1)
    }));
    judge(numbered(2_000, |n| format!("FROM s{n} AS s{}", n + 1)));
    let onbuilds = numbered(2_000, |n| format!("ONBUILD ENV a{n}=b"));
    judge(from.clone() + &onbuilds + &"FROM b\n".repeat(2_000));
    judge(from + &numbered(2_000, |n| format!("COPY $abc{n} $abd{n} /")));
}

#[test]
fn long_values_are_enough_some_time() {
    let long = "FROM a\nENV v=".to_owned() + &"x".repeat(30_000) + "\n";
    for line in [
        "ENV w=${v#*y}\n",
        "ENV w=${v//x/$v}\n",
        "COPY <<E /f\n$v\nE\n",
    ] {
        assert!(judge(long.clone() + &line.repeat(3_000)) > 0, "{line}");
    }
}

#[test]
fn one_long_instruction_is_judged_to_the_end() {
    let many = |first: &str, word: &str, last: &str| {
        let line = format!("{} \\\n", word.repeat(100));
        judge(format!("FROM a\n{first} {}{last}\n", line.repeat(50)));
    };
    many("ENV", "a=b ", "a=b");
    many("EXPOSE", "1-65535 ", "80");
    many("RUN", "--mount=target=/a ", "c");
    many("RUN", "--mount=type=ssh ", "c");
    many("COPY", "--exclude=**/*a* ", "a b");
    many("COPY", "a ", "b/");
    many("COPY", "--x ", "b/");
    many("RUN", "<<E ", &"\nE".repeat(5_000));
    many("CMD", "[", "]");
    many("ENV", "${a:-${b:-", "");
    many("ONBUILD", "ONBUILD ", "RUN a");
    many("RUN", "\"", "");
}

#[test]
fn long_patterns_of_an_ignore_file_are_asked_to_the_end() {
    let path = "a/".repeat(1_000) + &"xa".repeat(1_000);
    for pattern in ["**/", "*", "*a", "[a-z]", "?", "!**/*a*\n", "../"] {
        let text = pattern.repeat(200_000 / pattern.len());
        if let Ok(ignore) = Ignore::parse(&text) {
            ignore.decide(&path);
        }
    }
}
