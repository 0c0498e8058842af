//! What Baileys messages are made of.

use serde_json::json;

use super::*;

#[test]
fn every_kind_gives_its_words_and_its_effect() {
    use Effect::{Opens, Silent};
    let check = |message: Value, kind: &str, text: Option<&str>, effect: Effect| {
        let message = json!({ "message": message });
        let said = said(&message).unwrap_or_else(|reason| panic!("{reason}: {message}"));
        assert_eq!((said.kind.as_str(), said.text.as_deref(), said.effect), (kind, text, effect), "{message}");
    };
    check(json!({"conversation":"Oi"}), "text", Some("Oi"), Opens);
    check(json!({"extendedTextMessage":{"text":"Oi"}}), "text", Some("Oi"), Opens);
    check(json!({"messageContextInfo":{},"conversation":"Oi"}), "text", Some("Oi"), Opens);
    check(json!({"senderKeyDistributionMessage":{},"conversation":"Oi"}), "text", Some("Oi"), Opens);
    check(json!({"conversation":"Oi","aMessage":null}), "text", Some("Oi"), Opens);
    check(json!({"imageMessage":{"caption":"Foto"}}), "image", Some("Foto"), Opens);
    check(json!({"videoMessage":{"caption":"V"}}), "video", Some("V"), Opens);
    check(json!({"audioMessage":{"ptt":true}}), "audio", None, Opens);
    check(json!({"stickerMessage":{}}), "sticker", None, Opens);
    // Evolution puts the address of the file beside it, which comes before some kinds and after others.
    for (name, kind) in [("audio", "audio"), ("image", "image"), ("sticker", "sticker"), ("video", "video")] {
        let message = json!({ (format!("{name}Message")): {}, "mediaUrl": "https://x", "speechToText": "[audio] x" });
        check(message, kind, None, Opens);
    }
    check(json!({"aField":{"caption":"A"},"videoMessage":{"caption":"V"}}), "video", Some("V"), Opens);
    check(json!({"documentMessage":{"fileName":"a.pdf"}}), "document", Some("a.pdf"), Opens);
    check(json!({"locationMessage":{"name":"Loja"}}), "location", Some("Loja"), Opens);
    check(json!({"contactMessage":{"displayName":"Ana"}}), "contacts", Some("Ana"), Opens);
    let cards = json!([{"displayName":"Ana"},{"displayName":"Rui"}]);
    check(json!({"contactsArrayMessage":{"contacts":cards}}), "contacts", Some("Ana\nRui"), Opens);
    check(json!({"buttonsResponseMessage":{"selectedButtonId":"1"}}), "interactive", Some("1"), Opens);
    check(
        json!({"buttonsResponseMessage":{"selectedButtonId":"1","selectedDisplayText":"Sim"}}),
        "interactive",
        Some("Sim"),
        Opens,
    );
    check(json!({"templateButtonReplyMessage":{"selectedDisplayText":"Sim"}}), "button", Some("Sim"), Opens);
    check(json!({"listResponseMessage":{"singleSelectReply":{"selectedRowId":"r"}}}), "interactive", Some("r"), Opens);
    let flow = json!({"interactiveResponseMessage":{"nativeFlowResponseMessage":{"paramsJson":"{\"id\":1}"}}});
    check(flow, "interactive", Some("id: 1"), Opens);
    check(json!({"pollCreationMessageV3":{"name":"Qual?"}}), "poll", Some("Qual?"), Opens);
    check(json!({"hologramMessage":{"caption":"H"}}), "hologram", Some("H"), Opens);
    check(json!({"unsupported":"message"}), "unsupported", Some("message"), Opens);
    check(json!({"reactionMessage":{"text":"👍"}}), "reaction", Some("👍"), Silent);
    check(json!({"reactionMessage":{"text":""}}), "reaction", None, Silent);
    check(json!({"protocolMessage":{"type":0,"key":{"id":"A"}}}), "revoke", None, Silent);
    check(json!({"protocolMessage":{"type":"REVOKE","key":{"id":"A"}}}), "revoke", None, Silent);
    check(json!({"protocolMessage":{"key":{"id":"A"}}}), "revoke", None, Silent);
    let edit = json!({"protocolMessage":{"type":14,"editedMessage":{"conversation":"Novo"}}});
    check(edit.clone(), "edit", Some("Novo"), Silent);
    check(json!({"editedMessage":{"message":edit}}), "edit", Some("Novo"), Silent);
    check(json!({"editedMessage":{"message":{"conversation":"Novo"}}}), "edit", Some("Novo"), Silent);
}

