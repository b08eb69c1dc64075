//! `build --output`: where the result goes beside the store, in docker's words.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::Face;
use crate::build::BuildReport;
use crate::language::Language;
use crate::session::{SessionError, Trouble};

/// Where a result goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// The files of the image, into a folder.
    Local(PathBuf),
    /// The files of the image, as a tar.
    Tar(Target),
    /// The image, as an archive for `docker load` that is an OCI archive too.
    Archive(Target),
    /// The image, as an OCI image layout in a folder.
    Layout(PathBuf),
    /// A registry, under every name of the image.
    Registry,
    /// The store, where it is anyway.
    Store,
}

/// A file, or what this program writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

/// What is wrong with an `--output`.
#[derive(Debug, PartialEq, Eq)]
enum BadOutput {
    NotAPair(String),
    UnknownKey(String),
    UnknownType(String),
    NoType,
    NoDestination(String),
    FolderOnStdout,
}

impl Face<'_> {
    /// Reads every `--output`. Two cannot both write to standard output.
    pub(super) fn outputs(&self, texts: &[String]) -> Result<Vec<Output>, SessionError> {
        let language = self.language();
        let one = |text: &String| {
            read(text).map_err(|why| {
                let sentence = bad_output(language, text, &why.sentence(language));
                Trouble::new(sentence)
                    .with_help(output_help(language))
                    .with_exit(125)
            })
        };
        let outputs: Vec<Output> = texts.iter().map(one).collect::<Result<_, _>>()?;
        let to_stdout = outputs.iter().filter(|output| output.is_stdout()).count();
        if to_stdout > 1 {
            return Err(Trouble::new(twice(language)).with_exit(125).into());
        }
        if to_stdout == 1 && self.around.terminal {
            let trouble = Trouble::new(to_terminal(language)).with_exit(125);
            return Err(trouble.with_help(output_help(language)).into());
        }
        Ok(outputs)
    }

    /// Writes the image that was built to where it is asked for.
    pub(super) fn export(
        &mut self,
        report: &BuildReport,
        outputs: &[Output],
    ) -> Result<(), SessionError> {
        let Some(id) = report.image else {
            return Ok(());
        };
        let mut names = report.tags.clone();
        if names.is_empty() {
            names.push(id.to_string());
        }
        let image = self.session.find_image(&id.to_string())?;
        for output in outputs {
            match output {
                // Whoever built pushes, and shows it.
                Output::Store | Output::Registry => {}
                Output::Local(folder) => {
                    self.session.export_folder(&image, &self.path(folder))?;
                }
                Output::Layout(folder) => self.session.save_oci(&self.path(folder), &names)?,
                Output::Archive(Target::File(file)) => {
                    self.session.save_file(&self.path(file), &names)?;
                }
                Output::Tar(Target::File(file)) => {
                    let file = self.path(file);
                    let write = |to: File| self.session.export_tar(&image, to.into());
                    self.session.whole_file(&file, write)?;
                }
                Output::Archive(Target::Stdout) | Output::Tar(Target::Stdout) => {
                    let to =
                        self.around.stdout.take().ok_or_else(|| {
                            Trouble::new(to_terminal(self.language())).with_exit(125)
                        })?;
                    if matches!(output, Output::Tar(_)) {
                        self.session.export_tar(&image, to)?;
                    } else {
                        self.session.save_archive(to, &names)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Output {
    /// Whether standard output is taken by it.
    pub(super) fn is_stdout(&self) -> bool {
        matches!(
            self,
            Self::Tar(Target::Stdout) | Self::Archive(Target::Stdout)
        )
    }
}

/// Reads `DIR`, `-`, or `type=TYPE,dest=PATH`.
fn read(text: &str) -> Result<Output, BadOutput> {
    if text == "-" {
        return Ok(Output::Tar(Target::Stdout));
    }
    if !text.contains('=') {
        return Ok(Output::Local(text.into()));
    }
    let (mut kind, mut destination, mut packed, mut push) = (None, None, true, false);
    for field in text.split(',') {
        let pair = field.split_once('=');
        let (key, value) = pair.ok_or_else(|| BadOutput::NotAPair(field.to_owned()))?;
        match key.trim().to_ascii_lowercase().as_str() {
            "type" => kind = Some(value),
            "dest" => destination = Some(value),
            "tar" => packed = value != "false",
            "push" => push = value == "true",
            // Names are given with -t.
            "name" if value.is_empty() => {}
            other => return Err(BadOutput::UnknownKey(other.to_owned())),
        }
    }
    let kind = kind.ok_or(BadOutput::NoType)?;
    let destination = destination.filter(|destination| !destination.is_empty());
    let needed = || destination.ok_or_else(|| BadOutput::NoDestination(kind.to_owned()));
    let folder = || match needed()? {
        "-" => Err(BadOutput::FolderOnStdout),
        folder => Ok(PathBuf::from(folder)),
    };
    let target = |path: &str| match path {
        "-" => Target::Stdout,
        path => Target::File(Path::new(path).to_owned()),
    };
    match kind {
        "local" => folder().map(Output::Local),
        "tar" => Ok(Output::Tar(target(destination.unwrap_or("-")))),
        "oci" if !packed => folder().map(Output::Layout),
        "oci" => Ok(Output::Archive(target(destination.unwrap_or("-")))),
        "docker" => Ok(destination.map_or(Output::Store, |path| Output::Archive(target(path)))),
        "registry" => Ok(Output::Registry),
        "image" if push => Ok(Output::Registry),
        "image" => Ok(Output::Store),
        other => Err(BadOutput::UnknownType(other.to_owned())),
    }
}

impl BadOutput {
    fn sentence(&self, language: Language) -> String {
        match self {
            Self::NotAPair(field) => not_a_pair(language, field),
            Self::UnknownKey(key) => unknown_key(language, key),
            Self::UnknownType(kind) => unknown_type(language, kind),
            Self::NoType => no_type(language),
            Self::NoDestination(kind) => no_destination(language, kind),
            Self::FolderOnStdout => folder_on_stdout(language),
        }
    }
}

crate::messages! {
    bad_output(text: &str, why: &str) {
        en: "invalid --output \"{text}\": {why}",
        ko: "--output \"{text}\" 값이 올바르지 않습니다: {why}",
    }
    output_help() {
        en: "`-o FOLDER` for the files, `-o type=tar,dest=FILE` for a tar of them, `-o type=oci,dest=FILE` or `type=docker,dest=FILE` for the image",
        ko: "파일들은 `-o 폴더`, 그 tar는 `-o type=tar,dest=파일`, 이미지는 `-o type=oci,dest=파일`이나 `type=docker,dest=파일`로 내보냅니다",
    }
    pub(super) not_a_pair(field: &str) {
        en: "invalid field '{field}' must be a key=value pair",
        ko: "'{field}' 필드는 key=value 꼴이어야 합니다",
    }
    pub(super) unknown_key(key: &str) {
        en: "unexpected key '{key}'",
        ko: "모르는 키 '{key}'입니다(unexpected key)",
    }
    unknown_type(kind: &str) {
        en: "unsupported output type \"{kind}\": local, tar, oci, docker, image and registry exist",
        ko: "지원하지 않는 종류 \"{kind}\"입니다(unsupported output type). local, tar, oci, docker, image, registry가 있습니다",
    }
    pub(super) nameless_push() {
        en: "tag is needed when pushing to registry",
        ko: "레지스트리에 push하려면 이름이 필요합니다(tag is needed when pushing to registry)",
    }
    pub(super) nameless_push_help() {
        en: "give the image a name that begins with the registry: `-t HOST:PORT/NAME`",
        ko: "레지스트리로 시작하는 이름을 붙이세요: `-t 호스트:포트/이름`",
    }
    no_type() {
        en: "type is required for output",
        ko: "종류가 필요합니다(type is required for output)",
    }
    no_destination(kind: &str) {
        en: "dest is required for {kind} output",
        ko: "{kind} 출력에는 dest가 필요합니다(dest is required)",
    }
    folder_on_stdout() {
        en: "a folder cannot be written to standard output",
        ko: "폴더는 표준 출력에 쓸 수 없습니다",
    }
    twice() {
        en: "only one --output can write to standard output",
        ko: "표준 출력에 쓰는 --output은 하나만 쓸 수 있습니다",
    }
    to_terminal() {
        en: "dest file is required for this output: refusing to write to console",
        ko: "이 출력에는 dest 파일이 필요합니다. 터미널에는 쓰지 않습니다(refusing to write to console)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_as_docker_reads_them() {
        let file = |path: &str| Target::File(path.into());
        for (text, expected) in [
            ("out", Output::Local("out".into())),
            ("-", Output::Tar(Target::Stdout)),
            ("type=local,dest=out", Output::Local("out".into())),
            ("type=tar,dest=a.tar", Output::Tar(file("a.tar"))),
            ("type=tar", Output::Tar(Target::Stdout)),
            ("type=oci,dest=a.tar", Output::Archive(file("a.tar"))),
            ("type=oci,tar=false,dest=a", Output::Layout("a".into())),
            ("type=docker,dest=-", Output::Archive(Target::Stdout)),
            ("type=docker", Output::Store),
            ("type=image,push=false", Output::Store),
            ("type=image,push=true", Output::Registry),
            ("type=registry", Output::Registry),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_output_is_told() {
        for (text, expected) in [
            ("dest=a", BadOutput::NoType),
            ("type=local", BadOutput::NoDestination("local".to_owned())),
            ("type=local,dest=-", BadOutput::FolderOnStdout),
            ("type=zip,dest=a", BadOutput::UnknownType("zip".to_owned())),
            ("type=tar,to=a", BadOutput::UnknownKey("to".to_owned())),
            ("type=tar,a", BadOutput::NotAPair("a".to_owned())),
        ] {
            assert_eq!(read(text), Err(expected), "{text}");
        }
    }
}
