//! Orders on disk: one JSON object a line, each line synced before its order is confirmed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::json;
use crate::order::Order;

pub struct Store {
    file: File,
    /// By id, which is the position and one.
    orders: Vec<Order>,
}

impl Store {
    /// Opens the folder, making it if need be. A last line without its end is an order that was
    /// never confirmed; it is cut off. Any other line that cannot be read stops the service.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join("orders.jsonl");
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        let text = fs::read_to_string(&path)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(whole as u64)?;
            file.flush()?;
        }
        let mut orders = Vec::new();
        for line in text[..whole].lines() {
            let order = json::parse(line.as_bytes())
                .ok()
                .as_ref()
                .and_then(Order::from_kept);
            match order {
                Some(order) if order.id == orders.len() as u64 + 1 => orders.push(order),
                _ => {
                    let at = orders.len() + 1;
                    return Err(io::Error::other(format!("{path:?}, line {at} is no order")));
                }
            }
        }
        Ok(Self { file, orders })
    }

    pub fn all(&self) -> &[Order] {
        &self.orders
    }

    pub fn get(&self, id: u64) -> Option<&Order> {
        let at = usize::try_from(id.checked_sub(1)?).ok()?;
        self.orders.get(at)
    }

    /// Keeps an order for good and gives it its id.
    pub fn add(&mut self, mut order: Order) -> io::Result<Order> {
        let before = self.file.metadata()?.len();
        order.id = self.orders.len() as u64 + 1;
        let line = format!("{}\n", order.json());
        let kept = self
            .file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data());
        if let Err(error) = kept {
            // Half a line must not become the beginning of the next one.
            self.file.set_len(before)?;
            return Err(error);
        }
        self.orders.push(order.clone());
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        let wish = json::parse(br#"{"items":[{"name":"tea","price_cents":450,"quantity":2}]}"#);
        Order::from_wish(&wish.unwrap()).unwrap_or_else(|why| panic!("{why}"))
    }

    #[test]
    fn orders_survive_a_restart_and_half_an_order_does_not() {
        let folder = std::env::temp_dir().join(format!("orders-test-{}", std::process::id()));
        let mut store = Store::open(&folder).unwrap();
        assert_eq!(store.add(order()).unwrap().id, 1);
        assert_eq!(store.add(order()).unwrap().id, 2);
        let path = folder.join("orders.jsonl");
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"{\"id\":3,\"it").unwrap();
        let mut store = Store::open(&folder).unwrap();
        assert_eq!(store.all().len(), 2);
        assert_eq!(store.add(order()).unwrap().id, 3);
        assert_eq!(Store::open(&folder).unwrap().all().len(), 3);
        fs::remove_dir_all(folder).unwrap();
    }
}
