//! Variables in their order, each name once.
//!
//! Every stage and every RUN keeps the variables it sees, and a file may set very many: so copies
//! share what they have in common, and a name is found without a search.

use std::sync::Arc;

use rpds::{HashTrieMapSync, RedBlackTreeMapSync};

use super::scope::Pairs;

/// Variables in order; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variables(Arc<Maps>);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Maps {
    /// By place: name and value.
    pairs: RedBlackTreeMapSync<usize, Arc<(String, String)>>,
    places: HashTrieMapSync<String, usize>,
}

impl Variables {
    /// Returns names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.pairs.values();
        pairs.map(|pair| (pair.0.as_str(), pair.1.as_str()))
    }

    /// Returns a copy as a list.
    pub fn pairs(&self) -> Pairs {
        let pairs = self.0.pairs.values();
        pairs.map(|pair| pair.as_ref().clone()).collect()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.pairs.is_empty()
    }

    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let place = self.0.places.get(name)?;
        self.0.pairs.get(place).map(|pair| pair.1.as_str())
    }

    /// Sets a value: in its place if the name exists, else at the end.
    pub fn set(&mut self, name: &str, value: &str) {
        let maps = Arc::make_mut(&mut self.0);
        let place = maps.places.get(name).copied().unwrap_or_else(|| {
            let last = maps.pairs.last().map(|(place, _)| place + 1);
            last.unwrap_or_default()
        });
        maps.places.insert_mut(name.to_owned(), place);
        let pair = Arc::new((name.to_owned(), value.to_owned()));
        maps.pairs.insert_mut(place, pair);
    }

    /// Takes a name out.
    pub fn remove(&mut self, name: &str) {
        if let Some(place) = self.0.places.get(name).copied() {
            let maps = Arc::make_mut(&mut self.0);
            maps.places.remove_mut(name);
            maps.pairs.remove_mut(&place);
        }
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut variables = Self::default();
        for (name, value) in pairs {
            variables.set(&name.into(), &value.into());
        }
        variables
    }
}

#[cfg(test)]
mod tests {
    use super::Variables;

    #[test]
    fn variables_keep_their_order_when_one_goes() {
        let mut variables: Variables = ["A", "B", "C"]
            .map(|name| (name, name))
            .into_iter()
            .collect();
        let before = variables.clone();
        variables.remove("A");
        variables.remove("none");
        variables.set("C", "new");
        variables.set("A", "last");
        let expected = [("B", "B"), ("C", "new"), ("A", "last")];
        assert_eq!(variables.iter().collect::<Vec<_>>(), expected);
        assert_eq!(variables.get("none"), None);
        assert_eq!(before.get("A"), Some("A"));
    }
}
