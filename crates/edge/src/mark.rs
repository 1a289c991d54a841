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
    "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'%20viewBox='0%200%2048%2040'%3E%3Cpath%20d='M24%201a4%204%200%200%201%203%206%203%203%200%200%201%201%204",
    "Q34%2022%2046.500%2031q-5%207.500-22.500%207.500T1.500%2031Q14%2022%2020%2011a3%203%200%200%201%201-4%204%204%200%200%201%203-6z'%20fill='%2300209f'/%3E%3C/svg%3E"
);
