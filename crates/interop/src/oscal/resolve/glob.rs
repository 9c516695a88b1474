//! Glob patterns over ids: `*` any run, `?` one character, `[abc]`, `[a-z]`, `[!a]` one of a set.

/// Whether the whole id meets the pattern. Time is bounded by the product of the lengths.
pub(super) fn matches(pattern: &str, id: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let id: Vec<char> = id.chars().collect();
    let (mut at, mut seen) = (0, 0);
    // Where to go on when the rest does not fit: behind the last star, one character later.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if at < pattern.len() && pattern[at] == '*' {
            at += 1;
            retry = Some((at, seen));
            continue;
        }
        if seen == id.len() && at == pattern.len() {
            return true;
        }
        let step = if seen < id.len() { one(&pattern, at, id[seen]) } else { None };
        if let Some(next) = step {
            at = next;
            seen += 1;
            continue;
        }
        match retry {
            Some((star, from)) if from < id.len() => {
                retry = Some((star, from + 1));
                at = star;
                seen = from + 1;
            }
            _ => return false,
        }
    }
}

/// Where the pattern goes on if its element at `at` takes the character.
fn one(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => set(pattern, at, c).unwrap_or((c == '[').then_some(at + 1)),
        other => (*other == c).then_some(at + 1),
    }
}

/// `None` when the bracket is never closed: then it is an ordinary character.
fn set(pattern: &[char], at: usize, c: char) -> Option<Option<usize>> {
    let mut inside = at + 1;
    let is_negated = matches!(pattern.get(inside), Some('!' | '^'));
    inside += usize::from(is_negated);
    let close = (inside + 1..pattern.len()).find(|end| pattern[*end] == ']')?;
    let members = &pattern[inside..close];
    let mut is_member = false;
    let mut i = 0;
    while i < members.len() {
        if i + 2 < members.len() && members[i + 1] == '-' {
            is_member |= (members[i]..=members[i + 2]).contains(&c);
            i += 3;
        } else {
            is_member |= members[i] == c;
            i += 1;
        }
    }
    Some((is_member != is_negated).then_some(close + 1))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn whole_ids_are_matched() {
        for (pattern, id, expected) in [
            ("a*", "a1", true),
            ("?1", "b1", true),
            ("?1", "c3.a-1", false),
            ("*", "", true),
            ("ac-*.1", "ac-2.1", true),
            ("ac-*.1", "ac-2.11", false),
            ("a*b*c", "aXXbYYbZc", true),
            ("a", "ab", false),
            ("", "a", false),
            ("[ab]1", "b1", true),
            ("[!ab]1", "b1", false),
            ("[a-c]?", "c9", true),
            ("[a", "[a", true),
            ("管理*", "管理策-1", true),
        ] {
            assert_eq!(matches(pattern, id), expected, "{pattern} {id}");
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        assert!(!matches(&"a*".repeat(60), &"a".repeat(59)));
        assert!(!matches(&format!("{}b", "*a".repeat(200)), &"a".repeat(2000)));
    }
}
