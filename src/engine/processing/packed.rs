//! How a contact's state is kept: as packed JSON. It is read and written with every batch of its events, and a busy customer's would
//! be 23 KB.

use std::cell::RefCell;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::engine::fold::state::State;

/// What states have in common: the names in them, and how they follow each other. A state of a few hundred bytes has little to repeat
/// of its own. What is packed with one sample can be read with that one alone: never change it, put another beside it.
const SAMPLE: &[u8] = include_bytes!("packed_sample.json");
/// Which sample a state was packed with: its first byte.
const FIRST_SAMPLE: u8 = 1;
/// Of plain JSON: what was stored before states were packed.
const PLAIN: u8 = b'{';
/// The fastest of zstd's levels that looks for repetitions at all; the next ones take twice the time for a twentieth less.
const LEVEL: i32 = 1;
/// Unpacked, in bytes: no state comes near it.
const LARGEST: u64 = 16 * 1024 * 1024;

static PACKING: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(SAMPLE, LEVEL));
static UNPACKING: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(SAMPLE));

thread_local! {
    static PACKER: RefCell<Option<Packer>> = const { RefCell::new(None) };
}

/// What is stored is no state.
#[derive(Debug, thiserror::Error)]
pub enum NotReadable {
    /// It was packed otherwise, or damaged.
    #[error("it cannot be unpacked: {0}")]
    Packing(#[from] std::io::Error),
    /// What was packed is no state's JSON.
    #[error("it is no state: {0}")]
    Json(#[from] serde_json::Error),
}

/// What a thread packs with: the tables and the room for JSON are used again and again.
struct Packer {
    compressor: Compressor<'static>,
    decompressor: Decompressor<'static>,
    json: Vec<u8>,
}

impl Packer {
    fn new() -> std::io::Result<Self> {
        let mut compressor = Compressor::with_prepared_dictionary(&PACKING)?;
        compressor.include_checksum(true)?;
        let decompressor = Decompressor::with_prepared_dictionary(&UNPACKING)?;
        Ok(Self { compressor, decompressor, json: Vec::new() })
    }

    /// Does something with this thread's.
    fn with<T, E: From<std::io::Error>>(work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        PACKER.with_borrow_mut(|packer| match packer {
            Some(packer) => work(packer),
            none => work(none.insert(Self::new()?)),
        })
    }

    fn pack(&mut self, state: &State) -> std::io::Result<Vec<u8>> {
        self.json.clear();
        serde_json::to_writer(&mut self.json, state)?;
        let mut packed = self.compressor.compress(&self.json)?;
        packed.insert(0, FIRST_SAMPLE);
        Ok(packed)
    }

    fn unpack(&mut self, packed: &[u8]) -> std::io::Result<&[u8]> {
        let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten().filter(|size| *size <= LARGEST);
        let size = size.ok_or_else(|| std::io::Error::other("its size is not told"))?;
        self.json.clear();
        self.json.reserve(size as usize);
        self.decompressor.decompress_to_buffer(packed, &mut self.json)?;
        Ok(&self.json)
    }
}

impl State {
    /// As it is stored. Should packing fail, as it is: that can be read as well.
    pub fn packed(&self) -> Vec<u8> {
        Packer::with(|packer| packer.pack(self)).unwrap_or_else(|error| {
            tracing::error!(%error, "a contact's state cannot be packed; it is stored as it is");
            serde_json::to_vec(self).unwrap_or_default()
        })
    }

    /// From what is stored; of whom nothing is stored yet, or nothing that can be read, nothing is known.
    pub fn known(stored: Option<&[u8]>) -> Self {
        stored.and_then(|stored| Self::unpacked(stored).ok()).unwrap_or_default()
    }

    /// From what is stored.
    ///
    /// # Errors
    /// [`NotReadable`].
    pub fn unpacked(stored: &[u8]) -> Result<Self, NotReadable> {
        match stored.split_first() {
            Some((&PLAIN, _)) => Ok(serde_json::from_slice(stored)?),
            Some((&FIRST_SAMPLE, packed)) => Packer::with(|packer| Ok(serde_json::from_slice(packer.unpack(packed)?)?)),
            _ => Err(std::io::Error::other("its first byte names no way of packing").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn state() -> State {
        // The second customer of the sample; of the first many figures are left out.
        let sample = std::str::from_utf8(SAMPLE).unwrap_or_default();
        let second = sample.rfind("{\"contact\"").and_then(|start| serde_json::from_str(&sample[start..]).ok());
        second.unwrap_or_else(|| panic!("the sample ends with a state"))
    }

    #[test]
    fn what_was_packed_is_read_again_and_is_a_quarter_of_its_json() {
        let mut state = state();
        state.clock = Timestamp(1_795_890_000_000);
        let packed = state.packed();
        assert_eq!(State::unpacked(&packed).ok().as_ref(), Some(&state));
        let json = serde_json::to_vec(&state).unwrap_or_default();
        assert!(packed.len() * 4 < json.len(), "{} of {}", packed.len(), json.len());
    }

    #[test]
    fn what_was_stored_before_states_were_packed_is_read_as_it_is() {
        let json = serde_json::to_vec(&state()).unwrap_or_default();
        assert_eq!(State::unpacked(&json).ok(), Some(state()));
        assert_eq!(State::known(None), State::default());
    }

    #[test]
    fn what_is_damaged_is_no_state_and_no_panic() {
        let packed = state().packed();
        for place in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[place] ^= 0x40;
            // Some bits may be one way or the other.
            assert!(State::unpacked(&damaged).map_or(true, |read| read == state()), "byte {place}");
            assert!(State::unpacked(&packed[..place]).is_err(), "cut at {place}");
        }
        let of_others = zstd::bulk::compress(b"{}", LEVEL).unwrap_or_default();
        assert!(State::unpacked(&of_others).is_err());
    }
}
