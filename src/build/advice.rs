//! Advice: which instruction would better stand elsewhere, and how much time that would have saved.
//!
//! A move is advised only where the file keeps its meaning:
//!
//! | move | only if |
//! |---|---|
//! | a RUN above the COPY of everything that made it run | it only installs what a list says, or what the system has; nothing between them changes what a RUN sees; and no changed file is the list |
//! | an ENV or ARG below the RUNs that ran because of its value | nothing between names the variable, it is alone in its line, and it is none that programs read unasked |

use serde::Serialize;

use super::report::{BuildReport, StepReport, StepState};
use crate::plan::{MissReason, StepNumber};

/// Programs that install what a file lists: how they are called for that, the list, and files that
/// pin it. Copied alone before the RUN, these keep it cached while the rest of the sources change.
const INSTALLERS: [(&str, &str, &[&str]); 13] = [
    ("npm install", "package.json", NPM_PINS),
    ("npm ci", "package.json", NPM_PINS),
    ("npm i", "package.json", NPM_PINS),
    ("yarn install", "package.json", &["yarn.lock"]),
    ("pnpm install", "package.json", &["pnpm-lock.yaml"]),
    ("pip install -r", "requirements.txt", &[]),
    ("pip3 install -r", "requirements.txt", &[]),
    ("pip install --no-cache-dir -r", "requirements.txt", &[]),
    ("pip3 install --no-cache-dir -r", "requirements.txt", &[]),
    ("go mod download", "go.mod", &["go.sum"]),
    ("bundle install", "Gemfile", &["Gemfile.lock"]),
    ("composer install", "composer.json", &["composer.lock"]),
    ("cargo fetch", "Cargo.toml", &["Cargo.lock"]),
];
const NPM_PINS: &[&str] = &["package-lock.json", "npm-shrinkwrap.json"];

/// Programs that install packages of the system, which no file of the context decides about.
const SYSTEM: [&str; 6] = ["apt-get", "apt", "apk", "dnf", "microdnf", "yum"];

/// What makes of a command something that is not understood here.
const SHELL_WORDS: [char; 7] = ['|', '$', '`', '<', '>', '(', '\\'];

/// Instructions that change nothing of what a later RUN does.
const HARMLESS: [&str; 7] = [
    "LABEL",
    "CMD",
    "ENTRYPOINT",
    "EXPOSE",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "MAINTAINER",
];

/// Variables that programs read without being told: how their names begin, in capitals.
const READ_UNASKED: [&str; 28] = [
    "PATH", "HOME", "USER", "SHELL", "LANG", "LC_", "TZ", "TERM", "TMP", "LD_", "CC", "CXX",
    "CFLAGS", "CPPFLAGS", "MAKE", "NODE_", "NPM_", "YARN_", "PYTHON", "PIP_", "GO", "CARGO_",
    "RUST", "JAVA", "MAVEN_", "GRADLE_", "DEBIAN_", "GIT_",
];

/// An instruction as advice names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Line<'a> {
    /// Its first line in the file.
    pub line: usize,
    /// Its text.
    pub text: &'a str,
}

/// A move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice<'a> {
    /// What is to be moved.
    pub moved: Line<'a>,
    /// What it is to stand above or below.
    pub place: Line<'a>,
    /// Which, and what else has to be thought of.
    pub how: How<'a>,
    /// How much less the build would have taken, in milliseconds; 0 where that is not known.
    pub millis: u64,
}

/// Where to, and what it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How<'a> {
    /// Above, with this file copied before.
    Above(&'static str),
    /// Above, and all that is needed is copied before it already.
    JustAbove,
    /// Below, if nothing on the way reads this variable.
    Below(&'a str),
}

/// Returns the moves that would have let steps be reused, each once; those that save most first.
pub fn all_advice(report: &BuildReport) -> Vec<Advice<'_>> {
    let steps = report.steps.iter().filter(|step| step.trigger.is_none());
    let mut all: Vec<Advice<'_>> = Vec::new();
    for advice in steps.filter_map(|step| advice(report, step.number)) {
        if !all.contains(&advice) {
            all.push(advice);
        }
    }
    all.sort_by_key(|advice| std::cmp::Reverse(advice.millis));
    all
}

/// Returns the move that would have let a step be reused, if there is one.
pub fn advice(report: &BuildReport, number: StepNumber) -> Option<Advice<'_>> {
    let step = report.step(number)?;
    let ran = matches!(step.state, StepState::Miss | StepState::Fail);
    if !ran {
        return None;
    }
    let root = root(report, step);
    above_copy(report, step, root).or_else(|| below_runs(report, root))
}

