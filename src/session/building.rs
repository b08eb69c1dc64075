//! Builds: what to build is worked out here, the worker does it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::work::ExportCache;
use super::worker::Request;
use super::{BuildRequest, Result, Session, SessionError, Trouble};
use crate::build::{BuildEvent, BuildReport, CachePlace, CacheSource, Supplies};
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::parser;
use crate::plan::{Entitlement, NamedContexts, Sandbox};
use crate::reference::ImageReference;
use crate::source::Source;

/// A build as a person asks for it.
#[derive(Debug, Clone, Default)]
pub struct BuildCall {
    /// The folder to build from.
    pub context: PathBuf,
    /// What messages call the folder: as it was given.
    pub context_name: Option<String>,
    /// `-f`; `-` for standard input.
    pub file: Option<PathBuf>,
    /// What messages call the file: `-f` as it was given.
    pub file_name: Option<String>,
    /// The text, where it is not in a file: the draft, or what came from standard input.
    pub text: Option<String>,
    /// `-t`.
    pub tags: Vec<ImageReference>,
    /// `--build-arg`.
    pub build_args: Vec<(String, String)>,
    /// `--target`.
    pub target: Option<String>,
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--pull`.
    pub pull: bool,
    /// `--no-cache-filter`.
    pub no_cache_filter: Vec<String>,
    /// `--label`.
    pub labels: Vec<(String, String)>,
    /// What surrounds every RUN.
    pub sandbox: Sandbox,
    /// `--allow`.
    pub allowed: Vec<Entitlement>,
    /// `--secret` and `--ssh`.
    pub supplies: Supplies,
    /// The Dockerfile, where it has been read already.
    pub read: Option<Vec<u8>>,
    /// For a context that is gone after the build: the folder whose builds this one belongs to.
    pub temporary: Option<PathBuf>,
    /// `--expect-cached`.
    pub expect_cached: bool,
    /// `--build-context`.
    pub contexts: NamedContexts,
    /// `--cache-from`.
    pub cache_from: Vec<CacheSource>,
    /// A build on the way to another: no image is listed for it, and it is not remembered.
    pub in_passing: bool,
}

/// The name under which the draft is built.
pub const DRAFT: &str = "draft";

crate::messages! {
    context_missing(path: &str) {
        en: "unable to prepare context: path \"{path}\" not found",
        ko: "빌드 컨텍스트 폴더가 없습니다(unable to prepare context): \"{path}\" not found",
    }
    context_missing_help() {
        en: "the last word is the folder to build from; a dot means this one: `build .`",
        ko: "마지막 단어는 빌드할 폴더입니다. 점(.)은 지금 폴더라는 뜻입니다: `build .`",
    }
    context_is_file(path: &str) {
        en: "unable to prepare context: context must be a directory: {path}",
        ko: "빌드 컨텍스트는 폴더여야 합니다(context must be a directory): {path}",
    }
    context_is_dockerfile_help(path: &str, folder: &str) {
        en: "the last word is the folder to build from; choose the Dockerfile with -f: `build -f {path} {folder}`",
        ko: "마지막 단어는 빌드할 폴더입니다. Dockerfile은 -f로 고르세요: `build -f {path} {folder}`",
    }
    unreadable(path: &str, why: &str) {
        en: "unable to read the file: {path}: {why}",
        ko: "파일을 읽을 수 없습니다: {path}: {why}",
    }
    no_dockerfile(folder: &str) {
        en: "failed to read dockerfile: no file named Dockerfile in {folder}",
        ko: "{folder} 폴더에 Dockerfile이라는 파일이 없습니다(failed to read dockerfile)",
    }
    no_dockerfile_help() {
        en: "put a file named Dockerfile in the folder, or choose another one with -f",
        ko: "폴더에 Dockerfile이라는 파일을 두거나 -f로 다른 파일을 고르세요",
    }
    is_folder() {
        en: "it is a folder",
        ko: "폴더입니다",
    }
    no_build_here() {
        en: "no build has been started in this folder yet",
        ko: "이 폴더에서는 아직 빌드한 적이 없습니다",
    }
    no_build_of_image(image: &str) {
        en: "strata did not build {image}, so there is nothing to explain",
        ko: "{image} 이미지는 strata가 빌드하지 않아서 설명할 것이 없습니다",
    }
}

impl Session {
    /// Builds. Events come as things happen.
    pub fn build(
        &self,
        call: &BuildCall,
        events: &mut dyn FnMut(BuildEvent),
    ) -> Result<BuildReport> {
        let (source, request) = self.request(call)?;
        let report = self.ask(Request::Build(request), None, events);
        report.map_err(|error| self.placed(&source, error))
    }

    /// Reads the Dockerfile of a build.
    pub fn source(&self, call: &BuildCall) -> Result<Source> {
        self.dockerfile(call, &self.context(call)?)
    }

    /// Remembers a report as that of the last build.
    pub fn remember_report(&self, call: &BuildCall, report: &BuildReport) -> Result<()> {
        let folder = match &call.temporary {
            Some(folder) => folder.clone(),
            None => self.context(call)?,
        };
        let kept = self.cache()?.remember_build(&folder, report);
        Ok(kept.map_err(|error| Trouble::store(&error, self.language()))?)
    }

    /// Writes the steps of a build that succeeded for `--cache-from`: with `all` those of every
    /// stage, else those of the image.
    pub fn export_cache(&self, report: &BuildReport, place: &CachePlace, all: bool) -> Result<()> {
        let request = Request::ExportCache(ExportCache {
            report: Box::new(report.clone()),
            place: place.clone(),
            all,
        });
        self.ask(request, None, &mut |_| {})
    }

    /// Says what a build would do.
    pub fn forecast(&self, call: &BuildCall) -> Result<BuildReport> {
        let (source, request) = self.request(call)?;
        let report = self.ask(Request::Forecast(request), None, &mut |_| {});
        report.map_err(|error| self.placed(&source, error))
    }

    /// Returns the report of the last build that was started in a folder.
    pub fn last_build(&self, folder: &Path) -> Result<BuildReport> {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let history = self.cache()?.history(&folder);
        let report = history.last_report().cloned();
        Ok(report.ok_or_else(|| Trouble::new(no_build_here(self.language())))?)
    }

    /// Returns the report of the build that made an image.
    pub fn build_of(&self, image: &str) -> Result<BuildReport> {
        let id = self.find_image(image)?.id;
        let report = self.cache()?.image_report(id);
        Ok(report.ok_or_else(|| Trouble::new(no_build_of_image(self.language(), image)))?)
    }

    /// Reads what is to be built, and its mistakes.
    fn request(&self, call: &BuildCall) -> Result<(Source, BuildRequest)> {
        let context = self.context(call)?;
        let source = self.dockerfile(call, &context)?;
        parser::parse(&source).map_err(|errors| SessionError::Dockerfile {
            source: source.clone(),
            diagnostics: errors
                .iter()
                .map(|error| error.diagnostic(&source, self.language()))
                .collect(),
        })?;
        let request = BuildRequest {
            file: source.name().to_owned(),
            text: source.text().to_owned(),
            ignore: self.ignore_file(call.file.as_deref(), &context)?,
            context,
            target: call.target.clone(),
            build_args: call.build_args.clone(),
            tags: call.tags.clone(),
            no_cache: call.no_cache,
            pull: call.pull,
            no_cache_filter: call.no_cache_filter.clone(),
            labels: call.labels.clone(),
            sandbox: call.sandbox.clone(),
            allowed: call.allowed.clone(),
            supplies: call.supplies.clone(),
            temporary: call.temporary.clone(),
            expect_cached: call.expect_cached,
            contexts: call.contexts.clone(),
            cache_from: call.cache_from.clone(),
            in_passing: call.in_passing,
        };
        Ok((source, request))
    }

    pub(super) fn context(&self, call: &BuildCall) -> Result<PathBuf> {
        let named = call.context_name.clone();
        let shown = named.unwrap_or_else(|| call.context.display().to_string());
        self.folder(&call.context, &shown, call.text.is_none())
    }

    /// Checks a build context; `from_file` tells that a Dockerfile could have been meant.
    pub(super) fn folder(&self, path: &Path, shown: &str, from_file: bool) -> Result<PathBuf> {
        let Ok(folder) = path.canonicalize() else {
            let trouble = Trouble::new(context_missing(self.language(), shown));
            let help = context_missing_help(self.language());
            return Err(trouble.with_help(help).into());
        };
        if folder.is_dir() {
            return Ok(folder);
        }
        let parent = Path::new(shown).parent().map(Path::to_string_lossy);
        let parent = parent.filter(|parent| !parent.is_empty());
        let parent = parent.unwrap_or_else(|| ".".into());
        let help = context_is_dockerfile_help(self.language(), shown, &parent);
        let trouble = Trouble::new(context_is_file(self.language(), shown));
        Err(trouble.with_help(from_file.then_some(help)).into())
    }

    /// Returns what messages call the Dockerfile of a build, and where it is.
    pub(super) fn dockerfile_path(call: &BuildCall, context: &Path) -> (String, PathBuf) {
        match &call.file {
            Some(file) => {
                let given = call.file_name.clone();
                let name = given.unwrap_or_else(|| file.display().to_string());
                (name, file.clone())
            }
            None => ("Dockerfile".to_owned(), context.join("Dockerfile")),
        }
    }

    fn dockerfile(&self, call: &BuildCall, context: &Path) -> Result<Source> {
        if let Some(text) = &call.text {
            let name = call.file_name.as_deref().filter(|name| *name == "-");
            return Ok(Source::new(name.unwrap_or(DRAFT), text.as_str()));
        }
        let (name, path) = Self::dockerfile_path(call, context);
        if let Some(bytes) = &call.read {
            return read_text(&name, bytes.clone(), self.language());
        }
        if call.file.is_none() && !path.exists() {
            let named = call.context_name.as_deref().filter(|name| *name != ".");
            let folder = named.map_or_else(|| context.display().to_string(), str::to_owned);
            let trouble = Trouble::new(no_dockerfile(self.language(), &folder));
            let help = no_dockerfile_help(self.language());
            return Err(trouble.with_help(help).into());
        }
        read_file(&name, &path, self.language()).map_err(|error| match error {
            SessionError::Trouble(trouble) => trouble
                .with_help(no_dockerfile_help(self.language()))
                .into(),
            wrong @ SessionError::Dockerfile { .. } => wrong,
        })
    }

    /// Reads the ignore file that counts: the Dockerfile's own, else the context's. None without
    /// one.
    pub(super) fn ignore_file(
        &self,
        dockerfile: Option<&Path>,
        context: &Path,
    ) -> Result<Option<(String, String)>> {
        for path in ignore_files(dockerfile, context) {
            if !self.may_read(&path, context) {
                continue;
            }
            match fs::read(&path) {
                Ok(bytes) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    return Ok(Some((name.into_owned(), text)));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(Trouble::system(&format!("read {}", path.display()), &error).into());
                }
            }
        }
        Ok(None)
    }

    /// Tells whether a file beside a context may be read: links of a context that came from
    /// elsewhere, which lies in the store, lead nowhere else.
    fn may_read(&self, path: &Path, context: &Path) -> bool {
        let store = self.root().canonicalize();
        let is_given = store.is_ok_and(|store| context.starts_with(store));
        let file = path.canonicalize();
        !is_given || file.is_ok_and(|file| file.starts_with(context) && file.is_file())
    }

    /// Turns trouble with a place in the Dockerfile into a diagnostic.
    fn placed(&self, source: &Source, error: SessionError) -> SessionError {
        match error {
            SessionError::Trouble(Trouble {
                message,
                help,
                place: Some(span),
                ..
            }) => {
                let diagnostic = Diagnostic::error("build", message, span).with_help(help);
                SessionError::Dockerfile {
                    source: source.clone(),
                    diagnostics: vec![diagnostic],
                }
            }
            other => other,
        }
    }
}

/// Returns where an ignore file may be, the one that counts first: `<Dockerfile>.dockerignore`
/// beside the Dockerfile, `.dockerignore` in the context.
fn ignore_files(dockerfile: Option<&Path>, context: &Path) -> Vec<PathBuf> {
    let beside = match dockerfile {
        // A Dockerfile from standard input stands nowhere.
        Some(file) if file.as_os_str() == "-" => None,
        Some(file) => Some(file.to_owned()),
        None => Some(context.join("Dockerfile")),
    };
    let own = beside.map(|file| {
        let mut name = file.into_os_string();
        name.push(".dockerignore");
        PathBuf::from(name)
    });
    own.into_iter()
        .chain([context.join(".dockerignore")])
        .collect()
}

/// Reads a text file, or standard input for `-`; what is no UTF-8 text is refused with its place.
pub fn read_file(name: &str, path: &Path, language: Language) -> Result<Source> {
    let bytes = read_bytes(name, path, language)?;
    read_text(name, bytes, language)
}

/// Takes bytes as text; what is no UTF-8 is refused with its place.
pub fn read_text(name: &str, bytes: Vec<u8>, language: Language) -> Result<Source> {
    parser::decode(name, bytes).map_err(|not_text| no_text(*not_text, language))
}

/// Reads a text file that is to be written again, so that every byte has to be text.
pub fn read_to_rewrite(name: &str, path: &Path, language: Language) -> Result<Source> {
    let bytes = read_bytes(name, path, language)?;
    parser::decode_strictly(name, bytes).map_err(|not_text| no_text(*not_text, language))
}

fn no_text(not_text: parser::NotText, language: Language) -> SessionError {
    SessionError::Dockerfile {
        diagnostics: vec![not_text.error.diagnostic(&not_text.source, language)],
        source: not_text.source,
    }
}

/// Reads a file, or standard input for `-`.
pub fn read_bytes(name: &str, path: &Path, language: Language) -> Result<Vec<u8>> {
    if path.is_dir() {
        let message = unreadable(language, name, &is_folder(language));
        return Err(Trouble::new(message).into());
    }
    let bytes = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map(|_| bytes)
    } else {
        fs::read(path)
    };
    bytes.map_err(|error| Trouble::new(unreadable(language, name, &error.to_string())).into())
}
