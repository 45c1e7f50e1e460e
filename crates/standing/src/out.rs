//! Standard output. A reader that goes away (`| head`) ends the program quietly; any other failure to
//! write is an error like others.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

/// Writes text to standard output.
pub fn write(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        if error.kind() != ErrorKind::BrokenPipe {
            // Nothing more can be done about a failure to say so.
            let _ = writeln!(std::io::stderr(), "error: cannot write the result: {error}");
        }
        std::process::exit(if error.kind() == ErrorKind::BrokenPipe {
            0
        } else {
            2
        });
    }
}

/// A line of the result.
macro_rules! say {
    () => { $crate::out::write(format_args!("\n")) };
    ($($text:tt)*) => { $crate::out::write(format_args!("{}\n", format_args!($($text)*))) };
}

/// A piece of the result.
macro_rules! put {
    ($($text:tt)*) => { $crate::out::write(format_args!($($text)*)) };
}
