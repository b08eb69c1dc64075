//! Tests that need a real kernel: namespaces, mounts, processes. They run as whoever runs them, so
//! CI runs them as root, as a user with sub-ids and as one without.

mod containers;
