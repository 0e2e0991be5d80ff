mod grammar;
mod hostile;
mod samples;
mod snapshots;
