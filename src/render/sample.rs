//! Reports that the tests of pictures draw.

use crate::build::{BuildReport, ContextReport, LayerReport, StepFailure, StepReport, StepState};
use crate::digest::{DiffId, Digest};
use crate::plan::{FileChange, FileDifference, MissReason};

/// A step in a state, without anything else.
pub fn step(number: usize, state: StepState, text: &str) -> StepReport {
    StepReport {
        number,
        trigger: None,
        stage: Some(0),
        stage_name: None,
        lines: (number, number),
        text: text.to_owned(),
        state,
        reasons: Vec::new(),
        until: None,
        layer: None,
        key: None,
        millis: None,
        image: None,
        origin: None,
        failure: None,
    }
}

/// A step with a layer.
pub fn layered(mut step: StepReport, size: u64, files: u64, folders: u64) -> StepReport {
    let diff_ids = vec![DiffId(Digest::of(step.text.as_bytes()))];
    step.layer = Some(LayerReport {
        diff_ids,
        size,
        files,
        folders,
        deleted: 0,
    });
    step
}

fn because(mut step: StepReport, reason: MissReason, millis: u64) -> StepReport {
    step.reasons = vec![reason];
    step.millis = Some(millis);
    step
}

/// One changed file.
pub fn changed(path: &str) -> MissReason {
    let what = FileDifference::Content {
        old: Digest::of(b"old"),
        new: Digest::of(b"new"),
    };
    MissReason::FilesChanged {
        files: vec![FileChange {
            path: path.to_owned(),
            what,
        }],
    }
}

/// A report of these steps.
pub fn report(steps: Vec<StepReport>) -> BuildReport {
    let text: Vec<&str> = steps.iter().map(|step| step.text.as_str()).collect();
    BuildReport {
        file: "Dockerfile".to_owned(),
        dockerfile: text.join("\n") + "\n",
        steps,
        image: None,
        tags: Vec::new(),
        context: ContextReport::default(),
        notes: Vec::new(),
        millis: 1300,
    }
}

/// lesson-format.md, 10.4: a file changed before everything was copied and installed.
pub fn rebuilt() -> BuildReport {
    use StepState::{Base, Hit, Meta, Miss};
    report(vec![
        layered(step(1, Base, "FROM practice-node"), 1_980_000, 40, 9),
        layered(step(2, Hit, "WORKDIR /app"), 0, 0, 1),
        because(
            layered(step(3, Miss, "COPY . /app"), 71, 2, 0),
            changed("server.js"),
            12,
        ),
        because(
            layered(step(4, Miss, "RUN npm install"), 1_050_000, 1, 0),
            MissReason::ParentChanged { step: 3 },
            1240,
        ),
        step(5, Meta, "EXPOSE 80"),
        step(6, Meta, "CMD [\"node\", \"server.js\"]"),
    ])
}

/// The same shop with the install before the copy.
pub fn reordered() -> BuildReport {
    use StepState::{Base, Hit, Miss};
    report(vec![
        layered(step(1, Base, "FROM practice-node"), 1_980_000, 40, 9),
        layered(step(2, Hit, "WORKDIR /app"), 0, 0, 1),
        layered(step(3, Hit, "COPY package.json /app"), 56, 1, 0),
        layered(step(4, Hit, "RUN npm install"), 1_050_000, 1, 0),
        because(
            layered(step(5, Miss, "COPY . /app"), 71, 2, 0),
            changed("server.js"),
            12,
        ),
    ])
}

/// A RUN that ended with code 3, and what came after it.
pub fn failed() -> BuildReport {
    use StepState::{Base, Fail, Miss, Wait};
    let mut run = step(3, Fail, "RUN echo 안녕 && exit 3");
    run.reasons = vec![MissReason::NeverBuilt];
    run.failure = Some(StepFailure {
        exit_code: Some(3),
        message: "the command ended with exit code 3".to_owned(),
        help: Some("`in 3` opens a shell as it was before the step".to_owned()),
        output: vec!["안녕".to_owned()],
    });
    report(vec![
        layered(step(1, Base, "FROM practice-os"), 1_980_000, 40, 9),
        because(
            layered(step(2, Miss, "WORKDIR /app"), 0, 0, 1),
            MissReason::NeverBuilt,
            9,
        ),
        run,
        step(4, Wait, "CMD [\"cat\", \"/app/x\"]"),
    ])
}

/// Three stages, of which the first is not needed.
pub fn stages() -> BuildReport {
    use StepState::{Base, Hit, Miss, Skip};
    let in_stage = |mut step: StepReport, index, name: Option<&str>| {
        step.stage = Some(index);
        step.stage_name = name.map(str::to_owned);
        step
    };
    let mut global = step(1, StepState::Meta, "ARG VERSION=1");
    global.stage = None;
    report(vec![
        global,
        in_stage(step(2, Skip, "FROM practice-node AS docs"), 0, Some("docs")),
        in_stage(step(3, Skip, "RUN make docs"), 0, Some("docs")),
        in_stage(
            layered(step(4, Base, "FROM practice-os AS build"), 1_980_000, 40, 9),
            1,
            Some("build"),
        ),
        in_stage(
            layered(
                because(step(5, Miss, "RUN make"), changed("x"), 800),
                9_000,
                3,
                0,
            ),
            1,
            Some("build"),
        ),
        in_stage(
            layered(step(6, Base, "FROM practice-os"), 1_980_000, 40, 9),
            2,
            None,
        ),
        in_stage(
            layered(step(7, Hit, "COPY --from=build /out /"), 300, 3, 0),
            2,
            None,
        ),
    ])
}
