//! A report as GitHub workflow commands, which mark lines of a pull request:
//! `::error file=Dockerfile,line=3,col=6,endColumn=9,title=StageNameCasing::sentence`.

use super::finding::Finding;
use super::{Report, sarif};
use crate::diagnostic::Severity;
use crate::language::Language;
use crate::source::Source;

/// Returns one line for each finding.
pub fn github(report: &Report, source: &Source, language: Language) -> String {
    let lines = report
        .findings
        .iter()
        .map(|found| line(found, source, language));
    lines.collect()
}

fn line(found: &Finding, source: &Source, language: Language) -> String {
    let level = match found.what.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (start, end) = sarif::range(found, source);
    let (file, line, column) = (property(source.name()), start.line, start.column);
    // Only within one line: GitHub takes columns of the first line otherwise.
    let end = if end.line == start.line {
        format!(",endColumn={}", end.column)
    } else {
        String::new()
    };
    let place = format!("file={file},line={line},col={column}{end}");
    let mut message = found.what.message(language);
    if let Some(help) = found.what.help(language) {
        message = format!("{message}\n{help}");
    }
    let title = property(found.what.id());
    format!("::{level} {place},title={title}::{}\n", escaped(&message))
}

/// Escapes what would end a command.
fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes what would end a property of a command.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Request, World, check};

    #[test]
    fn each_finding_is_a_command_with_its_place() {
        let source = Source::new("a,b/Dockerfile", "FROM scratch AS Base\nEXPOSE 1%\n");
        let world = World {
            image: &|_| None,
            ignore: None,
        };
        let report = check(&source, &Request::default(), &world);
        insta::assert_snapshot!(github(&report, &source, Language::En), @r"
        ::warning file=a%2Cb/Dockerfile,line=1,col=17,endColumn=21,title=StageNameCasing::Stage name 'Base' should be lowercase%0Awrite base
        ::error file=a%2Cb/Dockerfile,line=2,col=8,endColumn=10,title=bad-port::invalid containerPort: 1%25%0Aa port is a number from 1 to 65535, such as `80` or `8000-8010/udp`
        ");
    }
}
