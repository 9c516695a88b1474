//! Connections: how many at once, and none that never takes its answer.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use ipnet::IpNet;
use sakimori_web::Limits;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Slowest taker of an answer, in bytes a second.
const LEAST_RATE: u32 = 1024;
/// Files and database connections that need descriptors too.
const OTHER_DESCRIPTORS: u64 = 256;

/// Takes connections within the limits and closes the others at once.
#[derive(Clone)]
pub struct Doorkeeper {
    inside: Arc<Mutex<Inside>>,
    most: u32,
    most_of_one: u32,
    stall: Duration,
    trusted: Arc<[IpNet]>,
}

#[derive(Default)]
struct Inside {
    all: u32,
    by_address: HashMap<IpAddr, u32>,
    /// Connections closed since the log last said so.
    refused: u64,
}

/// A place inside; given back when the connection ends.
struct Place {
    inside: Arc<Mutex<Inside>>,
    /// `None` for a trusted proxy, whose connections are not counted by address.
    address: Option<IpAddr>,
}

impl Doorkeeper {
    /// As many as the limits and the machine's file descriptors allow.
    pub fn new(limits: &Limits, trusted: &[IpNet]) -> Self {
        let wanted = u64::from(limits.connections) + OTHER_DESCRIPTORS;
        let descriptors = rlimit::increase_nofile_limit(wanted).unwrap_or(1024);
        let possible = u32::try_from(descriptors.saturating_sub(OTHER_DESCRIPTORS)).unwrap_or(u32::MAX).max(64);
        if possible < limits.connections {
            tracing::warn!(connections = possible, "fewer connections than set: the limit of open files is low");
        }
        Self {
            inside: Arc::default(),
            most: limits.connections.min(possible),
            most_of_one: limits.connections_per_address,
            stall: Duration::from_secs(limits.answer_stall_seconds.into()),
            trusted: trusted.into(),
        }
    }

    fn let_in(&self, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let address = (!self.trusted.iter().any(|net| net.contains(&peer))).then_some(peer);
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = address.and_then(|address| inside.by_address.get(&address).copied()).unwrap_or(0);
        if inside.all >= self.most || of_one >= self.most_of_one {
            inside.refused += 1;
            // A flood must not become a flood of log lines.
            if inside.refused.is_power_of_two() {
                tracing::warn!(address = %peer, refused = inside.refused, open = inside.all, "too many connections");
            }
            return None;
        }
        inside.all += 1;
        if let Some(address) = address {
            *inside.by_address.entry(address).or_default() += 1;
        }
        Some(Place { inside: self.inside.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all = inside.all.saturating_sub(1);
        if let Some(address) = self.address
            && let Some(count) = inside.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                inside.by_address.remove(&address);
            }
        }
    }
}

impl<S> Accept<TcpStream, S> for Doorkeeper {
    type Stream = Guarded;
    type Service = S;
    type Future = Ready<io::Result<(Guarded, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        ready(self.guard(stream).map(|guarded| (guarded, service)))
    }
}

impl Doorkeeper {
    fn guard(&self, stream: TcpStream) -> io::Result<Guarded> {
        let peer: SocketAddr = stream.peer_addr()?;
        let place = self.let_in(peer.ip()).ok_or_else(|| io::Error::other("too many connections"))?;
        stream.set_nodelay(true)?;
        Ok(Guarded { stream, stall: self.stall, deadline: None, _place: place })
    }
}

/// A connection that is given up when its peer takes an answer too slowly.
pub struct Guarded {
    stream: TcpStream,
    stall: Duration,
    /// Runs while an answer waits to be taken; bytes taken put it off.
    deadline: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

impl Guarded {
    fn watched<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl Fn(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        match &written {
            Poll::Ready(Ok(value)) => {
                if let Some(deadline) = &mut self.deadline {
                    let later = deadline.deadline() + Duration::from_secs(bytes(value) as u64) / LEAST_RATE;
                    deadline.as_mut().reset(later);
                }
                written
            }
            Poll::Ready(Err(_)) => written,
            Poll::Pending => {
                let stall = self.stall;
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall)));
                std::task::ready!(deadline.as_mut().poll(context));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the answer was taken too slowly")))
            }
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(context, written, |count| *count)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watched(context, written, |count| *count)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Everything is with the operating system: nothing waits any more.
        self.deadline = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
