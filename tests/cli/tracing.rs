//! `waste` and `log`: bytes and paths followed back to the steps that made them.

use serde_json::Value;

use crate::common::strata::Home;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Two steps that leave a hundred mebibytes behind, as everybody writes them once.
const FAT: &str = "\
FROM practice-os
RUN mkdir /test
RUN fallocate -l 100m /test/dummy
RUN rm /test/dummy
";

#[test]
fn a_file_that_a_later_step_removes_names_both_steps() {
    let home = Home::with(FAT);
    home.build("-t fat");
    let waste = json(&home.ok("waste --json fat"));
    assert_eq!(waste["waste"], 104_857_600);
    let path = &waste["paths"][0];
    assert_eq!(path["path"], "/test/dummy");
    assert_eq!(
        (&path["how"], &path["files"]),
        (&"deleted".into(), &1.into())
    );
    assert_eq!(
        (&path["added"]["step"], &path["hidden"]["step"]),
        (&3.into(), &4.into())
    );
    assert_eq!(path["hidden"]["text"], "RUN rm /test/dummy");
    assert_eq!(waste["paths"].as_array().unwrap().len(), 1);
    let shown = home.ok("waste fat");
    for words in [
        "/test/dummy",
        "you could get back 105 MB",
        "step 3  RUN fallocate",
        "step 4  RUN rm",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let korean = home.ok("--lang ko waste");
    assert!(
        korean.contains("3단계") && korean.contains("되찾을"),
        "{korean}"
    );
}

#[test]
fn one_step_that_cleans_up_wastes_nothing() {
    let home = Home::with("FROM practice-os\nRUN echo 1 > /big && rm /big\n");
    home.build("-t lean");
    assert_eq!(json(&home.ok("waste --json lean"))["waste"], 0);
    assert!(home.ok("waste lean").contains("nothing to get back"));
}

#[test]
fn a_chmod_doubles_what_it_touches() {
    let home = Home::with("FROM practice-os\nCOPY d /d\nRUN chmod -R 700 /d\n");
    home.file("d/a", "twelve bytes");
    home.build("-t twice");
    let waste = json(&home.ok("waste --json twice"));
    let path = &waste["paths"][0];
    assert_eq!(
        (&path["path"], &path["how"]),
        (&"/d/a".into(), &"doubled".into())
    );
    assert_eq!(
        (&path["added"]["step"], &path["hidden"]["step"]),
        (&2.into(), &3.into())
    );
    assert_eq!(waste["waste"], 12);
}

#[test]
fn an_image_from_elsewhere_names_its_layers() {
    let home = Home::with("FROM scratch\nCOPY a /\nCOPY b /a\n");
    home.file("a", "old");
    home.file("b", "new one");
    home.build("-t image");
    home.ok("save -o ../image.tar image");
    let other = Home::new();
    let path = home.beside("image.tar");
    other.words(&["load", "-i", path.to_str().unwrap()]).ok();
    let shown = other.ok("waste image");
    for words in ["/a", "layer 1  COPY a /", "layer 2  COPY b /a"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    other.call("waste").fails(1, "no build");
}

#[test]
fn log_follows_one_path_through_the_steps() {
    let home = Home::with(
        "FROM practice-os\nCOPY a /d/a\nRUN echo more >> /d/a\nLABEL x=y\nRUN rm /d/a\nRUN echo b > /d/b\n",
    );
    home.file("a", "text\n");
    home.build("-t image");
    let steps = json(&home.ok("log --json /d/a"));
    let kind = |step: &Value| {
        let number = step["by"]["step"].as_u64().unwrap();
        (number, step["change"]["kind"].as_str().unwrap().to_owned())
    };
    let found: Vec<_> = steps.as_array().unwrap().iter().map(kind).collect();
    let expected = [(2, "added"), (3, "modified"), (5, "deleted")];
    assert_eq!(found, expected.map(|(step, kind)| (step, kind.to_owned())));
    let shown = home.ok("log /d/a --image image");
    assert!(
        shown.contains("A       5 B  step 2  COPY a /d/a"),
        "{shown}"
    );
    assert!(
        shown.contains("C      10 B  step 3  RUN echo more"),
        "{shown}"
    );
    let folder = home.ok("log d");
    assert!(
        folder.contains("step 6") && folder.contains("1 changes within"),
        "{folder}"
    );
    assert!(home.ok("log /nowhere").contains("no step touches /nowhere"));
}

#[test]
fn log_names_the_step_that_removed_the_folder_around_a_path() {
    let home = Home::with("FROM practice-os\nRUN mkdir /d && echo 1 > /d/a\nRUN rm -r /d\n");
    home.build("");
    let shown = home.ok("log /d/a");
    assert!(
        shown.contains("step 2") && shown.contains("step 3"),
        "{shown}"
    );
}
