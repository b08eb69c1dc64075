//! Which images `images` lists: `--filter` and the name in front of them.

use super::{Filters, Result, Session, Trouble};
use crate::layers::ImageSummary;
use crate::reference::ImageReference;

/// The filters that `images` knows.
pub const FILTERS: [&str; 6] = ["dangling", "reference", "before", "since", "label", "until"];

/// Which images are asked for.
#[derive(Debug, Clone, Default)]
pub struct ImageQuery {
    /// A name, or a pattern of names such as `shop*`.
    pub name: Option<String>,
    /// `--filter`.
    pub filters: Filters,
    /// Now, in seconds since the epoch.
    pub now: i64,
}

impl Session {
    /// Lists the images that are asked for, newest first. Names that are not asked for are left out.
    pub fn images_of(&self, query: &ImageQuery) -> Result<Vec<ImageSummary>> {
        let language = self.language();
        let filters = &query.filters;
        let mut images = self.images()?;
        if let Some(dangling) = filters.flag("dangling", language)? {
            images.retain(|image| image.references.is_empty() == dangling);
        }
        let mut patterns: Vec<&str> = filters.values("reference").collect();
        if let Some(name) = &query.name {
            self.check_name(name)?;
            patterns = vec![name];
        }
        if !patterns.is_empty() {
            for image in &mut images {
                image
                    .references
                    .retain(|it| patterns.iter().any(|pattern| fits(pattern, it)));
            }
            images.retain(|image| !image.references.is_empty());
        }
        if let Some(until) = filters.until("until", query.now, language)? {
            images.retain(|image| made(image).is_some_and(|made| made < until));
        }
        for name in filters.values("before") {
            let limit = self.made_at(name)?;
            images.retain(|image| made(image).is_some_and(|made| made < limit));
        }
        for name in filters.values("since") {
            let limit = self.made_at(name)?;
            images.retain(|image| made(image).is_some_and(|made| made > limit));
        }
        if filters.values("label").next().is_some() {
            let store = self.store()?;
            let mut labelled = Vec::new();
            for image in images {
                let found = store.image(image.id).map_err(|e| self.in_store(&e))?;
                if filters.labels(&found.config.config.labels) {
                    labelled.push(image);
                }
            }
            images = labelled;
        }
        Ok(images)
    }

    /// A name that can be none is a slip of the pen; a pattern may be anything.
    fn check_name(&self, name: &str) -> Result<()> {
        if name.contains(['*', '?', '[', '\\']) {
            return Ok(());
        }
        let parsed = name.parse::<ImageReference>();
        Ok(parsed
            .map(drop)
            .map_err(|e| Trouble::reference(&e, self.language()))?)
    }

    fn made_at(&self, name: &str) -> Result<i64> {
        let created = self.find_image(name)?.config.created;
        let time = created.and_then(|time| time.parse::<jiff::Timestamp>().ok());
        Ok(time.map_or(0, jiff::Timestamp::as_second))
    }
}

fn made(image: &ImageSummary) -> Option<i64> {
    let time = image.created.as_ref()?.parse::<jiff::Timestamp>().ok()?;
    Some(time.as_second())
}

/// Whether a name is meant by a pattern: as a name without or with its tag, written short or whole.
fn fits(pattern: &str, reference: &ImageReference) -> bool {
    if let Ok(wanted) = pattern.parse::<ImageReference>()
        && wanted.name() == reference.name()
    {
        let has_tag = pattern
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains(':'));
        return !has_tag || wanted.tag() == reference.tag();
    }
    matches(pattern, reference.name()) || matches(pattern, &reference.with_tag())
}

/// Go's `path.Match`, which docker uses: `*` and `?` stop at a slash, `[a-z]` and `[^a-z]` are one
/// character, a backslash takes the meaning of what follows away.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // The last star and where it has matched up to: only that one ever needs to take more.
    let (mut at, mut place, mut star) = (0, 0, None);
    while place < text.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, place));
            at += 1;
        } else if let Some(next) = one(&pattern, at, text[place]) {
            at = next;
            place += 1;
        } else if let Some((begin, taken)) = star.filter(|(_, taken)| text[*taken] != '/') {
            star = Some((begin, taken + 1));
            (at, place) = (begin + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|it| *it == '*')
}

/// Matches one character; returns where the pattern goes on.
fn one(pattern: &[char], at: usize, character: char) -> Option<usize> {
    match *pattern.get(at)? {
        '?' => (character != '/').then_some(at + 1),
        '\\' => (pattern.get(at + 1) == Some(&character)).then_some(at + 2),
        '[' => {
            let not = pattern.get(at + 1) == Some(&'^');
            let begin = at + 1 + usize::from(not);
            let length = pattern[begin..].iter().position(|it| *it == ']')?;
            let class = &pattern[begin..begin + length];
            let within = class.contains(&character) && character != '-'
                || class
                    .windows(3)
                    .any(|it| it[1] == '-' && (it[0]..=it[2]).contains(&character));
            (within != not && character != '/').then_some(begin + length + 1)
        }
        other => (other == character).then_some(at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_gos() {
        for (pattern, text, fit) in [
            ("shop", "shop", true),
            ("sh*", "shop", true),
            ("sh*", "a/shop", false),
            ("*/sh*", "a/shop", true),
            ("*", "a/shop", false),
            ("*op", "shopop", true),
            ("s*p*", "shop:latest", true),
            ("s?op", "shop", true),
            ("[r-t]hop", "shop", true),
            ("[^r-t]hop", "shop", false),
            ("[", "[", false),
            ("\\*", "*", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), fit, "{pattern} {text}");
        }
    }

    #[test]
    fn names_fit_without_and_with_tag() {
        let reference: ImageReference = "shop:1".parse().unwrap();
        for (pattern, fit) in [
            ("shop", true),
            ("shop:1", true),
            ("shop:2", false),
            ("docker.io/library/shop", true),
            ("*:1", true),
            ("sh*", true),
            ("shop:*", true),
            ("other", false),
        ] {
            assert_eq!(fits(pattern, &reference), fit, "{pattern}");
        }
    }
}
