//! What an order costs. All amounts are whole cents.

/// Percent off the whole order, by coupon.
const COUPONS: &[(&str, i64)] = &[("TEN", 10), ("STAFF", 30)];

/// What a coupon takes off `subtotal`; `None` if there is no such coupon.
/// A broken cent is the customer's.
pub fn discount(subtotal: i64, coupon: &str) -> Option<i64> {
    let (_, percent) = COUPONS.iter().find(|(name, _)| *name == coupon)?;
    Some((subtotal * percent + 99) / 100)
}
