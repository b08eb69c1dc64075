//! Where variables are expanded, and where not (dockerfile-spec.md, section 5), as the plan of a
//! build has it.

use strata::parser::parse;
use strata::plan::{Base, ConfigChange, LayerStep, PlanOptions, Step, StepKind, plan};
use strata::source::Source;

use super::fixtures::plain_base;

/// What the last instruction of a stage means, behind `ENV V=v W="a b"`.
fn meant(instruction: &str) -> String {
    let text = format!("FROM base\nENV V=v W=\"a b\"\n{instruction}\n");
    last_meant(&text)
}

/// What the last instruction of a Dockerfile means.
fn last_meant(text: &str) -> String {
    let file = parse(&Source::new("Dockerfile", text)).expect(text);
    let options = PlanOptions::default();
    let plan = plan(&file, &options, &mut |_| Ok::<_, ()>(plain_base()));
    let Ok(plan) = plan else {
        panic!("{text} has a plan");
    };
    summary(plan.steps.last().expect("a plan has steps"))
}

fn summary(step: &Step) -> String {
    match &step.kind {
        StepKind::From(Base::Image(image)) => image.to_string(),
        StepKind::Layer(LayerStep::Workdir(step)) => step.path.clone(),
        StepKind::Layer(LayerStep::Run(step)) => step.argv.join("|"),
        StepKind::Layer(LayerStep::Copy(step)) => {
            let inline: String = step
                .inline
                .iter()
                .map(|file| format!("{}: {}", file.name, file.content))
                .collect();
            let chown = step.chown.clone().unwrap_or_default();
            let chmod = step
                .chmod
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            let checksum = step.add.as_ref().and_then(|add| add.checksum);
            let checksum = checksum.map(|it| it.to_string()).unwrap_or_default();
            let words = [
                step.sources.join("|"),
                step.destination.clone(),
                chown,
                chmod,
                checksum,
            ];
            let words: Vec<String> = words.into_iter().filter(|it| !it.is_empty()).collect();
            format!("{}{inline}", words.join(" "))
        }
        StepKind::Config(change) => setting(change),
        other => panic!("{other:?}"),
    }
}

