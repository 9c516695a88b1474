//! Who sees what of whom. The demonstration's organisations hold data of every kind; strangers ask for it on every route,
//! with the real ids, and must not be able to tell them from ids that do not exist.

mod attack;
mod duties;
mod forms;
mod intruder;
mod kinds;
mod paper;
mod property;
mod relations;
mod stale;
mod walk;
mod world;
