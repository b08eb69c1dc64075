//! Is the step done? Every expectation of the check block becomes one named fact.
//!
//! `command` looks at what was typed, `build` at steps and the draft, `image` and `container` at
//! what there is, `folder` at the learner's files and servers. `sheet` collects the facts, a
//! `subject` names those about one thing.

mod build;
mod command;
mod container;
mod folder;
mod image;
mod sheet;
mod subject;

use super::condition::{Condition, Value};
use super::{Evidence, FactResult, LineKind, Notice, Step, Wrong, sentences};

pub(super) use build::cache_word;
pub use build::find_step;
use sheet::Sheet;

/// Judges every expectation of a step, in the order of the tables of lesson-format.
pub fn evaluate(step: &Step, evidence: &dyn Evidence) -> Vec<FactResult> {
    let mut sheet = Sheet::new(evidence);
    if let Some(predict) = &step.check.predict {
        let by = predict.by.clone().unwrap_or_default();
        let done = evidence.scored();
        sheet.judge("predict", done, ("an answer", ""), |language, ok| {
            if ok {
                sentences::predicted(language)
            } else {
                sentences::not_predicted(language, &by)
            }
        });
    }
    let expect = &step.check.expect;
    command::judge(expect, &mut sheet);
    build::judge(expect, &mut sheet);
    for (name, expected) in &expect.image {
        image::judge(name, expected, &mut sheet);
    }
    for (name, expected) in &expect.container {
        container::judge(name, expected, &mut sheet);
    }
    for (path, expected) in &expect.file {
        folder::judge(path, expected, step, &mut sheet);
    }
    if let Some(expected) = &expect.http {
        folder::judge_http(expected, &mut sheet);
    }
    sheet.facts
}

/// Tells whether a name in `fails` stands for a fact: the fact itself, or a part it is below.
pub fn matches_name(fact: &str, prefix: &str) -> bool {
    fact.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Returns the first known mistake whose facts all failed and whose condition holds.
///
/// A name that stands for several facts has failed when one of them did. A mistake that is made
/// by building can only have been made where something was built, from the files as they are now;
/// one whose condition asks for `build.refused`, where a build was not even begun.
pub fn wrong_case<'a>(
    step: &'a Step,
    facts: &[FactResult],
    evidence: &dyn Evidence,
) -> Option<&'a Wrong> {
    let failed = |name: &String| facts.iter().any(|f| !f.ok && matches_name(&f.name, name));
    let cases = &step.check.wrong;
    cases.iter().find(|wrong| {
        let condition = wrong.condition.as_deref();
        wrong.fails.iter().all(failed)
            && (!is_made_by_building(wrong)
                || evidence.build_is_current()
                || condition.is_some_and(|text| text.contains("build.refused")))
            && condition.is_none_or(|text| holds(text, facts, evidence))
    })
}

fn is_made_by_building(wrong: &Wrong) -> bool {
    let mut lines = wrong.lines.iter().map(|line| LineKind::parse(line));
    lines.any(|line| matches!(line, Ok(LineKind::Verb { verb, .. }) if verb == "build"))
}

/// Tells whether a condition holds. One that can't be read never does; the linter reports it.
fn holds(condition: &str, facts: &[FactResult], evidence: &dyn Evidence) -> bool {
    let lookup = |value: &Value| lookup(value, facts, evidence);
    Condition::parse(condition).is_ok_and(|condition| condition.holds(&lookup))
}

/// Returns the remarks whose conditions hold.
pub fn notices<'a>(
    step: &'a Step,
    facts: &[FactResult],
    evidence: &dyn Evidence,
) -> Vec<&'a Notice> {
    let fits = |notice: &&Notice| holds(&notice.condition, facts, evidence);
    step.check.notice.iter().filter(fits).collect()
}

