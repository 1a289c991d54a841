//! The mokorotlo, the hat that Lesotho wears on its flag, as the mark of the site.
//!
//! **Invariant:** decoration only: hidden from screen readers, the name stands beside it in words.

/// The mark, in the colour of the text around it.
pub(crate) const MOKOROTLO: &str = concat!(
    r#"<svg viewBox="0 0 48 40" fill="currentColor" aria-hidden="true"><circle cx="24" cy="4.600" r="3.600"/>"#,
    r#"<circle cx="19.800" cy="8" r="2.500"/><circle cx="28.200" cy="8" r="2.500"/>"#,
    r#"<path d="M22 9h4Q34 22 46.500 31q-5 7.500-22.500 7.500T1.500 31Q14 22 22 9z"/>"#,
    r#"<path d="M18 18.500q6 3 12 0M12.500 25q11.500 6 23 0M6.500 31q17.500 8 35 0" fill="none" stroke="var(--h)" stroke-width="1.800"/></svg>"#
);

/// The same as the page's icon.
pub(crate) const ICON: &str = concat!(
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 48 40'%3E%3Cpath d='M24 1a4 4 0 0 1 3 6 3 3 0 0 1 1 4",
    "Q34 22 46.500 31q-5 7.500-22.500 7.500T1.500 31Q14 22 20 11a3 3 0 0 1 1-4 4 4 0 0 1 3-6z' fill='%2300209f'/%3E%3C/svg%3E"
);
