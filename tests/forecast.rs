//! The promise that what `plan` says is what `build` then does, over random edits.

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::common::strata::{Home, Rows};

/// One line of the Dockerfile's stages: two of them have the same ones, at the same time.
#[derive(Debug, Clone)]
enum Line {
    Env(u8, u8),
    Arg(u8),
    Label(u8),
    Comment(u8),
    Workdir(u8),
    CopyFile(u8, u8),
    CopyAll,
    CopyLinked(u8, u8),
    CopyParents(u8),
    CopyMost(u8),
    Add(u8),
    Health(u8),
    Onbuild(u8),
    Run(u8),
}

/// One edit between two builds.
#[derive(Debug, Clone)]
enum Edit {
    Insert(usize, Line),
    Remove(usize),
    Swap(usize),
    Write(u8, u8),
    Mode(u8, bool),
    Touch(u8),
    Delete(u8),
    BuildArg(u8),
    NoCache,
    Nothing,
}

/// The state that edits work on.
#[derive(Debug, Default)]
struct Project {
    lines: Vec<Line>,
    build_arg: Option<u8>,
    no_cache: bool,
    stages: bool,
}

const FILES: u8 = 3;

fn line(with_run: bool) -> BoxedStrategy<Line> {
    let small = 0_u8..3;
    let lines = prop_oneof![
        (small.clone(), small.clone()).prop_map(|(name, value)| Line::Env(name, value)),
        small.clone().prop_map(Line::Arg),
        small.clone().prop_map(Line::Label),
        small.clone().prop_map(Line::Comment),
        small.clone().prop_map(Line::Workdir),
        (0..FILES, small.clone()).prop_map(|(file, to)| Line::CopyFile(file, to)),
        Just(Line::CopyAll),
        (0..FILES, small.clone()).prop_map(|(file, to)| Line::CopyLinked(file, to)),
        (0..FILES).prop_map(Line::CopyParents),
        (0..FILES).prop_map(Line::CopyMost),
        (0..FILES).prop_map(Line::Add),
        small.clone().prop_map(Line::Health),
        small.clone().prop_map(Line::Onbuild),
    ];
    if with_run {
        prop_oneof![2 => lines, 1 => small.prop_map(Line::Run)].boxed()
    } else {
        lines.boxed()
    }
}

fn edit(with_run: bool) -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<usize>(), line(with_run)).prop_map(|(at, line)| Edit::Insert(at, line)),
        any::<usize>().prop_map(Edit::Remove),
        any::<usize>().prop_map(Edit::Swap),
        (0..FILES, 0_u8..3).prop_map(|(file, content)| Edit::Write(file, content)),
        (0..FILES, any::<bool>()).prop_map(|(file, on)| Edit::Mode(file, on)),
        (0..FILES).prop_map(Edit::Touch),
        (0..FILES).prop_map(Edit::Delete),
        (0_u8..3).prop_map(Edit::BuildArg),
        Just(Edit::NoCache),
        Just(Edit::Nothing),
    ]
}

impl Line {
    fn text(&self) -> String {
        match self {
            Self::Env(name, value) => format!("ENV E{name}={value}"),
            Self::Arg(value) => format!("ARG K={value}"),
            Self::Label(value) => format!("LABEL l={value}"),
            Self::Comment(value) => format!("# comment {value}"),
            Self::Workdir(name) => format!("WORKDIR /w{name}"),
            Self::CopyFile(file, to) => format!("COPY f{file}* /to{to}/"),
            Self::CopyAll => "COPY --chmod=755 src /src/".to_owned(),
            Self::CopyLinked(file, to) => format!("COPY --link f{file}* /to{to}/"),
            Self::CopyParents(file) => format!("COPY --parents **/f{file}* /parents/"),
            Self::CopyMost(file) => format!("COPY --exclude=f{file} --chmod=go=u src /most/"),
            Self::Add(file) => format!("ADD --chown={file} src f{file}* /added/"),
            Self::Health(value) => format!("HEALTHCHECK --retries={value} CMD true"),
            Self::Onbuild(value) => format!("ONBUILD WORKDIR /left{value}"),
            Self::Run(what) => format!("RUN echo $E0 $K >> /r{what}"),
        }
    }
}

impl Project {
    fn dockerfile(&self, base: &str) -> String {
        let lines: Vec<String> = self.lines.iter().map(Line::text).collect();
        let lines = lines.join("\n");
        if self.stages {
            format!(
                "FROM {base} AS one\n{lines}\nFROM {base} AS unused\nCOPY src /x/\n\
                FROM {base} AS two\n{lines}\nCOPY src /two/\nLABEL two=1\nCOPY src /2/\n\
                FROM {base}\nWORKDIR /last\nCOPY --from=one / /got/\nCOPY src /src/\n\
                COPY --from=two / /got/\n"
            )
        } else {
            format!("FROM {base}\n{lines}\n")
        }
    }