/// Follows "an earlier step changed" to the step that changed by itself.
fn root<'a>(report: &'a BuildReport, step: &'a StepReport) -> &'a StepReport {
    let cause = |step: &&'a StepReport| {
        let mut reasons = step.reasons.iter();
        let parent = reasons.find_map(|reason| match reason {
            MissReason::ParentChanged { step } => Some(*step),
            _ => None,
        });
        // Only an earlier step can be a reason.
        let parent = parent.filter(|parent| *parent < step.number);
        parent.and_then(|parent| report.step(parent))
    };
    let links = std::iter::successors(Some(step), cause);
    links.last().unwrap_or(step)
}

fn above_copy<'a>(
    report: &BuildReport,
    run: &'a StepReport,
    copy: &'a StepReport,
) -> Option<Advice<'a>> {
    let files = copy.reasons.iter().find_map(|reason| match reason {
        MissReason::FilesChanged { files } => Some(files),
        _ => None,
    })?;
    if !is(run, "RUN") || !copies_everything(&copy.text) || run.stage != copy.stage {
        return None;
    }
    // Something else would have made it run all the same.
    let only_parent = |reason: &MissReason| matches!(reason, MissReason::ParentChanged { .. });
    if !run.reasons.iter().all(only_parent) {
        return None;
    }
    let between = report.steps.iter();
    let mut between = between.filter(|row| (copy.number + 1..run.number).contains(&row.number));
    if !between.all(|row| HARMLESS.iter().any(|word| is(row, word))) {
        return None;
    }
    let how = match needs(&run.text)? {
        Needs::Nothing => How::JustAbove,
        Needs::List(list, pins) => {
            let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
            let is_read = |name: String| name == list || pins.contains(&name.as_str());
            if files.iter().any(|file| is_read(name(&file.path))) {
                return None;
            }
            let before = report.steps.iter().filter(|row| row.number < copy.number);
            let mut before = before.filter(|row| row.stage == copy.stage);
            if before.any(|row| is(row, "COPY") && row.text.contains(list)) {
                How::JustAbove
            } else {
                How::Above(list)
            }
        }
    };
    Some(Advice {
        moved: line(run),
        place: line(copy),
        how,
        millis: run.millis.unwrap_or(0),
    })
}

fn below_runs<'a>(report: &'a BuildReport, run: &'a StepReport) -> Option<Advice<'a>> {
    let name = match run.reasons.as_slice() {
        [MissReason::EnvChanged(it) | MissReason::ArgChanged(it)]
            if it.old.is_some() && it.new.is_some() =>
        {
            it.name.as_str()
        }
        _ => return None,
    };
    let capitals = name.to_ascii_uppercase();
    let unasked = |known: &&str| capitals.starts_with(*known);
    if capitals.ends_with("_PROXY") || READ_UNASKED.iter().any(unasked) {
        return None;
    }
    let stage = || report.steps.iter().filter(|row| row.stage == run.stage);
    let mut setters = stage().filter(|row| row.number < run.number && sets(&row.text, name));
    let setter = setters.next_back().filter(|row| row.trigger.is_none())?;
    let (mut millis, mut place) = (0, None);
    for row in stage().filter(|row| row.number > setter.number) {
        if row.text.contains(name) {
            break;
        }
        match row.state {
            StepState::Miss if is_only_because(row, name, setter.number) => {
                millis += row.millis.unwrap_or(0);
                place = Some(row);
            }
            StepState::Miss | StepState::Fail | StepState::Wait => break,
            _ => {}
        }
    }
    Some(Advice {
        moved: line(setter),
        place: line(place?),
        how: How::Below(name),
        millis,
    })
}

/// Tells whether a step ran for no reason but a variable, or a step that did.
fn is_only_because(row: &StepReport, name: &str, setter: StepNumber) -> bool {
    row.reasons.iter().all(|reason| match reason {
        MissReason::EnvChanged(changed) | MissReason::ArgChanged(changed) => changed.name == name,
        MissReason::ParentChanged { step } => *step > setter,
        _ => false,
    })
}

fn line(step: &StepReport) -> Line<'_> {
    Line {
        line: step.lines.0,
        text: &step.text,
    }
}

fn is(step: &StepReport, instruction: &str) -> bool {
    let word = step.text.split_whitespace().next().unwrap_or_default();
    word.eq_ignore_ascii_case(instruction)
}

