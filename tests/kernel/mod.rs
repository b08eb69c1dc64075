//! Tests that need a real kernel with namespaces. They run by default, as root and as an ordinary
//! user; `STRATA_TEST_NO_KERNEL=1` leaves them out, which shows in the count.

mod container;
mod containers;
mod runtime;
