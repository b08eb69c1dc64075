//! What is refused says what to type instead, in both languages.

use crate::common::strata::Home;

/// What is typed, and words of the remedy that are the same in every language.
const CASES: [(&str, &str); 17] = [
    ("build -t BAD_Tag .", "`bad_tag`"),
    ("build -t a:b:c .", "`shop:1.0`"),
    ("tag practice-os x:y:z", "`shop:1.0`"),
    ("images Shop", "`shop`"),
    ("run --rm x//y true", "`shop:1.0`"),
    ("build missing", "`build .`"),
    ("build Dockerfile", "`build -f Dockerfile .`"),
    ("run -it practice-os sh", "`-i`"),
    ("run -u nobody9 practice-os true", "1000"),
    ("run -u root:nobody9 practice-os true", "1000"),
    ("run -v a:b:zz practice-os true", "`-v a:b:ro`"),
    ("run -v /tmp:/x:zz practice-os true", "`-v /tmp:/x:ro`"),
    ("run -v /tmp:here practice-os true", "`/data`"),
    ("run -v a:/x:shared practice-os true", "`rprivate`"),
    (
        "run --mount type=disk,target=/x practice-os true",
        "--mount",
    ),
    ("run --name my,box practice-os true", "`--name my-box`"),
    ("run --name w practice-os true", "`--name w1`"),
];

#[test]
fn every_refusal_says_what_to_type() {
    let home = Home::with("FROM scratch\n");
    for (words, remedy) in CASES {
        for lang in ["en", "ko"] {
            let remedy = match lang {
                "ko" => remedy.replace("/HERE:/THERE", "/여기:/저기"),
                _ => remedy.to_owned(),
            };
            let called = home.call(&format!("--lang {lang} {words}"));
            assert_ne!(called.code, Some(0), "{called:#?}");
            let help = called.err.lines().find(|line| line.starts_with("help: "));
            let help = help.unwrap_or_else(|| panic!("no help in {called:#?}"));
            assert!(help.contains(&remedy), "{called:#?}");
        }
    }
}
