//! Completions of a session: what can be listed quickly is looked up when Tab is pressed, so that
//! nothing is ever stale and a line costs nothing.

use std::path::Path;
use std::rc::Rc;

use super::completion::{Completions, Subject};
use super::guide::Guide;
use super::offers::Offers;
use super::verb::Verbs;
use crate::build::practice::BUILT_IN;
use crate::session::draft::{self, Draft};
use crate::session::{Session, Settings};

/// Completions of a session.
pub(super) struct LiveOffers {
    verbs: Rc<Verbs>,
    settings: Settings,
    directives: String,
    /// What does not change while a line is typed.
    still: Offers,
}

impl LiveOffers {
    pub(super) fn new(verbs: Rc<Verbs>, settings: Settings, folder: &Path, draft: &Draft) -> Self {
        let still = Offers {
            verbs: verbs.names.clone(),
            stages: stages(draft),
            context: Some(folder.to_owned()),
            ..Offers::default()
        };
        let first = draft.instructions().first();
        let directives = first.map_or("", |first| draft::comments(first)).to_owned();
        Self {
            verbs,
            settings,
            directives,
            still,
        }
    }

    pub(super) fn with_guide(mut self, guide: Option<&dyn Guide>) -> Self {
        if let Some(guide) = guide {
            self.still.verbs.extend(guide.verbs());
            self.still.lessons = guide.lessons();
        }
        self
    }

    fn session(&self) -> Option<Session> {
        // Looking for completions makes no store.
        let is_there = self.settings.root.join("oci-layout").exists();
        is_there.then(|| Session::new(self.settings.clone()))
    }
}

/// Returns the names of the stages: the word after AS.
fn stages(draft: &Draft) -> Vec<String> {
    let name = |line: &String| {
        let text = &line[draft::comments(line).len()..];
        let mut words = text.split_whitespace();
        let is_from = words.next()?.eq_ignore_ascii_case("FROM");
        let name = words
            .skip_while(|word| !word.eq_ignore_ascii_case("AS"))
            .nth(1)?;
        is_from.then(|| name.to_owned())
    };
    draft.instructions().iter().filter_map(name).collect()
}

impl Completions for LiveOffers {
    fn verbs(&self) -> Vec<String> {
        self.still.verbs()
    }
    fn flags(&self, verb: &str) -> Vec<String> {
        let found = self.verbs.flags.iter().find(|(name, _)| name == verb);
        found.map(|(_, flags)| flags.clone()).unwrap_or_default()
    }
    fn usage(&self, verb: &str) -> Option<String> {
        let found = self.verbs.usages.iter().find(|(name, _)| name == verb);
        found
            .map(|(_, usage)| usage.clone())
            .filter(|usage| !usage.is_empty())
    }
    fn subject(&self, verb: &str) -> Subject {
        let found = self.verbs.subjects.iter().find(|(name, _)| name == verb);
        found.map(|(_, subject)| *subject).unwrap_or_default()
    }
    fn images(&self) -> Vec<String> {
        let images = self.session().and_then(|session| session.images().ok());
        let named = images
            .into_iter()
            .flatten()
            .flat_map(|image| image.references);
        let names = named.map(|reference| reference.to_string());
        names
            .chain(BUILT_IN.iter().map(ToString::to_string))
            .collect()
    }
    fn containers(&self) -> Vec<String> {
        let records = self
            .session()
            .and_then(|session| session.containers_list().ok());
        records
            .into_iter()
            .flatten()
            .map(|record| record.name)
            .collect()
    }
    fn lessons(&self) -> Vec<String> {
        self.still.lessons()
    }
    fn stages(&self) -> Vec<String> {
        self.still.stages()
    }
    fn paths(&self, beginning: &str) -> Vec<String> {
        self.still.paths(beginning)
    }
    fn directives(&self) -> String {
        self.directives.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_named_by_from() {
        let draft = Draft::default()
            .with("# AS comment\nFROM --platform=x practice-os AS build")
            .with("RUN echo x AS y")
            .with("from build as end");
        assert_eq!(stages(&draft), ["build", "end"]);
    }
}
