//! pull, push, login, logout, search, manifest inspect; and what `run` pulls.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::{Answer, Face};
use crate::command::{self, PullPolicy};
use crate::reference::{DEFAULT_TAG, HUB, ImageReference};
use crate::registry::Credentials;
use crate::registry::login::Kept;
use crate::render::{self, TransferLines};
use crate::session::{PullRequest, PulledImage, SessionError, Trouble};

/// docker cuts a description here.
const DESCRIPTION: usize = 45;
/// No password is longer.
const MOST_PASSWORD: u64 = 64 * 1024;

impl Face<'_> {
    pub(super) fn pull(&mut self, call: &command::Pull) -> Answer {
        let reference = self.image_name(&call.image)?;
        let has_tag = reference.digest().is_some() || names_tag(&call.image);
        if call.all_tags && has_tag {
            let trouble = Trouble::new(tag_with_all(self.language()));
            return Err(trouble
                .with_help(tag_with_all_help(self.language(), reference.name()))
                .into());
        }
        if !call.quiet && !call.all_tags && !has_tag {
            self.line(&format!("Using default tag: {DEFAULT_TAG}"));
        }
        let request = PullRequest {
            platform: call.platform.clone(),
            all: call.all_tags,
            ..request(&reference)
        };
        let pulled = self.fetch(request, String::new(), call.quiet, Stream::Out)?;
        let mut recorded = false;
        for image in &pulled {
            recorded |= image.owners_recorded && !image.was_here;
            if !call.quiet {
                self.pulled(image);
            }
        }
        if call.all_tags {
            self.line(&reference.whole_name());
        } else if let Some(image) = pulled.first() {
            self.line(&whole(&image.reference));
        }
        if recorded && !call.quiet {
            let note = super::images::owners_recorded(self.language());
            self.mutter(&format!("{note}\n"));
        }
        Ok(0)
    }

    /// Writes docker's closing lines.
    fn pulled(&mut self, image: &PulledImage) {
        if image.was_here {
            let text = pulling(&image.reference.to_string());
            self.write(&text);
        }
        self.line(&format!("Digest: {}", image.digest));
        let name = &image.reference;
        let shown = match name.digest() {
            Some(digest) => format!("{}@{digest}", name.name()),
            None => name.with_tag(),
        };
        let status = if image.was_here {
            "Image is up to date for"
        } else {
            "Downloaded newer image for"
        };
        self.line(&format!("Status: {status} {shown}"));
    }

    /// Makes sure that an image is there that is to be run.
    pub(super) fn bring(&mut self, image: &str, policy: PullPolicy) -> Result<(), SessionError> {
        let needed = match policy {
            PullPolicy::Never => false,
            PullPolicy::Missing => !self.session.has_image(image)?,
            PullPolicy::Always => true,
        };
        // What is no name is told by whoever looks for the image.
        let Some(reference) = image.parse::<ImageReference>().ok().filter(|_| needed) else {
            return Ok(());
        };
        if policy == PullPolicy::Always && crate::build::base::is_built_in(&reference) {
            return Ok(());
        }
        let missing = policy == PullPolicy::Missing;
        let header =
            missing.then(|| format!("Unable to find image '{}' locally\n", reference.with_tag()));
        let request = PullRequest {
            to_run: missing,
            ..request(&reference)
        };
        let pulled = self.fetch(request, header.unwrap_or_default(), false, Stream::Err);
        let pulled = pulled.map_err(|error| match error {
            SessionError::Trouble(trouble) => trouble.with_exit(125).into(),
            other @ SessionError::Dockerfile { .. } => other,
        })?;
        for image in &pulled {
            let digest = image.digest;
            self.mutter(&format!("Digest: {digest}\n"));
        }
        Ok(())
    }

    /// Pulls, and shows what becomes of the layers.
    fn fetch(
        &mut self,
        request: PullRequest,
        mut header: String,
        quiet: bool,
        to: Stream,
    ) -> Result<Vec<PulledImage>, SessionError> {
        let live = match to {
            Stream::Out => self.around.terminal && self.around.own_stdio,
            Stream::Err => self.around.live && self.around.own_stdio,
        };
        let screen = self.screen;
        let mut lines = TransferLines::new(screen, live, to == Stream::Err);
        let out = match to {
            Stream::Out => &mut *self.out,
            Stream::Err => &mut *self.err,
        };
        let mut last = String::new();
        self.session.pull(request, &mut |image, transfer| {
            if quiet {
                return;
            }
            let mut text = std::mem::take(&mut header);
            if image != last {
                image.clone_into(&mut last);
                text += &pulling(image);
                // What was drawn of the image before stays where it is.
                lines = TransferLines::new(screen, live, to == Stream::Err);
                let _ = out.write_all(text.as_bytes());
                text.clear();
            }
            text += &lines.event(transfer);
            // A closed pipe ends the answer, not the program.
            let _ = out.write_all(text.as_bytes());
            let _ = out.flush();
        })
    }

    pub(super) fn push(&mut self, call: &command::Push) -> Answer {
        let reference = self.image_name(&call.image)?;
        let has_tag = names_tag(&call.image);
        let language = self.language();
        if call.all_tags && has_tag {
            let trouble = Trouble::new(tag_with_all(language));
            return Err(trouble
                .with_help(tag_with_all_help(language, reference.name()))
                .into());
        }
        let mut names = vec![reference.clone()];
        if call.all_tags {
            let images = self.session.images()?;
            let all = images.into_iter().flat_map(|image| image.references);
            names = all.filter(|it| it.name() == reference.name()).collect();
            names.sort();
            if names.is_empty() {
                return Err(Trouble::new(no_tags(language, reference.name())).into());
            }
        } else if !call.quiet && !has_tag && reference.digest().is_none() {
            self.line(&format!("Using default tag: {DEFAULT_TAG}"));
        }
        if !call.quiet {
            let whole = reference.whole_name();
            self.line(&format!("The push refers to repository [{whole}]"));
        }
        for name in &names {
            self.push_one(name, call.quiet)?;
        }
        if call.quiet {
            self.line(&whole(&reference));
        }
        Ok(0)
    }

    pub(super) fn push_one(
        &mut self,
        name: &ImageReference,
        quiet: bool,
    ) -> Result<(), SessionError> {
        let live = self.around.terminal && self.around.own_stdio;
        let mut lines = TransferLines::new(self.screen, live, false);
        let out = &mut *self.out;
        let (digest, size) = self.session.push(name, &mut |_, transfer| {
            if !quiet {
                // A closed pipe ends the answer, not the program.
                let _ = out.write_all(lines.event(transfer).as_bytes());
                let _ = out.flush();
            }
        })?;
        drop(lines);
        if !quiet {
            let tag = name.tag().unwrap_or(DEFAULT_TAG);
            self.line(&format!("{tag}: digest: {digest} size: {size}"));
        }
        Ok(())
    }

    pub(super) fn login(&mut self, call: &command::Login) -> Answer {
        let language = self.language();
        let registry = server(call.server.as_deref());
        if call.password_stdin && call.username.is_none() {
            return Err(Trouble::new(needs_username(language)).into());
        }
        if call.password.is_some() {
            let text = insecure_password(language);
            self.mutter(&format!("WARNING! {text}\n"));
        }
        let user = match &call.username {
            Some(user) => user.clone(),
            None => {
                let known = self.session.logged_in_as(&registry)?;
                self.asked_name(known)?
            }
        };
        let password = match &call.password {
            Some(password) => password.clone(),
            None if call.password_stdin => self.piped_password()?,
            None => self.asked_password()?,
        };
        if password.is_empty() {
            return Err(Trouble::new(no_password(language)).into());
        }
        let credentials = Credentials::Password { user, password };
        if let Kept::File(path) = self.session.login(&registry, &credentials)? {
            let text = unencrypted(language, &path.display().to_string());
            self.mutter(&format!("WARNING! {text}\n"));
        }
        self.line("Login Succeeded");
        Ok(0)
    }

    fn piped_password(&mut self) -> Result<String, SessionError> {
        let mut text = String::new();
        let read = self.stdin()?.take(MOST_PASSWORD).read_to_string(&mut text);
        read.map_err(|error| Trouble::system("read standard input", &error))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn asked_name(&mut self, known: Option<String>) -> Result<String, SessionError> {
        let prompt = match &known {
            Some(known) => format!("Username ({known}): "),
            None => "Username: ".to_owned(),
        };
        let typed = self.typed(&prompt)?;
        Ok(match known {
            Some(known) if typed.is_empty() => known,
            _ => typed,
        })
    }

    /// Asks for a password, which is not shown while it is typed.
    fn asked_password(&mut self) -> Result<String, SessionError> {
        self.terminal()?;
        let stdin = self.stdin()?;
        let before = tcgetattr(&stdin).map_err(|error| unread(&error.into()))?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Flush, &hidden)
            .map_err(|error| unread(&error.into()))?;
        let typed = self.typed("Password: ");
        // The terminal is as it was, whatever was typed.
        let restored = tcsetattr(&stdin, OptionalActions::Now, &before);
        restored.map_err(|error| unread(&error.into()))?;
        self.mutter("\n");
        typed
    }

    fn typed(&mut self, prompt: &str) -> Result<String, SessionError> {
        self.terminal()?;
        self.mutter(prompt);
        // A prompt that cannot be shown is asked all the same.
        let _ = self.err.flush();
        let mut line = String::new();
        let read = BufReader::with_capacity(1, self.stdin()?).read_line(&mut line);
        read.map_err(|error| unread(&error))?;
        Ok(line.trim().to_owned())
    }

    fn terminal(&self) -> Result<BorrowedFd<'_>, SessionError> {
        let stdin = self.around.stdin.filter(|_| self.around.terminal);
        let missing = || {
            let trouble = Trouble::new(no_terminal(self.language()));
            trouble.with_help(no_terminal_help(self.language()))
        };
        Ok(stdin.ok_or_else(missing)?)
    }

    fn stdin(&self) -> Result<File, SessionError> {
        let missing = || Trouble::new(no_terminal(self.language()));
        let stdin = self.around.stdin.ok_or_else(missing)?;
        let copy = stdin
            .as_fd()
            .try_clone_to_owned()
            .map_err(|error| unread(&error))?;
        Ok(copy.into())
    }

    pub(super) fn logout(&mut self, call: &command::Logout) -> Answer {
        let registry = server(call.server.as_deref());
        if self.session.logout(&registry)? {
            self.line(&format!("Removing login credentials for {registry}"));
        } else {
            self.line(&format!("Not logged in to {registry}"));
        }
        Ok(0)
    }

    pub(super) fn search(&mut self, call: &command::Search) -> Answer {
        let found = self.session.search(&call.term, call.limit)?;
        if call.json {
            self.write(&render::json(&found));
            return Ok(0);
        }
        let rows: Vec<Vec<String>> = found
            .iter()
            .take(call.limit)
            .map(|it| {
                let description = render::clean(&it.description).replace('\n', " ");
                let cut = if call.no_trunc {
                    description
                } else {
                    render::cut(&description, DESCRIPTION)
                };
                let official = if it.official { "[OK]" } else { "" };
                vec![
                    render::clean(&it.name).to_string(),
                    cut,
                    it.stars.to_string(),
                    official.to_owned(),
                ]
            })
            .collect();
        let heads = ["NAME", "DESCRIPTION", "STARS", "OFFICIAL"];
        self.write(&render::table(&heads, &rows));
        Ok(0)
    }

    pub(super) fn manifest(&mut self, call: &command::Manifest) -> Answer {
        let command::Manifest::Inspect(call) = call;
        let reference = self.image_name(&call.image)?;
        let found = self.session.manifest(&reference)?;
        let document: serde_json::Value = serde_json::from_slice(&found.bytes)
            .map_err(|error| Trouble::new(error.to_string()))?;
        if call.verbose {
            self.write(&render::json(&serde_json::json!({
                "Ref": whole(&reference),
                "Descriptor": {
                    "mediaType": found.media_type,
                    "digest": found.digest,
                    "size": found.bytes.len(),
                },
                "Manifest": document,
            })));
        } else {
            self.write(&render::json(&document));
        }
        Ok(0)
    }

    pub(super) fn image_name(&self, text: &str) -> Result<ImageReference, SessionError> {
        let parsed = text.parse::<ImageReference>();
        Ok(parsed.map_err(|error| Trouble::reference(&error, self.language()).with_exit(1))?)
    }
}

