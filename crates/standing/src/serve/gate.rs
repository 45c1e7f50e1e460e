//! How often one address may ask for what needs no session: a bucket of tokens each.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests at once.
const BURST: f64 = 60.0;
/// Requests a second, after that.
const REFILL: f64 = 1.0;
/// At most this many addresses are remembered; then the oldest are forgotten.
const ADDRESSES: usize = 10_000;

/// The buckets.
#[derive(Default)]
pub struct Gate {
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

struct Bucket {
    left: f64,
    at: Instant,
}

impl Gate {
    /// Whether one more request may pass; if not, after how long the next may.
    ///
    /// # Errors
    /// The time to wait.
    pub fn pass(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let address = network(address);
        if buckets.len() >= ADDRESSES && !buckets.contains_key(&address) {
            // A bucket that has filled up again says nothing any more.
            buckets.retain(|_, b| b.left + now.duration_since(b.at).as_secs_f64() * REFILL < BURST);
            if buckets.len() >= ADDRESSES {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(address).or_insert(Bucket {
            left: BURST,
            at: now,
        });
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + passed * REFILL).min(BURST);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.left) / REFILL));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

/// An IPv6 subscriber holds a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_one_a_second_and_each_address_has_its_own() {
        let gate = Gate::default();
        let now = Instant::now();
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..60 {
            assert!(gate.pass(one, now).is_ok());
        }
        let wait = gate.pass(one, now).unwrap_err();
        assert!(wait <= Duration::from_secs(1) && wait > Duration::from_millis(900));
        assert!(gate.pass("192.0.2.2".parse().unwrap(), now).is_ok());
        assert!(gate.pass(one, now + Duration::from_secs(1)).is_ok());
        assert!(gate.pass(one, now + Duration::from_secs(1)).is_err());
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_bucket() {
        let gate = Gate::default();
        let now = Instant::now();
        for n in 0..60 {
            let address = format!("2001:db8::{n:x}").parse().unwrap();
            assert!(gate.pass(address, now).is_ok());
        }
        assert!(gate.pass("2001:db8::ffff".parse().unwrap(), now).is_err());
    }
}
