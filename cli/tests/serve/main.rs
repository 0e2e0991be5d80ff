//! `greenroom serve` as hostile users, full disks and sudden ends meet it: the real binary over a
//! real data folder and a real repository, nothing inside replaced.

mod api;
mod away;
mod commands;
mod crash;
mod data;
mod disk;
mod door;
mod freeze;
mod gates;
mod marks;
mod names;
mod pipelines;
mod rehearsal;
mod runs;
mod stage_file;
mod stopping;
mod story;
mod support;
