//! What is broken is noticed: the check itself can fail.
