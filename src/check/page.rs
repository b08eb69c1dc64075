//! The rule pages: why a build check is there, how not to write it, and how to. They are the files
//! of `docs/rules/`, read here as they are.

use super::rule::Rule;
use crate::language::Language;

/// A rule's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The rule.
    pub rule: Rule,
    english: &'static str,
    korean: &'static str,
    /// A Dockerfile at which the check fires.
    pub bad: &'static str,
    /// The same without the mistake.
    pub good: &'static str,
    /// The ignore file of both, where it matters.
    pub ignore: Option<&'static str>,
}

impl Page {
    /// Returns why the check is there: a paragraph, in Markdown.
    pub fn why(&self, language: Language) -> &'static str {
        match language {
            Language::En => self.english,
            Language::Ko => self.korean,
        }
    }
}

/// Returns a rule's page.
pub fn page(rule: Rule) -> Page {
    let mut sections = text(rule).split("\n## ");
    let mut section = || sections.next().unwrap_or_default();
    let (english, korean, bad, good) = (section(), section(), section(), section());
    Page {
        rule,
        english: below_heading(english),
        korean: below_heading(korean),
        bad: block(bad, "dockerfile").unwrap_or_default(),
        good: block(good, "dockerfile").unwrap_or_default(),
        ignore: block(bad, "dockerignore"),
    }
}

fn below_heading(section: &str) -> &str {
    section.split_once('\n').map_or("", |(_, text)| text.trim())
}

/// Returns what stands in a fence of a kind, its last line end included.
fn block<'a>(section: &'a str, kind: &str) -> Option<&'a str> {
    let (_, rest) = section.split_once(&format!("```{kind}\n"))?;
    rest.split_once("```").map(|(text, _)| text)
}

fn text(rule: Rule) -> &'static str {
    match rule {
        Rule::ConsistentInstructionCasing => {
            include_str!("../../docs/rules/ConsistentInstructionCasing.md")
        }
        Rule::CopyIgnoredFile => include_str!("../../docs/rules/CopyIgnoredFile.md"),
        Rule::DuplicateStageName => include_str!("../../docs/rules/DuplicateStageName.md"),
        Rule::ExposeInvalidFormat => include_str!("../../docs/rules/ExposeInvalidFormat.md"),
        Rule::ExposeProtoCasing => include_str!("../../docs/rules/ExposeProtoCasing.md"),
        Rule::FromAsCasing => include_str!("../../docs/rules/FromAsCasing.md"),
        Rule::FromPlatformFlagConstDisallowed => {
            include_str!("../../docs/rules/FromPlatformFlagConstDisallowed.md")
        }
        Rule::InvalidBaseImagePlatform => {
            include_str!("../../docs/rules/InvalidBaseImagePlatform.md")
        }
        Rule::InvalidDefaultArgInFrom => {
            include_str!("../../docs/rules/InvalidDefaultArgInFrom.md")
        }
        Rule::InvalidDefinitionDescription => {
            include_str!("../../docs/rules/InvalidDefinitionDescription.md")
        }
        Rule::JsonArgsRecommended => include_str!("../../docs/rules/JSONArgsRecommended.md"),
        Rule::LegacyKeyValueFormat => include_str!("../../docs/rules/LegacyKeyValueFormat.md"),
        Rule::MaintainerDeprecated => include_str!("../../docs/rules/MaintainerDeprecated.md"),
        Rule::MultipleInstructionsDisallowed => {
            include_str!("../../docs/rules/MultipleInstructionsDisallowed.md")
        }
        Rule::NoEmptyContinuation => include_str!("../../docs/rules/NoEmptyContinuation.md"),
        Rule::RedundantTargetPlatform => {
            include_str!("../../docs/rules/RedundantTargetPlatform.md")
        }
        Rule::ReservedStageName => include_str!("../../docs/rules/ReservedStageName.md"),
        Rule::SecretsUsedInArgOrEnv => include_str!("../../docs/rules/SecretsUsedInArgOrEnv.md"),
        Rule::StageNameCasing => include_str!("../../docs/rules/StageNameCasing.md"),
        Rule::UndefinedArgInFrom => include_str!("../../docs/rules/UndefinedArgInFrom.md"),
        Rule::UndefinedVar => include_str!("../../docs/rules/UndefinedVar.md"),
        Rule::WorkdirRelativePath => include_str!("../../docs/rules/WorkdirRelativePath.md"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{KnownImage, Request, World, check};
    use crate::diagnostic::Severity;
    use crate::digest::{Digest, ImageId};
    use crate::plan::BaseInfo;
    use crate::reference::ImageReference;
    use crate::source::Source;

    fn image(reference: &ImageReference) -> Option<KnownImage> {
        (reference.name() == "image-for-s390x").then(|| KnownImage {
            info: BaseInfo {
                id: ImageId(Digest::of(b"an image")),
                env: Vec::new(),
                workdir: String::new(),
                user: String::new(),
                shell: None,
                triggers: Vec::new(),
            },
            platform: "linux/s390x".to_owned(),
        })
    }

    fn fired(text: &str, page: &Page) -> Vec<&'static str> {
        let source = Source::new("Dockerfile", text);
        let ignore = page
            .ignore
            .map(|text| (".dockerignore".to_owned(), text.to_owned()));
        let world = World {
            image: &image,
            ignore,
        };
        let report = check(&source, &Request::default(), &world);
        let of = |severity| {
            report
                .of(severity)
                .map(|it| it.what.id())
                .collect::<Vec<_>>()
        };
        of(Severity::Warning)
    }

    #[test]
    fn a_bad_example_fires_its_rule_and_a_good_one_none() {
        for rule in Rule::ALL {
            let page = page(rule);
            let found = fired(page.bad, &page);
            assert!(found.contains(&rule.name()), "{}: {found:?}", rule.name());
            assert_eq!(fired(page.good, &page), [""; 0], "{}", rule.name());
        }
    }

    #[test]
    fn a_page_has_a_reason_in_both_languages() {
        for rule in Rule::ALL {
            let page = page(rule);
            let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
            assert!(
                page.english.len() > 40 && !hangul(page.english),
                "{}",
                rule.name()
            );
            assert!(
                page.korean.len() > 40 && hangul(page.korean),
                "{}",
                rule.name()
            );
        }
    }
}
