//! What is said of files that changed while nobody typed.

use super::folder::Snapshot;
use super::sentences;
use crate::build::{BuildReport, StepState};
use crate::lesson::Bilingual;

/// Says which file changed and which step of the next build would MISS for it; none where all
/// content is the same.
pub fn told_of_change(
    before: &Snapshot,
    now: &Snapshot,
    forecast: Option<&BuildReport>,
) -> Option<Bilingual> {
    let changed = before.changed(now);
    let path = changed.first()?;
    let steps = forecast.iter().flat_map(|report| &report.steps);
    let miss = steps
        .filter(|step| step.state == StepState::Miss)
        .map(|step| step.number.to_string())
        .next();
    Some(Bilingual::of(|language| match &miss {
        Some(step) => sentences::watch_miss(language, path, step),
        None => sentences::watch_changed(language, path),
    }))
}
