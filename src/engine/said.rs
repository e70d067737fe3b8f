//! Packs what was said, so that it can be looked through; see `store/said.rs`.

use std::time::Duration;

use super::Engine;
use super::supervise::outcome;
use crate::store::StoreError;

/// How often it is looked whether there is enough.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Between two rows, so that messages flow beside it where a long past is packed.
const PAUSE: Duration = Duration::from_millis(20);
/// After a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Works until told to stop.
pub(super) async fn run(engine: Engine) {
    let stop = engine.stopping();
    while !stop.is_cancelled() {
        let pause = match pack(&engine).await {
            Ok(true) => PAUSE,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "what was said could not be made ready to be looked through; trying again");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Packs one row; whether there may be more.
async fn pack(engine: &Engine) -> Result<bool, StoreError> {
    let Some(unpacked) = engine.store().unpacked().await? else { return Ok(false) };
    let Some(packed) = outcome(tokio::task::spawn_blocking(|| unpacked.pack()).await) else { return Ok(false) };
    engine.store().keep_packed(&packed).await
}
