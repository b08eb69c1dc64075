//! What to build: the options of `build` and `plan`, and build contexts that are no folders of this
//! machine.

use std::fs::File;
use std::path::Path;

use super::Face;
use super::run_options::{allowed, labels, sandbox};
use crate::command;
use crate::plan::{NamedContext, NamedContexts, RemoteContext, remote_context};
use crate::reference::ImageReference;
use crate::render::Line;
use crate::session::{BuildCall, GivenContext, SessionError, Trouble, read_text};

/// The file that is standard input, and what messages call it.
pub(super) const STDIN: &str = "-";

/// The build argument that leaves a repository its `.git` when it is the context.
const KEEP_GIT_DIR: &str = "BUILDKIT_CONTEXT_KEEP_GIT_DIR";

impl Face<'_> {
    /// Returns what `build` and `plan` are asked for.
    pub fn build_call(
        &self,
        path: &Path,
        options: &command::BuildOptions,
        tags: &[String],
    ) -> Result<BuildCall, SessionError> {
        let reference = |tag: &String| {
            tag.parse::<ImageReference>().map_err(|error| {
                let reason = error.message(self.language());
                Trouble::new(bad_tag(self.language(), tag, &reason))
                    .with_help(error.help(self.language()))
                    .with_exit(125)
            })
        };
        let is_stdin = options
            .file
            .as_deref()
            .is_some_and(|file| file.as_os_str() == STDIN);
        if is_stdin && path.as_os_str() == STDIN {
            return Err(Trouble::new(stdin_twice(self.language())).into());
        }
        let text = if is_stdin {
            Some(self.typed_dockerfile()?)
        } else {
            None
        };
        Ok(BuildCall {
            context: self.path(path),
            context_name: Some(path.display().to_string()),
            file: options.file.as_ref().map(|file| self.path(file)),
            file_name: options.file.as_ref().map(|file| file.display().to_string()),
            text,
            tags: tags.iter().map(reference).collect::<Result<_, _>>()?,
            build_args: self.pairs(&options.build_arg),
            target: options.target.clone(),
            no_cache: options.no_cache,
            no_cache_filter: options.no_cache_filter.clone(),
            labels: labels(&options.label),
            sandbox: sandbox(&options.given, self.language())?,
            allowed: allowed(&options.given, self.language())?,
            supplies: self.supplies(&options.given)?,
            cache_from: self.cache_sources(&options.cache_from)?,
            contexts: self.named_contexts(&options.build_context)?,
            ..BuildCall::default()
        })
    }

    /// Reads every `--build-context NAME=FOLDER` and `NAME=docker-image://IMAGE`.
    fn named_contexts(&self, texts: &[String]) -> Result<NamedContexts, SessionError> {
        let language = self.language();
        let wrong = |text: &str, why: String| {
            let trouble = Trouble::new(bad_context(language, text, &why));
            trouble.with_help(bad_context_help(language)).with_exit(125)
        };
        let one = |text: &String| {
            let pair = text.split_once('=');
            let (name, value) = pair.ok_or_else(|| wrong(text, no_pair(language)))?;
            let name = name.parse::<ImageReference>();
            let name = name.map_err(|error| wrong(text, error.message(language)))?;
            let image = value.strip_prefix("docker-image://");
            let context = if let Some(image) = image {
                let image = image.parse::<ImageReference>();
                NamedContext::Image(image.map_err(|e| wrong(text, e.message(language)))?)
            } else if value.contains("://") {
                return Err(wrong(text, no_such_source(language)));
            } else {
                let folder = self.path(Path::new(value)).canonicalize();
                let folder = folder.ok().filter(|folder| folder.is_dir());
                NamedContext::Folder(folder.ok_or_else(|| wrong(text, no_folder(language)))?)
            };
            Ok((name, context))
        };
        let contexts: Result<_, Trouble> = texts.iter().map(one).collect();
        Ok(contexts?)
    }

    /// Reads a Dockerfile from standard input, which can be read once only.
    fn typed_dockerfile(&self) -> Result<String, SessionError> {
        let bytes = self.bytes_of(STDIN, Path::new(STDIN))?;
        Ok(read_text(STDIN, bytes, self.language())?.text().to_owned())
    }

    /// Takes in a context that is no folder of this machine; it goes when the answer does.
    pub(super) fn given_context(
        &self,
        request: &mut BuildCall,
        path: &Path,
    ) -> Result<Option<GivenContext>, SessionError> {
        let language = self.language();
        let shown = path.display().to_string();
        let given = if path.as_os_str() == STDIN {
            self.piped_context()?
        } else if let Some(remote) = self.remote(path) {
            self.session
                .fetch_context(&remote, keeps_git_dir(request))?
        } else {
            return Ok(None);
        };
        request.context.clone_from(&given.folder);
        request.temporary = Some(self.around.folder.clone());
        if request.text.is_some() {
            return Ok(Some(given));
        }
        let name = request.file_name.clone();
        let name = name.unwrap_or_else(|| "Dockerfile".to_owned());
        request.read.clone_from(&given.dockerfile);
        if request.read.is_none() {
            let found = given.read(Path::new(&name));
            let found = found.map_err(|e| Trouble::store(&e, language))?;
            let missing = || {
                Trouble::new(if shown == STDIN {
                    not_in_tar(language, &name)
                } else {
                    not_in_context(language, &name, &shown)
                })
            };
            request.read = Some(found.ok_or_else(missing)?);
        }
        // It is read, and only its name counts from here on.
        request.file = Some(given.folder.join(&name));
        request.file_name = Some(name);
        Ok(Some(given))
    }

    fn piped_context(&self) -> Result<GivenContext, SessionError> {
        let language = self.language();
        let stdin = self.around.stdin.filter(|_| !self.around.terminal);
        let stdin = stdin.map(|stdin| stdin.try_clone_to_owned()).transpose();
        let stdin = stdin.map_err(|e| Trouble::system("read standard input", &e))?;
        let Some(stdin) = stdin else {
            let trouble = Trouble::new(no_stdin(language));
            return Err(trouble.with_help(no_stdin_help(language)).into());
        };
        self.session.take_context(&mut File::from(stdin))
    }

    /// Returns what a context is that is elsewhere; a folder of that name goes before.
    fn remote(&self, path: &Path) -> Option<RemoteContext> {
        let remote = remote_context(path.to_str()?)?;
        (!self.path(path).is_dir()).then_some(remote)
    }

    /// Says which commit of a repository is built.
    pub(super) fn say_commit(&mut self, given: Option<&GivenContext>, path: &Path) {
        if let Some(commit) = given.and_then(|given| given.commit.as_deref()) {
            let shown = path.display().to_string();
            let line = Line::plain(context_commit(self.language(), &shown, commit));
            let text = self.screen.wrap(&line, 2);
            self.mutter(&self.screen.paint(&text));
        }
    }
}

