//! The bytes of bodies under way, all protocols together (reliability.md §2).
//!
//! Most of the budget is common; the rest is only for senders that do not retry, so those who can
//! come back are refused first. There is no other queue between socket and WAL.

use crate::error::Error;
use crate::limits;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One permit, bytes: the semaphore counts in these.
const UNIT_BYTES: u64 = 1_024;

/// Which part of the budget a sender may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Senders that retry.
    Common,
    /// Senders that do not: they take from the common part while it has room, then from their own.
    Protected,
}

/// The budget.
#[derive(Debug)]
pub struct Budget {
    common: Arc<Semaphore>,
    protected: Arc<Semaphore>,
    common_units: u32,
    protected_units: u32,
}

impl Budget {
    /// A budget of `bytes`, split between the lanes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let common = bytes / 100 * limits::COMMON_LANE_PERCENT;
        let common_units = units(common as u64);
        let protected_units = units((bytes - common) as u64);
        Self {
            common: Arc::new(Semaphore::new(common_units as usize)),
            protected: Arc::new(Semaphore::new(protected_units as usize)),
            common_units,
            protected_units,
        }
    }

    /// Takes `bytes`, waiting at most 250 ms.
    ///
    /// # Errors
    /// [`Error::Overload`] when there is no room in time.
    pub async fn reserve(&self, lane: Lane, bytes: u64) -> Result<Reservation, Error> {
        let wanted = units(bytes);
        let common = wanted.min(self.common_units);
        if let Ok(permit) = Arc::clone(&self.common).try_acquire_many_owned(common) {
            return Ok(Reservation::new(permit, &self.common, self.common_units));
        }
        let (lane, most) = match lane {
            Lane::Common => (&self.common, self.common_units),
            Lane::Protected => (&self.protected, self.protected_units),
        };
        let permit = acquire(lane, wanted.min(most)).await?;
        Ok(Reservation::new(permit, lane, most))
    }

    /// Bytes not taken, both lanes.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        (self.common.available_permits() + self.protected.available_permits()) as u64 * UNIT_BYTES
    }
}

async fn acquire(lane: &Arc<Semaphore>, units: u32) -> Result<OwnedSemaphorePermit, Error> {
    let waiting = Arc::clone(lane).acquire_many_owned(units);
    match tokio::time::timeout(limits::RESERVE_WAIT, waiting).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(Error::overload()),
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES).max(1)).unwrap_or(u32::MAX)
}

/// Bytes taken from the budget until dropped.
#[must_use]
#[derive(Debug)]
pub struct Reservation {
    permit: OwnedSemaphorePermit,
    lane: Arc<Semaphore>,
    most_units: u32,
}

impl Reservation {
    fn new(permit: OwnedSemaphorePermit, lane: &Arc<Semaphore>, most_units: u32) -> Self {
        Self {
            permit,
            lane: Arc::clone(lane),
            most_units,
        }
    }

    /// Takes more until the reservation holds `total_bytes`: as a body arrives without a length,
    /// and as it inflates. A body larger than the lane holds the whole lane.
    ///
    /// # Errors
    /// [`Error::Overload`] when there is no room in time.
    pub async fn grow(&mut self, total_bytes: u64) -> Result<(), Error> {
        let wanted = units(total_bytes).min(self.most_units);
        let held = u32::try_from(self.permit.num_permits()).unwrap_or(u32::MAX);
        if wanted > held {
            self.permit.merge(acquire(&self.lane, wanted - held).await?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn retriers_are_refused_first() {
        let budget = Budget::new(1_000 << 10);
        let held = budget.reserve(Lane::Common, 700 << 10).await.unwrap();
        let refused = budget.reserve(Lane::Common, 1).await.unwrap_err();
        assert!(matches!(
            refused,
            Error::Overload {
                retry_after_s: 2..=10
            }
        ));
        let mut other = budget.reserve(Lane::Protected, 1).await.unwrap();
        other.grow(100 << 10).await.unwrap();
        drop(held);
        assert!(budget.reserve(Lane::Common, 700 << 10).await.is_ok());
        drop(other);
        assert_eq!(budget.free_bytes(), 1_000 << 10);
    }

    #[tokio::test]
    async fn a_body_larger_than_the_lane_takes_the_lane_and_not_for_ever() {
        let budget = Budget::new(100 << 10);
        let mut held = budget.reserve(Lane::Common, 1 << 40).await.unwrap();
        held.grow(1 << 41).await.unwrap();
        assert!(budget.reserve(Lane::Common, 1).await.is_err());
        drop(held);
        assert!(budget.reserve(Lane::Common, 1).await.is_ok());
    }
}
