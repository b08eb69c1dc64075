//! Why a build, or one step of it, cannot go on.

use std::io;
use std::path::PathBuf;

use super::fetch::FetchError;
use super::mount_error::MountError;
use super::permission;
use super::practice::BaseError;
use super::shipping::ShippingError;
use crate::language::Language;
use crate::layers::{StoreError, users::UserError};
use crate::parser::ParseError;
use crate::plan::context::ContextError;
use crate::plan::ignore::IgnoreError;
use crate::plan::{Entitlement, PlanError};
use crate::reference::ImageReference;
use crate::runtime::{LaunchError, NoNamespaces};
use crate::source::Span;

/// Why a build cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The Dockerfile's text is wrong.
    #[error("the Dockerfile has errors")]
    Parse(Vec<ParseError>),
    /// The Dockerfile makes no sense.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An image that FROM or COPY --from names cannot be had.
    #[error("{error}")]
    Image {
        /// The word that names it.
        span: Span,
        /// An earlier stage that is called nearly so.
        near: Option<String>,
        /// Why.
        error: Box<ImageError>,
    },
    /// An instruction that strata reads but cannot carry out yet.
    #[error("{what} is understood, but strata cannot carry it out yet")]
    Unsupported {
        /// Which.
        what: String,
        /// Where.
        span: Span,
    },
    /// `--no-cache-filter` names no stage.
    #[error("no stage is called {name}")]
    NoFilteredStage {
        /// The name.
        name: String,
        /// A stage with nearly this name.
        near: Option<String>,
    },
    /// A RUN asks for more than the build is allowed.
    #[error("{} is not allowed", needed.name())]
    NotAllowed {
        /// What it asks for.
        needed: Entitlement,
        /// Where.
        span: Span,
    },
    /// The ignore file is wrong.
    #[error(transparent)]
    Ignore(#[from] IgnoreError),
    /// The context, or a file of it.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// A COPY cannot be done.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An archive cannot be unpacked.
    #[error("cannot unpack {path}: {error}")]
    Archive {
        /// The archive, relative to the context, or its URL.
        path: String,
        /// Why.
        error: StoreError,
    },
    /// A URL cannot be fetched.
    #[error("cannot fetch {url}: {error}")]
    Fetch {
        /// The URL.
        url: String,
        /// Why.
        error: FetchError,
    },
    /// A user or group the image does not know.
    #[error(transparent)]
    User(#[from] UserError),
    /// A mount of a RUN cannot be had.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// A RUN could not be started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// Nothing can be run on this machine.
    #[error(transparent)]
    NoNamespaces(NoNamespaces),
    /// The system refused something.
    #[error("cannot {doing}: {source}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// Another stage failed meanwhile.
    #[error("stopped, because another step failed")]
    Stopped,
    /// A step of a built-in image's own Dockerfile failed.
    #[error("the built-in image {name} could not be built: {message}")]
    BuiltIn {
        /// The image.
        name: String,
        /// What went wrong in it.
        message: String,
    },
}

/// Why an image cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It is not in the store, no built-in base, and there is no network to pull from.
    #[error("{0}: not found")]
    NotFound(ImageReference),
    /// It is not in the store, and what asks for it pulls nothing.
    #[error("{0}: not found in the store")]
    NotHere(ImageReference),
    /// It is not in the store, and the registry does not give it.
    #[error(transparent)]
    Pull(#[from] Box<ShippingError>),
    /// A built-in base cannot be made here.
    #[error(transparent)]
    Practice(#[from] BaseError),
    /// The build of a built-in base failed.
    #[error(transparent)]
    Build(#[from] Box<BuildError>),
}

/// Why a COPY cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A path that is not in the layers COPY takes from.
    #[error("\"{path}\": not found")]
    NotFound {
        /// The path.
        path: String,
    },
    /// A folder would replace a file, or a file a folder.
    #[error("cannot copy {} over {}", kind(*folder_over_file, from), kind(!*folder_over_file, target))]
    Conflict {
        /// What is copied, relative to where COPY takes from.
        from: String,
        /// What is there, absolute.
        target: String,
        /// Which of the two is the folder.
        folder_over_file: bool,
    },
    /// A path of the destination leads through something that is no folder.
    #[error("{path} is no folder")]
    NotAFolder {
        /// That thing, absolute.
        path: String,
    },
    /// A file of the context is no longer what it was when the build looked at it.
    #[error("{path} of the build context changed while it was copied")]
    Changed {
        /// Path relative to the context.
        path: String,
    },
    /// A file of the context cannot be read.
    #[error("cannot read {path} of the build context")]
    Read {
        /// Path relative to the context.
        path: String,
        /// The refusal.
        #[source]
        source: io::Error,
    },
}

fn kind(folder: bool, path: &str) -> String {
    if folder {
        format!("the folder {path}")
    } else {
        format!("the file {path}")
    }
}

crate::messages! {
    unsupported(what: &str) {
        en: "{what} is understood, but strata cannot carry it out yet",
        ko: "{what} 명령은 읽을 수 있지만 strata가 아직 실행하지 못합니다",
    }
    unsupported_help() {
        en: "nothing was built; take the line out to go on",
        ko: "아무것도 빌드하지 않았습니다. 이 줄을 빼면 계속할 수 있습니다",
    }
    image_not_found(name: &str) {
        en: "{name}: not found in the store, and no registry can be reached",
        ko: "{name} 이미지가 저장소에 없고, 레지스트리에도 연결할 수 없습니다",
    }
    image_not_here(name: &str) {
        en: "{name}: not found in the store",
        ko: "{name} 이미지가 저장소에 없습니다",
    }
    image_not_here_help(name: &str, bases: &str) {
        en: "`pull {name}` fetches it from its registry; built-in bases need no network: {bases}",
        ko: "`pull {name}` 명령으로 레지스트리에서 받아오세요. 네트워크 없이 쓸 수 있는 내장 베이스: {bases}",
    }
    image_not_found_help(bases: &str) {
        en: "built-in bases need no network: {bases}; `load -i FILE` brings in an image of your own",
        ko: "네트워크 없이 쓸 수 있는 내장 베이스: {bases}. 가진 이미지는 `load -i 파일`로 가져올 수 있습니다",
    }
    context_not_found(path: &str) {
        en: "\"/{path}\": not found in the build context",
        ko: "\"/{path}\": 빌드 컨텍스트에 없습니다(not found)",
    }
    context_not_found_help() {
        en: "COPY takes files of the folder given to build; a leading / means that folder",
        ko: "COPY는 build에 준 폴더 안의 파일만 복사합니다. 맨 앞의 /는 그 폴더를 뜻합니다",
    }
    context_ignored(path: &str, rule: &str) {
        en: "\"/{path}\": not found in the build context: {rule} leaves it out",
        ko: "\"/{path}\": 빌드 컨텍스트에 없습니다(not found): {rule}에 따라 제외되었습니다",
    }
    no_match(pattern: &str) {
        en: "\"{pattern}\": not found: no file of the build context matches this pattern",
        ko: "\"{pattern}\": 이 패턴에 맞는 파일이 빌드 컨텍스트에 없습니다(not found)",
    }
    bad_pattern(pattern: &str) {
        en: "\"{pattern}\": malformed pattern",
        ko: "\"{pattern}\": 패턴이 올바르지 않습니다",
    }
    context_root(path: &str, why: &str) {
        en: "cannot read the build context {path}: {why}",
        ko: "빌드 컨텍스트 {path} 폴더를 읽을 수 없습니다: {why}",
    }
    context_root_help() {
        en: "the last word of `build` is a folder, such as `.`; the Dockerfile is chosen with -f",
        ko: "`build`의 마지막 단어는 `.` 같은 폴더입니다. Dockerfile은 -f로 고릅니다",
    }
    unreadable(path: &str, why: &str) {
        en: "cannot read {path} of the build context: {why}",
        ko: "빌드 컨텍스트의 {path} 파일을 읽을 수 없습니다: {why}",
    }
    unreadable_help() {
        en: "make it readable, or leave it out with a line in .dockerignore",
        ko: "읽기 권한을 주거나 .dockerignore에 한 줄을 넣어 제외하세요",
    }
    changed(path: &str) {
        en: "{path} of the build context changed while it was copied",
        ko: "빌드 컨텍스트의 {path} 파일이 복사하는 동안 바뀌었습니다",
    }
    changed_help() {
        en: "build again when nothing writes to it, or leave it out with a line in .dockerignore",
        ko: "파일에 쓰는 프로그램이 없을 때 다시 빌드하거나, .dockerignore에 한 줄을 넣어 제외하세요",
    }
    link_loop(path: &str) {
        en: "\"/{path}\": too many symbolic links",
        ko: "\"/{path}\": 심볼릭 링크가 끝없이 이어집니다",
    }
    bad_name(path: &str) {
        en: "cannot copy {path}: its name is not UTF-8",
        ko: "{path} 파일은 이름이 UTF-8이 아니어서 복사할 수 없습니다",
    }
    copy_not_found(path: &str) {
        en: "\"{path}\": not found",
        ko: "\"{path}\": 찾을 수 없습니다(not found)",
    }
    folder_over_file(source: &str, target: &str) {
        en: "cannot copy the folder {source} over the file {target}",
        ko: "{source} 폴더를 {target} 파일 위에 복사할 수 없습니다",
    }
    file_over_folder(source: &str, target: &str) {
        en: "cannot copy the file {source} over the folder {target}",
        ko: "{source} 파일을 {target} 폴더 위에 복사할 수 없습니다",
    }
    not_a_folder(path: &str) {
        en: "{path} is no folder",
        ko: "폴더가 아닙니다: {path}",
    }
    cannot_unpack(path: &str, why: &str) {
        en: "cannot unpack {path}: {why}",
        ko: "{path} 아카이브를 풀 수 없습니다: {why}",
    }
    cannot_fetch(url: &str, why: &str) {
        en: "cannot fetch {url}: {why}",
        ko: "다음 URL에서 가져올 수 없습니다: {url}: {why}",
    }
    no_filtered_stage(name: &str) {
        en: "--no-cache-filter: no stage is called \"{name}\"",
        ko: "--no-cache-filter: \"{name}\" 스테이지가 없습니다",
    }
    near_stage(near: &str) {
        en: "did you mean the stage {near}?",
        ko: "혹시 {near} 스테이지인가요?",
    }
    filter_help() {
        en: "stages have their names from FROM ... AS NAME",
        ko: "스테이지 이름은 FROM ... AS 이름으로 정합니다",
    }
    built_in_failed(name: &str, message: &str) {
        en: "the built-in image {name} could not be built: {message}",
        ko: "내장 이미지를 빌드하지 못했습니다: {name}: {message}",
    }
    stopped() {
        en: "stopped, because another step failed",
        ko: "다른 단계가 실패해서 중단했습니다",
    }
    system(doing: &str, why: &str) {
        en: "cannot {doing}: {why}",
        ko: "실패했습니다({doing}): {why}",
    }
}

impl BuildError {
    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Parse(errors) => match errors.first() {
                Some(error) => error.kind.message(language),
                None => self.to_string(),
            },
            Self::Plan(error) => error.kind.message(language),
            Self::Image { error, .. } => error.message(language),
            Self::Unsupported { what, .. } => unsupported(language, what),
            Self::NoFilteredStage { name, .. } => no_filtered_stage(language, name),
            Self::NotAllowed { needed, .. } => permission::message(*needed, language),
            Self::Ignore(error) => error.message(language),
            Self::Context(error) => context_message(error, language),
            Self::Copy(error) => error.message(language),
            Self::Store(error) => error.message(language),
            Self::Fetch { url, error } => cannot_fetch(language, url, &error.message(language)),
            Self::Archive { path, error } => {
                cannot_unpack(language, path, &error.message(language))
            }
            Self::User(error) => error.message(language),
            Self::Mount(error) => error.message(language),
            Self::Launch(error) => error.message(language),
            Self::NoNamespaces(reason) => reason.message(language),
            Self::System { doing, source } => system(language, doing, &source.to_string()),
            Self::Stopped => stopped(language),
            Self::BuiltIn { name, message } => built_in_failed(language, name, message),
        }
    }

    /// Returns what to do about it, where that can be said.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::Plan(error) => error.kind.help(language),
            Self::Image {
                near: Some(near), ..
            } => Some(near_stage(language, near)),
            Self::Image { error, .. } => error.help(language),
            Self::Unsupported { .. } => Some(unsupported_help(language)),
            Self::NoFilteredStage { near, .. } => Some(match near {
                Some(near) => near_stage(language, near),
                None => filter_help(language),
            }),
            Self::NotAllowed { needed, .. } => Some(permission::help(*needed, language)),
            Self::Context(error) => context_help(error, language),
            Self::Copy(CopyError::Read { .. }) => Some(unreadable_help(language)),
            Self::Copy(CopyError::Changed { .. }) => Some(changed_help(language)),
            Self::Store(error) | Self::Archive { error, .. } => error.help(language),
            Self::Fetch { error, .. } => error.help(language),
            Self::Mount(error) => Some(error.help(language)),
            Self::Launch(error) => error.help(language),
            Self::NoNamespaces(reason) => Some(reason.help(language)),
            _ => None,
        }
    }

    /// Returns the place in the Dockerfile, for errors that have one.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Parse(errors) => errors.first().map(|error| error.span),
            Self::Plan(error) => Some(error.span),
            Self::Image { span, .. }
            | Self::Unsupported { span, .. }
            | Self::NotAllowed { span, .. } => Some(*span),
            _ => None,
        }
    }
}

