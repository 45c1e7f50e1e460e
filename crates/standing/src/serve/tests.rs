//! The server in one process: requests go through the door without a network.

mod harness;
mod matrix;
