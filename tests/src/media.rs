//! Files that customers send: kept byte for byte, whatever goes wrong on the way, and given to whom the conversation is shown.

use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, LONG, SOON, agent, demo, eventually, kill, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_file_is_kept_byte_for_byte_and_given_out_as_a_download() {
    let host = Host::fresh().await;
    let (ana, phone) = (host.agent("ana"), people::phone(1));
    let bytes = |n: u32| (0..n).flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
    let sent = [
        ("image", "image/jpeg", bytes(100_000)),
        ("video", "video/mp4", bytes(1_000_000)),
        ("audio", "audio/ogg; codecs=opus", bytes(1000)),
        ("document", "application/pdf", bytes(5_000_000)),
        ("sticker", "image/webp", Vec::new()),
        ("voice", "audio/ogg", bytes(10)),
    ];
    let mut ids = Vec::new();
    for (kind, media_type, bytes) in &sent {
        let mut file = host.attach(media_type, bytes.clone(), "").await;
        if *kind == "document" {
            file["filename"] = json!("../Relatório \"final\"\r\n\u{202e}fdp.pdf");
        }
        ids.push(host.say_file(COMERCIAL, &phone, kind, file).await);
    }
    for (id, (kind, media_type, bytes)) in ids.iter().zip(&sent) {
        let message = ana.file_is("stored", 1, id, SOON * 3).await;
        assert_eq!(message["media"]["size"], bytes.len());
        assert_eq!(message["type"], if *kind == "voice" { "audio" } else { kind });
        let link = ana.get(&path(&message)).await.expect(200);
        assert_eq!(link["media_type"], media_type.split(';').next().unwrap());
        assert!(host.download(&link).await == *bytes, "{kind}");
        if *kind == "document" {
            assert_eq!(message["media"]["name"], "Relatório \"final\"fdp.pdf");
            let answer = host.http.get(link["url"].as_str().unwrap()).send().await.unwrap();
            let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
            let expected = "attachment; filename=\"Relat_rio _final_fdp.pdf\"; filename*=UTF-8''Relat%C3%B3rio%20%22final%22fdp.pdf";
            assert_eq!(disposition, expected);
        }
    }
    // Agents' screens hear of it, once for each.
    eventually("each file is told", SOON, async || {
        let told = host.take_events("push").await;
        let of_media = told.iter().filter(|event| event["kind"] == "message_media_changed");
        let mut ids: Vec<&str> = of_media.map(|event| event["data"]["messageId"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        (ids.len() == sent.len()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_kept_is_given_up_with_a_reason_and_can_be_tried_again() {
    let host = Host::fresh().await;
    let (ana, phone) = (host.agent("ana"), people::phone(1));
    let large = vec![7; 5 * 1024 * 1024 + 1];
    let small = b"small".to_vec();
    let cases = [
        (small.clone(), "gone", "gone"),
        (small.clone(), "ok,gone", "gone"),
        (small.clone(), "ok,other", "damaged"),
        (large, "", "too_large"),
        (small.clone(), "ok,more", "too_large"),
        (small.clone(), "ok,page", "wrong_type"),
        (small.clone(), "elsewhere", "forbidden_address"),
        (small.clone(), "ok,redirect", "forbidden_address"),
    ];
    let mut said = Vec::new();
    for (bytes, outcomes, reason) in cases {
        let file = host.attach("image/png", bytes, outcomes).await;
        said.push((host.say_file(COMERCIAL, &phone, "image", file).await, reason));
    }
    // One that names no file, and one whose file is no image by its own word.
    said.push((host.say_file(COMERCIAL, &phone, "image", json!({ "mime_type": "image/png" })).await, "no_source"));
    let page = host.attach("text/html", b"<script>".to_vec(), "").await;
    said.push((host.say_file(COMERCIAL, &phone, "image", page).await, "wrong_type"));
    // And one whose announced digest is not its own.
    let mut altered = host.attach("image/png", b"altered".to_vec(), "").await;
    altered["sha256"] = json!("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    said.push((host.say_file(COMERCIAL, &phone, "image", altered).await, "damaged"));
    for (id, reason) in &said {
        let message = ana.file_is("failed", 1, id, SOON * 3).await;
        assert_eq!(message["media"]["reason"], *reason, "{message}");
        assert!(message["media"]["detail"].as_str().unwrap().contains(' '));
        assert_eq!(ana.get(&path(&message)).await.expect(409)["code"], "media_failed");
    }
    // The first is there by now: an agent asks again, twice at once, and it is kept.
    let message = ana.file_is("failed", 1, &said[0].0, SOON * 3).await;
    let again = format!("{}/retry", path(&message));
    let (one, other) = tokio::join!(ana.post(&again, json!({})), ana.post(&again, json!({})));
    // Whichever comes second is taken too, unless the file is kept by then.
    let taken = [&one, &other].map(|answer| answer.status == 202);
    assert!(taken.contains(&true), "{one:?} {other:?}");
    for late in [one, other].into_iter().filter(|answer| answer.status != 202) {
        assert_eq!(late.expect(409)["code"], "media_stored");
    }
    let message = ana.file_is("stored", 1, &said[0].0, SOON * 3).await;
    assert_eq!(host.download(&ana.get(&path(&message)).await.expect(200)).await, small);
    assert_eq!(ana.post(&again, json!({})).await.expect(409)["code"], "media_stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_for_a_while_is_kept_in_the_end() {
    let host = Host::fresh().await;
    let (ana, phone) = (host.agent("ana"), people::phone(1));
    let mut said = Vec::new();
    for outcomes in ["error", "ok,error", "throttle", "token", "ok,cut", "ok,hang", "ok,ok"] {
        let file = host.attach("image/png", outcomes.as_bytes().to_vec(), outcomes).await;
        said.push((host.say_file(COMERCIAL, &phone, "image", file).await, outcomes));
    }
    for (id, outcomes) in said {
        let message = ana.file_is("stored", 1, &id, SOON * 3).await;
        assert_eq!(host.download(&ana.get(&path(&message)).await.expect(200)).await, outcomes.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_shown_to_those_who_see_its_conversation_and_to_nobody_else() {
    let host = Host::fresh().await;
    let storage = host.storage().await;
    agent(&storage, &demo(), "outsider", domain::agent::Role::Agent, &["support"], 5).await;
    let ana = host.agent("ana");
    let file = host.attach("image/svg+xml", b"<svg onload=alert(1)>".to_vec(), "").await;
    let said = host.say_file(COMERCIAL, &people::phone(1), "document", file).await;
    let message = ana.file_is("stored", 1, &said, SOON * 3).await;
    let link = ana.get(&path(&message)).await.expect(200);
    // What a browser could run is bytes to it.
    assert_eq!(
        (link["media_type"].as_str(), message["media"]["media_type"].as_str()),
        (Some("application/octet-stream"), Some("image/svg+xml"))
    );
    host.download(&link).await;
    for stranger in ["outsider", "nobody"] {
        let stranger = host.agent(stranger);
        let status = stranger.get(&path(&message)).await.status;
        assert!([403, 404].contains(&status), "{status}");
        assert!([403, 404].contains(&stranger.post(&format!("{}/retry", path(&message)), json!({})).await.status));
    }
    let other = host.signed_in(host.token("other", "ana"));
    assert!([403, 404].contains(&other.get(&path(&message)).await.status));
    let text = host.say(COMERCIAL, &people::phone(1)).await;
    let message = eventually("the text is there", SOON, async || ana.message_of(1, &text).await).await;
    assert_eq!((ana.get(&path(&message)).await.status, message.get("media")), (404, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_or_a_host_that_is_killed_loses_no_file() {
    let data = tempfile::tempdir().unwrap();
    let host = Host::on(data.path()).await;
    let phone = people::phone(1);
    // Whatever was out of sight when a process was killed comes again soon.
    host.set_visibility("media", 2).await;
    let mut said = Vec::new();
    for n in 0..20u8 {
        let bytes = vec![n; 50_000];
        let file = host.attach("image/png", bytes.clone(), "error").await;
        said.push((host.say_file(COMERCIAL, &phone, "image", file).await, bytes));
    }
    // From the second try on, everything may go wrong at every step.
    let faults = "3:kill=0.3,lost=0.2,error=0.1,throttle=0.1,duplicate=0.2";
    host.operate("PUT", "/_turno/faults", &json!({ "faults": faults })).await;
    let ana = host.agent("ana");
    eventually("some are kept", LONG, async || {
        let mut kept = 0;
        for (id, _) in &said {
            kept += u32::from(ana.message_of(1, id).await.is_some_and(|message| message["media"]["state"] == "stored"));
        }
        (kept >= 5).then_some(())
    })
    .await;
    for (pid, _) in host.processes("media").await {
        kill(pid);
    }
    host.operate("PUT", "/_turno/faults", &json!({ "faults": null })).await;
    for (id, _) in &said {
        ana.file_is("stored", 1, id, LONG).await;
    }
    // The power fails right after the last of them was said to be kept.
    host.kill();
    let host = Host::on(data.path()).await;
    let ana = host.agent("ana");
    for (id, bytes) in &said {
        let message = ana.message_of(1, id).await.unwrap();
        assert!(host.download(&ana.get(&path(&message)).await.expect(200)).await == *bytes);
    }
    // A backup holds the files, and what is restored from it gives them out.
    let backup = data.path().with_extension("tar");
    host.command(&["backup", backup.to_str().unwrap()]);
    host.stop();
    let restored = tempfile::tempdir().unwrap();
    let place = restored.path().join("data");
    let mut restore = crate::world::program();
    restore.arg("restore").arg(&backup).arg("--data").arg(&place);
    assert!(restore.output().unwrap().status.success());
    let host = Host::on(&place).await;
    let message = host.agent("ana").message_of(1, &said[0].0).await.unwrap();
    let link = host.agent("ana").get(&path(&message)).await.expect(200);
    assert!(host.download(&link).await == said[0].1);
    std::fs::remove_file(backup).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_finds_a_file_that_is_gone_damaged_or_nobody_s() {
    let data = tempfile::tempdir().unwrap();
    let mut host = Host::on(data.path()).await;
    let ana = host.agent("ana");
    let mut said = Vec::new();
    for n in 0..2u8 {
        let file = host.attach("image/png", vec![n; 10], "").await;
        said.push(host.say_file(COMERCIAL, &people::phone(1), "image", file).await);
    }
    for id in &said {
        ana.file_is("stored", 1, id, SOON * 3).await;
    }
    let files = host.data().join("files/turno-mediabucket");
    let mut paths: Vec<_> = std::fs::read_dir(&files).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 2);
    let bytes = std::fs::read(&paths[0]).unwrap();
    std::fs::write(files.join("0000"), &bytes).unwrap();
    std::fs::remove_file(&paths[0]).unwrap();
    let longer = [std::fs::read(&paths[1]).unwrap(), b"x".to_vec()].concat();
    std::fs::write(&paths[1], longer).unwrap();
    host.will_break(&["is said to be kept, and is not there", "the file 0000 is damaged", "is damaged"]);
}

fn path(message: &Value) -> String {
    format!("/v3/messages/{}/media", message["id"].as_str().unwrap())
}
