//! Keeping a translation in step with the English file: what is stale, and the file with code
//! blocks and hashes renewed. Prose is never touched: only a person can translate.

use super::assemble::prose_hash;
use super::front::Front;
use super::lint::stale_pieces;
use super::markdown::{self, Document};

/// Returns the stale steps with the English pieces of text that are new; none where a file can't
/// be read.
pub fn stale_steps(english: &str, translation: &str) -> Option<Vec<(String, Vec<String>)>> {
    let (english, translation) = (document(english)?, document(translation)?);
    let stale = translation.steps.iter().filter_map(|step| {
        let original = english.steps.iter().find(|known| known.id == step.id)?;
        let hash = prose_hash(original);
        let stale = step.src.as_ref() != Some(&hash);
        stale.then(|| (step.id.clone(), stale_pieces(original, step)))
    });
    Some(stale.collect())
}

/// Returns a translation with the English code blocks and the hashes of the English text.
pub fn synced_file(english: &str, translation: &str) -> Option<String> {
    let hashes: Vec<(String, String)> = document(english)?
        .steps
        .iter()
        .map(|step| (step.id.clone(), prose_hash(step)))
        .collect();
    let blocks = step_blocks(english);
    let mut synced = String::new();
    for section in sections(translation) {
        let id = section.id.as_deref();
        let hash = hashes.iter().find(|(known, _)| Some(known.as_str()) == id);
        let blocks = blocks.iter().find(|(known, _)| Some(known.as_str()) == id);
        let same_number = blocks.filter(|(_, blocks)| blocks.len() == fences(section.text).len());
        let text = match same_number {
            Some((_, blocks)) => with_blocks(section.text, blocks),
            None => section.text.to_owned(),
        };
        match hash {
            Some((id, hash)) => synced.push_str(&with_hash(&text, id, hash)),
            None => synced.push_str(&text),
        }
    }
    Some(synced)
}

fn document(file: &str) -> Option<Document> {
    let (_, end) = Front::parse(file).ok()?;
    Some(markdown::read(file, end))
}

/// A part of a file: what is before the first `step` mark, or one step from its mark on.
struct Section<'a> {
    id: Option<String>,
    text: &'a str,
}

fn sections(file: &str) -> Vec<Section<'_>> {
    let marks: Vec<usize> = file.match_indices("<!-- step:").map(|(at, _)| at).collect();
    let mut starts = vec![0];
    starts.extend(&marks);
    let ends = marks.iter().copied().chain([file.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let text = &file[*start..end];
            let rest = text.strip_prefix("<!-- step:");
            let id = rest.and_then(|rest| rest.split_whitespace().next());
            Section {
                id: id.map(str::to_owned),
                text,
            }
        })
        .collect()
}

/// Returns every fenced block but check blocks, fences included, as byte ranges.
fn fences(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, bool)> = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("```") {
            match open.take() {
                None => open = Some((offset, line.starts_with("```toml check"))),
                Some((start, false)) => blocks.push(start..offset + line.len()),
                Some((_, true)) => {}
            }
        }
        offset += line.len();
    }
    blocks
}

fn step_blocks(english: &str) -> Vec<(String, Vec<&str>)> {
    sections(english)
        .into_iter()
        .filter_map(|section| {
            let text = section.text;
            let blocks = fences(text).into_iter().map(|range| &text[range]);
            Some((section.id?, blocks.collect()))
        })
        .collect()
}

fn with_blocks(text: &str, blocks: &[&str]) -> String {
    let mut result = String::new();
    let mut at = 0;
    for (range, block) in fences(text).into_iter().zip(blocks) {
        result.push_str(&text[at..range.start]);
        result.push_str(block);
        at = range.end;
    }
    result + &text[at..]
}

/// Puts a hash into the `step` mark at the start of a section.
fn with_hash(text: &str, id: &str, hash: &str) -> String {
    let Some((mark, rest)) = text.split_once("-->") else {
        return text.to_owned();
    };
    let kind = mark
        .split_whitespace()
        .find(|word| word.starts_with("kind="));
    let kind = kind.map(|kind| format!(" {kind}")).unwrap_or_default();
    format!("<!-- step: {id}{kind} src={hash} -->{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::assemble::tests::{ENGLISH, KOREAN};

    #[test]
    fn a_new_paragraph_is_the_only_stale_piece() {
        let fresh = synced_file(ENGLISH, KOREAN).unwrap();
        assert_eq!(stale_steps(ENGLISH, &fresh).unwrap(), []);
        let changed = ENGLISH.replace("A dot.", "A full stop.");
        assert_eq!(
            stale_steps(&changed, &fresh).unwrap(),
            [("build".to_owned(), vec!["A full stop.".to_owned()])]
        );
    }

    #[test]
    fn code_is_copied_across_and_prose_is_not_touched() {
        let english = ENGLISH.replace("FROM scratch", "FROM practice-os");
        let synced = synced_file(&english, KOREAN).unwrap();
        assert!(synced.contains("FROM practice-os\n"));
        assert!(synced.contains("빌드하세요."));
        assert!(!synced.contains("src=SRC"));
        assert_eq!(synced_file(&english, &synced).unwrap(), synced);
    }
}
