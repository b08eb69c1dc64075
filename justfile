# What CI runs is `just ci`; the rest is for the desk.

default: check

# format, lints, types
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings

# every test, as the README says
test:
    cargo test

# look at changed snapshots
snap:
    INSTA_UPDATE=new cargo test

# the questions in benches/
bench:
    cargo bench

# the budgets against peers on this machine
budgets:
    benches/budgets.sh

# kill -9 at 200 random moments of builds
kills:
    benches/kills.sh

# all that has to be true before a change lands
ci:
    .ci/run