/// Tells whether an ENV or ARG sets this variable and no other.
fn sets(text: &str, name: &str) -> bool {
    let mut words = text.split_whitespace();
    let word = words.next().unwrap_or_default().to_ascii_uppercase();
    let first = words.next().unwrap_or_default();
    let named = first.split_once('=').map_or(first, |(name, _)| name);
    let alone = match word.as_str() {
        // `ENV name value` is one pair, however many words.
        "ENV" if !first.contains('=') => true,
        "ENV" | "ARG" => words.next().is_none(),
        _ => false,
    };
    alone && named == name
}

/// Tells whether a COPY takes the whole context.
fn copies_everything(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let word = words.next().unwrap_or_default();
    let is_copy = ["COPY", "ADD"]
        .iter()
        .any(|it| word.eq_ignore_ascii_case(it));
    let mut flags = text.split_whitespace();
    let from_elsewhere = flags.any(|word| word.starts_with("--from"));
    let source = words.find(|word| !word.starts_with("--"));
    let everything = |source: &str| [".", "./", "/", "*"].contains(&source);
    is_copy && !from_elsewhere && source.is_some_and(everything)
}

/// What a RUN needs of the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// A list, and files that pin it.
    List(&'static str, &'static [&'static str]),
}

/// Returns what a RUN needs; none where it may be anything.
fn needs(run: &str) -> Option<Needs> {
    let (_, command) = run.split_once(char::is_whitespace)?;
    let command = command.trim();
    if command.contains(SHELL_WORDS) || command.starts_with(['[', '-']) {
        return None;
    }
    let mut needs = Needs::Nothing;
    for one in command.split("&&").flat_map(|part| part.split(';')) {
        let words: Vec<&str> = one.split_whitespace().collect();
        let (first, rest) = words.split_first()?;
        let is_cleaning = || {
            rest.iter()
                .all(|it| it.starts_with("/var/") || *it == "-rf")
        };
        if SYSTEM.contains(first) || *first == "rm" && is_cleaning() {
            // Not a package that lies in the context.
            if rest.iter().any(|word| word.starts_with("./")) {
                return None;
            }
            continue;
        }
        let said = words.join(" ");
        let begins = |call: &str| {
            let rest = said.strip_prefix(call);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let (call, list, pins) = INSTALLERS.iter().copied().find(|(call, ..)| begins(call))?;
        let rest = said[call.len()..].split_whitespace();
        let mut rest = rest.filter(|word| !word.starts_with("--"));
        // Anything else names a package, or a folder.
        if !rest.all(|word| word == list) || needs != Needs::Nothing {
            return None;
        }
        needs = Needs::List(list, pins);
    }
    Some(needs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Changed, FileChange, FileDifference};

    /// A report of rows: text, state, reasons, milliseconds; each on the line of its number.
    fn report(rows: &[(&str, StepState, Vec<MissReason>, u64)]) -> BuildReport {
        let row = |(index, (text, state, reasons, millis)): (usize, &(&str, _, Vec<_>, u64))| {
            let row = serde_json::json!({
                "number": index + 1, "stage": 0, "lines": [index + 1, index + 1], "text": text,
                "state": state, "reasons": reasons, "millis": millis,
            });
            serde_json::from_value::<StepReport>(row).unwrap()
        };
        BuildReport {
            file: String::new(),
            dockerfile: String::new(),
            steps: rows.iter().enumerate().map(row).collect(),
            image: None,
            tags: Vec::new(),
            context: crate::build::ContextReport::default(),
            notes: Vec::new(),
            millis: 0,
        }
    }

    fn file(path: &str) -> Vec<MissReason> {
        let what = FileDifference::Added;
        let path = path.to_owned();
        let files = vec![FileChange { path, what }];
        vec![MissReason::FilesChanged { files }]
    }

    fn parent(step: usize) -> Vec<MissReason> {
        vec![MissReason::ParentChanged { step }]
    }

    fn env(name: &str) -> MissReason {
        MissReason::EnvChanged(Changed {
            name: name.to_owned(),
            old: Some("1".to_owned()),
            new: Some("2".to_owned()),
        })
    }

    /// The three orders of curriculum.md, E01: only the seed's own two are worth a move.
    fn npm(between: &str, changed: &str) -> BuildReport {
        report(&[
            ("FROM practice-node", StepState::Base, vec![], 0),
            ("COPY . .", StepState::Miss, file(changed), 5),
            (between, StepState::Meta, vec![], 0),
            ("RUN npm install", StepState::Miss, parent(2), 3200),
        ])
    }

    #[test]
    fn an_install_goes_above_the_copy_of_everything() {
        let report = npm("LABEL a=b", "server.js");
        let advice = advice(&report, 4).unwrap();
        assert_eq!((advice.moved.line, advice.place.line), (4, 2));
        assert_eq!(advice.how, How::Above("package.json"));
        assert_eq!(advice.millis, 3200);
    }

    #[test]
    fn what_a_run_needs_is_known_of_installers_only() {
        let list = |text: &str| match needs(text) {
            Some(Needs::List(list, _)) => list,
            Some(Needs::Nothing) => "nothing",
            None => "anything",
        };
        for (run, needed) in [
            ("RUN npm ci --omit=dev", "package.json"),
            ("RUN pip install -r requirements.txt", "requirements.txt"),
            (
                "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*",
                "nothing",
            ),
            ("RUN apt-get update; npm install", "package.json"),
            ("RUN npm install && npm run build", "anything"),
            ("RUN npm install ./local", "anything"),
            ("RUN pip install .", "anything"),
            ("RUN apt-get install ./a.deb", "anything"),
            ("RUN npm install $EXTRA", "anything"),
            ("RUN make", "anything"),
            ("RUN --mount=type=cache,target=/c npm install", "anything"),
            ("RUN npm initialise", "anything"),
        ] {
            assert_eq!(list(run), needed, "{run}");
        }
    }

    #[test]
    fn a_list_that_is_copied_before_is_not_asked_for_again() {
        let mut report = npm("LABEL a=b", "server.js");
        report.steps[0].text = "COPY package.json .".to_owned();
        assert_eq!(advice(&report, 4).unwrap().how, How::JustAbove);
    }

    #[test]
    fn nothing_is_advised_that_would_not_help_or_change_the_meaning() {
        for (between, changed) in [
            ("LABEL a=b", "package.json"),
            ("LABEL a=b", "package-lock.json"),
            ("WORKDIR /app", "server.js"),
            ("ENV a=b", "server.js"),
            ("USER node", "server.js"),
            ("RUN ./configure", "server.js"),
        ] {
            let report = npm(between, changed);
            assert_eq!(advice(&report, 4), None, "{between}, {changed}");
        }
        let mut report = npm("LABEL a=b", "server.js");
        report.steps[1].text = "COPY server.js .".to_owned();
        assert_eq!(advice(&report, 4), None);
        let mut report = npm("LABEL a=b", "server.js");
        report.steps[3].reasons.push(env("X"));
        assert_eq!(advice(&report, 4), None);
    }

    fn version(setter: &str, middle: &str) -> BuildReport {
        report(&[
            ("FROM practice-os", StepState::Base, vec![], 0),
            (setter, StepState::Meta, vec![], 0),
            ("RUN one", StepState::Miss, vec![env("VERSION")], 1000),
            (middle, StepState::Miss, parent(3), 500),
            ("RUN three", StepState::Miss, parent(4), 200),
            ("RUN echo $VERSION", StepState::Miss, parent(5), 70),
        ])
    }

    #[test]
    fn a_variable_goes_below_what_does_not_name_it() {
        for asked in [3, 4, 5, 6] {
            let report = version("ENV VERSION=2", "RUN two");
            let advice = advice(&report, asked).unwrap();
            assert_eq!((advice.moved.line, advice.place.line), (2, 5));
            assert_eq!(advice.how, How::Below("VERSION"));
            assert_eq!(advice.millis, 1700);
        }
        // A file that changed as well would have made the rest run anyway.
        let mut report = version("ARG VERSION", "COPY a /");
        report.steps[3].reasons.extend(file("a"));
        let advice = advice(&report, 3).unwrap();
        assert_eq!((advice.place.line, advice.millis), (3, 1000));
    }

    #[test]
    fn a_variable_stays_where_it_may_be_needed() {
        for setter in ["ENV VERSION=2 OTHER=1", "ENV OTHER=2", "ARG VERSION A"] {
            assert_eq!(advice(&version(setter, "RUN two"), 3), None, "{setter}");
        }
        let mut report = version("ENV VERSION=2", "RUN two");
        report.steps[2].text = "RUN echo ${VERSION}".to_owned();
        assert_eq!(advice(&report, 3), None);
        let mut report = version("ENV NODE_ENV=test", "RUN two");
        report.steps[2].reasons = vec![env("NODE_ENV")];
        assert_eq!(advice(&report, 3), None);
        assert_eq!(advice(&report, 1), None);
    }
}
