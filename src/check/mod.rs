//! Judges a whole Dockerfile without building it: every mistake at once, BuildKit's build checks
//! as warnings, and notes on what is allowed but hardly meant.
//!
//! Mistakes are the parser's and the plan's own: nothing is judged twice. What is new here are the
//! checks, one file of [`rules`] for each family, and each check a small function.
//!
//! | file | what |
//! |---|---|
//! | [`finding`] | one thing found: what, where, how bad |
//! | [`rule`], `remark`, `advice` | the build checks, their sentences, what to type instead |
//! | [`note`] | remarks of strata's own, which count for nothing |
//! | [`mod@settings`] | `# check=`, `--skip`, `--error` |
//! | `judge` | gathers findings; knows which rules are silenced where |
//! | [`rules`] | the checks themselves |
//! | [`page`] | the rule pages of `check --explain` |
//! | [`json`], [`sarif`], [`github`] | the same for machines |

mod advice;
pub mod finding;
pub mod github;
pub mod json;
mod judge;
pub mod note;
pub mod page;
mod remark;
pub mod rule;
pub mod rules;
pub mod sarif;
pub mod settings;

pub use finding::{Finding, What};
pub use remark::Remark;
pub use rule::Rule;
pub use settings::{OptionError, Settings};

use judge::Judge;

use crate::diagnostic::Severity;
use crate::parser::word::WordError;
use crate::parser::{self, Dockerfile, Instruction, ParseError};
use crate::plan::ignore::Ignore;
use crate::plan::{BaseInfo, PlanError, PlanErrorKind, PlanOptions, survey};
use crate::reference::ImageReference;
use crate::source::{Source, Span};

/// What a check is asked for beside the Dockerfile.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Target and build arguments.
    pub plan: PlanOptions,
    /// What the command line says about rules; added to what the file says.
    pub settings: Settings,
}

/// What a check can find out about the world.
pub struct World<'a> {
    /// Knows the images that are at hand without asking a registry.
    pub image: &'a dyn Fn(&ImageReference) -> Option<KnownImage>,
    /// The ignore file of the build context: its name and its text.
    pub ignore: Option<(String, String)>,
}

/// An image that is at hand.
#[derive(Debug, Clone)]
pub struct KnownImage {
    /// What planning has to know of it.
    pub info: BaseInfo,
    /// What it was made for: `linux/amd64`.
    pub platform: String,
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In the order of the file.
    pub findings: Vec<Finding>,
    /// Warnings count as errors; the line of the directive that says so, 1 for an option.
    pub strict: Option<usize>,
}

impl Report {
    /// Makes the report of a file that is no text.
    pub fn refused(source: &Source, error: ParseError) -> Self {
        Self {
            findings: vec![parse_finding(source, error)],
            strict: None,
        }
    }

    /// Returns the findings of one severity.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        let of = move |it: &&Finding| it.what.severity() == severity;
        self.findings.iter().filter(of)
    }

    /// Returns how many findings of one severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.of(severity).count()
    }

    /// Tells whether the file is refused.
    pub fn fails(&self) -> bool {
        self.count(Severity::Error) > 0 || self.is_strictly_wrong()
    }

    /// Tells whether there are warnings, and they count as errors.
    pub fn is_strictly_wrong(&self) -> bool {
        self.strict.is_some() && self.count(Severity::Warning) > 0
    }
}

/// The build argument that BuildKit takes check settings from.
pub const ARGUMENT: &str = "BUILDKIT_DOCKERFILE_CHECK";

/// Checks a Dockerfile.
///
/// ```
/// use strata::check::{Request, World, check};
/// use strata::diagnostic::Severity;
/// use strata::source::Source;
///
/// let source = Source::new("Dockerfile", "FROM scratch AS Base\nCOPY --form=x a b\n");
/// let world = World { image: &|_| None, ignore: None };
/// let report = check(&source, &Request::default(), &world);
/// assert_eq!(report.count(Severity::Error), 1);
/// assert_eq!(report.of(Severity::Warning).next().unwrap().what.id(), "StageNameCasing");
/// ```
pub fn check(source: &Source, request: &Request, world: &World<'_>) -> Report {
    let (file, errors) = parser::parse_all(source);
    let mut judge = Judge::new(source, &file);
    judge.settings = settings(&mut judge, request);
    let is_whole = !errors.iter().any(|error| hides_more(source, error));
    judge
        .findings
        .extend(errors.into_iter().map(|it| parse_finding(source, it)));
    rules::text(&mut judge);
    if is_whole {
        with_meaning(&mut judge, request, world);
    }
    let strict = judge.settings.error.then(|| directive_line(&file));
    let mut findings = judge.findings;
    findings.sort_by_key(|finding| (finding.line, finding.span));
    Report { findings, strict }
}