/// Tells whether a repository keeps its `.git`: BuildKit's build argument for it.
fn keeps_git_dir(request: &BuildCall) -> bool {
    let mut given = request.build_args.iter();
    given.any(|(name, value)| name == KEEP_GIT_DIR && matches!(&**value, "1" | "true"))
}

crate::messages! {
    bad_context(text: &str, why: &str) {
        en: "invalid --build-context \"{text}\": {why}",
        ko: "--build-context \"{text}\" 값이 올바르지 않습니다: {why}",
    }
    bad_context_help() {
        en: "`--build-context NAME=FOLDER` or `--build-context NAME=docker-image://IMAGE`",
        ko: "`--build-context 이름=폴더` 또는 `--build-context 이름=docker-image://이미지`처럼 쓰세요",
    }
    no_pair() { en: "it must be a key=value pair", ko: "이름=값 꼴이어야 합니다" }
    no_such_source() {
        en: "only folders and docker-image:// are supported",
        ko: "폴더와 docker-image://만 쓸 수 있습니다",
    }
    no_folder() { en: "there is no such folder", ko: "그런 폴더가 없습니다" }
    stdin_twice() {
        en: "invalid argument: can't use stdin for both build context and dockerfile",
        ko: "표준 입력을 빌드 컨텍스트와 Dockerfile 양쪽에 쓸 수 없습니다(can't use stdin for both)",
    }
    no_stdin() {
        en: "the build context is to come on standard input, and nothing is piped there",
        ko: "빌드 컨텍스트를 표준 입력에서 읽으려 했지만 들어오는 것이 없습니다",
    }
    no_stdin_help() {
        en: "`build - < Dockerfile`, or `tar -c . | strata build -`",
        ko: "`build - < Dockerfile` 또는 `tar -c . | strata build -`처럼 쓰세요",
    }
    not_in_tar(name: &str) {
        en: "failed to read dockerfile: {name} is not in the tar on standard input",
        ko: "표준 입력의 tar에 {name} 파일이 없습니다(failed to read dockerfile)",
    }
    bad_tag(tag: &str, reason: &str) {
        en: "invalid argument \"{tag}\" for \"-t, --tag\" flag: {reason}",
        ko: "\"-t, --tag\"의 값을 쓸 수 없습니다(invalid argument): \"{tag}\": {reason}",
    }
    not_in_context(name: &str, context: &str) {
        en: "failed to read dockerfile: {name} is not in the build context {context}",
        ko: "빌드 컨텍스트 {context}에 {name} 파일이 없습니다(failed to read dockerfile)",
    }
    context_commit(context: &str, commit: &str) {
        en: "note: the build context is {context}, commit {commit}",
        ko: "note: 빌드 컨텍스트: {context}, 커밋 {commit}",
    }
}