#[test]
fn wrappers_come_off_whatever_they_are_called_and_however_deep_they_lie() {
    let wrappers =
        ["ephemeralMessage", "viewOnceMessageV2", "somethingNewMessage", "deviceSentMessage", "futureWrapper"];
    let wrap = |depth: usize| {
        (0..depth).fold(json!({ "conversation": "Oi" }), |inner, at| {
            let held = json!({ "message": inner, "messageContextInfo": {}, "phash": 5 });
            json!({ "messageContextInfo": {}, (wrappers[at % wrappers.len()]): held })
        })
    };
    for depth in 0..=DEEPEST {
        let message = json!({ "message": wrap(depth) });
        let said = said(&message).unwrap();
        assert_eq!((said.kind.as_str(), said.text.as_deref()), ("text", Some("Oi")), "{depth}");
    }
    for depth in [DEEPEST + 1, 40, 400] {
        let message = json!({ "message": wrap(depth) });
        let said = said(&message).unwrap();
        assert_eq!((said.text, said.effect), (None, Effect::Opens), "kept whole, not looked into");
    }
    // Edits in edits, and payments in payments, are as bounded.
    let edits = (0..400).fold(
        json!({ "conversation": "Oi" }),
        |inner, _| json!({ "protocolMessage": { "type": 14, "editedMessage": inner } }),
    );
    assert_eq!(said(&json!({ "message": edits })).unwrap().text, None);
    let notes = (0..400)
        .fold(json!({ "conversation": "Oi" }), |inner, _| json!({ "sendPaymentMessage": { "noteMessage": inner } }));
    assert_eq!(said(&json!({ "message": notes })).unwrap().text, None);
}

#[test]
fn what_says_nothing_says_why() {
    let check = |message: Value, reason: &str| assert_eq!(said(&message), Err(reason), "{message}");
    check(json!({}), "no_content");
    check(json!({"message":null}), "no_content");
    check(json!({"message":{}}), "no_content");
    check(json!({"message":"x"}), "no_content");
    check(json!({"message":{"conversation":""}}), "no_content");
    check(json!({"message":{"messageContextInfo":{}}}), "no_content");
    check(json!({"message":{"senderKeyDistributionMessage":{}}}), "no_content");
    check(json!({"messageStubType":2,"messageStubParameters":["No session record"]}), "stub");
    check(json!({"message":{"protocolMessage":{"type":3}}}), "protocol");
    check(json!({"message":{"protocolMessage":{"type":"EPHEMERAL_SETTING"}}}), "protocol");
    check(json!({"message":{"pollUpdateMessage":{}}}), "about_another_message");
    check(json!({"message":{"pinInChatMessage":{}}}), "about_another_message");
}

