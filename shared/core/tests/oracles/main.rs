//! Differential oracles: what the core decides, held against the simplest way to decide it that
//! the documentation allows, over many drawn cases.
//!
//! An oracle shares nothing with the code it is held against but the types at its edge. Each is
//! also given wrong decisions, to show that it would notice. `GREENROOM_CASES=10` looks at ten
//! times as many cases, `GREENROOM_SEED` begins at another one; a difference names its seed.

mod accept;
mod answers;
mod authorize;
mod commands;
mod decided;
mod draw;
mod gate;
mod lay;
mod random;
mod sentences;
mod situation;
mod slots;
mod wake;
mod walker;
