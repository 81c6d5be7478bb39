//! Request bodies, read under a limit of size and of time.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::{
    body_room::{BodyPlace, BodyRoom},
    wire::{FieldViolation, WireCode, WireError},
};

/// Longest body in bytes: a thousand accesses (the most in one call) of the longest names take about 250 KiB, and
/// four times that leaves room for white space.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long a body may take to arrive: a whole body of the largest size at 1 Mbit/s takes 8 seconds.
pub const BODY_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest body of a bulk call in bytes: ten thousand lines (the most in one call) of the longest names and reasons are
/// 4 MB, and twice that leaves room for white space and for letters written as `\u....`.
pub const BULK_BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// How long the body of a bulk call may take to arrive: the largest at 1 Mbit/s takes 84 seconds.
pub const BULK_BODY_READ_TIMEOUT: Duration = Duration::from_secs(90);

/// How much of a body is read, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    bytes_max: usize,
    timeout: Duration,
}

/// For every call that does not say otherwise.
pub const USUAL: Limits = Limits {
    bytes_max: BODY_BYTES_MAX,
    timeout: BODY_READ_TIMEOUT,
};
/// For calls with thousands of lines, whose callers are known before their bodies are read.
pub const BULK: Limits = Limits {
    bytes_max: BULK_BODY_BYTES_MAX,
    timeout: BULK_BODY_READ_TIMEOUT,
};

/// Reads a whole body within the usual limits.
///
/// # Errors
/// 413 beyond [`BODY_BYTES_MAX`], 408 beyond [`BODY_READ_TIMEOUT`], 400 when it breaks off or its chunks are malformed, 503 when
/// the bodies of others leave no room for it.
pub async fn read(body: Body, room: &BodyRoom) -> Result<Bytes, WireError> {
    read_within(body, &USUAL, room).await
}

/// Reads a whole body.
///
/// # Errors
/// 413 and 408 beyond the limits, 400 when it breaks off or its chunks are malformed, 503 when the bodies of others leave no room
/// for it.
pub async fn read_within(body: Body, limits: &Limits, room: &BodyRoom) -> Result<Bytes, WireError> {
    let declared_too_large = body.size_hint().lower() > limits.bytes_max as u64;
    if declared_too_large {
        return Err(WireCode::BodyTooLarge.into());
    }
    let whole = collect(Limited::new(body, limits.bytes_max), room.place());
    match tokio::time::timeout(limits.timeout, whole).await {
        Err(_) => Err(WireCode::BodyTooSlow.into()),
        Ok(read) => read,
    }
}

/// Reads to the end, into a place that grows as bytes arrive.
async fn collect(mut body: Limited<Body>, mut place: BodyPlace) -> Result<Bytes, WireError> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(error.as_ref()))?;
        if let Some(bytes) = frame.data_ref() {
            place.grow_to(whole.len() + bytes.len())?;
            whole.extend_from_slice(bytes);
        }
    }
    Ok(place.keep(whole))
}

fn broken(error: &(dyn std::error::Error + 'static)) -> WireError {
    if error.is::<LengthLimitError>() {
        return WireCode::BodyTooLarge.into();
    }
    let violation = FieldViolation::new("body", "body must arrive whole and well formed");
    WireError::bad_request(vec![violation]).with_detail(error)
}

/// Reads a body that nobody asked for and throws it away, so that the connection can be used again: two clients send
/// `{}` with every GET (client-behaviour.md, rule 2). Whatever is wrong with it is left to the connection, which closes
/// when the body was not read to its end.
pub async fn discard(mut body: Body) {
    if body.is_end_stream() || body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return;
    }
    let to_the_end = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > BODY_BYTES_MAX {
                break;
            }
        }
    };
    // Too slow a body ends with the connection, as any other that was not read to its end.
    let _ = tokio::time::timeout(BODY_READ_TIMEOUT, to_the_end).await;
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use hyper::body::Frame;

    use super::*;

    async fn refused(body: Body) -> WireCode {
        read(body, &BodyRoom::default()).await.unwrap_err().code
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit_and_not_beyond() {
        let largest = vec![b'x'; BODY_BYTES_MAX];
        let read_whole = read(Body::from(largest.clone()), &BodyRoom::default()).await;
        assert_eq!(read_whole.unwrap().len(), BODY_BYTES_MAX);
        let too_large = [&largest[..], b"x"].concat();
        assert_eq!(
            refused(Body::from(too_large.clone())).await,
            WireCode::BodyTooLarge
        );
        // The same without a declared length.
        let undeclared = Body::new(
            http_body_util::Full::new(Bytes::from(too_large))
                .map_frame(|frame| frame)
                .boxed_unsync(),
        );
        assert_eq!(refused(undeclared).await, WireCode::BodyTooLarge);
    }

    /// A body whose sender says nothing more.
    struct Silent;

    impl axum::body::HttpBody for Silent {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_is_given_up() {
        assert_eq!(refused(Body::new(Silent)).await, WireCode::BodyTooSlow);
        discard(Body::new(Silent)).await;
    }
}
