//! Version order against vectors, laws and other implementations; OSV evaluation against tables.

mod laws;
mod oracles;
mod osv;
mod vectors;
