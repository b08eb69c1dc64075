//! Lessons driven: a learner, a session and a lesson in one loop.