    fn apply(&mut self, edit: &Edit, home: &Home) {
        self.no_cache = false;
        let count = self.lines.len();
        let name = |file: &u8| format!("src/f{file}");
        match edit {
            Edit::Insert(at, line) => self.lines.insert(at % (count + 1), line.clone()),
            Edit::Remove(at) if count > 0 => drop(self.lines.remove(at % count)),
            Edit::Swap(at) if count > 1 => self.lines.swap(at % count, (at / 7) % count),
            Edit::Write(file, content) => write(home, *file, *content),
            Edit::Mode(file, on) => {
                let path = home.context().join(name(file));
                if path.exists() {
                    home.mode(&name(file), if *on { 0o755 } else { 0o644 });
                }
            }
            Edit::Touch(file) => {
                if let Ok(file) = std::fs::File::open(home.context().join(name(file))) {
                    file.set_modified(std::time::SystemTime::now()).unwrap();
                }
            }
            Edit::Delete(file) => {
                // It may be gone already.
                let _ = std::fs::remove_file(home.context().join(name(file)));
            }
            Edit::BuildArg(value) => self.build_arg = Some(*value),
            Edit::NoCache => self.no_cache = true,
            Edit::Remove(_) | Edit::Swap(_) | Edit::Nothing => {}
        }
    }

    fn options(&self) -> String {
        let mut options = String::new();
        if let Some(value) = self.build_arg {
            options.extend(["--build-arg K=", &value.to_string(), " "]);
        }
        if self.no_cache {
            options += "--no-cache";
        }
        options
    }
}

/// The file in the folder, and the one beside it that `COPY f0*` takes.
fn write(home: &Home, file: u8, content: u8) {
    home.file(&format!("src/f{file}"), [content]);
    home.file(&format!("f{file}"), [content]);
}

/// Every step's state and reasons are as forecast. Only a COPY --from of a stage that had to run,
/// and what stands on it, may have been left open.
fn assert_kept(plan: &Rows, build: &Rows, context: &str) {
    let source_ran = plan.states().contains("MISS");
    for (said, done) in plan.verdicts().into_iter().zip(build.verdicts()) {
        if said[1] == "unknown" {
            let number = usize::try_from(said[0].as_u64().unwrap()).unwrap();
            let open = plan.step(number)["text"].as_str().unwrap();
            let first = (1..number).all(|n| plan.step(n)["state"] != "unknown");
            assert!(source_ran, "nothing had to run\n{context}");
            assert!(!first || open.contains("--from="), "{open}\n{context}");
            assert!(done[1] == "hit" || done[1] == "miss", "{done}\n{context}");
        } else {
            assert_eq!(said, done, "\n{context}");
        }
    }
}

fn check(base: &str, project: &mut Project, edits: &[Edit]) {
    let home = Home::new();
    (0..FILES).for_each(|file| write(&home, file, 0));
    for edit in edits {
        project.apply(edit, &home);
        let dockerfile = project.dockerfile(base);
        home.file("Dockerfile", &dockerfile);
        let context = format!("{edit:?}\n{dockerfile}{}", project.options());
        let plan = home.plan(&project.options());
        let build = home.build(&project.options());
        assert_kept(&plan, &build, &context);
        let again = home.plan(
            if project.build_arg.is_some() {
                project.options().trim_end_matches("--no-cache").to_owned()
            } else {
                String::new()
            }
            .as_str(),
        );
        let states = again.states();
        assert!(
            !states.contains("MISS") && !states.contains("UNKNOWN"),
            "built, and not all HIT: {states}\n{context}"
        );
    }
    home.assert_clean();
}

#[test]
fn a_step_that_asks_for_the_same_as_an_earlier_one_finds_what_that_one_made() {
    let home = Home::with(
        "FROM practice-os AS one\nRUN echo 1\nCOPY --link f0 /to/\nCOPY --link f0 /to/\n\
        FROM practice-os\nRUN echo 1\nCOPY --from=one /to /to/\n",
    );
    home.file("f0", "0");
    let (plan, build) = (home.plan(""), home.build(""));
    assert_eq!(plan.states(), "BASE MISS MISS HIT BASE HIT UNKNOWN");
    assert_eq!(build.states(), "BASE MISS MISS HIT BASE HIT MISS");
    assert_kept(&plan, &build, "");
}

proptest! {
    #![proptest_config(Config { cases: 24, max_shrink_iters: 60, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_build_of_copies_does_what_was_forecast(
        stages in any::<bool>(),
        lines in proptest::collection::vec(line(false), 1..6),
        edits in proptest::collection::vec(edit(false), 3..8),
    ) {
        let mut project = Project { lines, stages, ..Project::default() };
        check("scratch", &mut project, &edits);
    }
}

proptest! {
    #![proptest_config(Config { cases: 6, max_shrink_iters: 30, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_build_that_runs_does_what_was_forecast(
        stages in any::<bool>(),
        lines in proptest::collection::vec(line(true), 2..6),
        edits in proptest::collection::vec(edit(true), 2..6),
    ) {
        let mut project = Project { lines, stages, ..Project::default() };
        check("practice-os", &mut project, &edits);
    }
}
