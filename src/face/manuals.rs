//! `completions` and `man`: made of the very declarations that read the command line.

use std::path::Path;

use clap::CommandFactory;

use super::{Answer, Face};
use crate::command::{self, Arguments, for_help};
use crate::session::Trouble;

const NAME: &str = "strata";

impl Face<'_> {
    pub(super) fn completions(&mut self, call: &command::Completions) -> Answer {
        let mut script = Vec::new();
        clap_complete::generate(call.shell, &mut Arguments::command(), NAME, &mut script);
        self.write(&String::from_utf8_lossy(&script));
        Ok(0)
    }

    pub(super) fn man(&mut self, call: &command::Man) -> Answer {
        let mut all = for_help(Arguments::command(), self.language());
        all.build();
        if let Some(folder) = &call.dir {
            let folder = self.path(folder);
            std::fs::create_dir_all(&folder)
                .and_then(|()| write_all(&all, NAME, &folder))
                .map_err(|e| Trouble::system(&format!("write {}", folder.display()), &e))?;
            return Ok(0);
        }
        let mut found = &all;
        let mut name = NAME.to_owned();
        for word in &call.verb {
            let below = found.find_subcommand(word);
            let trouble = || Trouble::new(no_verb(self.language(), word));
            found = below.ok_or_else(|| trouble().with_help(no_verb_help(self.language())))?;
            name = format!("{name}-{}", found.get_name());
        }
        let page = page(found, &name).map_err(|e| Trouble::system("write the page", &e))?;
        self.write(&String::from_utf8_lossy(&page));
        Ok(0)
    }
}

fn page(command: &clap::Command, name: &str) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone().name(name.to_owned())).render(&mut page)?;
    Ok(page)
}

/// Writes the page of a command and those of all below it: `strata-image-ls.1`.
fn write_all(command: &clap::Command, name: &str, folder: &Path) -> std::io::Result<()> {
    std::fs::write(folder.join(format!("{name}.1")), page(command, name)?)?;
    for below in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        write_all(below, &format!("{name}-{}", below.get_name()), folder)?;
    }
    Ok(())
}

crate::messages! {
    no_verb(word: &str) {
        en: "there is no verb {word}",
        ko: "그런 명령이 없습니다: {word}",
    }
    no_verb_help() {
        en: "`strata --help` lists the verbs; a page is read with `strata man build | man -l -`",
        ko: "`strata --help`로 명령 목록을 볼 수 있습니다. 페이지는 `strata man build | man -l -`로 읽습니다",
    }
}
