//! An answer that is sent piece by piece while it is being made.
//!
//! **Invariant:** memory is bounded by the pieces that wait for a slow reader. An answer that broke off is cut, so that its
//! reader knows; one that ended may be asked for more, as compression does, and answers that it ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::channel::{Channel, Sender};
use hyper::body::Frame;
use spine::Fault;

/// Pieces that wait for a slow reader.
const AHEAD: usize = 4;

/// Where the pieces go.
pub struct Pieces(Sender<Bytes, Fault>);

impl Pieces {
    /// Sends a piece, once there is room; false if the reader has gone.
    pub async fn send(&mut self, piece: impl Into<Bytes>) -> bool {
        self.0.send_data(piece.into()).await.is_ok()
    }

    /// Cuts the answer.
    pub fn abort(self, fault: Fault) {
        self.0.abort(fault);
    }
}

/// A body and where its pieces go. It ends when the latter is dropped.
pub fn streamed() -> (Pieces, Body) {
    let (sender, channel) = Channel::new(AHEAD);
    (Pieces(sender), Body::new(Fused { channel, ended: false }))
}

/// A channel that may be asked again after its end, which the channel itself may not.
struct Fused {
    channel: Channel<Bytes, Fault>,
    ended: bool,
}

impl HttpBody for Fused {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = Pin::new(&mut self.channel).poll_frame(context);
        self.ended = matches!(frame, Poll::Ready(None | Some(Err(_))));
        frame
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn it_may_be_asked_again_after_its_end() {
        let (mut pieces, mut body) = streamed();
        assert!(pieces.send("one").await);
        drop(pieces);
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "one");
        assert!(body.frame().await.is_none());
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn one_that_broke_off_is_cut() {
        let (mut pieces, mut body) = streamed();
        assert!(pieces.send("one").await);
        pieces.abort(Fault::unavailable("test.gone"));
        body.frame().await.unwrap().unwrap();
        assert!(body.frame().await.unwrap().is_err());
        assert!(body.frame().await.is_none());
    }
}
