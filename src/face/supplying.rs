//! `--secret` and `--ssh`: read here, as the user, and handed to the build in memory.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::Face;
use crate::build::{Agent, Secret, Supplies};
use crate::command::RunOptions;
use crate::language::Language;
use crate::session::{SessionError, Trouble};

/// The most bytes of a secret, as docker's.
const MOST: usize = 500 * 1024;

/// The agent that `default` means.
const AGENT_VARIABLE: &str = "SSH_AUTH_SOCK";

/// Where the value of a secret is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    File(String),
    Variable(String),
    /// A variable of the secret's name, else a file of it.
    Either,
}

impl Face<'_> {
    /// Reads what the RUN steps of a build are given.
    pub(super) fn supplies(&self, options: &RunOptions) -> Result<Supplies, SessionError> {
        let secrets = options.secret.iter().map(|text| self.secret(text));
        let agents = options.ssh.iter().map(|text| self.agent(text));
        Ok(Supplies {
            secrets: secrets.collect::<Result<_, _>>()?,
            agents: agents.collect::<Result<_, _>>()?,
        })
    }

    fn secret(&self, text: &str) -> Result<Secret, Trouble> {
        let language = self.language();
        let wrong = |trouble: Trouble| trouble.with_exit(125);
        let (id, place) = read_secret(text).map_err(|why| {
            let sentence = bad_secret(language, text, &why.sentence(language));
            wrong(Trouble::new(sentence)).with_help(secret_help(language))
        })?;
        let variable = |name: &str| (self.around.variable)(name);
        let value = match &place {
            Place::Variable(name) => {
                let unset = || wrong(Trouble::new(no_variable(language, &id, name)));
                variable(name).ok_or_else(unset)?.into_bytes()
            }
            Place::Either if variable(&id).is_some() => {
                variable(&id).unwrap_or_default().into_bytes()
            }
            Place::Either => self.secret_file(&id, &id)?,
            Place::File(path) => self.secret_file(&id, path)?,
        };
        if value.len() > MOST {
            return Err(wrong(Trouble::new(too_long(language, &id))));
        }
        Ok(Secret { id, value })
    }

    fn secret_file(&self, id: &str, path: &str) -> Result<Vec<u8>, Trouble> {
        std::fs::read(self.path(Path::new(path))).map_err(|error| {
            let sentence = no_file(self.language(), id, path, &error.to_string());
            Trouble::new(sentence).with_exit(125)
        })
    }

    fn agent(&self, text: &str) -> Result<Agent, Trouble> {
        let language = self.language();
        let (id, path) = match text.split_once('=') {
            Some((id, path)) => (id, Some(path.to_owned())),
            None => (text, None),
        };
        let path = path.filter(|path| !path.is_empty());
        let path = path.or_else(|| (self.around.variable)(AGENT_VARIABLE));
        let Some(path) = path.filter(|path| !path.is_empty()) else {
            let trouble = Trouble::new(no_agent(language, id)).with_exit(125);
            return Err(trouble.with_help(no_agent_help(language)));
        };
        let socket = self.path(Path::new(&path));
        let is_socket = |found: &std::fs::Metadata| found.file_type().is_socket();
        if !socket.metadata().as_ref().is_ok_and(is_socket) {
            let trouble = Trouble::new(no_socket(language, &path)).with_exit(125);
            return Err(trouble.with_help(no_socket_help(language)));
        }
        Ok(Agent {
            id: id.to_owned(),
            socket,
        })
    }
}

/// What is wrong with a `--secret`.
#[derive(Debug, PartialEq, Eq)]
enum BadSecret {
    NotAPair(String),
    UnknownKey(String),
    UnknownType(String),
    NoId,
}

impl BadSecret {
    fn sentence(&self, language: Language) -> String {
        match self {
            Self::NotAPair(field) => not_a_pair(language, field),
            Self::UnknownKey(key) => unknown_key(language, key),
            Self::UnknownType(kind) => unknown_type(language, kind),
            Self::NoId => no_id(language),
        }
    }
}

