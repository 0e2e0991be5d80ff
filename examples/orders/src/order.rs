//! An order: what was wished, and what it came to.

use crate::json::{self, Value};
use crate::pricing;

const ITEMS_MAX: usize = 100;
const QUANTITY_MAX: i64 = 1_000;
const PRICE_MAX: i64 = 1_000_000;

#[derive(Clone)]
pub struct Order {
    /// From 1; 0 until it is kept.
    pub id: u64,
    items: Vec<Item>,
    coupon: Option<String>,
    subtotal: i64,
    discount: i64,
}

#[derive(Clone)]
struct Item {
    name: String,
    price: i64,
    quantity: i64,
}

impl Order {
    /// Reads a wish, `{"items": [{"name", "price_cents", "quantity"}], "coupon"}`, and adds it up.
    pub fn from_wish(wish: &Value) -> Result<Self, String> {
        let items = wish.get("items").and_then(Value::list).unwrap_or_default();
        if items.is_empty() || items.len() > ITEMS_MAX {
            return Err(format!("an order has 1 to {ITEMS_MAX} `items`"));
        }
        let items = items
            .iter()
            .map(Item::from_wish)
            .collect::<Result<Vec<_>, _>>()?;
        let coupon = wish.get("coupon").and_then(Value::text).map(str::to_owned);
        let subtotal = items.iter().map(|item| item.price * item.quantity).sum();
        let discount = match &coupon {
            None => 0,
            Some(coupon) => pricing::discount(subtotal, coupon)
                .ok_or_else(|| format!("there is no coupon {coupon:?}"))?,
        };
        Ok(Self {
            id: 0,
            items,
            coupon,
            subtotal,
            discount,
        })
    }

    /// Reads an order as it was kept: it costs what it cost then.
    pub fn from_kept(kept: &Value) -> Option<Self> {
        let number = |name: &str| kept.get(name).and_then(Value::number);
        let items = kept.get("items").and_then(Value::list)?;
        Some(Self {
            id: u64::try_from(number("id")?).ok()?,
            items: items
                .iter()
                .map(|item| Item::from_wish(item).ok())
                .collect::<Option<_>>()?,
            coupon: kept.get("coupon").and_then(Value::text).map(str::to_owned),
            subtotal: number("subtotal_cents")?,
            discount: number("discount_cents")?,
        })
    }

    pub fn json(&self) -> Value {
        let id = i64::try_from(self.id).unwrap_or(i64::MAX);
        json::object([
            ("id", Value::Number(id)),
            (
                "items",
                Value::List(self.items.iter().map(Item::json).collect()),
            ),
            (
                "coupon",
                self.coupon.as_deref().map_or(Value::Null, Value::from),
            ),
            ("subtotal_cents", Value::Number(self.subtotal)),
            ("discount_cents", Value::Number(self.discount)),
            ("total_cents", Value::Number(self.subtotal - self.discount)),
        ])
    }
}

impl Item {
    fn from_wish(wish: &Value) -> Result<Self, String> {
        let name = wish.get("name").and_then(Value::text).unwrap_or_default();
        if name.is_empty() {
            return Err("every item has a `name`".to_owned());
        }
        let within = |field: &str, least: i64, most: i64| {
            wish.get(field)
                .and_then(Value::number)
                .filter(|number| (least..=most).contains(number))
                .ok_or_else(|| format!("`{field}` of {name:?} must be {least} to {most}"))
        };
        Ok(Self {
            price: within("price_cents", 0, PRICE_MAX)?,
            quantity: within("quantity", 1, QUANTITY_MAX)?,
            name: name.to_owned(),
        })
    }

    fn json(&self) -> Value {
        json::object([
            ("name", self.name.as_str().into()),
            ("price_cents", Value::Number(self.price)),
            ("quantity", Value::Number(self.quantity)),
        ])
    }
}
