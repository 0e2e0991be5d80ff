//! Renders the pipelines of a stage file as CloudFormation. Pure: text in, template out.