/// Reads `[type=file|env,]id=NAME[,src=FILE|,env=VARIABLE]`.
fn read_secret(text: &str) -> Result<(String, Place), BadSecret> {
    let (mut id, mut kind, mut source, mut variable) = (None, None, None, None);
    for field in text.split(',') {
        let pair = field.split_once('=');
        let (key, value) = pair.ok_or_else(|| BadSecret::NotAPair(field.to_owned()))?;
        let value = value.to_owned();
        match key.trim().to_ascii_lowercase().as_str() {
            "id" => id = Some(value),
            "src" | "source" => source = Some(value),
            "env" => variable = Some(value),
            "type" if matches!(value.as_str(), "file" | "env") => kind = Some(value),
            "type" => return Err(BadSecret::UnknownType(value)),
            other => return Err(BadSecret::UnknownKey(other.to_owned())),
        }
    }
    let id = id.filter(|id| !id.is_empty()).ok_or(BadSecret::NoId)?;
    let is_variable = kind.as_deref() == Some("env");
    let place = match (variable, source) {
        (Some(name), _) => Place::Variable(name),
        (None, Some(name)) if is_variable => Place::Variable(name),
        (None, Some(path)) => Place::File(path),
        (None, None) if is_variable => Place::Variable(id.clone()),
        (None, None) if kind.is_some() => Place::File(id.clone()),
        (None, None) => Place::Either,
    };
    Ok((id, place))
}

crate::messages! {
    bad_secret(text: &str, why: &str) {
        en: "invalid --secret \"{text}\": {why}",
        ko: "--secret \"{text}\" 값이 올바르지 않습니다: {why}",
    }
    secret_help() {
        en: "`--secret id=NAME,src=FILE` or `--secret id=NAME,env=VARIABLE`",
        ko: "`--secret id=이름,src=파일` 또는 `--secret id=이름,env=변수`처럼 쓰세요",
    }
    not_a_pair(field: &str) {
        en: "invalid field '{field}' must be a key=value pair",
        ko: "key=value 꼴이어야 합니다: '{field}'",
    }
    unknown_key(key: &str) {
        en: "unexpected key '{key}'",
        ko: "모르는 키 '{key}'입니다(unexpected key)",
    }
    unknown_type(kind: &str) {
        en: "unsupported secret type \"{kind}\"",
        ko: "지원하지 않는 종류 \"{kind}\"입니다(unsupported secret type)",
    }
    no_id() {
        en: "it has no id",
        ko: "id가 없습니다",
    }
    no_variable(id: &str, name: &str) {
        en: "secret {id}: the environment variable {name} is not set",
        ko: "시크릿 {id}: 환경 변수 {name} 값이 없습니다",
    }
    no_file(id: &str, path: &str, why: &str) {
        en: "secret {id}: cannot read {path}: {why}",
        ko: "시크릿 {id}: {path} 파일을 읽을 수 없습니다: {why}",
    }
    too_long(id: &str) {
        en: "secret {id} is too long: 500 KiB is the most",
        ko: "시크릿 {id}의 내용이 너무 큽니다. 500 KiB까지만 됩니다",
    }
    no_agent(id: &str) {
        en: "invalid empty ssh agent socket for {id}: SSH_AUTH_SOCK is not set",
        ko: "{id}의 ssh 에이전트 소켓을 모릅니다(invalid empty ssh agent socket): SSH_AUTH_SOCK 값이 없습니다",
    }
    no_agent_help() {
        en: "start one with `eval $(ssh-agent)`, or name its socket: `--ssh default=SOCKET`",
        ko: "`eval $(ssh-agent)`로 에이전트를 켜거나 소켓을 알려 주세요: `--ssh default=소켓`",
    }
    no_socket(path: &str) {
        en: "{path} is not the socket of an ssh agent",
        ko: "ssh 에이전트의 소켓이 아닙니다: {path}",
    }
    no_socket_help() {
        en: "strata hands over agents, not key files: add the key to an agent with `ssh-add`",
        ko: "strata는 키 파일이 아니라 에이전트를 전달합니다. `ssh-add`로 키를 에이전트에 넣으세요",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_file_or_a_variable() {
        let file = |path: &str| Place::File(path.to_owned());
        let variable = |name: &str| Place::Variable(name.to_owned());
        for (text, place) in [
            ("id=a,src=x/y", file("x/y")),
            ("type=file,id=a", file("a")),
            ("id=a,env=B", variable("B")),
            ("type=env,id=a", variable("a")),
            ("type=env,id=a,src=B", variable("B")),
            ("id=a", Place::Either),
        ] {
            assert_eq!(read_secret(text), Ok(("a".to_owned(), place)), "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_is_told() {
        for (text, why) in [
            ("src=x", BadSecret::NoId),
            ("id=a,x", BadSecret::NotAPair("x".to_owned())),
            ("id=a,target=x", BadSecret::UnknownKey("target".to_owned())),
            ("id=a,type=ssh", BadSecret::UnknownType("ssh".to_owned())),
        ] {
            assert_eq!(read_secret(text), Err(why), "{text}");
        }
    }
}