fn setting(change: &ConfigChange) -> String {
    match change {
        ConfigChange::Env(pairs) | ConfigChange::Labels(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{key}={value}"));
            pairs.collect::<Vec<_>>().join("|")
        }
        ConfigChange::Arg(declared) => {
            let values = declared.iter();
            let values = values.map(|(name, value)| format!("{name}={value:?}"));
            values.collect::<Vec<_>>().join("|")
        }
        ConfigChange::Healthcheck(check) => check.test.join("|"),
        ConfigChange::User(text)
        | ConfigChange::Onbuild(text)
        | ConfigChange::StopSignal(text)
        | ConfigChange::Author(text)
        | ConfigChange::Workdir(text) => text.clone(),
        ConfigChange::Cmd { argv, .. } | ConfigChange::Entrypoint { argv, .. } => argv.join("|"),
        ConfigChange::Expose(ports) => ports.unrolled().collect::<Vec<_>>().join("|"),
        ConfigChange::Volumes(words) | ConfigChange::Shell(words) => words.join("|"),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (instruction, expected) in cases {
        assert_eq!(meant(instruction), *expected, "{instruction}");
    }
}

#[test]
fn variables_are_expanded_in_words_paths_and_values() {
    check(&[
        ("ENV A=$V \"$V\"='$V'", "A=v|v=$V"),
        ("ENV A ${V:-x} y", "A=v y"),
        ("LABEL A=\"$V\"", "A=v"),
        ("ARG A=$V", "A=Some(\"v\")"),
        ("USER $V:1", "v:1"),
        ("WORKDIR /$V/x", "/v/x"),
        ("VOLUME /$V /x", "/v|/x"),
        ("VOLUME [\"/$V\"]", "/v"),
        ("EXPOSE ${V:+80} 90", "80/tcp|90/tcp"),
        ("STOPSIGNAL ${V:+SIGINT}", "SIGINT"),
        ("COPY $V/a /$V/", "v/a /v/"),
        ("COPY [\"$V\", \"/x\"]", "v /x"),
        ("COPY --chown=$V:$V --chmod=${V:+600} a /b", "a /b v:v 600"),
    ]);
    assert_eq!(
        last_meant("ARG T=1\nFROM image:$T"),
        last_meant("FROM image:1")
    );
}

#[test]
fn a_checksum_is_expanded() {
    let digits = "0123456789abcdef".repeat(4);
    let line = format!("ADD --checksum=${{V:+sha256:{digits}}} https://x.example/f /f");
    let expected = format!("https://x.example/f /f sha256:{digits}");
    assert_eq!(meant(&line), expected);
}

#[test]
fn a_shells_text_is_left_to_the_shell() {
    check(&[
        ("RUN echo $V", "/bin/sh|-c|echo $V"),
        ("RUN [\"echo\", \"$V\"]", "echo|$V"),
        ("CMD echo $V", "/bin/sh|-c|echo $V"),
        ("ENTRYPOINT [\"$V\"]", "$V"),
        ("SHELL [\"$V\"]", "$V"),
        ("RUN <<X\necho $V \\$V\nX", "/bin/sh|-c|echo $V \\$V\n"),
    ]);
}

#[test]
fn heredocs_of_copy_are_expanded_unless_their_name_is_quoted() {
    check(&[
        (
            "COPY <<X /x\n\"$V\" '$V' \\$V \\\\ \\n\nX",
            "/xX: \"v\" 'v' $V \\ n\n",
        ),
        ("COPY <<'X' /x\n$V \\$V\nX", "/xX: $V \\$V\n"),
        ("COPY <<-X /x\n\t\t$V\n\t y\n\tX", "/xX: v\n y\n"),
        ("COPY <<A <<\"B\" /x/\n$V\nA\n$V\nB", "/x/A: v\nB: $V\n"),
    ]);
    // The escape of a body is the backslash, whatever the directive says.
    let text = "# escape=`\nFROM base\nENV V=v\nCOPY <<X /x\n`$V \\$V\nX\n";
    assert_eq!(last_meant(text), "/xX: `v $V\n");
}

#[test]
fn the_escape_directive_changes_quoting() {
    let text = "# escape=`\nFROM base\nENV V=v\nENV A=C:\\$V B=`$V C=\"`\"\"\n";
    assert_eq!(last_meant(text), "A=C:\\v|B=$V|C=\"");
}

#[test]
fn only_expose_splits_what_a_variable_holds() {
    let ports =
        |instruction: &str| last_meant(&format!("FROM base\nENV P=\"80 90/UDP\"\n{instruction}\n"));
    assert_eq!(ports("EXPOSE $P 70"), "70/tcp|80/tcp|90/udp");
    check(&[
        ("VOLUME $W", "a b"),
        ("COPY $W /x", "a b /x"),
        ("ENV A=$W", "A=a b"),
    ]);
}

#[test]
fn an_instruction_sees_the_environment_before_it() {
    let text = "FROM base\nENV a=old\nENV a=new b=$a\n";
    assert_eq!(last_meant(text), "a=new|b=old");
    let text = "FROM base\nENV a=old\nENV a=new\nENV b=$a\n";
    assert_eq!(last_meant(text), "b=new");
}

#[test]
fn from_sees_global_arguments_only() {
    let text = "ARG A=one\nFROM $A AS first\nENV B=two\nFROM x${B}y$A\n";
    assert_eq!(last_meant(text), last_meant("FROM xyone\n"));
}

#[test]
fn a_from_finds_a_stage_by_its_lower_case_name() {
    // Names are stored in lower case, and FROM compares as it is written.
    let base = |name: &str| {
        let text = format!("FROM a AS Base\nFROM {name}\n");
        let file = parse(&Source::new("Dockerfile", text)).expect("it is well-formed");
        let plan = plan(&file, &PlanOptions::default(), &mut |_| {
            Ok::<_, ()>(plain_base())
        });
        plan.map(|plan| plan.stages[1].base.clone()).ok()
    };
    assert_eq!(base("base"), Some(Base::Stage(0)));
    assert_ne!(base("Base"), Some(Base::Stage(0)));
}

#[test]
fn scratch_is_no_image() {
    let text = "FROM scratch\nWORKDIR x\n";
    let file = parse(&Source::new("Dockerfile", text)).expect("it is well-formed");
    let plan = plan(&file, &PlanOptions::default(), &mut |image| {
        Err::<strata::plan::BaseInfo, _>(image.to_string())
    });
    let Ok(plan) = plan else {
        panic!("scratch was looked for");
    };
    assert_eq!(plan.stages[0].base, Base::Scratch);
    assert_eq!(summary(&plan.steps[1]), "/x");
}

#[test]
fn sources_stay_inside_the_context() {
    check(&[
        ("COPY ../../a /b", "a /b"),
        ("COPY /a/../../c d/../e /b/", "c|e /b/"),
    ]);
}

#[test]
fn a_destination_is_relative_to_the_working_directory() {
    let copied = |to: &str| {
        last_meant(&format!(
            "FROM base\nWORKDIR /w\nWORKDIR x/..\nCOPY a {to}\n"
        ))
    };
    assert_eq!(copied("b"), "a /w/b");
    assert_eq!(copied("b/"), "a /w/b/");
    assert_eq!(copied("/b"), "a /b");
    assert_eq!(copied("."), "a /w/");
}
