//! Where a learner's lessons live on disk.

use std::path::{Path, PathBuf};

use super::console::Place;
use crate::lesson::Lesson;

/// The folders of a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Homes {
    /// Holds one work folder for each lesson.
    pub work: PathBuf,
    /// The store of the course.
    pub store: PathBuf,
    /// Holds `progress.json`.
    pub state: PathBuf,
}

impl Homes {
    /// Returns the usual places: `~/strata`, `$XDG_DATA_HOME/strata/lessons`,
    /// `$XDG_STATE_HOME/strata`. `variable` looks an environment variable up.
    pub fn usual(variable: impl Fn(&str) -> Option<PathBuf>) -> Self {
        let home = variable("HOME").unwrap_or_else(|| PathBuf::from("/"));
        // The XDG base directory specification asks to ignore paths that are not absolute.
        let xdg = |name: &str, fallback: &str| {
            let given = variable(name).filter(|path| path.is_absolute());
            given.unwrap_or_else(|| home.join(fallback))
        };
        Self {
            work: home.join("strata"),
            store: xdg("XDG_DATA_HOME", ".local/share").join("strata/lessons"),
            state: xdg("XDG_STATE_HOME", ".local/state").join("strata"),
        }
    }

    /// Puts everything below one folder, for tests and for `--dir`.
    pub fn below(root: &Path) -> Self {
        Self {
            work: root.join("work"),
            store: root.join("store"),
            state: root.join("state"),
        }
    }

    /// Puts the work folders elsewhere, where that is asked for.
    pub fn with_work(self, work: Option<&Path>) -> Self {
        match work {
            // Absolute, as lessons change the folder they work in.
            Some(work) => Self {
                work: std::path::absolute(work).unwrap_or_else(|_| work.to_owned()),
                ..self
            },
            None => self,
        }
    }

    /// Returns where a lesson happens.
    pub fn place(&self, lesson: &Lesson) -> Place {
        Place {
            work: self.work.join(&lesson.id),
            store: self.store.clone(),
            limits: lesson.limits.clone(),
            network: lesson.network,
        }
    }

    /// Returns where free play happens: beside the lesson, in a store of its own.
    pub fn playground(&self, lesson: &Lesson) -> Place {
        let mut store = self.store.clone().into_os_string();
        store.push("-play");
        Place {
            work: self.work.join(".play").join(&lesson.id),
            store: store.into(),
            ..self.place(lesson)
        }
    }

    /// Returns where a learner's files go when a step starts again.
    pub fn before_reset(&self, lesson: &Lesson, moment: &str) -> PathBuf {
        self.work
            .join(".before-reset")
            .join(moment)
            .join(&lesson.id)
    }

    /// Returns the progress file.
    pub fn progress(&self) -> PathBuf {
        self.state.join("progress.json")
    }

    /// Returns the file that remembers the files of passed steps.
    pub fn marks(&self) -> PathBuf {
        self.state.join("lesson-marks.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xdg_folders_are_used_when_absolute() {
        let homes = Homes::usual(|name| match name {
            "HOME" => Some("/home/ada".into()),
            "XDG_STATE_HOME" => Some("/state".into()),
            "XDG_DATA_HOME" => Some("relative".into()),
            _ => None,
        });
        assert_eq!(homes.work, Path::new("/home/ada/strata"));
        assert_eq!(
            homes.store,
            Path::new("/home/ada/.local/share/strata/lessons")
        );
        assert_eq!(homes.progress(), Path::new("/state/strata/progress.json"));
    }
}
