//! The rendered buildspecs, really run: by a shell, with the real AWS CLI, against an S3 that
//! compares checksums (MiniStack). Both are in `.tools` after `make setup`.

mod artifacts;
mod codebuild;
mod ending;
mod outputs;
mod s3;
mod text;
