//! Files of gateways: what a message says of its file, and where the gateway gives it out.
//!
//! What is on WhatsApp's own servers (`mmg.whatsapp.net`) is encrypted, and only the gateway has the key. Sources:
//! fazer-ai/baileys-api, `src/controllers/media.ts`; Evolution API, "Get Base64"; devlikeapro/waha, `src/core/media`;
//! aldinokemal/go-whatsapp-web-multidevice, `docs/webhook-payload.md` and `docs/openapi.yaml`.

use domain::connection::Provider;
use domain::media::{Media, MediaKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::Place;
use crate::lenient;
use crate::path::stays;

/// What a path keeps as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@');

/// Where WAHA gives files out: those on its disk, and those in its store when it is told to stand before it.
const OF_WAHA: [&str; 2] = ["/api/files/", "/api/s3/"];

/// Where GOWA gives files out.
const OF_GOWA: &str = "statics/";

/// The file that a Baileys message announces; `content` is the object that describes it.
pub(crate) fn of_baileys(kind: &str, content: &Value) -> Option<Media> {
    MediaKind::of(kind)?;
    Some(Media::announced(lenient::text(&content["fileName"]), lenient::text(&content["mimetype"])))
}

/// The file that a WAHA message announces.
pub(crate) fn of_waha(kind: &str, payload: &Value) -> Option<Media> {
    MediaKind::of(kind)?;
    let media = &payload["media"];
    Some(Media::announced(lenient::text(&media["filename"]), lenient::text(&media["mimetype"])))
}

/// The file that a GOWA message announces.
pub(crate) fn of_gowa(kind: &str, payload: &Value) -> Option<Media> {
    MediaKind::of(kind)?;
    Some(Media::announced(lenient::text(&described(payload)["filename"]), None))
}

/// Where a gateway gives out the file of a message, in the order in which it is to be asked.
pub(super) fn places(provider: &Provider, message: &Value) -> Vec<Place> {
    match provider {
        Provider::Baileys { .. } => lenient::text(&message["key"]["id"])
            .map(|id| format!("/media/{}", encoded(id)))
            .filter(|path| stays(path))
            .map(Place::Own)
            .into_iter()
            .collect(),
        Provider::Evolution { .. } => evolution(message),
        Provider::Waha { .. } => lenient::text(&message["media"]["url"]).and_then(waha).into_iter().collect(),
        Provider::Gowa { .. } => gowa(message),
        Provider::CloudApi { .. } => Vec::new(),
    }
}

/// The address in its own store, where it has one, and then itself: it gives a file as Base64, which is a third longer.
fn evolution(message: &Value) -> Vec<Place> {
    let store = lenient::text(&message["message"]["mediaUrl"]).map(|url| Place::Outside(url.to_owned()));
    let itself =
        lenient::text(&message["key"]["id"]).map(|_| Place::Base64 { message: json!({ "key": message["key"] }) });
    store.into_iter().chain(itself).collect()
}

/// The call that gives the file of a message of an Evolution instance: path and body.
pub fn base64_call(instance: &str, message: &Value) -> (String, Value) {
    let path = format!("/chat/getBase64FromMediaMessage/{}", encoded(instance));
    (path, json!({ "message": message, "convertToMp4": false }))
}

/// WAHA writes its own addresses as it is told that it is called, often `localhost`: their path counts, at the connection's own
/// address, and no further than below where it gives files out. Everything else is the address of a store.
fn waha(url: &str) -> Option<Place> {
    let address = url.split('#').next().unwrap_or_default();
    let named = address.split('?').next().unwrap_or_default();
    match OF_WAHA.iter().filter_map(|prefix| named.find(prefix)).min() {
        Some(at) => Some(&address[at..]).filter(|path| stays(path)).map(|path| Place::Own(path.to_owned())),
        None => Some(Place::Outside(url.to_owned())),
    }
}

/// The path at which it put the file, if it fetches files by itself; and then itself, which fetches it when asked.
fn gowa(payload: &Value) -> Vec<Place> {
    let described = described(payload);
    let path = lenient::text(described).or(lenient::text(&described["path"])).and_then(gowa_path);
    let id = lenient::text(&payload["id"]).map(encoded);
    let chat = lenient::text(&payload["chat_id"]).or(lenient::text(&payload["from"])).map(encoded);
    let asked = id.zip(chat).map(|(id, chat)| Place::Told(format!("/message/{id}/download?phone={chat}")));
    let asked = asked.filter(|place| matches!(place, Place::Told(path) if stays(path)));
    path.map(Place::Own).into_iter().chain(asked).collect()
}

/// What GOWA answers where it has put a file: the path there.
pub fn told_path(answer: &[u8]) -> Option<String> {
    gowa_path(lenient::text(&lenient::read(answer).ok()?["results"]["file_path"])?)
}

/// A path that GOWA names, as it is asked for.
fn gowa_path(path: &str) -> Option<String> {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let parts: Vec<String> = path.split('/').map(encoded).collect();
    let is_below = !path.split('/').any(|part| part.is_empty() || part == "." || part == "..");
    let path = (path.starts_with(OF_GOWA) && is_below).then(|| format!("/{}", parts.join("/")));
    path.filter(|path| stays(path))
}

/// The field of a GOWA message that describes its file.
fn described(payload: &Value) -> &Value {
    const FIELDS: [&str; 6] = ["image", "video", "video_note", "audio", "document", "sticker"];
    FIELDS.iter().map(|field| &payload[field]).find(|value| !value.is_null()).unwrap_or(&Value::Null)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        "0".repeat(64)
    }

    #[test]
    fn a_baileys_service_is_asked_by_the_message_and_evolution_s_store_before_itself() {
        let (baileys, evolution) =
            (Provider::Baileys { token_sha256: token() }, Provider::Evolution { token_sha256: token() });
        let key = json!({ "id": "3EB0/..?A", "remoteJid": "77079861373@s.whatsapp.net" });
        let message = json!({ "key": key, "message": { "imageMessage": {}, "mediaUrl": "https://s3.example.org/a" } });
        assert_eq!(places(&baileys, &message), [Place::Own("/media/3EB0%2F..%3FA".to_owned())]);
        let itself = Place::Base64 { message: json!({ "key": key }) };
        assert_eq!(places(&evolution, &message), [Place::Outside("https://s3.example.org/a".to_owned()), itself]);
        assert_eq!(places(&evolution, &json!({ "message": {} })), []);
        let (path, body) = base64_call("my/instance", &json!({ "key": { "id": "A" } }));
        assert_eq!(path, "/chat/getBase64FromMediaMessage/my%2Finstance");
        assert_eq!(body, json!({ "message": { "key": { "id": "A" } }, "convertToMp4": false }));
    }

    #[test]
    fn waha_s_own_files_are_asked_for_by_their_path() {
        let waha = Provider::Waha { account: "default".to_owned() };
        let check = |url: Value, expected: Option<Place>| {
            let expected: Vec<Place> = expected.into_iter().collect();
            assert_eq!(places(&waha, &json!({ "media": { "url": url } })), expected, "{url}");
        };
        let own = |path: &str| Some(Place::Own(path.to_owned()));
        let file = "/api/files/default/false_1@c.us_A.jpg";
        check(json!(format!("http://localhost:3000{file}")), own(file));
        check(json!(format!("https://example.org/waha{file}?x=1")), own(&format!("{file}?x=1")));
        check(json!("http://waha/api/s3/bucket/default/A.jpg"), own("/api/s3/bucket/default/A.jpg"));
        let store = "https://bucket.s3.amazonaws.com/default/A.jpg?X-Amz-Signature=x";
        check(json!(store), Some(Place::Outside(store.to_owned())));
        check(json!(null), None);
        // None of these is a file that WAHA gives out, and each would have its key.
        for path in
            ["../../sessions", "%2e%2e/%2E%2E/sessions", "..%2f..%2fsessions", "..\\..\\sessions", "/x", "a/../../../b"]
        {
            check(json!(format!("http://localhost:3000/api/files/{path}")), None);
        }
        check(json!(format!("http://localhost:3000{file}#/../x")), own(file));
        // What stands in a query is no path.
        let other = "https://store.example.org/a?u=/api/files/../x";
        check(json!(other), Some(Place::Outside(other.to_owned())));
    }

    #[test]
    fn an_id_that_leads_upwards_names_no_file() {
        let places = |provider: &Provider, id: &str| {
            places(provider, &json!({ "key": { "id": id }, "id": id, "chat_id": "1@s.whatsapp.net" }))
        };
        for id in ["..", ".", "%2e%2e"] {
            let dots = id.starts_with('.');
            for provider in
                [Provider::Baileys { token_sha256: token() }, Provider::Gowa { account: "default".to_owned() }]
            {
                assert_eq!(places(&provider, id).is_empty(), dots || id.contains("%2e"), "{id}");
            }
        }
    }

    #[test]
    fn gowa_is_asked_at_the_path_that_it_names_and_for_it_where_it_names_none() {
        let gowa = Provider::Gowa { account: "default".to_owned() };
        let (id, chat) = ("3EB0", "77079861373@s.whatsapp.net");
        let asked = || Place::Told(format!("/message/{id}/download?phone={chat}"));
        let check = |image: Value, path: Option<&str>| {
            let expected: Vec<Place> =
                path.map(|path| Place::Own(path.to_owned())).into_iter().chain([asked()]).collect();
            assert_eq!(places(&gowa, &json!({ "id": id, "chat_id": chat, "image": image })), expected, "{image}");
        };
        check(json!("statics/media/1 2.jpeg"), Some("/statics/media/1%202.jpeg"));
        check(json!({ "path": "/statics/media/1.jpeg", "caption": "A" }), Some("/statics/media/1.jpeg"));
        check(json!({ "url": "https://mmg.whatsapp.net/x" }), None);
        check(json!("statics/../app/logout"), None);
        check(json!("app/logout"), None);
        let answer = json!({ "code": "SUCCESS", "results": { "file_path": "statics/media/7/a.pdf" } }).to_string();
        assert_eq!(told_path(answer.as_bytes()).as_deref(), Some("/statics/media/7/a.pdf"));
        for other in ["", "{}", r#"{"results":{"file_path":"/etc/passwd"}}"#] {
            assert_eq!(told_path(other.as_bytes()), None, "{other}");
        }
    }
}