fn request(reference: &ImageReference) -> PullRequest {
    PullRequest {
        reference: reference.clone(),
        platform: None,
        all: false,
        to_run: false,
    }
}

/// Where progress goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

fn unread(error: &std::io::Error) -> SessionError {
    Trouble::system("read standard input", error).into()
}

fn names_tag(text: &str) -> bool {
    let last = text.rsplit('/').next().unwrap_or(text);
    last.contains([':', '@'])
}

/// The line before the layers of an image.
fn pulling(image: &str) -> String {
    let parsed = image.parse::<ImageReference>();
    parsed.map_or_else(
        |_| String::new(),
        |it| {
            let which = it.digest().map(|digest| digest.to_string());
            let which = which.or(it.tag().map(str::to_owned)).unwrap_or_default();
            let path = it.repository();
            format!("{which}: Pulling from {path}\n")
        },
    )
}

fn whole(reference: &ImageReference) -> String {
    let name = reference.whole_name();
    match (reference.digest(), reference.tag()) {
        (Some(digest), _) => format!("{name}@{digest}"),
        (None, tag) => format!("{name}:{}", tag.unwrap_or(DEFAULT_TAG)),
    }
}

/// A registry as people write it: an address counts by its host.
fn server(given: Option<&str>) -> String {
    let given = given.unwrap_or(HUB);
    let bare = given.split_once("://").map_or(given, |(_, rest)| rest);
    let host = bare.split('/').next().unwrap_or(bare);
    match host {
        "index.docker.io" | "registry-1.docker.io" => HUB.to_owned(),
        host => host.to_owned(),
    }
}

