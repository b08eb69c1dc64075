//! The condition language of notices: comparisons of facts, joined by `and`, `or`, `not`.

use pest::Parser;
use pest::iterators::Pair;

use super::grammar::{LessonGrammar, Rule, explain};

/// A condition, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(Node);

/// Text that is no condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionError {
    /// One sentence.
    pub message: String,
    /// Byte offset in the condition.
    pub offset: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Not(Box<Node>),
    Compare {
        left: Value,
        equal: bool,
        right: Value,
    },
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Text or number as written.
    Literal(String),
    /// What the learner predicted of an item.
    Predicted(String),
    /// A fact, by the parts of its name.
    Fact(Vec<String>),
}

impl Condition {
    /// Reads a condition.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let mut pairs = LessonGrammar::parse(Rule::condition, text).map_err(|error| {
            let (message, offset) = explain(&error);
            ConditionError { message, offset }
        })?;
        let condition = pairs.next().expect("the rule matched");
        let either = condition
            .into_inner()
            .next()
            .expect("a condition has a body");
        Ok(Self(node(either)))
    }

    /// Tells whether it holds, given how values are looked up; what isn't known equals nothing.
    pub(super) fn holds(&self, lookup: &dyn Fn(&Value) -> Option<String>) -> bool {
        self.0.holds(lookup)
    }
}

impl Node {
    fn holds(&self, lookup: &dyn Fn(&Value) -> Option<String>) -> bool {
        match self {
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(lookup)),
            Self::All(nodes) => nodes.iter().all(|node| node.holds(lookup)),
            Self::Not(node) => !node.holds(lookup),
            Self::Compare { left, equal, right } => match (lookup(left), lookup(right)) {
                (Some(left), Some(right)) => (left == right) == *equal,
                _ => !equal,
            },
        }
    }
}

fn node(pair: Pair<Rule>) -> Node {
    match pair.as_rule() {
        Rule::either => Node::Any(pair.into_inner().map(node).collect()),
        Rule::both => Node::All(pair.into_inner().map(node).collect()),
        Rule::negation => Node::Not(Box::new(only(pair))),
        Rule::comparison => comparison(pair),
        _ => only(pair),
    }
}

fn only(pair: Pair<Rule>) -> Node {
    node(
        pair.into_inner()
            .next()
            .expect("the rule has one inner rule"),
    )
}

fn comparison(pair: Pair<Rule>) -> Node {
    let mut inner = pair.into_inner();
    let mut next = || {
        inner
            .next()
            .expect("a comparison has two sides and an operator")
    };
    let left = value(next());
    let equal = next().as_str() == "==";
    let right = value(next());
    Node::Compare { left, equal, right }
}

fn value(pair: Pair<Rule>) -> Value {
    match pair.as_rule() {
        Rule::literal => Value::Literal(literal(pair)),
        Rule::predicted => Value::Predicted(literal(
            pair.into_inner().next().expect("predicted names an item"),
        )),
        Rule::name => Value::Fact(pair.into_inner().map(part).collect()),
        _ => Value::Literal(pair.as_str().to_owned()),
    }
}

fn part(pair: Pair<Rule>) -> String {
    let inner = pair.into_inner().next().expect("a part is of some kind");
    match inner.as_rule() {
        Rule::literal => literal(inner),
        _ => inner.as_str().to_owned(),
    }
}

fn literal(pair: Pair<Rule>) -> String {
    let text = pair.into_inner().next().expect("quotes have an inside");
    text.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> bool {
        Condition::parse(text).unwrap().holds(&|value| match value {
            Value::Literal(text) => Some(text.clone()),
            Value::Predicted(item) => (item == "RUN a").then(|| "hit".to_owned()),
            Value::Fact(parts) => (parts.join("/") == "step/4/cause").then(|| "parent:3".into()),
        })
    }

    #[test]
    fn comparisons_look_facts_and_predictions_up() {
        assert!(holds("step.4.cause == 'parent:3'"));
        assert!(holds("step.'4'.cause == 'parent:3'"));
        assert!(holds("predicted('RUN a') != 'miss'"));
        assert!(!holds("predicted('RUN a') == 'miss'"));
    }

    #[test]
    fn and_binds_closer_than_or() {
        assert!(holds("1 == 1 or 1 == 1 and 1 == 2"));
        assert!(!holds("(1 == 1 or 1 == 1) and 1 == 2"));
        assert!(holds("not 1 == 2 and 1 == 1"));
    }

    #[test]
    fn what_is_unknown_equals_nothing() {
        assert!(!holds("step.9.cause == ''"));
        assert!(holds("step.9.cause != 'text'"));
    }

    #[test]
    fn a_mistake_has_its_place() {
        let error = Condition::parse("exit = 0").unwrap_err();
        assert_eq!(error.offset, 5);
        assert!(error.message.contains("`==`"), "{}", error.message);
    }
}
