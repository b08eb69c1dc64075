//! The letters of a path, as sets of places: what a pattern with wildcards is followed through.
//!
//! A set has one bit for each place between two letters, so that a whole set takes one step at a
//! time: a hundred thousand places of a pattern are soon asked about the longest path there is.

use std::cell::OnceCell;
use std::collections::HashMap;

/// A path that is asked about; what only patterns with wildcards need is worked out once, when the
/// first of them asks.
pub(super) struct Path<'a> {
    pub(super) text: &'a str,
    letters: OnceCell<Letters>,
}

/// Where each letter of a path stands.
pub(super) struct Letters {
    text: Vec<char>,
    /// Place i is in the set of a letter that stands behind place i.
    standing: HashMap<char, Places>,
    /// All places behind which a letter stands that is no `/`.
    inner: Places,
    none: Places,
}

/// A set of places of a path: place i is before the letter i, the last one is the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places(Vec<u64>);

impl<'a> Path<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            letters: OnceCell::new(),
        }
    }

    pub(super) fn letters(&self) -> &Letters {
        self.letters.get_or_init(|| Letters::new(self.text))
    }
}

impl Letters {
    fn new(path: &str) -> Self {
        let text: Vec<char> = path.chars().collect();
        let none = Places(vec![0; text.len() / 64 + 1]);
        let (mut standing, mut inner) = (HashMap::new(), none.clone());
        for (at, letter) in text.iter().enumerate() {
            let places = standing.entry(*letter).or_insert_with(|| none.clone());
            places.add(at);
            if *letter != '/' {
                inner.add(at);
            }
        }
        Self {
            text,
            standing,
            inner,
            none,
        }
    }

    /// The place before the first letter.
    pub(super) fn start(&self) -> Places {
        let mut start = self.none.clone();
        start.add(0);
        start
    }

    /// The places behind this letter.
    pub(super) fn behind(&self, reached: &Places, letter: char) -> Places {
        match self.standing.get(&letter) {
            Some(standing) => reached.both(standing).one_on(),
            None => self.none.clone(),
        }
    }

    /// The places behind any letter that fits.
    pub(super) fn behind_fitting(&self, reached: &Places, fits: impl Fn(char) -> bool) -> Places {
        let mut fitting = self.none.clone();
        for (letter, standing) in &self.standing {
            if fits(*letter) {
                fitting.join(standing);
            }
        }
        reached.both(&fitting).one_on()
    }

    /// The places themselves and all behind them up to the end of their folder's name: the sum
    /// carries each place to the end of its run of letters.
    pub(super) fn within_a_folder(&self, reached: &Places) -> Places {
        let mut carry = false;
        let words = reached.0.iter().zip(&self.inner.0).map(|(reached, inner)| {
            let (sum, first) = (reached & inner).overflowing_add(*inner);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            (sum ^ inner) | reached
        });
        Places(words.collect())
    }

    /// The first of the places and all behind it.
    pub(super) fn anywhere_behind(&self, reached: &Places) -> Places {
        let mut all = self.none.clone();
        if let Some(first) = reached.iter().next() {
            (first..=self.text.len()).for_each(|at| all.add(at));
        }
        all
    }

    /// The places themselves, and every place right behind a later `/`.
    pub(super) fn behind_folders(&self, reached: &Places) -> Places {
        let later = self.anywhere_behind(reached);
        let mut all = self.behind(&later, '/');
        all.join(reached);
        all
    }

    /// Whether one of the places is the path's own end, or the end of a parent.
    pub(super) fn ends_at_a_name(&self, reached: &Places) -> bool {
        let is_end = |at: usize| self.text.get(at).is_none_or(|letter| *letter == '/');
        reached.iter().any(|at| at > 0 && is_end(at))
    }
}

impl Places {
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn add(&mut self, place: usize) {
        self.0[place / 64] |= 1 << (place % 64);
    }

    fn join(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    fn both(&self, other: &Self) -> Self {
        let words = self.0.iter().zip(&other.0).map(|(one, other)| one & other);
        Self(words.collect())
    }

    /// Each place one letter on. None is lost: behind the last letter there is always a place.
    fn one_on(self) -> Self {
        let mut carry = 0;
        let words = self.0.into_iter().map(|word| {
            let moved = word << 1 | carry;
            carry = word >> 63;
            moved
        });
        Self(words.collect())
    }

    /// The places, first to last.
    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, &word)| {
            let rest =
                std::iter::successors(Some(word), |rest| Some(rest & (rest.wrapping_sub(1))));
            rest.take_while(|rest| *rest != 0)
                .map(move |rest| index * 64 + rest.trailing_zeros() as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Letters, Path};

    /// Longer than a word of bits, so that what is carried from one to the next shows.
    fn long() -> (String, Letters) {
        let text = format!("{}/{}", "a".repeat(100), "b".repeat(100));
        let letters = Letters::new(&text);
        (text, letters)
    }

    #[test]
    fn a_star_reaches_to_the_end_of_its_folder_over_words_of_bits() {
        let (_, letters) = long();
        let reached = letters.within_a_folder(&letters.start());
        assert!(reached.iter().eq(0..=100));
        let beyond = letters.behind(&reached, '/');
        assert!(beyond.iter().eq([101]));
        assert!(letters.within_a_folder(&beyond).iter().eq(101..=201));
    }

    #[test]
    fn two_stars_reach_every_name_behind() {
        let (_, letters) = long();
        assert!(letters.behind_folders(&letters.start()).iter().eq([0, 101]));
        let all = letters.anywhere_behind(&letters.start());
        assert!(all.iter().eq(0..=201));
        assert!(letters.ends_at_a_name(&all));
    }

    #[test]
    fn a_letter_is_stepped_over_where_it_stands() {
        let path = Path::new("한글/한");
        let letters = path.letters();
        let all = letters.anywhere_behind(&letters.start());
        assert!(letters.behind(&all, '한').iter().eq([1, 4]));
        assert!(letters.behind(&all, 'x').is_empty());
        let fitting = letters.behind_fitting(&all, |letter| letter != '한');
        assert!(fitting.iter().eq([2, 3]));
        assert!(!letters.ends_at_a_name(&letters.start()));
    }
}
