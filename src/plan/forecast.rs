//! What a build would do, said without doing it.
//!
//! The forecast walks the plan as the build does and asks the same `verdict`. Where it would need
//! the result of a step that has yet to run, it says so instead of guessing.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::ingredients::{FileIngredient, Ingredients, KeySink, Parent};
use super::mount::{RunMount, Shown};
use super::record::{CacheRecord, CacheRecords};
use super::step::{CopyFrom, CopyStep, LayerStep, Plan, Step, StepId, StepKind, StepNumber};
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
    /// The `--link` steps since then.
    pub linked: Vec<(StepNumber, CacheKey)>,
    /// The last step that made a layer, or the FROM.
    pub parent: StepNumber,
    /// Whether that is a FROM.
    pub parent_is_base: bool,
    /// Its text, if it made a layer.
    parent_text: Option<String>,
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
            linked: Vec::new(),
            parent: from,
            parent_is_base: true,
            parent_text: None,
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
        // A linked layer does not depend on what is below, known or not.
        let parent = if layer.is_linked() {
            Some(Parent::nothing())
        } else {
            self.below()
        };
        let Some(parent) = parent else {
            return Judged::unknown(self.until.unwrap_or(self.parent));
        };
        let key = KeySink::key(layer, &parent, files);
        let question = Question {
            step,
            key,
            ingredients: &|| Ingredients::of(layer, &parent, files),
            linked: &parent.linked,
            parent: self.parent,
            parent_is_base: self.parent_is_base,
            parent_text: self.parent_text.as_deref(),
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

    /// Returns what the key of the next step depends on; none where a step has to run first.
    pub fn below(&self) -> Option<Parent> {
        Some(Parent {
            key: self.key?,
            linked: self.linked.clone(),
        })
    }

    /// Goes on to the next step. `layer` is none where the step has yet to run.
    pub fn advance(
        &mut self,
        step: &Step,
        made: &LayerStep,
        key: Option<CacheKey>,
        layer: Option<DiffId>,
    ) {
        match key {
            Some(key) if made.is_linked() => self.linked.push((step.number, key)),
            _ => {
                self.key = key;
                self.linked.clear();
                self.parent = step.number;
                self.parent_is_base = false;
                self.parent_text = Some(step.text.clone());
                self.parent_reused = self.judged_reused.get();
            }
        }
        if let (Some(layer), Some(layers)) = (layer, &mut self.layers) {
            layers.push(layer);
        } else {
            self.layers = None;
        }
    }

    /// Goes on to the next step with what was found out about it.
    fn advance_judged(&mut self, step: &Step, made: &LayerStep, judged: &Judged) {
        let layer = judged.record.as_ref().map(|record| record.layer);
        self.advance(step, made, judged.key, layer);
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
/// or on nothing; `cache` says whether a step may be reused.
pub fn forecast<W: World>(
    plan: &Plan,
    cache: &dyn Fn(&Step) -> bool,
    start: &dyn Fn(&Step) -> Chain,
    world: &mut W,
) -> Result<Vec<(StepId, Judged)>, W::Error> {
    let mut chains: HashMap<usize, Chain> = HashMap::new();
    let mut judged = Vec::new();
    let mut asked_before = HashSet::new();
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
                let mut answer = predict(step, layer, cache(step), &chains, world)?;
                let chain = chains
                    .get_mut(&stage)
                    .expect("FROM comes before the stage's steps");
                // A step that asks for the same as an earlier one finds what that one made.
                let is_new = answer.key.is_none_or(|key| asked_before.insert(key));
                if !is_new && cache(step) {
                    answer.verdict = Verdict::Hit;
                    chain.judged_reused.set(true);
                }
                chain.advance_judged(step, layer, &answer);
                judged.push((step.id(), answer));
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
    let mut files = Vec::new();
    for asked in asked_files(layer) {
        match files_of(&asked.copy, chains, world)? {
            Ok(found) => files.extend(asked.named(found)),
            Err(until) => return Ok(Judged::unknown(until)),
        }
    }
    Ok(chain.judge(step, layer, &files, cache, world))
}

/// Files whose content counts for a step's key.
pub struct Asked<'a> {
    /// The COPY, or one that takes what a mount shows.
    pub copy: Cow<'a, CopyStep>,
    /// The mount's part.
    pub shown: Option<&'a Shown>,
}

impl Asked<'_> {
    /// Names the files that were found as the key and its explanation call them.
    pub fn named(&self, files: Vec<FileIngredient>) -> Vec<FileIngredient> {
        match self.shown {
            Some(shown) => shown.labelled(files),
            None => files,
        }
    }
}

/// Returns which files count for a step's key, in the order of the walk over its ingredients.
pub fn asked_files(layer: &LayerStep) -> Vec<Asked<'_>> {
    match layer {
        LayerStep::Copy(copy) => vec![Asked {
            copy: Cow::Borrowed(copy),
            shown: None,
        }],
        LayerStep::Run(run) => {
            let shown = run.mounts.iter().filter_map(RunMount::shown);
            let asked = shown.map(|shown| Asked {
                copy: Cow::Owned(shown.copy()),
                shown: Some(shown),
            });
            asked.collect()
        }
        LayerStep::Workdir(_) => Vec::new(),
    }
}

/// Returns the files a COPY takes, or the step that has to run before that can be said.
fn files_of<W: World>(
    copy: &CopyStep,
    chains: &HashMap<usize, Chain>,
    world: &mut W,
) -> Result<Result<Vec<FileIngredient>, StepNumber>, W::Error> {
    Ok(Ok(match &copy.from {
        CopyFrom::Context | CopyFrom::Folder(_) => world.context_files(copy)?,
        CopyFrom::Image(_) => world.layer_files(&[], copy)?,
        CopyFrom::Stage(source) => match &chains[source].layers {
            Some(layers) => world.layer_files(layers, copy)?,
            // What a stage holds is known once its last layer is made.
            None => return Ok(Err(chains[source].parent)),
        },
    }))
}
