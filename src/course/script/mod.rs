//! A console for unit tests: images and containers in memory, a cache with BuildKit's rules for
//! one stage, and a handful of programs. Enough to take lessons without a kernel.

mod build;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::console::{Console, Input, Place};
use crate::build::BuildReport;
use crate::digest::Digest;
use crate::lesson::{
    ConfigFacts, ContainerDetails, ContainerFacts, FileFacts, ImageFacts, Outcome,
};
use build::{Cache, Image};

/// The fake; one store for every place it was opened at.
#[derive(Default)]
pub(crate) struct ScriptedConsole {
    work: PathBuf,
    at: PathBuf,
    stores: BTreeMap<PathBuf, Store>,
    /// Why nothing can be run, to play an unable machine.
    pub unable: Option<String>,
    /// What a container left behind, to play a leaking runtime.
    pub litter: Vec<String>,
    /// What the learner's editor does to a file.
    pub editor: Option<fn(&Path)>,
}

#[derive(Default)]
struct Store {
    images: BTreeMap<String, Image>,
    containers: Vec<ContainerFacts>,
    logs: BTreeMap<String, String>,
    cache: Cache,
    draft: Vec<String>,
    redo: Vec<String>,
    made: usize,
}

impl ScriptedConsole {
    fn store(&mut self) -> &mut Store {
        self.stores.entry(self.at.clone()).or_default()
    }

    fn build(&mut self, words: &[String], commit: bool) -> Outcome {
        let value = |flag: &str| {
            let at = words.iter().position(|word| word == flag)?;
            words.get(at + 1).cloned()
        };
        let file = value("-f").unwrap_or_else(|| "Dockerfile".to_owned());
        let Ok(text) = std::fs::read_to_string(self.work.join(&file)) else {
            return failed("build", 1, "no Dockerfile");
        };
        let tags: Vec<String> = value("-t").into_iter().collect();
        self.build_text(&text, &tags, commit, "build")
    }

    fn build_text(&mut self, text: &str, tags: &[String], commit: bool, verb: &str) -> Outcome {
        let context = self.work.clone();
        let store = self.store();
        let mut cache = store.cache.clone();
        let (mut report, image) = build::build(text, &context, &store.images, &mut cache);
        if commit {
            store.cache = cache;
        }
        let failure = report.failed().and_then(|step| step.failure.clone());
        if let Some(image) = image.filter(|_| commit) {
            report.tags = tags.to_vec();
            for tag in tags {
                store.images.insert(tag.clone(), image.clone());
            }
            store.images.insert("<draft>".to_owned(), image);
        }
        Outcome {
            exit: i32::from(failure.is_some()),
            error: failure.map(|failure| failure.message),
            build: Some(report),
            ..Outcome::done(verb)
        }
    }

    fn instruction(&mut self, line: &str) -> Outcome {
        self.store().draft.push(line.to_owned());
        let text = self.store().draft.join("\n");
        let outcome = self.build_text(&text, &[], true, "instruction");
        if outcome.exit != 0 {
            self.store().draft.pop();
        }
        outcome
    }

    fn run(&mut self, words: &[String], stdin: Option<&str>) -> Outcome {
        let words: Vec<String> = words
            .iter()
            .filter(|w| *w != "-i" && *w != "-it")
            .cloned()
            .collect();
        let draft = words.is_empty();
        let name = words
            .first()
            .cloned()
            .unwrap_or_else(|| "<draft>".to_owned());
        let Some(image) = self.store().images.get(&name).cloned() else {
            return failed("run", 125, "no such image");
        };
        let argv = if words.len() > 1 {
            words[1..].to_vec()
        } else {
            image.cmd.clone()
        };
        let (stdout, exit) = build::program(&argv, &image, stdin);
        let store = self.store();
        store.made += 1;
        let id = Digest::of(format!("container {}", store.made).as_bytes()).hex();
        let container = ContainerFacts {
            id: id.clone(),
            name: format!("calm_river_{}", store.made),
            image: if draft { "draft".to_owned() } else { name },
            state: "exited".to_owned(),
            exit: Some(exit),
            argv,
            ..ContainerFacts::default()
        };
        store.containers.insert(0, container);
        store.logs.insert(id.clone(), stdout.clone());
        Outcome {
            exit,
            stdout,
            container: Some(id),
            ..Outcome::done("run")
        }
    }

    fn remove(&mut self, words: &[String]) -> Outcome {
        let store = self.store();
        for name in words.iter().filter(|word| !word.starts_with('-')) {
            let before = store.containers.len();
            let fits =
                |c: &ContainerFacts| c.name == *name || (name.len() >= 4 && c.id.starts_with(name));
            store.containers.retain(|container| !fits(container));
            if store.containers.len() == before {
                return failed("rm", 1, "no such container");
            }
        }
        Outcome::done("rm")
    }

    fn write(&mut self, words: &[String]) -> Outcome {
        let name = words
            .first()
            .cloned()
            .unwrap_or_else(|| "Dockerfile".to_owned());
        let text = self.store().draft.join("\n") + "\n";
        match std::fs::write(self.work.join(name), text) {
            Ok(()) => Outcome::done("write"),
            Err(error) => failed("write", 1, &error.to_string()),
        }
    }
}

