//! The rest of a connection, with what was read already in front of it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that first gives what somebody else has read from it.
pub(in crate::server) struct Onward<Stream> {
    /// What was read; empty when it has been given.
    ahead: Vec<u8>,
    /// How much of it was given.
    given: usize,
    stream: Stream,
}

impl<Stream> Onward<Stream> {
    /// Puts `ahead` in front of a stream.
    pub(in crate::server) fn new(ahead: Vec<u8>, stream: Stream) -> Self {
        Self {
            ahead,
            given: 0,
            stream,
        }
    }
}

impl<Stream: AsyncRead + Unpin> AsyncRead for Onward<Stream> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let rest = this.ahead.get(this.given..).unwrap_or_default();
        if rest.is_empty() {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let fitting = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..fitting).unwrap_or_default());
        this.given += fitting;
        if this.given == this.ahead.len() {
            // A connection may live for long; the room it needed here goes back.
            this.ahead = Vec::new();
            this.given = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl<Stream: AsyncWrite + Unpin> AsyncWrite for Onward<Stream> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn what_was_read_comes_first_and_then_the_stream() {
        let (ours, mut theirs) = duplex(64);
        theirs.write_all(b" and more").await.unwrap();
        drop(theirs);
        let mut stream = Onward::new(b"read before".to_vec(), ours);
        let mut first = [0; 4];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"read");
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, " before and more");
    }
}
