//! How a container is checked: what `--health-*` says, and what the image says besides.

use std::time::Duration;

use crate::layers;
use crate::runtime::health::HealthCheck;

/// `--health-*` and `--no-healthcheck`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthCall {
    /// `--no-healthcheck`.
    pub none: bool,
    /// `--health-cmd`.
    pub command: Option<String>,
    /// `--health-interval`; 0 for the default.
    pub interval: Option<Duration>,
    /// `--health-timeout`.
    pub timeout: Option<Duration>,
    /// `--health-start-period`.
    pub start_period: Option<Duration>,
    /// `--health-start-interval`.
    pub start_interval: Option<Duration>,
    /// `--health-retries`.
    pub retries: Option<u32>,
}

/// docker's defaults.
const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(30);
const START_INTERVAL: Duration = Duration::from_secs(5);
const RETRIES: u32 = 3;

impl HealthCall {
    /// Only `--no-healthcheck`.
    pub fn none() -> Self {
        Self {
            none: true,
            ..Self::default()
        }
    }

    /// Adds what the image says and docker's defaults; none where nothing is to be checked.
    pub(super) fn with(&self, image: &layers::ContainerConfig) -> Option<HealthCheck> {
        if self.none {
            return None;
        }
        let of_image = image.healthcheck.clone().unwrap_or_default();
        let test = match &self.command {
            Some(command) => vec!["CMD-SHELL".to_owned(), command.clone()],
            None => of_image.test,
        };
        let (kind, words) = test.split_first()?;
        let argv = match kind.as_str() {
            "CMD" => words.to_vec(),
            "CMD-SHELL" => {
                let shell = image.shell.clone().filter(|shell| !shell.is_empty());
                let shell = shell.unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-c".to_owned()]);
                shell.into_iter().chain([words.join(" ")]).collect()
            }
            _ => return None,
        };
        let time = |asked: Option<Duration>, of_image: i64, usual: Duration| {
            let of_image = u64::try_from(of_image).map(Duration::from_nanos);
            let set = |time: &Duration| !time.is_zero();
            let asked = asked.filter(set);
            asked.or(of_image.ok().filter(set)).unwrap_or(usual)
        };
        let retries = self.retries.filter(|retries| *retries > 0);
        let of_image_retries = u32::try_from(of_image.retries).ok();
        Some(HealthCheck {
            argv,
            interval: time(self.interval, of_image.interval, INTERVAL),
            timeout: time(self.timeout, of_image.timeout, TIMEOUT),
            start_period: time(self.start_period, of_image.start_period, Duration::ZERO),
            start_interval: time(self.start_interval, of_image.start_interval, START_INTERVAL),
            retries: retries
                .or(of_image_retries.filter(|retries| *retries > 0))
                .unwrap_or(RETRIES),
            test,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> layers::ContainerConfig {
        layers::ContainerConfig {
            healthcheck: Some(layers::Healthcheck {
                test: vec!["CMD".to_owned(), "check".to_owned()],
                interval: 7_000_000_000,
                ..layers::Healthcheck::default()
            }),
            ..layers::ContainerConfig::default()
        }
    }

    #[test]
    fn options_stand_before_the_image_and_the_image_before_defaults() {
        let call = HealthCall {
            timeout: Some(Duration::from_secs(2)),
            ..HealthCall::default()
        };
        let check = call.with(&image()).unwrap();
        assert_eq!(check.argv, ["check"]);
        assert_eq!(check.interval, Duration::from_secs(7));
        assert_eq!((check.timeout, check.retries), (Duration::from_secs(2), 3));
        let call = HealthCall {
            command: Some("a b".to_owned()),
            ..HealthCall::default()
        };
        let check = call.with(&image()).unwrap();
        assert_eq!(check.argv, ["/bin/sh", "-c", "a b"]);
        assert_eq!(check.test, ["CMD-SHELL", "a b"]);
    }

    #[test]
    fn nothing_is_checked_where_nobody_asks_or_somebody_says_no() {
        assert_eq!(
            HealthCall::default().with(&layers::ContainerConfig::default()),
            None
        );
        assert_eq!(HealthCall::none().with(&image()), None);
    }
}
