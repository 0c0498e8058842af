//! Baskets and what is in them.

use serde_json::Value;

use super::{first, joined, lines, whole};
use crate::lenient;

/// A basket: what stands beside it, its lines where they are told, and else its title, how many things are in it, and what they come to.
pub(crate) fn order(order: &Value) -> Option<String> {
    let said = first(&[&order["text"], &order["message"]]);
    let items = lines(&order["product_items"], product).or_else(|| lines(&order["products"], product));
    let title = first(&[&order["orderTitle"], &order["title"]]).filter(|title| Some(title) != said.as_ref());
    let count = whole(&order["itemCount"]).filter(|count| *count > 0).map(|count| format!("{count} ×"));
    let total = amount(&order["totalAmount1000"], &order["totalCurrencyCode"]);
    joined("\n", [said, items, joined(", ", [title, count, total])])
}

/// A line of a basket, or a thing that is shown: how many of what, at which price.
pub(crate) fn product(item: &Value) -> Option<String> {
    let name = ["title", "name", "productName", "product_retailer_id", "retailerId", "productId"];
    let name = name.iter().find_map(|name| lenient::short(&item[name]))?;
    let told = lenient::short(&item["item_price"]).map(|price| with_currency(&price, &item["currency"]));
    let known = || {
        let sale = amount(&item["salePriceAmount1000"], &item["currencyCode"]);
        sale.or_else(|| amount(&item["priceAmount1000"], &item["currencyCode"]))
    };
    let price = told.or_else(known).map_or_else(String::new, |price| format!(" ({price})"));
    let is_line = !item["quantity"].is_null() || !item["product_retailer_id"].is_null();
    let quantity = lenient::short(&item["quantity"]).unwrap_or_else(|| "1".to_owned());
    Some(if is_line { format!("{quantity} × {name}{price}") } else { format!("{name}{price}") })
}

/// An amount that is told in thousandths, as WhatsApp does whatever the currency: with two decimals, three where it has them.
/// Nothing for 0, by which a basket says that its prices are not known.
pub(crate) fn amount(thousandths: &Value, currency: &Value) -> Option<String> {
    let amount = whole(thousandths).filter(|amount| *amount > 0)?;
    let (units, rest) = (amount / 1000, amount % 1000);
    let number = if rest % 10 == 0 { format!("{units}.{:02}", rest / 10) } else { format!("{units}.{rest:03}") };
    Some(with_currency(&number, currency))
}

fn with_currency(number: &str, currency: &Value) -> String {
    lenient::short(currency).map_or_else(|| number.to_owned(), |currency| format!("{number} {currency}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_basket_says_what_is_in_it_and_what_it_comes_to() {
        let check = |value: Value, expected: Option<&str>| assert_eq!(order(&value).as_deref(), expected, "{value}");
        let basket = |total: Value| json!({ "orderTitle": "Cesta Natal", "itemCount": 3, "totalAmount1000": total, "totalCurrencyCode": "BRL" });
        let full = "Cesta Natal, 3 ×, 120.00 BRL";
        check(basket(json!(120_000)), Some(full));
        check(basket(json!("120000")), Some(full));
        check(basket(json!({ "low": 120_000, "high": 0, "unsigned": false })), Some(full));
        check(basket(json!(120_005)), Some("Cesta Natal, 3 ×, 120.005 BRL"));
        check(basket(json!(0)), Some("Cesta Natal, 3 ×"));
        check(json!({ "message": "Quero", "orderTitle": "Cesta" }), Some("Quero\nCesta"));
        let items = json!([{ "product_retailer_id": "SODA", "quantity": "2", "item_price": 10.5, "currency": "ILS" },
            { "product_retailer_id": "TEA" }, { "quantity": 1 }, 5]);
        check(json!({ "text": "", "product_items": items }), Some("2 × SODA (10.5 ILS)\n1 × TEA"));
        check(json!({ "itemCount": -1, "totalAmount1000": -5 }), None);
        check(json!(null), None);
    }

    #[test]
    fn a_thing_has_its_price() {
        let cup = json!({ "title": "Caneca", "priceAmount1000": "39900", "currencyCode": "BRL" });
        assert_eq!(product(&cup).as_deref(), Some("Caneca (39.90 BRL)"));
        let sale = json!({ "title": "Caneca", "priceAmount1000": 39_900, "salePriceAmount1000": 29_900 });
        assert_eq!(product(&sale).as_deref(), Some("Caneca (29.90)"));
        assert_eq!(product(&json!({})), None);
    }
}
