//! Recordings as browsers write them, and what is none.

use ogg::PacketReader;

use super::*;

/// An element of a known length.
fn of(id: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap() | 0x1000_0000;
    [id, &length.to_be_bytes(), body].concat()
}

/// An element that reaches to the end, as while it is recorded.
fn open(id: &[u8], body: &[u8]) -> Vec<u8> {
    [id, &[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], body].concat()
}

fn simple_block(packet: &[u8]) -> Vec<u8> {
    of(&[0xA3], &[&[0x81, 0, 0, 0x80], packet].concat())
}

/// 20 ms of sound, the `n`th.
fn packet(n: u8) -> Vec<u8> {
    vec![0b1111_1000, n, n]
}

fn recording(codec: &[u8], private: &[u8], clusters: &[Vec<u8>]) -> Vec<u8> {
    let entry = [of(&[0xD7], &[1]), of(&[0x86], codec), of(&[0x63, 0xA2], private)].concat();
    let tracks = of(&[0x16, 0x54, 0xAE, 0x6B], &of(&[0xAE], &entry));
    let clusters: Vec<u8> = clusters.iter().flat_map(|blocks| open(&[0x1F, 0x43, 0xB6, 0x75], blocks)).collect();
    let header = of(&[0x1A, 0x45, 0xDF, 0xA3], &of(&[0x42, 0x82], b"webm"));
    [header, open(&[0x18, 0x53, 0x80, 0x67], &[tracks, clusters].concat())].concat()
}

#[test]
fn a_recording_of_a_browser_becomes_a_voice_note_of_the_same_packets() {
    let head = [&b"OpusHead\x01\x01"[..], &312_u16.to_le_bytes(), &48_000_u32.to_le_bytes(), &[0, 0, 0]].concat();
    let cluster =
        |from: u8| [of(&[0xE7], &[0]), (from..from + 60).flat_map(|n| simple_block(&packet(n))).collect()].concat();
    let grouped = of(&[0xA0], &of(&[0xA1], &[&[0x81, 0, 0, 0][..], &packet(120)].concat()));
    let webm = recording(b"A_OPUS", &head, &[cluster(0), cluster(60), grouped]);
    let note = voice_note(webm).unwrap();
    let mut reader = PacketReader::new(std::io::Cursor::new(note.clone()));
    let (mut packets, mut last) = (Vec::new(), 0);
    while let Some(read) = reader.read_packet().unwrap() {
        last = read.absgp_page();
        packets.push(read.data);
    }
    assert_eq!(packets[0], head);
    assert!(packets[1].starts_with(b"OpusTags"));
    assert_eq!(packets[2..], (0..=120).map(packet).collect::<Vec<_>>());
    assert_eq!(last, 121 * 960, "it says how long it is");
    // It is one now.
    assert_eq!(voice_note(note.clone()), Ok(note));
    let without_head = recording(b"A_OPUS", b"", &[cluster(0)]);
    assert!(voice_note(without_head).unwrap().windows(8).any(|part| part == b"OpusHead"));
}

#[test]
fn what_is_no_recording_in_opus_says_why() {
    let block = simple_block(&packet(1));
    for (recording, why) in [
        (b"ID3 mp3".to_vec(), Unsendable::OtherContainer),
        (Vec::new(), Unsendable::OtherContainer),
        (b"OggS vorbis".to_vec(), Unsendable::NoOpus),
        (recording(b"A_VORBIS", b"", std::slice::from_ref(&block)), Unsendable::NoOpus),
        (recording(b"A_OPUS", b"", &[]), Unsendable::Broken),
        (recording(b"A_OPUS", b"", &[of(&[0xA3], &[0x81, 0, 0, 0x86, 1, 2])]), Unsendable::Broken),
        (vec![0x1A, 0x45, 0xDF, 0xA3], Unsendable::NoOpus),
    ] {
        assert_eq!(voice_note(recording.clone()), Err(why), "{recording:?}");
    }
}

#[test]
fn no_length_that_a_file_claims_makes_room_and_no_cut_breaks() {
    let whole = recording(b"A_OPUS", b"", &[simple_block(&packet(1)), simple_block(&packet(2))]);
    for end in 0..whole.len() {
        let _either = voice_note(whole[..end].to_vec());
    }
    let mut endless = whole.clone();
    endless.extend([0xA3, 0x01, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0x81, 0, 0, 0x80, 0xF8]);
    assert!(voice_note(endless).is_ok());
    // As deep as somebody likes.
    let nested = (0..10_000).fold(vec![], |inner: Vec<u8>, _| [&[0xA0, 0xFF][..], &inner].concat());
    let _either = voice_note([&[0x1A, 0x45, 0xDF, 0xA3, 0x80][..], &nested].concat());
}

#[test]
fn a_packet_plays_as_long_as_its_first_byte_says() {
    for (packet, expected) in [
        (&[0b0000_0000][..], 480),
        (&[0b0001_1000], 2_880),
        (&[0b0110_1000], 960),
        (&[0b1000_0000], 120),
        (&[0b1111_1001], 1_920),
        (&[0b1111_1011, 3], 2_880),
        (&[0b1111_1011, 63], 5_760),
        (&[0b1111_1011], 0),
        (&[], 0),
    ] {
        assert_eq!(samples(packet), expected, "{packet:?}");
    }
}