/// Judges what instructions mean together, and what they see of each other.
fn with_meaning(judge: &mut Judge<'_>, request: &Request, world: &World<'_>) {
    let file = judge.file;
    let ignored = ignore(judge, world);
    let base = |reference: &ImageReference| (world.image)(reference).map(|it| it.info);
    let survey = survey(file, &request.plan, &base, &mut |place| {
        rules::place(judge, &ignored, place);
    });
    // The parser has told of instructions before the first FROM.
    let is_told = |kind: &PlanErrorKind| match kind {
        PlanErrorKind::BeforeFrom { .. } => true,
        PlanErrorKind::NoStage => judge.findings.iter().any(|it| it.what.id() == kind.name()),
        _ => false,
    };
    let errors: Vec<_> = survey
        .errors
        .iter()
        .filter(|(_, error)| !is_told(&error.kind))
        .filter(|(index, error)| !index.is_some_and(|index| hangs_on_child(judge, index, error)))
        .cloned()
        .collect();
    for (index, error) in errors {
        judge.refuse(index, error);
    }
    rules::stages(judge, &survey, world);
}

/// Tells whether a mistake in an ONBUILD is one only if a variable, whose value is known where somebody
/// builds on it, has none.
fn hangs_on_child(judge: &Judge<'_>, index: usize, error: &PlanError) -> bool {
    let is_trigger = matches!(
        judge.file.instructions[index].value,
        Instruction::Onbuild(_)
    );
    let whatever_the_value = match &error.kind {
        PlanErrorKind::Word(word) => !matches!(word, WordError::Required { .. }),
        PlanErrorKind::VariableInFrom => true,
        _ => false,
    };
    is_trigger && !whatever_the_value && judge.source.slice(error.span).contains('$')
}

/// Joins what the file, the build arguments and the command line say about rules.
fn settings(judge: &mut Judge<'_>, request: &Request) -> Settings {
    let mut settings = request.settings.clone();
    let named = request.plan.build_args.iter();
    let argument = named.rev().find(|(name, _)| name == ARGUMENT);
    let directive = judge.file.directives.iter().find(|it| it.name == "check");
    let (text, span) = match (argument, directive) {
        // As in BuildKit, the argument takes the place of the directive.
        (Some((_, value)), _) => (value.as_str(), Span::default()),
        (None, Some(directive)) => (directive.value.text.as_str(), directive.value.span),
        (None, None) => return settings,
    };
    match Settings::parse(text) {
        Ok(more) => {
            for name in more.unknown() {
                judge.unknown_rule(name, span);
            }
            settings.add(&more);
        }
        Err(error) => judge.push(What::Option(error), span, None),
    }
    settings
}

fn directive_line(file: &Dockerfile) -> usize {
    let directive = file.directives.iter().find(|it| it.name == "check");
    directive.map_or(1, |directive| directive.line)
}

fn ignore(judge: &mut Judge<'_>, world: &World<'_>) -> Option<(String, Ignore)> {
    let (name, text) = world.ignore.as_ref()?;
    match Ignore::parse(text) {
        Ok(ignore) => Some((name.clone(), ignore)),
        Err(error) => {
            let name = name.clone();
            judge.push(What::Ignore { name, error }, Span::default(), None);
            None
        }
    }
}

fn parse_finding(source: &Source, error: ParseError) -> Finding {
    Finding {
        line: source.line(error.instruction.start.min(source.text().len())),
        what: What::Parse(error.kind),
        span: error.span,
        instruction: Some(error.instruction),
    }
}

/// Tells whether an instruction that could not be read leaves so much unknown that judging the
/// others would find mistakes that are none: stages and variables depend on it.
fn hides_more(source: &Source, error: &ParseError) -> bool {
    let word = source.slice(error.instruction).to_ascii_uppercase();
    let known = parser::INSTRUCTIONS.contains(&word.as_str());
    !known || matches!(word.as_str(), "FROM" | "ARG" | "ENV")
}

#[cfg(test)]
mod tests;
