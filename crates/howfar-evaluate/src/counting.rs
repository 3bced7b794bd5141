//! What is counted: predictions, one cell at a time, become tables of counts, measures and the rows of results.

pub(crate) mod by_seed;
pub(crate) mod confusion;
pub(crate) mod counts;
pub(crate) mod measure;
pub(crate) mod numbers;
pub(crate) mod outcomes;
pub(crate) mod over_subjects;
pub(crate) mod source;
pub(crate) mod table;
