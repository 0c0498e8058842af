//! A recording as browsers make it, in the container of a voice note: the same Opus packets, out of `WebM` and into Ogg.
//!
//! Nothing is decoded. `WebM` is read in place, and what it says of lengths is believed no further than the bytes that are there; its
//! few elements that matter are read here, since the readers that exist make room for whatever length a file claims. Source: RFC 8794
//! (EBML), RFC 9559 (Matroska), RFC 7845 (Ogg Opus), RFC 6716 §3.1 (packets).

use domain::media::MediaType;
use ogg::{PacketWriteEndInfo, PacketWriter};

/// The types under which browsers and programs give a recording that may have to be put into another container.
const RECORDED: [&str; 4] = ["audio/webm", "audio/opus", "audio/x-matroska", "audio/matroska"];
/// What a voice note is.
pub(super) const VOICE_NOTE: &str = "audio/ogg";

/// Why a recording cannot be sent as a voice note. `Display` is for the agent who recorded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsendable {
    /// It is in another container.
    #[error("the recording is neither WebM nor Ogg: record it as audio/webm or audio/ogg with the codec opus")]
    OtherContainer,
    /// It has no track of Opus.
    #[error("the recording has no sound in Opus, which alone can be sent as a voice note: record it with codecs=opus")]
    NoOpus,
    /// It ends before it begins, or is broken.
    #[error("the recording is empty or broken")]
    Broken,
}

/// Whether a file of this type may be a recording of a browser's.
pub(super) fn is_recorded(media_type: &MediaType) -> bool {
    RECORDED.contains(&media_type.as_str())
}

/// The recording as Ogg; one that is Ogg already as it is. Errors: it cannot be had.
pub(super) fn voice_note(recording: Vec<u8>) -> Result<Vec<u8>, Unsendable> {
    if recording.starts_with(b"OggS") {
        // The head of an Opus stream is the first packet.
        let head = &recording[..recording.len().min(128)];
        let is_opus = head.windows(8).any(|part| part == b"OpusHead");
        return if is_opus { Ok(recording) } else { Err(Unsendable::NoOpus) };
    }
    if !recording.starts_with(&[0x1A, 0x45, 0xDF, 0xA3]) {
        return Err(Unsendable::OtherContainer);
    }
    let film = Film::of(&recording);
    let track = film.track.ok_or(Unsendable::NoOpus)?;
    let packets: Vec<&[u8]> =
        film.blocks.iter().filter(|(of, _)| *of == track.number).map(|(_, packet)| *packet).collect();
    if packets.is_empty() {
        return Err(Unsendable::Broken);
    }
    ogg(&track.head(), &packets).ok_or(Unsendable::Broken)
}

/// What of a film matters here.
#[derive(Default)]
struct Film<'a> {
    track: Option<Track<'a>>,
    blocks: Vec<(u64, &'a [u8])>,
}

/// The first track of Opus.
struct Track<'a> {
    number: u64,
    private: &'a [u8],
}

/// Elements that hold others: the segment, its tracks, its clusters and their groups.
const HOLDING: [u32; 4] = [0x1853_8067, 0x1654_AE6B, 0x1F43_B675, 0xA0];
const ENTRY: u32 = 0xAE;
const NUMBER: u32 = 0xD7;
const CODEC: u32 = 0x86;
const PRIVATE: u32 = 0x63A2;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK: u32 = 0xA1;
impl<'a> Film<'a> {
    /// What is within an element that holds others follows it like its neighbours: so nothing is nested, and it does not matter that
    /// browsers, which do not know yet how long a cluster will be, leave open where it ends.
    fn of(mut bytes: &'a [u8]) -> Self {
        let mut film = Self::default();
        while let Some(Element { id, body, within, behind }) = element(bytes) {
            match id {
                ENTRY if film.track.is_none() => film.track = track(body),
                SIMPLE_BLOCK | BLOCK => film.blocks.extend(block(body)),
                _ => {}
            }
            bytes = if HOLDING.contains(&id) { within } else { behind };
        }
        film
    }
}

