//! One integration binary: checks with their pages, the index, guards, catalogue, assessment.

mod access;
mod assessment;
mod catalogue;
mod checks;
mod clocks;
mod functions;
mod guards;
mod matching;
