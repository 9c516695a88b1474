//! The grammars that ship with the product, compiled in so that they are always there.

/// Name and TOML of each.
pub(crate) const SOURCES: &[(&str, &str)] = &[
    ("000-telecom-review", include_str!("../../../../content/profiles/000-telecom-review.toml")),
    ("001-nisc-measures", include_str!("../../../../content/profiles/001-nisc-measures.toml")),
    ("002-jt-x1051", include_str!("../../../../content/profiles/002-jt-x1051.toml")),
    ("003-action-plan-review", include_str!("../../../../content/profiles/003-action-plan-review.toml")),
    ("004-port-guideline", include_str!("../../../../content/profiles/004-port-guideline.toml")),
    ("generic", include_str!("../../../../content/profiles/generic.toml")),
];
