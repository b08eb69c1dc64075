//! The check block: expectations, prediction, wrong cases, notices, set-up and clean-up.
//!
//! `expect` has most of the tables, `image` and `container` the larger ones, `size` and `predict`
//! what their names say. TOML in, typed values out; an unknown key is an error with its place. Nothing here can run a
//! command of the host, so a lesson from a stranger is only data.

mod container;
mod expect;
mod image;
mod predict;
mod size;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use container::{ContainerExpectation, KernelExpectation};
pub use expect::{
    BuildExpectation, CacheWord, DraftExpectation, Exit, Expect, FileExpectation, HttpExpectation,
    Makes, StepExpectation, TextExpectation, Words,
};
pub use image::{
    ConfigExpectation, ImageExpectation, ImageFileExpectation, Layers, Shares, SizeExpectation,
    WasteExpectation,
};
pub use predict::{Pinned, Predict, PredictKind};
pub use size::{Bounds, Bytes};

/// Everything a `toml check` block says.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// How to get to the start of the step.
    #[serde(default)]
    pub setup: Setup,
    /// What to remove after the lesson.
    #[serde(default)]
    pub cleanup: Cleanup,
    /// What has to hold.
    #[serde(default)]
    pub expect: Expect,
    /// What the learner is asked before.
    pub predict: Option<Predict>,
    /// Known mistakes.
    #[serde(default)]
    pub wrong: Vec<Wrong>,
    /// Remarks for certain results.
    #[serde(default)]
    pub notice: Vec<Notice>,
    /// What is typed at the terminal of a line's command when strata itself plays the learner.
    #[serde(default)]
    pub typed: BTreeMap<String, String>,
}

/// How to get to the start of the step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The step after whose solution this one starts; the step before where it is left out.
    pub start_from: Option<String>,
    /// Files of the lesson to bring back to their first content.
    #[serde(default)]
    pub files: Vec<String>,
    /// Lines to carry out.
    #[serde(default)]
    pub run: Vec<String>,
}

/// What to remove after the lesson.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cleanup {
    /// Containers by name; `*` means all of the lesson.
    #[serde(default)]
    pub containers: Vec<String>,
    /// Images by name.
    #[serde(default)]
    pub images: Vec<String>,
    /// Files of the work folder.
    #[serde(default)]
    pub files: Vec<String>,
}

/// A known mistake.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    /// Its name.
    pub name: String,
    /// Lines that make it.
    #[serde(default, rename = "do")]
    pub lines: Vec<String>,
    /// Files that make it, written before the lines.
    #[serde(default)]
    pub file: BTreeMap<String, String>,
    /// Facts that fail then; a prefix stands for all facts below it.
    pub fails: Vec<String>,
    /// What else must hold, see [`super::Condition`]; tells mistakes apart that fail alike.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// The `when:` text to show; its own name where left out.
    pub says: Option<String>,
}

impl Wrong {
    /// Returns the name of the text to show.
    pub fn says(&self) -> &str {
        self.says.as_deref().unwrap_or(&self.name)
    }
}

/// A remark for a certain result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The condition, see [`super::Condition`].
    #[serde(rename = "if")]
    pub condition: String,
    /// The `when:` text to show.
    pub says: String,
}

/// What is wrong with a check block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckError {
    /// One sentence.
    pub message: String,
    /// Byte offset in the block.
    pub offset: usize,
}

impl Check {
    /// Reads a check block.
    pub fn parse(text: &str) -> Result<Self, CheckError> {
        let check: Self = toml::from_str(text).map_err(|error| CheckError {
            message: error.message().to_owned(),
            offset: error.span().map_or(0, |span| span.start),
        })?;
        check
            .judge()
            .map_err(|message| CheckError { message, offset: 0 })?;
        Ok(check)
    }

    /// Says what TOML's types can't: which keys need which.
    fn judge(&self) -> Result<(), String> {
        if self
            .expect
            .step
            .iter()
            .any(|s| s.n.is_some() == s.is.is_some())
        {
            return Err("`[[expect.step]]` needs either `n` or `is`".to_owned());
        }
        let Some(predict) = &self.predict else {
            return Ok(());
        };
        let choices = predict.kind == PredictKind::Choice;
        match predict.answer {
            _ if choices && predict.choices.len() < 2 => {
                Err("a choice needs two `choices` or more".to_owned())
            }
            Some(answer) if choices && (1..=predict.choices.len()).contains(&answer) => Ok(()),
            _ if choices => Err("`answer` is the number of one of the `choices`".to_owned()),
            Some(_) => Err("only a choice has an `answer`: the real result scores the rest".into()),
            None if predict.by.is_none() => {
                Err("`by` is missing: the line that brings the real result".to_owned())
            }
            None if predict.ask.is_empty() => Err("`ask` is empty".to_owned()),
            None => Ok(()),
        }
    }

    /// Tells whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.expect == Expect::default() && self.predict.is_none()
    }

    /// Returns a short hash of what has to hold and what is asked; layout and comments of the
    /// block don't matter.
    pub fn hash(&self) -> String {
        let canonical = serde_json::to_string(&(&self.expect, &self.predict))
            .expect("expectations are maps with string keys");
        crate::digest::Digest::of(canonical.as_bytes()).hex()[..6].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::image::BasePlus;
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_with_its_place() {
        let error = Check::parse("[expect.build]\ntga = \"x\"\n").unwrap_err();
        assert!(error.message.contains("tga"), "{}", error.message);
        assert_eq!(error.offset, 15);
    }

    #[test]
    fn sizes_are_written_as_docker_writes_them() {
        let check = Check::parse("[expect.build]\nsent = { max = \"1kB\" }\n").unwrap();
        let sent = check.expect.build.unwrap().sent.unwrap();
        assert_eq!(sent.max, Some(Bytes(1000)));
        assert!(Check::parse("[expect.build]\nsent = { max = \"1 pot\" }\n").is_err());
    }

    #[test]
    fn layers_are_counted_in_all_or_beyond_the_base() {
        let check = Check::parse(
            "[expect.image.a]\nlayers = 4\n[expect.image.b]\nlayers = { base_plus = 3 }\n",
        );
        let image = check.unwrap().expect.image;
        assert_eq!(image["a"].layers, Some(Layers::All(4)));
        assert_eq!(
            image["b"].layers,
            Some(Layers::BasePlus(BasePlus { base_plus: 3 }))
        );
    }

    #[test]
    fn only_a_choice_has_a_key() {
        let text = "[predict]\nkind = \"cache\"\nask = [\"RUN a\"]\nby = \"build .\"\nanswer = 1\n";
        assert!(
            Check::parse(text)
                .unwrap_err()
                .message
                .contains("only a choice")
        );
    }

    #[test]
    fn the_hash_ignores_layout_and_sees_expectations() {
        let one = Check::parse("[expect]\nexit = 0\n").unwrap();
        let same = Check::parse("# said twice\n[expect]\nexit   =   0\n").unwrap();
        let other = Check::parse("[expect]\nexit = 1\n").unwrap();
        assert_eq!(one.hash(), same.hash());
        assert_ne!(one.hash(), other.hash());
    }
}
