//! `check`, `check --explain`, `build --check`.

use std::path::Path;

use super::{Answer, Face};
use crate::check::page::page;
use crate::check::{Request, Rule, Settings, github, json, sarif};
use crate::command::{Build, Check, Format, RuleOptions};
use crate::parser::nearest;
use crate::plan::PlanOptions;
use crate::render;
use crate::session::{BuildCall, CheckCall, Checked, Trouble};

crate::messages! {
    no_rule(name: &str) {
        en: "no rule is called {name}",
        ko: "이름이 {name}인 규칙이 없습니다",
    }
    did_you_mean(name: &str) {
        en: "did you mean `check --explain {name}`?",
        ko: "혹시 `check --explain {name}` 아닌가요?",
    }
    list_rules() {
        en: "`check --explain` lists the rules",
        ko: "`check --explain`으로 규칙 목록을 볼 수 있습니다",
    }
}

/// The Dockerfile that is meant where none is named.
const DOCKERFILE: &str = "Dockerfile";

impl Face<'_> {
    pub(super) fn check(&mut self, call: &Check) -> Answer {
        match &call.explain {
            Some(Some(name)) => self.explain_rule(name),
            Some(None) => {
                self.show(&render::rule_list(&self.screen));
                Ok(0)
            }
            None => {
                let request = self.check_call(call);
                self.check_as(&request, call.format_asked())
            }
        }
    }

    /// Returns what a `check` asks for.
    pub fn check_call(&self, call: &Check) -> CheckCall {
        let file = call.file.as_deref().unwrap_or(Path::new(DOCKERFILE));
        let path = self.path(file);
        // Standard input lies in no folder.
        let beside = (file.as_os_str() != "-").then(|| path.parent().map(Path::to_owned));
        let context = call.context.as_ref().map(|folder| self.path(folder));
        CheckCall {
            name: file.display().to_string(),
            context: context.or(beside.flatten()),
            file: path,
            text: None,
            request: Request {
                plan: PlanOptions {
                    target: call.target.clone(),
                    build_args: given_pairs(&call.build_arg),
                    ..PlanOptions::default()
                },
                settings: settings(&call.rules),
            },
        }
    }

    /// Judges what is asked for, and shows what was found.
    pub fn check_as(&mut self, call: &CheckCall, format: Format) -> Answer {
        let checked = self.session.check(call)?;
        self.show_checked(&checked, format);
        Ok(i32::from(checked.report.fails()))
    }

    /// Shows what a check found: results on standard output, complaints on standard error.
    pub fn show_checked(&mut self, checked: &Checked, format: Format) {
        let Checked { source, report } = checked;
        let language = self.language();
        let complaints =
            |face: &Self, only| render::check_findings(report, source, only, &face.screen);
        match format {
            Format::Text => {
                let text = complaints(self, false);
                self.mutter(&self.screen.paint(&text));
                // In one terminal the last line stands last.
                let _ = self.err.flush();
                self.show(&render::check_summary(report, source, &self.screen));
            }
            Format::Json => {
                self.write_json(&json::json(report));
                let text = complaints(self, true);
                self.mutter(&self.screen.paint(&text));
            }
            Format::Sarif => {
                self.write_json(&sarif::sarif(report, source, language));
            }
            Format::Github => self.write(&github::github(report, source, language)),
        }
        if report.fails() {
            let first = report.findings.first();
            self.last.error = first.map(|found| found.what.message(language));
        }
    }

    /// `build --check`.
    pub(super) fn check_build(&mut self, request: &BuildCall, call: &Build) -> Answer {
        let check = self.session.check_of_build(request, Settings::default())?;
        let format = if call.json {
            Format::Json
        } else {
            Format::Text
        };
        self.check_as(&check, format)
    }

    /// Tells whether `# check=error=true` forbids a build; then says why.
    pub(super) fn is_forbidden(
        &mut self,
        request: &BuildCall,
    ) -> Result<bool, crate::session::SessionError> {
        // What cannot be read is the build's to say.
        let check = self.session.check_of_build(request, Settings::default());
        let Some(checked) = check
            .and_then(|it| self.session.check_if_strict(&it))
            .ok()
            .flatten()
        else {
            return Ok(false);
        };
        let forbidden = checked.report.is_strictly_wrong();
        if forbidden {
            self.show_checked(&checked, Format::Text);
        }
        Ok(forbidden)
    }

    fn explain_rule(&mut self, name: &str) -> Answer {
        if let Some(rule) = Rule::named(name) {
            self.show(&render::rule_page(&page(rule), &self.screen));
            return Ok(0);
        }
        let language = self.language();
        let near = nearest(name, Rule::ALL.into_iter().map(Rule::name));
        let help = near.map_or_else(
            || list_rules(language),
            |name| did_you_mean(language, &name),
        );
        Err(Trouble::new(no_rule(language, name))
            .with_help(help)
            .with_exit(2)
            .into())
    }
}

/// Unlike for `build`, the environment is not looked at: a name alone has no value.
fn given_pairs(words: &[String]) -> Vec<(String, String)> {
    let pairs = words.iter().filter_map(|word| word.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn settings(rules: &RuleOptions) -> Settings {
    Settings {
        skip: rules.skip.iter().cloned().collect(),
        experimental: rules.experimental.iter().cloned().collect(),
        error: rules.error,
    }
}
