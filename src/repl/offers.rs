//! Completions as a value: a snapshot of what a session knows, and the context's folder.

use std::path::PathBuf;

use super::completion::{Completions, MOST, Subject};

/// Completions as a value: a snapshot of what a session knows.
#[derive(Debug, Clone, Default)]
pub struct Offers {
    /// Every verb.
    pub verbs: Vec<String>,
    /// Verbs with their flags.
    pub flags: Vec<(String, Vec<String>)>,
    /// Verbs with what follows them.
    pub usages: Vec<(String, String)>,
    /// Verbs with what they are about.
    pub subjects: Vec<(String, Subject)>,
    /// Images.
    pub images: Vec<String>,
    /// Containers.
    pub containers: Vec<String>,
    /// Lessons.
    pub lessons: Vec<String>,
    /// Stages of the draft.
    pub stages: Vec<String>,
    /// The folder of the context.
    pub context: Option<PathBuf>,
}

fn of<T: Clone>(table: &[(String, T)], verb: &str) -> Option<T> {
    let entry = table.iter().find(|(name, _)| name == verb);
    entry.map(|(_, value)| value.clone())
}

impl Completions for Offers {
    fn verbs(&self) -> Vec<String> {
        self.verbs.clone()
    }
    fn flags(&self, verb: &str) -> Vec<String> {
        of(&self.flags, verb).unwrap_or_default()
    }
    fn usage(&self, verb: &str) -> Option<String> {
        of(&self.usages, verb)
    }
    fn subject(&self, verb: &str) -> Subject {
        of(&self.subjects, verb).unwrap_or_default()
    }
    fn images(&self) -> Vec<String> {
        self.images.clone()
    }
    fn containers(&self) -> Vec<String> {
        self.containers.clone()
    }
    fn lessons(&self) -> Vec<String> {
        self.lessons.clone()
    }
    fn stages(&self) -> Vec<String> {
        self.stages.clone()
    }

    fn paths(&self, beginning: &str) -> Vec<String> {
        let (folder, name) = beginning
            .rsplit_once('/')
            .map_or(("", beginning), |(folder, name)| (folder, name));
        // `..` would leave the context; a COPY can't.
        let leaves = folder.split('/').any(|part| part == "..");
        let Some(context) = self.context.as_ref().filter(|_| !leaves) else {
            return Vec::new();
        };
        let Ok(entries) = std::fs::read_dir(context.join(folder.trim_start_matches('/'))) else {
            return Vec::new();
        };
        let path = |entry: std::fs::DirEntry| {
            let found = entry.file_name().into_string().ok()?;
            let is_hidden = found.starts_with('.') && !name.starts_with('.');
            let fits =
                found.starts_with(name) && !is_hidden && !found.contains(char::is_whitespace);
            let end = if entry.path().is_dir() { "/" } else { "" };
            let folder = &beginning[..beginning.len() - name.len()];
            fits.then(|| format!("{folder}{found}{end}"))
        };
        entries.flatten().filter_map(path).take(MOST).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::completion::complete;
    use super::*;

    #[test]
    fn paths_come_from_the_context_and_stay_in_it() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for name in ["src", ".git"] {
            std::fs::create_dir(folder.path().join(name)).expect("the folder is new");
        }
        for name in ["server.js", "src/a.js", "이름.txt"] {
            std::fs::write(folder.path().join(name), "").expect("the folder can be written");
        }
        let offers = Offers {
            subjects: vec![("open".to_owned(), Subject::Paths)],
            verbs: vec!["open".to_owned()],
            stages: vec!["build".to_owned()],
            context: Some(folder.path().to_owned()),
            ..Offers::default()
        };
        let completed = |line: &str| complete(line, line.len(), &offers).1;
        assert_eq!(completed("COPY s"), ["server.js", "src/"]);
        assert_eq!(completed("COPY server.js src/"), ["src/a.js"]);
        assert_eq!(completed("open 이"), ["이름.txt"]);
        assert_eq!(completed("COPY .g"), [".git/"]);
        assert_eq!(completed("COPY ../"), [] as [&str; 0]);
        assert_eq!(completed("COPY --from=build s"), [] as [&str; 0]);
    }
}