#[test]
fn other_businesses_messages_have_their_words() {
    let check = |message: Value, kind: &str, text: &str| {
        let message = json!({ "message": message });
        let said = said(&message).unwrap_or_else(|reason| panic!("{reason}: {message}"));
        assert_eq!(
            (said.kind.as_str(), said.text.as_deref(), said.effect),
            (kind, Some(text), Effect::Opens),
            "{message}"
        );
    };
    let buttons = json!([{ "index": 0, "quickReplyButton": { "displayText": "Rastrear", "id": "b1" } },
        { "index": 1, "urlButton": { "displayText": "Abrir", "url": "https://loja.example/1" } },
        { "index": 2, "callButton": { "displayText": "Ligar", "phoneNumber": "+5511" } }]);
    let hydrated = json!({ "hydratedTitleText": "Loja Azul", "hydratedContentText": "Seu pedido saiu",
        "hydratedFooterText": "Não responda", "hydratedButtons": buttons, "templateId": "1234567890123456789012345" });
    let words = "Loja Azul\nSeu pedido saiu\nNão responda\nRastrear\nAbrir\nLigar\n+5511";
    check(json!({ "templateMessage": { "hydratedTemplate": hydrated } }), "template", words);
    // WhatsApp gives the same in two forms.
    let both = json!({ "hydratedTemplate": hydrated, "hydratedFourRowTemplate": hydrated });
    check(json!({ "templateMessage": both }), "template", words);
    let structured =
        json!({ "elementName": "order_update", "namespace": "ns", "params": ["Ana", "12"], "deterministicLg": "pt" });
    let four = json!({ "fourRowTemplate": { "content": structured } });
    check(json!({ "templateMessage": four }), "template", "Ana\n12");
    check(json!({ "highlyStructuredMessage": structured }), "template", "Ana\n12");
    let choice = json!({ "headerType": 1, "contentText": "Escolha", "footerText": "Fim",
        "buttons": [{ "buttonId": "b1", "buttonText": { "displayText": "Sim" }, "type": 1 }] });
    check(json!({ "buttonsMessage": choice }), "buttons", "Escolha\nFim\nSim");
    let list = json!({ "title": "Planos", "description": "Veja os planos", "buttonText": "Abrir", "listType": "SINGLE_SELECT",
        "sections": [{ "title": "Mensais", "rows": [{ "rowId": "r1", "title": "Básico", "description": "10 GB" }] }] });
    check(json!({ "listMessage": list }), "list", "Planos\nVeja os planos\nAbrir\nMensais\nBásico\n10 GB");
    let flow = json!({ "header": { "title": "Energia", "hasMediaAttachment": false }, "body": { "text": "Fatura de novembro" },
        "footer": { "text": "Obrigado" }, "nativeFlowMessage": { "messageVersion": 1, "buttons":
            [{ "name": "cta_copy", "buttonParamsJson": "{\"display_text\":\"Copiar PIX\",\"id\":\"1\"}" }] } });
    check(json!({ "interactiveMessage": flow }), "interactive", "Energia\nFatura de novembro\nObrigado\nCopiar PIX");
    let cards = json!({ "body": { "text": "Ofertas" }, "carouselMessage": { "cards":
        [{ "header": { "title": "Mesa" }, "body": { "text": "Carvalho" } }, { "body": { "text": "Cadeira" } }] } });
    check(json!({ "interactiveMessage": cards }), "interactive", "Ofertas\nMesa\nCarvalho\nCadeira");
    check(
        json!({ "templateMessage": { "interactiveMessageTemplate": flow } }),
        "template",
        "Energia\nFatura de novembro\nObrigado\nCopiar PIX",
    );
    let thing = json!({ "product": { "productId": "1", "title": "Caneca", "description": "Azul", "currencyCode": "BRL",
        "priceAmount1000": "39900" }, "businessOwnerJid": "551@s.whatsapp.net" });
    check(json!({ "productMessage": thing }), "product", "Caneca (39.90 BRL)\nAzul");
    let basket =
        json!({ "orderTitle": "Cesta Natal", "itemCount": 3, "totalAmount1000": "120000", "totalCurrencyCode": "BRL" });
    check(json!({ "orderMessage": basket }), "order", "Cesta Natal, 3 ×, 120.00 BRL");
    let asked = json!({ "amount1000": 12_500, "currencyCodeIso4217": "BRL", "noteMessage": { "extendedTextMessage": { "text": "Almoço" } } });
    check(json!({ "requestPaymentMessage": asked }), "payment", "12.50 BRL\nAlmoço");
    check(json!({ "invoiceMessage": { "note": "Fatura 12", "token": "x" } }), "invoice", "Fatura 12");
    check(
        json!({ "groupInviteMessage": { "groupJid": "1@g.us", "inviteCode": "x", "groupName": "Bairro", "caption": "Venha" } }),
        "invite",
        "Bairro\nVenha",
    );
    check(
        json!({ "newsletterAdminInviteMessage": { "newsletterName": "Canal", "caption": "Venha" } }),
        "invite",
        "Canal\nVenha",
    );
    let visit = json!({ "name": "Visita técnica", "startTime": "1767625200", "location": { "name": "Rua A, 10" } });
    check(json!({ "eventMessage": visit }), "event", "Visita técnica, 2026-01-05 15:00 UTC, Rua A, 10");
    check(
        json!({ "scheduledCallCreationMessage": { "title": "Ligar", "scheduledTimestampMs": "1767625200000" } }),
        "event",
        "Ligar, 2026-01-05 15:00 UTC",
    );
    let asked = json!({ "name": "Qual?", "options": [{ "optionName": "Sim" }, { "optionName": "Não" }] });
    for key in [
        "pollCreationMessage",
        "pollCreationMessageV2",
        "pollCreationMessageV3",
        "pollCreationMessageV5",
        "pollCreationMessageV6",
    ] {
        check(json!({ key: asked }), "poll", "Qual?\n- Sim\n- Não");
    }
    check(
        json!({ "pollCreationMessageV4": { "message": { "pollCreationMessageV3": asked } } }),
        "poll",
        "Qual?\n- Sim\n- Não",
    );
    check(
        json!({ "locationMessage": { "degreesLatitude": -23.5, "degreesLongitude": -46.6, "name": "Loja Azul", "address": "Rua A 10" } }),
        "location",
        "Loja Azul, Rua A 10, -23.5,-46.6",
    );
    check(
        json!({ "contactMessage": { "displayName": "Ana", "vcard": "BEGIN:VCARD\nFN:Ana\nTEL:+5511988887777\nEND:VCARD" } }),
        "contacts",
        "Ana: +5511988887777",
    );
    check(
        json!({ "commentMessage": { "targetMessageKey": { "id": "A" }, "message": { "conversation": "Concordo" } } }),
        "text",
        "Concordo",
    );
}