impl ImageError {
    fn message(&self, language: Language) -> String {
        match self {
            Self::NotFound(name) => image_not_found(language, &name.to_string()),
            Self::NotHere(name) => image_not_here(language, &name.to_string()),
            Self::Pull(error) => error.message(language),
            Self::Practice(error) => error.message(language),
            Self::Build(error) => error.message(language),
        }
    }

    fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::Pull(error) => error.help(language),
            Self::NotHere(name) => {
                let bases = super::practice::BASES.join(", ");
                let bases = format!("{bases}, scratch");
                Some(image_not_here_help(language, &name.to_string(), &bases))
            }
            Self::NotFound(_) => {
                let bases = super::practice::BASES.join(", ");
                Some(image_not_found_help(language, &format!("{bases}, scratch")))
            }
            Self::Practice(error) => error.help(language),
            Self::Build(error) => error.help(language),
        }
    }
}

impl CopyError {
    fn message(&self, language: Language) -> String {
        match self {
            Self::NotFound { path } => copy_not_found(language, path),
            Self::Conflict {
                from,
                target,
                folder_over_file: true,
            } => folder_over_file(language, from, target),
            Self::Conflict { from, target, .. } => file_over_folder(language, from, target),
            Self::NotAFolder { path } => not_a_folder(language, path),
            Self::Changed { path } => changed(language, path),
            Self::Read { path, source } => unreadable(language, path, &source.to_string()),
        }
    }
}

