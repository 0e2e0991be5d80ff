//! The people of the sample.

use crate::github_payloads::Person;

/// Somebody who commits and has a GitHub account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    /// On GitHub.
    pub login: &'static str,
    /// On GitHub.
    pub id: u64,
    /// In git.
    pub name: &'static str,
    /// In git.
    pub email: &'static str,
}

/// Wrote the coupons.
pub const ALICE: Author = Author {
    login: "alice",
    id: 5_001,
    name: "Alice Bianchi",
    email: "alice@example.com",
};
/// Keeps the data.
pub const BOB: Author = Author {
    login: "bob",
    id: 5_002,
    name: "Bob Okafor",
    email: "bob@example.com",
};
/// Runs what is run.
pub const CARLA: Author = Author {
    login: "carla",
    id: 5_003,
    name: "Carla N\u{fa}\u{f1}ez",
    email: "carla@example.com",
};
/// Owns the product.
pub const OLGA: Author = Author {
    login: "olga",
    id: 5_004,
    name: "Olga Novak",
    email: "olga@example.com",
};

/// Leads the development, where somebody does.
pub const CAROL: Author = Author {
    login: "carol",
    id: 5_005,
    name: "Carol Jensen",
    email: "carol@example.com",
};
/// Reviews and tests.
pub const DAVE: Author = Author {
    login: "dave",
    id: 5_006,
    name: "Dave Moreau",
    email: "dave@example.com",
};
/// Owns the product, where olga does not.
pub const EVE: Author = Author {
    login: "eve",
    id: 5_007,
    name: "Eve Lindqvist",
    email: "eve@example.com",
};
/// Everybody there is.
pub const PEOPLE: [Author; 7] = [ALICE, BOB, CARLA, OLGA, CAROL, DAVE, EVE];

impl Author {
    /// The same person in webhook bodies.
    pub fn person(&self) -> Person {
        Person {
            name: self.name.to_owned(),
            email: self.email.to_owned(),
            ..Person::new(self.login, self.id)
        }
    }
}
