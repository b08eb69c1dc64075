//! Questions before the fact, and their score after it.
//!
//! Except for a choice there is no answer key: what really happened scores the prediction.

use super::evaluate::{cache_word, find_step};
use super::{Check, Evidence, Predict, PredictKind};

/// The name of a choice's only item, for `predicted('choice')`.
const CHOICE: &str = "choice";

/// What a learner is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What kind of question.
    pub kind: PredictKind,
    /// What is asked about, in order; one item named `choice` for a choice.
    pub items: Vec<QuestionItem>,
    /// For a choice: the answers, from 1.
    pub choices: Vec<String>,
    /// The line that brings the real result.
    pub by: Option<String>,
}

/// One item of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionItem {
    /// An instruction or an image; `choice` for a choice.
    pub item: String,
}

/// What a learner said of one item: `hit`, `miss`, a number; none means "don't know".
pub type Guess = Option<String>;

/// What a learner said, item by item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prediction {
    /// One guess for every item of the question so far.
    pub guesses: Vec<Guess>,
}

/// How good a prediction was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// Every item with what was said and what was so.
    pub items: Vec<ScoredItem>,
}

/// One item of a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoredItem {
    /// The instruction or image.
    pub item: String,
    /// What was said.
    pub guess: Guess,
    /// What was so.
    pub real: String,
}

impl ScoredItem {
    /// Tells whether the guess was right.
    pub fn right(&self) -> bool {
        self.guess.as_ref() == Some(&self.real)
    }
}

impl Score {
    /// Returns how many guesses were right.
    pub fn right(&self) -> usize {
        self.items.iter().filter(|item| item.right()).count()
    }

    /// Returns `2/3`, as the progress file keeps it.
    pub fn short(&self) -> String {
        format!("{}/{}", self.right(), self.items.len())
    }
}

impl Question {
    /// Returns the guess that an answer means, for the next item; none for an answer that is
    /// no answer. An empty answer means "don't know".
    pub fn guess(&self, answer: &str) -> Option<Guess> {
        let answer = answer.trim().to_lowercase();
        if answer.is_empty() {
            return Some(None);
        }
        let guess = match self.kind {
            PredictKind::Cache => match answer.as_str() {
                "h" | "hit" => "hit".to_owned(),
                "m" | "miss" => "miss".to_owned(),
                _ => return None,
            },
            PredictKind::Choice => number_up_to(&answer, self.choices.len())?,
            PredictKind::SizeOrder => number_up_to(&answer, self.items.len())?,
            PredictKind::Layers => answer.parse::<u64>().ok()?.to_string(),
        };
        Some(Some(guess))
    }
}

fn number_up_to(answer: &str, most: usize) -> Option<String> {
    let number: usize = answer.parse().ok()?;
    (1..=most).contains(&number).then(|| number.to_string())
}

impl Prediction {
    /// Returns what was said of an item.
    pub fn of<'a>(&'a self, question: &Question, item: &str) -> Option<&'a str> {
        let place = question.items.iter().position(|known| known.item == item)?;
        self.guesses.get(place)?.as_deref()
    }
}

/// Returns the question of a step, if it asks one.
pub fn question(check: &Check) -> Option<Question> {
    let predict = check.predict.as_ref()?;
    let item = |item: &String| QuestionItem { item: item.clone() };
    let items = match predict.kind {
        PredictKind::Choice => vec![QuestionItem {
            item: CHOICE.to_owned(),
        }],
        _ => predict.ask.iter().map(item).collect(),
    };
    Some(Question {
        kind: predict.kind,
        items,
        choices: predict.choices.clone(),
        by: predict.by.clone(),
    })
}

/// Compares a prediction with what is the case; none while that can't be said.
pub fn score(
    predict: &Predict,
    question: &Question,
    prediction: &Prediction,
    evidence: &dyn Evidence,
) -> Option<Score> {
    let reals = reals(predict, evidence)?;
    let guesses = prediction
        .guesses
        .iter()
        .cloned()
        .chain(std::iter::repeat(None));
    let items = question
        .items
        .iter()
        .zip(reals)
        .zip(guesses)
        .map(|((item, real), guess)| ScoredItem {
            item: item.item.clone(),
            guess,
            real,
        })
        .collect();
    Some(Score { items })
}

/// Returns what is the case, item by item.
fn reals(predict: &Predict, evidence: &dyn Evidence) -> Option<Vec<String>> {
    let images = || predict.ask.iter().map(|name| evidence.image(name));
    match predict.kind {
        PredictKind::Choice => Some(vec![predict.answer?.to_string()]),
        PredictKind::Cache => {
            let build = evidence.last_build()?;
            let word = |text: &String| {
                let step = find_step(build, None, Some(text))?;
                Some(cache_word(step.state).to_owned())
            };
            predict.ask.iter().map(word).collect()
        }
        PredictKind::Layers => images()
            .map(|image| {
                let image = image?;
                let base = evidence.base_layers(&image).unwrap_or(0);
                Some((image.layers.len().saturating_sub(base)).to_string())
            })
            .collect(),
        PredictKind::SizeOrder => {
            let sizes: Vec<u64> = images()
                .map(|image| Some(image?.size))
                .collect::<Option<_>>()?;
            let place = |size: &u64| sizes.iter().filter(|other| *other < size).count() + 1;
            Some(sizes.iter().map(|size| place(size).to_string()).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::StepState;
    use crate::lesson::scene::{Scene, step};

    fn cache_question() -> Check {
        Check::parse(
            "[predict]\nkind = \"cache\"\nask = [\"COPY . /app\", \"RUN npm install\"]\nby = \"build .\"\n",
        )
        .unwrap()
    }

    #[test]
    fn answers_are_read_by_kind() {
        let question = question(&cache_question()).unwrap();
        assert_eq!(question.guess(" H "), Some(Some("hit".into())));
        assert_eq!(question.guess(""), Some(None));
        assert_eq!(question.guess("maybe"), None);
    }

    #[test]
    fn the_real_build_scores_the_prediction() {
        let check = cache_question();
        let question = question(&check).unwrap();
        let scene = Scene::default().built(vec![
            step(1, "COPY . /app", StepState::Miss),
            step(2, "RUN npm install", StepState::Miss),
        ]);
        let prediction = Prediction {
            guesses: vec![Some("miss".into()), Some("hit".into())],
        };
        let score = score(
            check.predict.as_ref().unwrap(),
            &question,
            &prediction,
            &scene,
        )
        .unwrap();
        assert_eq!(score.short(), "1/2");
        assert!(score.items[0].right());
        assert_eq!(score.items[1].real, "miss");
    }

    #[test]
    fn without_a_build_there_is_no_score() {
        let check = cache_question();
        let question = question(&check).unwrap();
        let predict = check.predict.as_ref().unwrap();
        assert_eq!(
            score(
                predict,
                &question,
                &Prediction::default(),
                &Scene::default()
            ),
            None
        );
    }
}
