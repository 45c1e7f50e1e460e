//! Long answers, written piece by piece on threads of their own.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::visit::Writer;

/// Long answers under way at once: each holds a thread for as long as its reader takes.
const MOST: usize = 32;
/// How long a reader may take nothing of an answer.
const STALL: Duration = Duration::from_secs(30);

/// The long answers under way.
pub struct Streams {
    turns: Arc<Semaphore>,
}

impl Default for Streams {
    fn default() -> Self {
        Streams {
            turns: Arc::new(Semaphore::new(MOST)),
        }
    }
}

impl Streams {
    /// Begins one, which never runs more than a little ahead of its reader; `None` where too many are
    /// under way.
    pub fn begin(&self, writer: Writer) -> Option<Body> {
        let turn = Arc::clone(&self.turns).try_acquire_owned().ok()?;
        Some(written(writer, turn))
    }
}

fn written(writer: Writer, turn: OwnedSemaphorePermit) -> Body {
    let (send, receive) = channel(8);
    let pipe = Pipe(send, Handle::current());
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let writing = || {
            let mut out = io::BufWriter::with_capacity(1 << 15, &pipe);
            writer(&mut out).and_then(|()| out.flush())
        };
        // A body that breaks off, by a panic too, must not look like one that is whole.
        let done = catch_unwind(AssertUnwindSafe(writing));
        if let Err(error) = done.unwrap_or_else(|_| Err(io::Error::other("a panic"))) {
            tracing::warn!(%error, "a long answer broke off");
            // Its reader may be gone.
            let _ = pipe.send(Err(error));
        }
    });
    Body::from_stream(Receiving(receive))
}

type Part = Result<Bytes, io::Error>;

struct Pipe(Sender<Part>, Handle);

impl Pipe {
    fn send(&self, part: Part) -> io::Result<()> {
        let sending = async { self.0.send_timeout(part, STALL).await };
        self.1.block_on(sending).map_err(|error| match error {
            SendTimeoutError::Timeout(_) => io::ErrorKind::TimedOut.into(),
            SendTimeoutError::Closed(_) => io::ErrorKind::BrokenPipe.into(),
        })
    }
}

impl Write for &Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send(Ok(Bytes::copy_from_slice(bytes)))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Receiving(Receiver<Part>);

impl futures_core::Stream for Receiving {
    type Item = Part;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    fn run<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(work)
    }

    #[test]
    fn a_writer_that_panics_leaves_no_answer_that_looks_whole() {
        run(async {
            let streams = Streams::default();
            let whole = streams.begin(Box::new(|out| out.write_all(b"whole")));
            assert_eq!(to_bytes(whole.unwrap(), 100).await.unwrap(), "whole");
            let broken = streams.begin(Box::new(|out| {
                out.write_all(b"half")?;
                panic!("in the middle");
            }));
            assert!(to_bytes(broken.unwrap(), 100).await.is_err());
        });
    }

    #[test]
    fn no_more_are_under_way_than_there_are_threads_for() {
        run(async {
            let streams = Streams::default();
            let endless = || -> Writer {
                Box::new(|out| {
                    loop {
                        out.write_all(b"more")?
                    }
                })
            };
            let open: Vec<Body> = (0..MOST).filter_map(|_| streams.begin(endless())).collect();
            assert_eq!(open.len(), MOST);
            assert!(streams.begin(endless()).is_none());
            drop(open);
            // Each gives its turn back as soon as it finds its reader gone.
            let all = u32::try_from(MOST).unwrap();
            let turns = streams.turns.acquire_many(all).await;
            assert!(turns.is_ok());
        });
    }
}