fn context_message(error: &ContextError, language: Language) -> String {
    let shown = |path: &PathBuf| path.display().to_string();
    match error {
        ContextError::Root { path, source } => {
            context_root(language, &shown(path), &source.to_string())
        }
        ContextError::NotFound { path } => context_not_found(language, path),
        ContextError::Ignored { path, rule } => context_ignored(language, path, rule),
        ContextError::NoMatch { pattern } => no_match(language, pattern),
        ContextError::BadPattern { pattern } => bad_pattern(language, pattern),
        ContextError::LinkLoop { path } => link_loop(language, path),
        ContextError::Name { path } => bad_name(language, &shown(path)),
        ContextError::Read { path, source } if is_gone(source) => changed(language, path),
        ContextError::Read { path, source } => unreadable(language, path, &source.to_string()),
    }
}

/// Tells whether a file that was there a moment ago is not there any more.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn context_help(error: &ContextError, language: Language) -> Option<String> {
    match error {
        ContextError::Root { .. } => Some(context_root_help(language)),
        ContextError::NotFound { .. } | ContextError::NoMatch { .. } => {
            Some(context_not_found_help(language))
        }
        ContextError::Read { source, .. } if is_gone(source) => Some(changed_help(language)),
        ContextError::Read { .. } => Some(unreadable_help(language)),
        _ => None,
    }
}
