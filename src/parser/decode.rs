//! A file's bytes become text, or are refused.
//!
//! BuildKit reads bytes, so a comment may be in any encoding; everything else of a Dockerfile ends
//! up in JSON, which is UTF-8.

use super::error::{ParseError, ParseErrorKind};
use super::file;
use super::syntax::File;
use crate::source::{Source, Span};

/// Bytes that are no text of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotText {
    /// The text with replacement characters, for showing where; nothing of what is no text at all.
    pub source: Source,
    /// What is wrong and where.
    pub error: ParseError,
}

/// How many bytes tell whether a file is binary.
const BEGINNING: usize = 8_000;

/// Takes a file's bytes as text. Bytes of another encoding may stand in comments: there they become
/// replacement characters.
pub fn decode(name: &str, bytes: Vec<u8>) -> Result<Source, Box<NotText>> {
    match text_of(name, bytes)? {
        (source, wrong) if wrong.is_empty() => Ok(source),
        (source, wrong) => match first_outside_comments(&source, &wrong) {
            None => Ok(source),
            Some(at) => Err(not_utf8(source, at)),
        },
    }
}

/// Takes a file's bytes as text that is to be written again: nothing in it may be another encoding's.
pub fn decode_strictly(name: &str, bytes: Vec<u8>) -> Result<Source, Box<NotText>> {
    let (source, wrong) = text_of(name, bytes)?;
    match wrong.first() {
        None => Ok(source),
        Some(&at) => Err(not_utf8(source, at)),
    }
}

/// Returns the text, and where something stands for bytes that are no UTF-8.
fn text_of(name: &str, bytes: Vec<u8>) -> Result<(Source, Vec<usize>), Box<NotText>> {
    if is_binary(&bytes) {
        return Err(refused(
            Source::new(name, ""),
            ParseErrorKind::Binary,
            Span::default(),
        ));
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok((Source::new(name, text), Vec::new())),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    let mut wrong = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            wrong.push(text.len());
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Ok((Source::new(name, text), wrong))
}

/// Tells whether bytes are an image, an archive, a program: a NUL near their beginning, and no text
/// around it.
fn is_binary(bytes: &[u8]) -> bool {
    let beginning = &bytes[..bytes.len().min(BEGINNING)];
    let control = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let strange = beginning.iter().filter(control).count();
    beginning.contains(&0) && (strange > beginning.len() / 10 || str::from_utf8(bytes).is_err())
}

/// Returns the first of some places that is in no comment.
fn first_outside_comments(source: &Source, places: &[usize]) -> Option<usize> {
    let file = file::read(source).file;
    let bodies: Vec<Span> = bodies(&file);
    let is_comment = |&at: &usize| {
        let line = source.line(at);
        let begins_so = source.slice(source.line_span(line)).trim_start();
        let next = bodies.partition_point(|body| body.start <= at);
        let in_body = next > 0 && at < bodies[next - 1].end;
        let is_directive = file.directives.iter().any(|it| it.line == line);
        begins_so.starts_with('#') && !in_body && !is_directive
    };
    places.iter().copied().find(|at| !is_comment(at))
}

/// Returns the bodies of here-documents, in the order of the file.
fn bodies(file: &File) -> Vec<Span> {
    let documents = file.instructions.iter().flat_map(|node| &node.heredocs);
    documents.map(|heredoc| heredoc.body).collect()
}

fn not_utf8(source: Source, at: usize) -> Box<NotText> {
    let span = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
    refused(source, ParseErrorKind::NotUtf8, span)
}

fn refused(source: Source, kind: ParseErrorKind, span: Span) -> Box<NotText> {
    let instruction = span;
    Box::new(NotText {
        source,
        error: ParseError {
            kind,
            span,
            instruction,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn wrong(bytes: &[u8]) -> (ParseErrorKind, usize) {
        let refused = decode("Dockerfile", bytes.to_vec()).expect_err("no text");
        let line = refused.source.line(refused.error.span.start);
        (refused.error.kind, line)
    }

    #[test]
    fn a_comment_may_be_in_any_encoding() {
        for text in [
            &b"# caf\xe9\nFROM a\n"[..],
            b"FROM a\nRUN a \\\n  # caf\xe9\n  b\n",
            b"FROM a\nRUN <<E\nx\nE\n# \xff\xfe\n",
        ] {
            let source = decode("Dockerfile", text.to_vec()).expect("read as BuildKit reads it");
            assert!(source.text().contains(char::REPLACEMENT_CHARACTER));
            let refused = decode_strictly("Dockerfile", text.to_vec()).expect_err("not for fmt");
            assert_eq!(refused.error.kind, ParseErrorKind::NotUtf8);
        }
    }

    #[test]
    fn what_is_no_comment_has_to_be_utf8() {
        for (text, line) in [
            (&b"FROM a\nRUN \xff\n"[..], 2),
            (b"FROM a\n# \xff\nRUN \xff # x\n", 3),
            (b"FROM a\nRUN <<E\n# \xff\nE\n", 3),
            (b"# syntax=\xff\nFROM a\n", 1),
        ] {
            assert_eq!(wrong(text), (ParseErrorKind::NotUtf8, line), "{text:?}");
        }
    }

    #[test]
    fn a_binary_file_is_told_as_such() {
        for bytes in [
            &b"\x7fELF\x02\x01\x01\0\0\0\xff"[..],
            &[0; 3_000],
            b"\0\0\n#",
        ] {
            assert_eq!(wrong(bytes), (ParseErrorKind::Binary, 1), "{bytes:?}");
        }
        let text = b"FROM a\nRUN printf 'a\0b' > /some/file/somewhere\n";
        assert!(decode("Dockerfile", text.to_vec()).is_ok());
    }
}
