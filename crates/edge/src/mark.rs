//! The mokorotlo, the hat that Lesotho wears on its flag, as the mark of the site.
//!
//! **Invariant:** decoration only: hidden from screen readers, the name stands beside it in words.

/// The mark, in the colour of the text around it.
pub(crate) const MOKOROTLO: &str = concat!(
    r#"<svg viewBox="0 0 40 34" aria-hidden="true"><path d="M20 1c3 0 4.6 2.2 3.7 4.4L22 9c3 7 8 13 17 18q-3 6-19 6T1 27C10 22 15 16 18 9"#,
    r#"l-1.7-3.6C15.4 3.2 17 1 20 1z" fill="currentColor"/><path d="M15 15.500q5 2.500 10 0M11 20.500q9 4 18 0M6 25q14 5.500 28 0" "#,
    r#"fill="none" stroke="var(--h)" stroke-width="1.600"/></svg>"#
);

/// The same as the page's icon.
pub(crate) const ICON: &str = concat!(
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 40'%3E%3Cpath d='M20 4c3 0 4 2 3 4l-1 4c3 7 8 13 17 ",
    "18q-3 6-19 6T1 30c9-5 14-11 17-18l-1-4c-1-2 0-4 3-4z' fill='%2300209f'/%3E%3C/svg%3E"
);
