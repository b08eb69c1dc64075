//! Export, import, commit.

use super::{Answer, Face};
use crate::command;
use crate::session::{NewImage, Trouble};

impl Face<'_> {
    pub(super) fn export_container(&mut self, call: &command::Export) -> Answer {
        self.session.find_container(&call.container)?;
        if let Some(file) = &call.output {
            let path = self.path(file);
            let session = self.session;
            session.whole_file(&path, |to| {
                session.export_container(&call.container, to.into())
            })?;
            return Ok(0);
        }
        match self.around.stdout.take() {
            Some(stdout) if !self.around.terminal => {
                self.session.export_container(&call.container, stdout)?;
                Ok(0)
            }
            _ => {
                let trouble = Trouble::new(no_tar_to_terminal(self.language()));
                Err(trouble.with_help(export_help(self.language())).into())
            }
        }
    }

    pub(super) fn import(&mut self, call: &command::Import) -> Answer {
        let from = match call.source.as_str() {
            "-" => {
                let stdin = self.around.stdin.filter(|_| !self.around.terminal);
                let Some(stdin) = stdin else {
                    return Err(Trouble::new(nothing_to_import(self.language())).into());
                };
                let copy = stdin.try_clone_to_owned();
                copy.map_err(|e| Trouble::system("read standard input", &e))?
            }
            url if url.starts_with("http://") || url.starts_with("https://") => {
                self.session.fetch(url)?.into()
            }
            file => self.session.open_file(&self.path(file.as_ref()))?.into(),
        };
        let id = self.session.import(
            &call.source,
            from,
            &NewImage {
                name: call.name.clone(),
                author: None,
                message: call.message.clone(),
                changes: call.change.clone(),
                now: (self.around.now)(),
            },
        )?;
        self.line(&id.to_string());
        Ok(0)
    }

    pub(super) fn commit(&mut self, call: &command::Commit) -> Answer {
        let id = self.session.commit_container(
            &call.container,
            &NewImage {
                name: call.name.clone(),
                author: call.author.clone(),
                message: call.message.clone(),
                changes: call.change.clone(),
                now: (self.around.now)(),
            },
        )?;
        self.line(&id.to_string());
        Ok(0)
    }
}

crate::messages! {
    no_tar_to_terminal() {
        en: "cowardly refusing to save to a terminal",
        ko: "터미널에는 tar를 쓰지 않습니다(refusing to save to a terminal)",
    }
    export_help() {
        en: "use `-o FILE`, or redirect the output",
        ko: "`-o 파일`을 쓰거나 출력을 다른 곳으로 보내세요",
    }
    nothing_to_import() {
        en: "requested import from stdin, but stdin is empty",
        ko: "표준 입력에서 읽으려 했지만 비어 있습니다(stdin is empty)",
    }
}
