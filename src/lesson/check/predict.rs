//! What the learner is asked before it happens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the learner is asked before it happens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Predict {
    /// What kind of question.
    pub kind: PredictKind,
    /// What is asked about: instructions (`cache`), image names (`layers`, `size-order`).
    #[serde(default)]
    pub ask: Vec<String>,
    /// The line that brings the real result.
    pub by: Option<String>,
    /// For `choice`: a short name for each answer; the step's text lists them, as prose is what
    /// is translated.
    #[serde(default)]
    pub choices: Vec<String>,
    /// For `choice`: the right one, from 1. The other kinds have no key to keep.
    pub answer: Option<usize>,
    /// The real result, for the lesson's test only.
    #[serde(default)]
    pub pinned: BTreeMap<String, Pinned>,
}

/// What kind of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PredictKind {
    /// HIT or MISS, for each instruction.
    Cache,
    /// How many layers each image will have beyond its base.
    Layers,
    /// Which image is the smallest, and so on.
    SizeOrder,
    /// One of several answers.
    Choice,
}

/// A pinned result: a word or a number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Pinned {
    /// `hit`, `miss`.
    Word(String),
    /// A number of layers, or a place in an order.
    Number(u64),
}

impl Pinned {
    /// Returns it as the words that predictions are made of.
    pub fn text(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}