impl Track<'_> {
    /// Its head, as Ogg has it too; one for a single voice where the film has none.
    fn head(&self) -> Vec<u8> {
        if self.private.starts_with(b"OpusHead") && self.private.len() >= 19 {
            return self.private.to_vec();
        }
        [&b"OpusHead\x01\x01"[..], &312_u16.to_le_bytes(), &48_000_u32.to_le_bytes(), &[0, 0, 0]].concat()
    }
}

/// An element.
struct Element<'a> {
    id: u32,
    /// What it holds: to the end, where its length is not known or is longer than what is there.
    body: &'a [u8],
    /// All that follows its head.
    within: &'a [u8],
    /// All that follows what it holds.
    behind: &'a [u8],
}

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let id_length = bytes.first()?.leading_zeros() as usize + 1;
    if id_length > 4 {
        return None;
    }
    let id = bytes.get(..id_length)?.iter().fold(0_u32, |id, byte| (id << 8) | u32::from(*byte));
    let (length, within) = number(&bytes[id_length..])?;
    let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(within.len());
    let (body, behind) = within.split_at(length.min(within.len()));
    Some(Element { id, body, within, behind })
}

/// A number of variable length, `None` where all its bits are set, and what follows it.
fn number(bytes: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    if length > 8 {
        return None;
    }
    let (given, rest) = (bytes.get(..length)?, &bytes[length..]);
    let bits = 7 * length;
    let value = given.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte)) & ((1 << bits) - 1);
    Some(((value != (1 << bits) - 1).then_some(value), rest))
}

fn track(mut entry: &[u8]) -> Option<Track<'_>> {
    let (mut of, mut is_opus, mut private) = (None, false, &[][..]);
    while let Some(Element { id, body, behind, .. }) = element(entry) {
        match id {
            NUMBER => {
                of = (body.len() <= 8).then(|| body.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte)));
            }
            CODEC => is_opus = body == b"A_OPUS",
            PRIVATE => private = body,
            _ => {}
        }
        entry = behind;
    }
    of.filter(|_| is_opus).map(|number| Track { number, private })
}

/// The packet of a block, and the track that it is of. Recordings have one packet a block; laced blocks are none of theirs.
fn block(block: &[u8]) -> Option<(u64, &[u8])> {
    let (track, rest) = number(block)?;
    let [_, _, flags, packet @ ..] = rest else { return None };
    let is_laced = flags & 0b0000_0110 != 0;
    (!is_laced && !packet.is_empty()).then_some((track?, packet))
}

/// The packets as a stream of their own.
fn ogg(head: &[u8], packets: &[&[u8]]) -> Option<Vec<u8>> {
    const SERIAL: u32 = 1;
    // The first packet of a second begins a page, so that a player may go to it.
    const PAGE: u64 = 48_000;
    let mut writer = PacketWriter::new(Vec::new());
    writer.write_packet(head.to_vec(), SERIAL, PacketWriteEndInfo::EndPage, 0).ok()?;
    let tags = [&b"OpusTags"[..], &5_u32.to_le_bytes(), b"turno", &0_u32.to_le_bytes()].concat();
    writer.write_packet(tags, SERIAL, PacketWriteEndInfo::EndPage, 0).ok()?;
    let (mut played, mut page) = (0, 0);
    for (at, packet) in packets.iter().enumerate() {
        played += samples(packet);
        let end = if at + 1 == packets.len() {
            PacketWriteEndInfo::EndStream
        } else if played - page >= PAGE {
            page = played;
            PacketWriteEndInfo::EndPage
        } else {
            PacketWriteEndInfo::NormalPacket
        };
        writer.write_packet(packet.to_vec(), SERIAL, end, played).ok()?;
    }
    Some(writer.into_inner())
}

/// How much a packet plays, in samples at 48 kHz. Source: RFC 6716 §3.1, table 2.
fn samples(packet: &[u8]) -> u64 {
    let Some(toc) = packet.first() else { return 0 };
    let frame = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config % 4)],
        config @ 12..=15 => [480, 960][usize::from(config % 2)],
        config => [120, 240, 480, 960][usize::from(config % 4)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1).map_or(0, |count| count & 63)),
    };
    // No packet plays longer than 120 ms.
    (frame * frames).min(5_760)
}

#[cfg(test)]
mod tests;
