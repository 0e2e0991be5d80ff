//! Alerts through the channels of one machine, against servers as strict as real ones.

mod mail;
mod support;
mod telegram_and_console;
