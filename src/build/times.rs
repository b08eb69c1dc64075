//! When the entries of an image's history were made.
//!
//! A layer has the time it was made at, also when it is reused. An instruction that makes none has
//! no time of its own that would be the same in the next build, and the image's id depends on it: it
//! gets that of the nearest layer, as `BuildKit` does: of the one below that this build added, or of
//! the first above where there is none.

use crate::layers::History;

/// Fills in the times that are missing behind the entries of the base, of which there are
/// `inherited`. `base` is the base image's time, for a build that adds no layer.
pub fn fill_in(history: &mut [History], inherited: usize, base: Option<&str>) {
    let own = history.get_mut(inherited..).unwrap_or_default();
    let first = own.iter().find_map(|entry| entry.created.clone());
    let mut latest = first.or_else(|| base.map(str::to_owned));
    for entry in own {
        if entry.created.is_some() {
            latest.clone_from(&entry.created);
        } else {
            entry.created.clone_from(&latest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(times: &[Option<&str>], inherited: usize, base: Option<&str>) -> Vec<String> {
        let entry = |time: Option<&str>| History {
            created: time.map(str::to_owned),
            ..History::default()
        };
        let mut history: Vec<History> = times.iter().copied().map(entry).collect();
        fill_in(&mut history, inherited, base);
        let time = |entry: History| entry.created.unwrap_or_default();
        history.into_iter().map(time).collect()
    }

    #[test]
    fn settings_have_the_time_of_the_layer_below_or_of_the_first() {
        let times = [Some("old"), None, Some("1"), None, Some("2"), None];
        let expected = ["old", "1", "1", "1", "2", "2"];
        assert_eq!(filled(&times, 1, Some("old")), expected);
    }

    #[test]
    fn without_a_layer_of_its_own_the_time_is_the_bases() {
        assert_eq!(filled(&[None, None], 1, Some("old")), ["", "old"]);
        assert_eq!(filled(&[None], 0, None), [""]);
    }
}
