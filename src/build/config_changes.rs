//! `--change` of `commit` and `import`: instructions that change only settings, applied to an image.

use super::settings;
use super::stage::base_info;
use crate::language::Language;
use crate::layers::Image;
use crate::parser;
use crate::plan::{self, LayerStep, PlanFailure, PlanOptions, StepKind};
use crate::source::Source;

/// docker takes these.
const WORDS: [&str; 11] = [
    "CMD",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "HEALTHCHECK",
    "LABEL",
    "ONBUILD",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

crate::messages! {
    not_a_change(word: &str) {
        en: "{word} is not a valid change command",
        ko: "--change에 쓸 수 없는 명령입니다(not a valid change command): {word}",
    }
}

/// Applies instructions to an image's config. What is wrong with one is said in a sentence.
pub fn apply_changes(
    image: &mut Image,
    changes: &[String],
    language: Language,
) -> Result<(), String> {
    let mut cmd_set = false;
    for change in changes {
        let word = change.split_whitespace().next().unwrap_or_default();
        if !WORDS.contains(&word.to_uppercase().as_str()) {
            return Err(not_a_change(language, word));
        }
        // One by one, each sees what those before it set.
        let source = Source::new("--change".to_owned(), format!("FROM image\n{change}\n"));
        let file = parser::parse(&source).map_err(|errors| {
            let first = errors.first().map(|error| error.kind.message(language));
            first.unwrap_or_default()
        })?;
        let info = base_info(image);
        let mut base = |_: &_| Ok::<_, std::convert::Infallible>(info.clone());
        let planned = plan::plan(&file, &PlanOptions::default(), &mut base);
        let planned = planned.map_err(|failure| match failure {
            PlanFailure::Dockerfile(error) => error.kind.message(language),
            PlanFailure::Base { error, .. } => match error {},
        })?;
        // The first is FROM.
        for step in planned.steps.iter().skip(1) {
            match &step.kind {
                StepKind::Config(change) => {
                    settings::apply(change, &mut image.config, &mut cmd_set);
                }
                StepKind::Layer(LayerStep::Workdir(workdir)) => {
                    image.config.config.working_dir.clone_from(&workdir.path);
                }
                // Triggers of the image itself fire for its children, not here.
                _ => {}
            }
        }
    }
    Ok(())
}
