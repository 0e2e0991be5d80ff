//! The store in DynamoDB: the promises every store keeps, against two DynamoDBs that were written
//! apart, and what a network between them does.

mod faults;
mod promises;
mod stories;
mod table;
