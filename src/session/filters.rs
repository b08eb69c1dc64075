//! `--filter NAME=VALUE`, as docker's lists and prune verbs take it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::moment::moment;
use super::trouble::Trouble;
use crate::language::Language;

crate::messages! {
    bad_form(word: &str) {
        en: "invalid argument \"{word}\" for \"--filter\" flag: bad format of filter (expected name=value)",
        ko: "--filter 값이 올바르지 않습니다(bad format of filter): \"{word}\". 이름=값 꼴로 쓰세요",
    }
    unknown(name: &str) {
        en: "invalid filter '{name}'",
        ko: "없는 필터입니다(invalid filter): '{name}'",
    }
    there_are(list: &str) {
        en: "there are: {list}",
        ko: "쓸 수 있는 필터: {list}",
    }
    did_you_mean(near: &str, list: &str) {
        en: "did you mean {near}? There are: {list}",
        ko: "이 필터인가요? {near}. 쓸 수 있는 필터: {list}",
    }
    bad_time(text: &str) {
        en: "invalid filter 'until={text}'",
        ko: "until 값이 올바르지 않습니다(invalid filter): 'until={text}'",
    }
    bad_time_help() {
        en: "a span such as 24h or 1h30m, or a time such as 2026-01-31 or 2026-01-31T08:00:00Z",
        ko: "24h나 1h30m 같은 기간, 또는 2026-01-31이나 2026-01-31T08:00:00Z 같은 시각을 쓰세요",
    }
    bad_flag(name: &str, value: &str) {
        en: "invalid filter '{name}={value}'",
        ko: "{name} 값이 올바르지 않습니다(invalid filter): '{name}={value}'",
    }
    bad_flag_help() {
        en: "it is true or false",
        ko: "true나 false를 쓰세요",
    }
}

/// Filters that are understood by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters(Vec<(String, String)>);

impl Filters {
    /// Reads filters, of which a verb knows these.
    pub fn parse(words: &[String], known: &[&str], language: Language) -> Result<Self, Trouble> {
        let one = |word: &String| {
            let Some((name, value)) = word.split_once('=') else {
                return Err(Trouble::new(bad_form(language, word)).with_exit(125));
            };
            // `label!=x` asks for what has no such label.
            let name = name.trim().to_lowercase();
            if known.contains(&name.trim_end_matches('!')) {
                return Ok((name, value.trim().to_owned()));
            }
            let near = known
                .iter()
                .min_by_key(|it| strsim::damerau_levenshtein(it, &name));
            let near = near.filter(|it| strsim::damerau_levenshtein(it, &name) <= 2);
            let list = known.join(", ");
            let help = match near {
                Some(near) => did_you_mean(language, near, &list),
                None => there_are(language, &list),
            };
            Err(Trouble::new(unknown(language, &name)).with_help(help))
        };
        words.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the filters as they were read.
    pub fn words(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, value)| format!("{name}={value}"))
    }

    /// Returns what was asked for under a name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let same = move |it: &&(String, String)| it.0 == name;
        self.0.iter().filter(same).map(|(_, value)| value.as_str())
    }

    /// Whether any of the values under a name is right; true where none is asked for.
    pub fn any(&self, name: &str, is_right: impl Fn(&str) -> bool) -> bool {
        let mut values = self.values(name).peekable();
        values.peek().is_none() || values.any(is_right)
    }

    /// Returns a filter that is true or false.
    pub fn flag(&self, name: &str, language: Language) -> Result<Option<bool>, Trouble> {
        match self.values(name).last() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(other) => {
                let trouble = Trouble::new(bad_flag(language, name, other));
                Err(trouble.with_help(bad_flag_help(language)))
            }
        }
    }

    /// Whether labels are all that `label=` asks for and none that `label!=` does not want.
    pub fn labels(&self, labels: &BTreeMap<String, String>) -> bool {
        let has = |wanted: &str| match wanted.split_once('=') {
            Some((name, value)) => labels.get(name).is_some_and(|it| it == value),
            None => labels.contains_key(wanted),
        };
        self.values("label").all(has) && !self.values("label!").any(has)
    }

    /// Returns the earliest time that `until=` (or what stands for it) asks for, in seconds since the
    /// epoch.
    pub fn until(&self, name: &str, now: i64, language: Language) -> Result<Option<i64>, Trouble> {
        let read = |text: &str| {
            let trouble = || Trouble::new(bad_time(language, text));
            let now = Timestamp::from_second(now).unwrap_or_default();
            let time = moment(text, now).map(Timestamp::as_second);
            time.ok_or_else(|| trouble().with_help(bad_time_help(language)))
        };
        let times: Vec<i64> = self.values(name).map(read).collect::<Result<_, _>>()?;
        Ok(times.into_iter().min())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(words: &[&str]) -> Result<Filters, String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let known = ["until", "label", "dangling"];
        Filters::parse(&words, &known, Language::En).map_err(|trouble| trouble.message)
    }

    #[test]
    fn what_is_no_filter_is_named() {
        assert_eq!(filters(&["lable=x"]).unwrap_err(), "invalid filter 'lable'");
        let error = filters(&["label"]).unwrap_err();
        assert!(error.ends_with("(expected name=value)"), "{error}");
    }

    #[test]
    fn of_several_times_the_earliest_counts() {
        let until = |words: &[&str]| {
            let found = filters(words)
                .unwrap()
                .until("until", 1_000_000, Language::En);
            found.map_err(|trouble| trouble.message)
        };
        assert_eq!(until(&[]), Ok(None));
        let earliest = until(&["until=10m", "until=1970-01-01T00:01:00Z"]);
        assert_eq!(earliest, Ok(Some(60)));
        let wrong = until(&["until=soon"]);
        assert_eq!(wrong, Err("invalid filter 'until=soon'".to_owned()));
    }

    #[test]
    fn labels_are_wanted_and_not_wanted() {
        let labels = [("stage".to_owned(), "test".to_owned())].into();
        for (word, fits) in [
            ("label=stage", true),
            ("label=stage=test", true),
            ("label=stage=prod", false),
            ("label!=stage", false),
            ("label!=other", true),
        ] {
            assert_eq!(filters(&[word]).unwrap().labels(&labels), fits, "{word}");
        }
    }
}