fn failed(verb: &str, exit: i32, error: &str) -> Outcome {
    Outcome {
        exit,
        error: Some(error.to_owned()),
        ..Outcome::done(verb)
    }
}

impl Console for ScriptedConsole {
    fn can_run(&mut self) -> Result<(), String> {
        self.unable.clone().map_or(Ok(()), Err)
    }

    fn open(&mut self, place: &Place) -> Result<(), String> {
        self.work.clone_from(&place.work);
        self.at.clone_from(&place.store);
        Ok(())
    }

    fn forget(&mut self) -> Result<(), String> {
        self.stores.remove(&self.at);
        Ok(())
    }

    fn provide(&mut self, image: &str) -> Result<(), String> {
        let made = build::practice(image).ok_or_else(|| format!("no practice image {image}"))?;
        self.store().images.insert(image.to_owned(), made);
        Ok(())
    }

    fn execute(&mut self, line: &str, input: Input<'_>) -> Outcome {
        let stdin = match input {
            Input::Own => None,
            Input::Piped(text) | Input::Typed(text) => Some(text),
        };
        let mut words = shlex::split(line).unwrap_or_default();
        if words.first().is_some_and(|word| word == "docker") {
            words.remove(0);
        }
        let Some(verb) = words.first().cloned() else {
            return Outcome::default();
        };
        if verb.chars().all(|c| c.is_ascii_uppercase()) {
            return self.instruction(line);
        }
        words.remove(0);
        match verb.as_str() {
            "build" => self.build(&words, true),
            "run" => self.run(&words, stdin),
            "rm" => self.remove(&words),
            "rmi" => {
                self.store().images.remove(&words[0]);
                Outcome::done("rmi")
            }
            "tag" => {
                let images = &self.store().images;
                let found = images
                    .values()
                    .find(|image| image.id == words[0])
                    .or(images.get(&words[0]));
                match found.cloned() {
                    None => failed("tag", 1, "no such image"),
                    Some(image) => {
                        self.store().images.insert(words[1].clone(), image);
                        Outcome::done("tag")
                    }
                }
            }
            "undo" => {
                let store = self.store();
                store.redo.extend(store.draft.pop());
                Outcome::done("undo")
            }
            "write" => self.write(&words),
            "ps" => {
                let all = words.iter().any(|word| word == "-a");
                let shown = |c: &&ContainerFacts| all || c.state == "running";
                let row = |c: &ContainerFacts| {
                    format!(
                        "{} {} Exited ({})\n",
                        &c.id[..12],
                        c.image,
                        c.exit.unwrap_or(0)
                    )
                };
                let rows = self.store().containers.iter().filter(shown).map(row);
                Outcome {
                    stdout: format!("CONTAINER ID IMAGE STATUS\n{}", rows.collect::<String>()),
                    ..Outcome::done("ps")
                }
            }
            "images" | "stack" | "compare" | "draft" | "history" | "why" | "plan" | "files" => {
                Outcome::done(&verb)
            }
            _ => failed(&verb, 125, "unknown verb"),
        }
    }

    fn forecast(&mut self, line: &str) -> Option<BuildReport> {
        let words = shlex::split(line)?;
        let words: Vec<String> = words.into_iter().filter(|word| word != "docker").collect();
        self.build(words.get(1..)?, false).build
    }

    fn edit(&mut self, file: &Path) -> Result<(), String> {
        let editor = self.editor.ok_or("no editor")?;
        editor(file);
        Ok(())
    }

    fn images(&mut self) -> Vec<(String, String)> {
        let images = self
            .store()
            .images
            .iter()
            .filter(|(name, _)| *name != "<draft>");
        images
            .map(|(name, image)| (name.clone(), image.id.clone()))
            .collect()
    }

    fn image(&mut self, name: &str) -> Option<ImageFacts> {
        let image = self.store().images.get(name)?;
        Some(ImageFacts {
            id: image.id.clone(),
            layers: image.layers.clone(),
            history: image.history,
            size: image
                .files
                .values()
                .map(|content| content.len() as u64)
                .sum(),
            config: ConfigFacts {
                cmd: image.cmd.clone(),
                env: image.env.clone(),
                exposed: image.exposed.clone(),
                workdir: image.workdir.clone(),
                ..ConfigFacts::default()
            },
            waste: Vec::new(),
        })
    }

    fn file_in_image(&mut self, image: &str, path: &str) -> Option<FileFacts> {
        let content = self.store().images.get(image)?.files.get(path)?;
        Some(FileFacts {
            content: Some(content.clone()),
            mode: 0o644,
            ..FileFacts::default()
        })
    }

    fn containers(&mut self) -> Vec<ContainerFacts> {
        self.store().containers.clone()
    }

    fn container_details(&mut self, id: &str) -> Option<ContainerDetails> {
        let logs = self.store().logs.get(id)?.clone();
        Some(ContainerDetails {
            logs,
            ..ContainerDetails::default()
        })
    }

    fn draft(&mut self) -> Vec<String> {
        self.store().draft.clone()
    }

    fn parse_dockerfile(&mut self, text: &str) -> Result<(), String> {
        build::parse(text)
    }

    fn leftovers(&mut self) -> Vec<String> {
        self.litter.clone()
    }
}
