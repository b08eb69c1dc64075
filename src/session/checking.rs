//! Judging a Dockerfile: what a check has to find out about the world is found here.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{BuildCall, Result, Session, read_bytes};
use crate::build::base_info;
use crate::check::{self, KnownImage, Report, Request, Settings, World};
use crate::parser;
use crate::plan::platform::Platform;
use crate::plan::scope::Scope;
use crate::plan::{PlanOptions, survey};
use crate::reference::ImageReference;
use crate::source::Source;

/// A check as a person asks for it.
#[derive(Debug, Clone, Default)]
pub struct CheckCall {
    /// The Dockerfile; `-` for standard input.
    pub file: PathBuf,
    /// What messages call it.
    pub name: String,
    /// The text, where it is not in a file: the draft.
    pub text: Option<String>,
    /// The folder to build from, whose ignore file counts; none where there is no such folder.
    pub context: Option<PathBuf>,
    /// Target, build arguments, rules.
    pub request: Request,
}

/// What was judged, and what came of it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The Dockerfile.
    pub source: Source,
    /// What was found.
    pub report: Report,
}

/// What stands in the directive of a file that may be strict: `# check=error=true`.
const STRICT: &[u8] = b"error=";

impl Session {
    /// Judges a Dockerfile. Nothing is built or fetched, and no store is made.
    pub fn check(&self, call: &CheckCall) -> Result<Checked> {
        let source = match &call.text {
            Some(text) => Source::new(call.name.as_str(), text.as_str()),
            None => {
                let bytes = read_bytes(&call.name, &call.file, self.language())?;
                match parser::decode(&call.name, bytes) {
                    Ok(source) => source,
                    Err(refused) => {
                        let report = Report::refused(&refused.source, refused.error);
                        let source = refused.source;
                        return Ok(Checked { source, report });
                    }
                }
            }
        };
        let ignore = match &call.context {
            Some(context) => self.ignore_file(Some(call.file.as_path()), context)?,
            None => None,
        };
        // A file can name one image many times.
        let known = RefCell::new(BTreeMap::new());
        let image = |reference: &ImageReference| -> Option<KnownImage> {
            let mut known = known.borrow_mut();
            let found = known.entry(reference.clone());
            found.or_insert_with(|| self.known_image(reference)).clone()
        };
        let world = World {
            image: &image,
            ignore,
        };
        let report = check::check(&source, &call.request, &world);
        Ok(Checked { source, report })
    }

    /// Returns what an instruction at the end of a Dockerfile would see, as far as the file itself and
    /// the images in the store tell it; none of a file with mistakes, or without a stage.
    pub fn scope_of(&self, text: &str) -> Option<Scope> {
        // An instruction that changes nothing is asked what it sees.
        let source = Source::new(super::DRAFT, format!("{text}\nLABEL a=b\n"));
        let file = parser::parse(&source).ok()?;
        let base = |reference: &ImageReference| self.known_image(reference).map(|it| it.info);
        let mut seen = None;
        survey(&file, &PlanOptions::default(), &base, &mut |place| {
            seen = Some(place.scope.clone());
        });
        seen
    }

    /// Judges a Dockerfile that could ask for warnings to count as errors; none for any other, which
    /// is most of them: judging takes longer than a build that has nothing to do.
    pub fn check_if_strict(&self, call: &CheckCall) -> Result<Option<Checked>> {
        let text = match &call.text {
            Some(text) => text.clone().into_bytes(),
            None => read_bytes(&call.name, &call.file, self.language())?,
        };
        let directive = text.windows(STRICT.len()).any(|part| part == STRICT);
        let argument = |(name, _): &(String, String)| name == check::ARGUMENT;
        if directive || call.request.plan.build_args.iter().any(argument) {
            return self.check(call).map(Some);
        }
        Ok(None)
    }

    /// Returns the check that goes with a build.
    pub fn check_of_build(&self, call: &BuildCall, settings: Settings) -> Result<CheckCall> {
        let context = self.context(call)?;
        let (name, file) = Self::dockerfile_path(call, &context);
        let read = call.read.as_deref();
        let text = read.map(|read| String::from_utf8_lossy(read).into_owned());
        Ok(CheckCall {
            file,
            name,
            text: text.or_else(|| call.text.clone()),
            context: Some(context),
            request: Request {
                plan: PlanOptions {
                    target: call.target.clone(),
                    build_args: call.build_args.clone(),
                    ..PlanOptions::default()
                },
                settings,
            },
        })
    }

    /// Finds an image that is in the store. A store that is not there, or not in order, has none.
    fn known_image(&self, reference: &ImageReference) -> Option<KnownImage> {
        if !Path::new(self.root()).exists() {
            return None;
        }
        let image = self.find_image(&reference.to_string()).ok()?;
        let config = &image.config;
        let platform = Platform {
            os: config.os.clone(),
            arch: config.architecture.clone(),
            variant: String::new(),
        };
        Some(KnownImage {
            info: base_info(&image),
            platform: platform.to_string(),
        })
    }
}
