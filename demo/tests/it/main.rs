//! The estate as collectors read it and checks judge it.

mod estate;
mod judged;