fn lookup(value: &Value, facts: &[FactResult], evidence: &dyn Evidence) -> Option<String> {
    match value {
        Value::Literal(text) => Some(text.clone()),
        Value::Predicted(item) => evidence.predicted(item),
        Value::Fact(parts) => {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            match parts.as_slice() {
                ["step", step, what] => build::about_step(evidence, step, what),
                ["build", "failed_at"] => {
                    let failed = evidence.last_build()?.failed()?;
                    Some(failed.number.to_string())
                }
                ["build", "tag"] => build::first_tag(evidence),
                ["build", "refused"] => command::refused_build(evidence),
                ["built", path] => image::is_in_build(evidence, path),
                ["exit"] => Some(evidence.last_command(None)?.exit.to_string()),
                ["command"] => Some(evidence.last_command(None)?.verb.clone()),
                _ => {
                    let name = parts.join(".");
                    let fact = facts.iter().find(|fact| fact.name == name)?;
                    Some(fact.got.clone())
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::StepState;
    use crate::lesson::scene::{Scene, missed, step, step_with};
    use crate::plan::MissReason;

    fn built() -> Scene {
        Scene::default().built(vec![
            step(1, "FROM practice-node", StepState::Base),
            step(2, "WORKDIR /app", StepState::Hit),
            missed(3, "COPY . /app", MissReason::NeverBuilt),
            missed(4, "RUN npm install", MissReason::ParentChanged { step: 3 }),
        ])
    }

    const CACHE: &str = "[[expect.step]]\nis = \"RUN npm install\"\ncache = \"hit\"\n";

    #[test]
    fn a_failed_fact_has_a_name_and_says_what_is_the_case() {
        let facts = evaluate(&step_with(CACHE), &built());
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].name, "step.RUN npm install.cache");
        assert_eq!(
            (facts[0].expected.as_str(), facts[0].got.as_str()),
            ("hit", "miss")
        );
        assert_eq!(
            facts[0].sentence.en,
            "RUN npm install must be reused, but it ran (step 3 changed)"
        );
        assert_eq!(
            facts[0].sentence.ko,
            "RUN npm install: 재사용되어야 하는데 다시 실행되었습니다 (3단계가 바뀌어 실행됨)"
        );
    }

    #[test]
    fn a_prefix_stands_for_the_facts_below_it_and_no_others() {
        assert!(matches_name("step.RUN a.cache", "step.RUN a"));
        assert!(matches_name("step.RUN a", "step.RUN a"));
        assert!(!matches_name("step.RUN ab.cache", "step.RUN a"));
    }

    #[test]
    fn the_first_wrong_case_that_fits_is_chosen() {
        let text = format!(
            "{CACHE}[[wrong]]\nname = \"other\"\nfails = [\"step.RUN npm install\", \"exit\"]\n\
             [[wrong]]\nname = \"between\"\nfails = [\"step.RUN npm install.cache\"]\n"
        );
        let step = step_with(&text);
        let facts = evaluate(&step, &built());
        assert_eq!(
            wrong_case(&step, &facts, &built()).map(Wrong::says),
            Some("between")
        );
    }

    #[test]
    fn a_condition_tells_mistakes_apart_that_fail_alike() {
        let text = format!(
            "{CACHE}[[wrong]]\nname = \"cold\"\nfails = [\"step.RUN npm install\"]\nif = \"step.3.text == 'RUN npm install'\"\n\
             [[wrong]]\nname = \"between\"\nfails = [\"step.RUN npm install\"]\nif = \"step.3.text == 'COPY . /app'\"\n"
        );
        let step = step_with(&text);
        let facts = evaluate(&step, &built());
        assert_eq!(
            wrong_case(&step, &facts, &built()).map(Wrong::says),
            Some("between")
        );
    }

    #[test]
    fn a_mistake_made_by_building_needs_a_build_of_the_files_as_they_are() {
        let text = format!(
            "{CACHE}[[wrong]]\nname = \"cold\"\ndo = [\"docker build .\"]\nfails = [\"step.RUN npm install\"]\n"
        );
        let step = step_with(&text);
        let chosen = |scene: &Scene| {
            let facts = evaluate(&step, scene);
            wrong_case(&step, &facts, scene).map(Wrong::says)
        };
        assert_eq!(chosen(&built()), Some("cold"));
        assert_eq!(chosen(&built().edited()), None);
        assert_eq!(chosen(&Scene::default()), None);
    }

    #[test]
    fn a_refused_build_is_a_mistake_that_can_be_named() {
        let text = format!(
            "{CACHE}[[wrong]]\nname = \"glued\"\ndo = [\"docker build -t a.\"]\nfails = [\"step.RUN npm install\"]\nif = \"build.refused == 'yes'\"\n"
        );
        let step = step_with(&text);
        let chosen = |scene: &Scene| {
            let facts = evaluate(&step, scene);
            wrong_case(&step, &facts, scene).map(Wrong::says)
        };
        let refused = crate::lesson::Outcome {
            exit: 1,
            ..crate::lesson::Outcome::done("build")
        };
        assert_eq!(chosen(&Scene::default().typed(refused)), Some("glued"));
        assert_eq!(chosen(&built().edited()), None);
        assert_eq!(chosen(&Scene::default()), None);
    }

    #[test]
    fn a_condition_asks_what_the_last_build_was_called_and_has_in_it() {
        let text = "[[notice]]\nif = \"build.tag == 'shop:3' and built.'/app/x' == 'there'\"\nsays = \"there\"\n\
             [[notice]]\nif = \"built.'/app/y' == 'absent'\"\nsays = \"absent\"\n";
        let said = |scene: &Scene| -> Vec<String> {
            let step = step_with(text);
            let said = notices(&step, &[], scene);
            said.iter().map(|notice| notice.says.clone()).collect()
        };
        let named = built().tagged(&["docker.io/library/shop:3"]);
        assert_eq!(said(&named), [] as [&str; 0], "the image is gone");
        let kept = named
            .with_image("shop:3", crate::lesson::ImageFacts::default())
            .with_image_file("shop:3", "/app/x", crate::lesson::FileFacts::default());
        assert_eq!(said(&kept), ["there", "absent"]);
    }

    #[test]
    fn a_notice_asks_facts_and_predictions() {
        let step = step_with(
            "[[notice]]\nif = \"step.4.cause == 'parent:3' and predicted('RUN npm install') == 'hit'\"\nsays = \"a\"\n\
             [[notice]]\nif = \"step.4.cache == 'hit'\"\nsays = \"b\"\n",
        );
        let scene = built().predicting("RUN npm install", "hit");
        let said: Vec<_> = notices(&step, &[], &scene)
            .iter()
            .map(|n| n.says.as_str())
            .collect();
        assert_eq!(said, ["a"]);
    }

    #[test]
    fn an_unanswered_question_keeps_a_step_open() {
        let text = "[predict]\nkind = \"cache\"\nask = [\"RUN npm install\"]\nby = \"build .\"\n";
        let facts = evaluate(&step_with(text), &built());
        assert_eq!((facts[0].name.as_str(), facts[0].ok), ("predict", false));
    }
}
