//! (see docs)