#[test]
fn an_edit_has_the_words_of_what_it_holds() {
    for (edited, words) in [
        (json!({ "documentMessage": { "caption": "contrato v2", "fileName": "a.pdf" } }), "contrato v2"),
        (json!({ "videoMessage": { "caption": "vídeo" } }), "vídeo"),
        (json!({ "ptvMessage": { "caption": "nota" } }), "nota"),
        (json!({ "documentWithCaptionMessage": { "message": { "documentMessage": { "caption": "v3" } } } }), "v3"),
        (json!({ "locationMessage": { "name": "Loja" } }), "Loja"),
        (json!({ "ephemeralMessage": { "message": { "conversation": "Novo" } } }), "Novo"),
    ] {
        for message in [
            json!({ "protocolMessage": { "type": 14, "key": { "id": "A" }, "editedMessage": edited } }),
            json!({ "protocolMessage": { "type": "MESSAGE_EDIT", "editedMessage": edited } }),
            json!({ "editedMessage": { "message": { "protocolMessage": { "type": 14, "editedMessage": edited } } } }),
            json!({ "editedMessage": { "message": edited } }),
        ] {
            let message = json!({ "message": message });
            let said = said(&message).unwrap();
            assert_eq!(
                (said.kind.as_str(), said.text.as_deref(), said.effect),
                ("edit", Some(words), Effect::Silent),
                "{message}"
            );
        }
    }
    let sealed =
        json!({ "message": { "secretEncryptedMessage": { "secretEncType": 2, "targetMessageKey": { "id": "A" } } } });
    let said = said(&sealed).unwrap();
    assert_eq!((said.kind.as_str(), said.text, said.effect), ("edit", None, Effect::Silent));
}

#[test]
fn what_does_not_reach_a_linked_device_is_told() {
    for message in [
        json!({ "key": { "isViewOnce": true } }),
        json!({ "key": { "isViewOnce": true }, "message": null }),
        json!({ "message": { "viewOnceMessage": {} } }),
        json!({ "message": { "messageContextInfo": {}, "viewOnceMessageV2": { "message": {} } } }),
        json!({ "message": { "viewOnceMessageV2Extension": { "message": null } } }),
        json!({ "message": { "placeholderMessage": { "type": "MASK_LINKED_DEVICES" } } }),
        json!({ "messageStubType": 2, "messageStubParameters": ["Message absent from node"] }),
    ] {
        let said = said(&message).unwrap_or_else(|reason| panic!("{reason}: {message}"));
        assert_eq!(
            (said.kind.as_str(), said.effect, said.presence),
            ("unsupported", Effect::Opens, Presence::Absent),
            "{message}"
        );
        assert!(said.text.is_some_and(|words| words.contains("phone only")));
    }
    let seen = json!({ "key": { "isViewOnce": true }, "message": { "viewOnceMessageV2": { "message": { "imageMessage": {} } } } });
    assert_eq!(said(&seen).unwrap().kind, "image");
}
