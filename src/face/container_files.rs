//! Cp and diff.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::{Answer, Face};
use crate::command;
use crate::session::{CopyCall, SessionError, Side, Trouble};

impl Face<'_> {
    pub(super) fn cp(&mut self, call: &command::Cp) -> Answer {
        let [from, to] = [&call.source, &call.destination].map(|word| End::read(word));
        let language = self.language();
        let from = match from {
            End::Nothing => return Err(Trouble::new(empty_source(language)).into()),
            End::Stream => Side::Stream(self.stdin_copy()?),
            other => other.side(&self.around.folder),
        };
        let to = match to {
            End::Nothing => return Err(Trouble::new(empty_destination(language)).into()),
            End::Stream => Side::Stream(self.stdout_taken()?),
            other => other.side(&self.around.folder),
        };
        self.done(self.session.copy_files(CopyCall {
            from,
            to,
            archive: call.archive,
            follow: call.follow_link,
        }))
    }

    fn stdin_copy(&self) -> Result<OwnedFd, SessionError> {
        let stdin = self.around.stdin.filter(|_| !self.around.terminal);
        let stdin = stdin.ok_or_else(|| Trouble::new(no_tar(self.language())))?;
        let copy = stdin.try_clone_to_owned();
        Ok(copy.map_err(|e| Trouble::system("read standard input", &e))?)
    }

    fn stdout_taken(&mut self) -> Result<OwnedFd, SessionError> {
        let stdout = self.around.stdout.take().filter(|_| !self.around.terminal);
        Ok(stdout.ok_or_else(|| Trouble::new(no_tar_to_terminal(self.language())))?)
    }

    pub(super) fn diff(&mut self, call: &command::Diff) -> Answer {
        for line in self.session.container_diff(&call.container)? {
            self.line(&line);
        }
        Ok(0)
    }
}

/// A word of `cp`.
#[derive(Debug, PartialEq, Eq)]
enum End<'a> {
    Nothing,
    Stream,
    Container(&'a str, &'a str),
    Host(&'a str),
}

impl<'a> End<'a> {
    /// Reads `CONTAINER:PATH`. What begins with a slash or a dot is a path of this machine, so that
    /// one with a colon can be written.
    fn read(word: &'a str) -> Self {
        match word.split_once(':') {
            _ if word.is_empty() => Self::Nothing,
            _ if word == "-" => Self::Stream,
            Some((name, path)) if !name.is_empty() && !word.starts_with(['/', '.']) => {
                Self::Container(name, path)
            }
            _ => Self::Host(word),
        }
    }

    fn side(self, folder: &Path) -> Side {
        match self {
            Self::Container(name, path) => Side::Container {
                name: name.to_owned(),
                path: path.to_owned(),
            },
            // As text: a path would lose the slash or the dot at its end.
            Self::Host(path) if !path.starts_with('/') => {
                let mut whole = folder.as_os_str().to_owned();
                whole.push("/");
                whole.push(path);
                Side::Host(PathBuf::from(whole))
            }
            Self::Host(path) => Side::Host(path.into()),
            Self::Nothing | Self::Stream => unreachable!("no place; answered before"),
        }
    }
}

crate::messages! {
    empty_source() {
        en: "source can not be empty",
        ko: "원본 경로가 비어 있습니다(source can not be empty)",
    }
    empty_destination() {
        en: "destination can not be empty",
        ko: "대상 경로가 비어 있습니다(destination can not be empty)",
    }
    no_tar() {
        en: "`-` reads a tar from standard input, which is a terminal: write `cp - CONTAINER:PATH < FILE`",
        ko: "`-`는 표준 입력에서 tar를 읽는데 지금은 터미널입니다. `cp - 컨테이너:경로 < 파일` 꼴로 쓰세요",
    }
    no_tar_to_terminal() {
        en: "`-` writes a tar to standard output, which is a terminal: write `cp CONTAINER:PATH - > FILE`",
        ko: "`-`는 표준 출력에 tar를 쓰는데 지금은 터미널입니다. `cp 컨테이너:경로 - > 파일` 꼴로 쓰세요",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_container_and_a_path_or_a_path_here() {
        for (word, end) in [
            ("web:/a:b", End::Container("web", "/a:b")),
            ("web:a", End::Container("web", "a")),
            ("./a:b", End::Host("./a:b")),
            ("/a:b", End::Host("/a:b")),
            ("a", End::Host("a")),
            (":a", End::Host(":a")),
            ("-", End::Stream),
            ("", End::Nothing),
        ] {
            assert_eq!(End::read(word), end, "{word}");
        }
    }

    #[test]
    fn a_path_here_keeps_its_end() {
        for (path, whole) in [
            ("a/", "/f/a/"),
            ("a/.", "/f/a/."),
            (".", "/f/."),
            ("/x/", "/x/"),
        ] {
            let Side::Host(found) = End::Host(path).side(Path::new("/f")) else {
                panic!("{path}");
            };
            assert_eq!(found.as_os_str(), whole);
        }
    }
}
