//! A place.

use serde_json::Value;

use super::{first, joined};
use crate::lenient;

/// A place: what it is called, where that is, and `latitude,longitude`, which every map understands.
pub(crate) fn place(place: &Value) -> Option<String> {
    let name = first(&[&place["name"], &place["title"], &place["description"], &place["caption"], &place["comment"]]);
    let address = first(&[&place["address"]]).filter(|address| Some(address) != name.as_ref());
    joined(", ", [name, address, coordinates(place)])
}

fn coordinates(place: &Value) -> Option<String> {
    let of = |names: [&str; 4]| names.iter().find_map(|name| lenient::short(&place[name]));
    let latitude = of(["latitude", "degreesLatitude", "lat", "Latitude"])?;
    let longitude = of(["longitude", "degreesLongitude", "lng", "Longitude"])?;
    Some(format!("{latitude},{longitude}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_is_told_in_any_spelling() {
        let check = |value: Value, expected: Option<&str>| assert_eq!(place(&value).as_deref(), expected, "{value}");
        let full = "Loja Azul, Rua A 10, -23.5,-46.6";
        check(json!({"name":"Loja Azul","address":"Rua A 10","latitude":-23.5,"longitude":"-46.6"}), Some(full));
        check(
            json!({"name":"Loja Azul","address":"Rua A 10","degreesLatitude":-23.5,"degreesLongitude":-46.6}),
            Some(full),
        );
        check(json!({"degreesLatitude":-23.5,"degreesLongitude":-46.6}), Some("-23.5,-46.6"));
        check(json!({"caption":"A caminho","degreesLatitude":-23.5,"degreesLongitude":0}), Some("A caminho, -23.5,0"));
        check(json!({"name":"Rua A 10","address":"Rua A 10"}), Some("Rua A 10"));
        check(json!({"degreesLatitude":-23.5}), None);
        check(json!({"name":5,"degreesLatitude":{},"degreesLongitude":[]}), None);
    }
}
