//! What a build would do, said without doing it.
//!
//! The forecast walks the plan as the build does and asks the same `verdict`. Where it would need
//! the result of a step that has yet to run, it says so instead of guessing.

use std::cell::Cell;
use std::collections::HashMap;

use super::ingredients::{FileIngredient, Ingredients, KeySink};
use super::record::{CacheRecord, CacheRecords};
use super::step::{CopyFrom, CopyStep, LayerStep, Plan, Step, StepKind, StepNumber};
use super::verdict::{Question, Verdict, verdict};
use crate::digest::{CacheKey, DiffId};

/// Where a forecast finds out what a COPY would take, beside the cache itself.
pub trait World: CacheRecords {
    /// What goes wrong while looking at files.
    type Error;

    /// Returns the files a COPY takes from the context.
    fn context_files(&mut self, copy: &CopyStep) -> Result<Vec<FileIngredient>, Self::Error>;

    /// Returns the files a COPY takes from finished layers, base first.
    fn layer_files(
        &mut self,
        layers: &[DiffId],
        copy: &CopyStep,
    ) -> Result<Vec<FileIngredient>, Self::Error>;
}

/// A stage as far as it is known: the key of its last step, and its layers.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The key of the last step; none where it depends on a step that has to run first.
    pub key: Option<CacheKey>,
    /// The last step that made a layer, or the FROM.
    pub parent: StepNumber,
    /// Whether that is a FROM.
    pub parent_is_base: bool,
    /// Whether that was reused as it was.
    parent_reused: bool,
    /// Whether the step judged last is reused: what `advance` makes the parent of the next one.
    judged_reused: Cell<bool>,
    /// The layers, base first; none once a step has to run.
    pub layers: Option<Vec<DiffId>>,
    /// The step that has to run before anything can be said of the next one, once the key is none.
    pub until: Option<StepNumber>,
}

/// What was found out about one layer step.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its key; none for `Unknown`.
    pub key: Option<CacheKey>,
    /// Whether it is reused, and why not.
    pub verdict: Verdict,
    /// The record that fits, for a hit.
    pub record: Option<CacheRecord>,
}

impl Chain {
    /// Starts a chain at a base image.
    pub fn new(key: CacheKey, from: StepNumber, layers: Vec<DiffId>) -> Self {
        Self {
            key: Some(key),
            parent: from,
            parent_is_base: true,
            parent_reused: false,
            judged_reused: Cell::new(false),
            layers: Some(layers),
            until: None,
        }
    }

    /// Asks the cache about the next step, given the files it copies.
    pub fn judge(
        &self,
        step: &Step,
        layer: &LayerStep,
        files: &[FileIngredient],
        cache: bool,
        records: &dyn CacheRecords,
    ) -> Judged {
        let Some(parent) = self.key else {
            return Judged::unknown(self.until.unwrap_or(self.parent));
        };
        let key = KeySink::key(layer, parent, files);
        let question = Question {
            step,
            key,
            ingredients: &|| Ingredients::of(layer, parent, files),
            parent: self.parent,
            parent_is_base: self.parent_is_base,
            parent_reused: self.parent_reused,
            cache,
        };
        let (verdict, record) = verdict(&question, records);
        self.judged_reused.set(verdict == Verdict::Hit);
        Judged {
            key: Some(key),
            verdict,
            record,
        }
    }

    /// Goes on to the next step. `layer` is none where the step has yet to run.
    pub fn advance(&mut self, step: StepNumber, key: Option<CacheKey>, layer: Option<DiffId>) {
        self.key = key;
        self.parent = step;
        self.parent_is_base = false;
        self.parent_reused = self.judged_reused.get();
        if let (Some(layer), Some(layers)) = (layer, &mut self.layers) {
            layers.push(layer);
        } else {
            self.layers = None;
        }
    }

    /// Goes on to the next step with what was found out about it.
    fn advance_judged(&mut self, step: StepNumber, judged: &Judged) {
        let layer = judged.record.as_ref().map(|record| record.layer);
        self.advance(step, judged.key, layer);
        if let Verdict::Unknown { until } = judged.verdict {
            self.until.get_or_insert(until);
        }
    }
}

impl Judged {
    /// Nothing can be said before a step ran.
    pub fn unknown(until: StepNumber) -> Self {
        Self {
            key: None,
            verdict: Verdict::Unknown { until },
            record: None,
        }
    }
}

/// Predicts every layer step of the needed stages. `start` gives the chain of a FROM on an image
/// or on nothing; `cache` is false for `--no-cache`.
pub fn forecast<W: World>(
    plan: &Plan,
    cache: bool,
    start: &dyn Fn(&Step) -> Chain,
    world: &mut W,
) -> Result<Vec<(StepNumber, Judged)>, W::Error> {
    let mut chains: HashMap<usize, Chain> = HashMap::new();
    let mut judged = Vec::new();
    for step in &plan.steps {
        let Some(stage) = step.stage else { continue };
        match &step.kind {
            StepKind::From(base) => {
                let chain = match base {
                    super::step::Base::Stage(below) => chains[below].clone(),
                    _ => start(step),
                };
                chains.insert(stage, chain);
            }
            StepKind::Layer(layer) => {
                let answer = predict(step, layer, cache, &chains, world)?;
                let chain = chains
                    .get_mut(&stage)
                    .expect("FROM comes before the stage's steps");
                chain.advance_judged(step.number, &answer);
                judged.push((step.number, answer));
            }
            _ => {}
        }
    }
    Ok(judged)
}

fn predict<W: World>(
    step: &Step,
    layer: &LayerStep,
    cache: bool,
    chains: &HashMap<usize, Chain>,
    world: &mut W,
) -> Result<Judged, W::Error> {
    let chain = &chains[&step.stage.unwrap_or_default()];
    let files = match layer {
        LayerStep::Copy(copy) => match &copy.from {
            CopyFrom::Context => world.context_files(copy)?,
            CopyFrom::Stage(source) => {
                if let Some(layers) = &chains[source].layers {
                    world.layer_files(layers, copy)?
                } else {
                    // What a stage holds is known once its last layer is made.
                    return Ok(Judged::unknown(chains[source].parent));
                }
            }
            CopyFrom::Image(_) => world.layer_files(&[], copy)?,
        },
        _ => Vec::new(),
    };
    Ok(chain.judge(step, layer, &files, cache, world))
}
