//! A body that must keep up a least rate: one byte now and then must not hold a request for hours.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::{Stream, StreamExt as _};
use tokio::time::Sleep;

use super::Limits;

/// Data of a request's body; each byte puts the deadline off by its share of the least rate, but what came fast buys no
/// rest: from any moment on, the next byte must come within the grace.
struct Paced {
    inner: BodyDataStream,
    deadline: Pin<Box<Sleep>>,
    bytes_per_second: u32,
    grace: Duration,
    /// Set when the deadline came first.
    too_slow: Arc<AtomicBool>,
}

/// Holds a body to the least rate; `too_slow` says afterwards whether it fell behind.
pub fn paced(body: Body, limits: &Limits, too_slow: Arc<AtomicBool>) -> Body {
    let grace = Duration::from_secs(limits.body_grace_seconds.into());
    Body::from_stream(Paced {
        inner: body.into_data_stream(),
        deadline: Box::pin(tokio::time::sleep(grace)),
        grace,
        bytes_per_second: limits.body_bytes_per_second.max(1),
        too_slow,
    })
}

impl Stream for Paced {
    type Item = Result<Bytes, axum::BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.inner.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(bytes))) => {
                let bought = Duration::from_secs(bytes.len() as u64) / self.bytes_per_second;
                let latest = tokio::time::sleep(self.grace).deadline();
                let later = (self.deadline.deadline() + bought).min(latest);
                self.deadline.as_mut().reset(later);
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                std::task::ready!(self.deadline.as_mut().poll(context));
                self.too_slow.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err("the body came too slowly".into())))
            }
        }
    }
}
