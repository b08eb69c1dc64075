//! The fake's builds and programs.

use std::collections::BTreeMap;
use std::path::Path;

use crate::build::{BuildReport, ContextReport, LayerReport, StepFailure, StepReport, StepState};
use crate::digest::{DiffId, Digest};
use crate::plan::{FileChange, FileDifference, MissReason};

/// An image in memory.
#[derive(Clone, Default)]
pub(super) struct Image {
    pub id: String,
    pub layers: Vec<String>,
    pub history: usize,
    pub files: BTreeMap<String, Vec<u8>>,
    pub cmd: Vec<String>,
    pub env: Vec<String>,
    pub exposed: Vec<String>,
    pub workdir: String,
}

/// Keys that were built, and what each text copied last.
#[derive(Clone, Default)]
pub(super) struct Cache {
    keys: Vec<Digest>,
    texts: BTreeMap<String, BTreeMap<String, Digest>>,
}

type Files = BTreeMap<String, Vec<u8>>;

/// Returns a practice image: one layer for the system, one more for node.
pub(super) fn practice(name: &str) -> Option<Image> {
    let layers = match name {
        "practice-os" => 1,
        "practice-node" => 2,
        _ => return None,
    };
    let layers: Vec<String> = (0..layers).map(|n| format!("sha256:base{n}")).collect();
    Some(Image {
        id: format!("sha256:{name}"),
        history: layers.len(),
        layers,
        files: Files::from([("/bin/sh".to_owned(), b"shell".to_vec())]),
        cmd: vec!["sh".to_owned()],
        ..Image::default()
    })
}

/// Tells whether a text looks like a Dockerfile.
pub(super) fn parse(text: &str) -> Result<(), String> {
    match text.split_whitespace().next() {
        Some("FROM" | "ARG" | "#") => Ok(()),
        other => Err(format!("starts with {other:?}")),
    }
}

/// Builds a text; the image is there unless a step failed.
pub(super) fn build(
    text: &str,
    context: &Path,
    images: &BTreeMap<String, Image>,
    cache: &mut Cache,
) -> (BuildReport, Option<Image>) {
    let files = context_files(context);
    let mut builder = Builder {
        files: &files,
        images,
        cache,
        image: Image::default(),
        key: Digest::of(b""),
        missed: None,
        failed: false,
    };
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let steps: Vec<StepReport> = lines
        .enumerate()
        .map(|(n, line)| builder.step(n + 1, line))
        .collect();
    let (mut image, failed) = (builder.image, builder.failed);
    image.id = format!(
        "sha256:{}",
        Digest::of(format!("{:?}{:?}", image.layers, image.cmd).as_bytes()).hex()
    );
    let report = BuildReport {
        file: "Dockerfile".to_owned(),
        dockerfile: text.to_owned(),
        steps,
        image: None,
        tags: Vec::new(),
        context: ContextReport {
            files: files.len() as u64,
            bytes: files.values().map(|content| content.len() as u64).sum(),
        },
        notes: Vec::new(),
        millis: 1,
    };
    (report, (!failed).then_some(image))
}

struct Builder<'a> {
    files: &'a Files,
    images: &'a BTreeMap<String, Image>,
    cache: &'a mut Cache,
    image: Image,
    key: Digest,
    missed: Option<usize>,
    failed: bool,
}