crate::messages! {
    tag_with_all() {
        en: "tag can't be used with --all-tags/-a",
        ko: "--all-tags(-a)에는 태그를 함께 쓸 수 없습니다(tag can't be used)",
    }
    tag_with_all_help(name: &str) {
        en: "write `-a {name}`",
        ko: "이렇게 쓰세요: `-a {name}`",
    }
    no_tags(name: &str) {
        en: "An image does not exist locally with the name: {name}",
        ko: "이 이름의 이미지가 여기에 없습니다(does not exist locally): {name}",
    }
    needs_username() {
        en: "Must provide --username with --password-stdin",
        ko: "--password-stdin에는 --username도 필요합니다(Must provide --username)",
    }
    insecure_password() {
        en: "Using --password via the CLI is insecure. Use --password-stdin.",
        ko: "명령줄의 --password는 다른 사람에게 보일 수 있습니다(insecure). --password-stdin을 쓰세요.",
    }
    unencrypted(path: &str) {
        en: "Your password will be stored unencrypted in {path}.",
        ko: "비밀번호가 암호화되지 않은 채(unencrypted) {path} 파일에 저장됩니다.",
    }
    no_password() {
        en: "password is empty",
        ko: "비밀번호가 비어 있습니다(password is empty)",
    }
    no_terminal() {
        en: "Cannot perform an interactive login from a non TTY device",
        ko: "터미널이 아니어서 이름과 비밀번호를 물을 수 없습니다(non TTY device)",
    }
    no_terminal_help() {
        en: "`login -u NAME --password-stdin REGISTRY < FILE`",
        ko: "`login -u 이름 --password-stdin 레지스트리 < 파일`처럼 쓰세요",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_named_by_its_host() {
        for (given, host) in [
            (None, "docker.io"),
            (Some("https://index.docker.io/v1/"), "docker.io"),
            (Some("http://localhost:5000/v2/"), "localhost:5000"),
            (Some("reg.example"), "reg.example"),
        ] {
            assert_eq!(server(given), host);
        }
    }

    #[test]
    fn a_tag_is_only_what_follows_the_last_part() {
        for (text, has) in [
            ("a", false),
            ("a:1", true),
            ("h:5000/a", false),
            ("h:5000/a@x", true),
        ] {
            assert_eq!(names_tag(text), has, "{text}");
        }
    }
}