impl Builder<'_> {
    fn step(&mut self, number: usize, line: &str) -> StepReport {
        let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut report = blank(number, line);
        if self.failed {
            return report;
        }
        match keyword {
            "FROM" => match self.images.get(rest) {
                Some(base) => {
                    self.image = base.clone();
                    self.key = Digest::of(base.id.as_bytes());
                    report.state = StepState::Base;
                    report.layer = Some(layer(1));
                }
                None => self.fail(&mut report, "no such image"),
            },
            "RUN" | "COPY" | "WORKDIR" => self.layer_step(keyword, rest, &mut report),
            _ => {
                self.image.history += 1;
                self.setting(keyword, rest);
                report.state = StepState::Meta;
            }
        }
        report
    }

    fn setting(&mut self, keyword: &str, rest: &str) {
        match keyword {
            "CMD" => self.image.cmd = words(rest),
            "ENV" => self.image.env.push(rest.to_owned()),
            "EXPOSE" => self.image.exposed.push(format!("{rest}/tcp")),
            _ => {}
        }
    }

    fn layer_step(&mut self, keyword: &str, rest: &str, report: &mut StepReport) {
        let copied = if keyword == "COPY" {
            self.copied(rest)
        } else {
            Files::new()
        };
        let digests: BTreeMap<String, Digest> = copied
            .iter()
            .map(|(p, c)| (p.clone(), Digest::of(c)))
            .collect();
        let ingredients = format!(
            "{} {} {digests:?} {:?}",
            self.key, report.text, self.image.env
        );
        self.key = Digest::of(ingredients.as_bytes());
        let hit = self.cache.keys.contains(&self.key);
        if let Err(message) = self.effect(keyword, rest, copied) {
            self.fail(report, &message);
            return;
        }
        self.image.layers.push(self.key.to_string());
        self.image.history += 1;
        report.layer = Some(layer(digests.len() as u64));
        report.state = if hit { StepState::Hit } else { StepState::Miss };
        if !hit {
            report.reasons.push(self.reason(&report.text, &digests));
            self.missed = Some(report.number);
        }
        self.cache.keys.push(self.key);
        self.cache.texts.insert(report.text.clone(), digests);
    }

    fn reason(&self, text: &str, digests: &BTreeMap<String, Digest>) -> MissReason {
        let Some(old) = self.cache.texts.get(text) else {
            return MissReason::NeverBuilt;
        };
        if let Some(step) = self.missed {
            return MissReason::ParentChanged { step };
        }
        let changed = digests.iter().filter_map(|(path, new)| {
            let what = match old.get(path) {
                Some(old) if old == new => return None,
                Some(old) => FileDifference::Content {
                    old: *old,
                    new: *new,
                },
                None => FileDifference::Added,
            };
            let path = path.clone();
            Some(FileChange { path, what })
        });
        let files: Vec<_> = changed.collect();
        if files.is_empty() {
            return MissReason::NeverBuilt;
        }
        MissReason::FilesChanged { files }
    }

    fn copied(&self, rest: &str) -> Files {
        let source = rest.split(' ').next().unwrap_or(".");
        let fits = |path: &String| {
            source == "." || path == source || path.starts_with(&format!("{source}/"))
        };
        let files = self.files.iter().filter(|(path, _)| fits(path));
        files
            .map(|(path, content)| (path.clone(), content.clone()))
            .collect()
    }

    fn effect(&mut self, keyword: &str, rest: &str, copied: Files) -> Result<(), String> {
        match keyword {
            "WORKDIR" => rest.clone_into(&mut self.image.workdir),
            "COPY" if copied.is_empty() => return Err("nothing to copy".to_owned()),
            "COPY" => {
                let target = rest.rsplit(' ').next().unwrap_or(".");
                let target = self.absolute(target);
                for (path, content) in copied {
                    self.image.files.insert(format!("{target}/{path}"), content);
                }
            }
            _ => return self.run(rest),
        }
        Ok(())
    }

    fn run(&mut self, command: &str) -> Result<(), String> {
        if let Some((echo, path)) = command.split_once('>') {
            let text = echo.trim().trim_start_matches("echo ").trim_matches('"');
            let path = self.absolute(path.trim());
            self.image
                .files
                .insert(path, format!("{text}\n").into_bytes());
        } else if command == "npm install" {
            let workdir = self.image.workdir.clone();
            if !self
                .image
                .files
                .contains_key(&format!("{workdir}/package.json"))
            {
                return Err("npm: no package.json".to_owned());
            }
            self.image
                .files
                .insert(format!("{workdir}/node_modules/left-pad"), b"pad".to_vec());
        } else {
            let (output, exit) = program(&words(command), &self.image, None);
            if exit != 0 {
                return Err(format!("exit code {exit}: {output}"));
            }
        }
        Ok(())
    }

    fn absolute(&self, path: &str) -> String {
        let path = path.trim_end_matches('/').trim_end_matches("/.");
        match path {
            "." | "" => self.image.workdir.clone(),
            path if path.starts_with('/') => path.to_owned(),
            path => format!("{}/{path}", self.image.workdir.trim_end_matches('/')),
        }
    }

    fn fail(&mut self, report: &mut StepReport, message: &str) {
        self.failed = true;
        report.state = StepState::Fail;
        report.failure = Some(StepFailure {
            exit_code: Some(1),
            message: message.to_owned(),
            help: None,
            output: Vec::new(),
        });
    }
}

/// Carries a program out: its output and exit code.
pub(super) fn program(argv: &[String], image: &Image, stdin: Option<&str>) -> (String, i32) {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let path = |name: &str| {
        if name.starts_with('/') {
            return name.to_owned();
        }
        format!("{}/{name}", image.workdir.trim_end_matches('/'))
    };
    match words.as_slice() {
        [] | ["sh" | "true"] => (stdin.unwrap_or_default().to_owned(), 0),
        ["sh", "-c", command] => program(&words_of(command), image, stdin),
        ["date"] => ("Sun Nov 22 00:50:48 UTC 2026\n".to_owned(), 0),
        ["echo", rest @ ..] => (rest.join(" ") + "\n", 0),
        ["env"] => (image.env.join("\n") + "\n", 0),
        ["cat", file] => match image.files.get(&path(file)) {
            Some(content) => (String::from_utf8_lossy(content).into_owned(), 0),
            None => (format!("cat: {file}: No such file or directory\n"), 1),
        },
        ["ls", ..] => (
            image.files.keys().cloned().collect::<Vec<_>>().join("\n") + "\n",
            0,
        ),
        ["node", _] => ("the shop is open\n".to_owned(), 0),
        ["false"] => (String::new(), 1),
        _ => (format!("{}: not found\n", words[0]), 127),
    }
}

fn words_of(command: &str) -> Vec<String> {
    shlex::split(command).unwrap_or_default()
}

/// Reads exec form, shell form as words.
fn words(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_else(|_| words_of(text))
}

fn context_files(root: &Path) -> Files {
    let folder = crate::course::WorkFolder::open(root).expect("the work folder is there");
    let paths = folder.snapshot().expect("it can be read").digests();
    let ignored = folder.read(".dockerignore").unwrap_or_default();
    let ignored = String::from_utf8_lossy(&ignored).into_owned();
    let hidden = |path: &str| {
        ignored.lines().any(|line| match line.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == line || path.starts_with(&format!("{line}/")),
        })
    };
    paths
        .into_keys()
        .filter(|path| !hidden(path))
        .map(|path| {
            let content = folder.read(&path).unwrap_or_default();
            (path, content)
        })
        .collect()
}

fn layer(files: u64) -> LayerReport {
    LayerReport {
        diff_ids: vec![DiffId(Digest::of(b"layer"))],
        size: files * 10,
        files,
        folders: 0,
        deleted: 0,
    }
}

fn blank(number: usize, text: &str) -> StepReport {
    StepReport {
        number,
        trigger: None,
        stage: Some(0),
        stage_name: None,
        lines: (number, number),
        text: text.to_owned(),
        state: StepState::Wait,
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
