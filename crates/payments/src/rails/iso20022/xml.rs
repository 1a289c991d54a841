//! XML as banks write it: a message becomes a small tree of elements, and a tree becomes a message; of a long list each element
//! becomes a tree of its own.
//!
//! **Invariant:** nothing outside the bytes is ever read: a document type, a processing instruction or an entity that XML 1.0
//! §4.6 does not know is refused, and so is whatever is too large, too deep or has too many elements. All elements of a tree
//! are of one namespace, the message's. What an element means is in the files beside this one.

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer, XmlVersion};
use spine::{Fault, FaultKind};

/// What is read at most.
#[derive(Clone, Copy, Debug)]
pub struct XmlLimits {
    /// Of the whole message.
    pub bytes: usize,
    /// Of all its elements.
    pub elements: usize,
}

impl XmlLimits {
    /// A message as banks send them over a line: 16 MiB, 400,000 elements, some 20,000 payments.
    pub const MESSAGE: Self = Self { bytes: 16 << 20, elements: 400_000 };
}

/// How deep elements may stand within each other. The messages we read go to twelve.
const DEPTH: usize = 32;
/// The longest text of one element; the standard's longest are 2,000 characters.
const TEXT_BYTES: usize = 8_192;

/// One element: its name without a prefix, what it says, and what stands in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// The one attribute that says something here: `Ccy` in a message.
    pub(crate) attribute: Option<String>,
    pub(crate) text: String,
    pub(crate) children: Vec<Self>,
}

/// A fault about an element.
pub(super) fn at(code: &'static str, element: &str) -> Fault {
    Fault::invalid(code).with("element", element)
}

impl Node {
    /// An empty element.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// An element that says something.
    pub(super) fn leaf(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), text: text.into(), ..Self::default() }
    }

    /// Adds an element within.
    pub(super) fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Adds a leaf within.
    pub(super) fn text(self, name: &str, text: impl Into<String>) -> Self {
        self.with(Self::leaf(name, text))
    }

    /// Adds elements within, in their order.
    pub(super) fn with_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// The one element called so; refused if it stands there twice.
    pub(crate) fn maybe(&self, name: &str) -> Result<Option<&Self>, Fault> {
        let mut found = self.children.iter().filter(|child| child.name == name);
        let first = found.next();
        if found.next().is_some() {
            return Err(at("payments.iso20022.repeated", &format!("{}/{name}", self.name)));
        }
        Ok(first)
    }

    /// The one element called so; refused if it is not there.
    pub(super) fn one(&self, name: &str) -> Result<&Self, Fault> {
        self.maybe(name)?.ok_or_else(|| at("payments.iso20022.missing", &format!("{}/{name}", self.name)))
    }

    /// Each element called so.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The element at the end of a path, if all of the path is there.
    pub(super) fn find(&self, path: &[&str]) -> Result<Option<&Self>, Fault> {
        path.iter().try_fold(Some(self), |node, name| match node {
            Some(node) => node.maybe(name),
            None => Ok(None),
        })
    }
}

/// Reads a message; answers its namespace and its root.
///
/// # Errors
/// `payments.iso20022.{large,encoding,malformed,doctype,entity,deep,many,namespace,text}`.
pub(crate) fn read(bytes: &[u8], limits: XmlLimits) -> Result<(String, Node), Fault> {
    walk(bytes, limits, Growing { attribute: "Ccy", ..Growing::default() })
}

/// Reads a list that has no namespace: each element within those of the root is handed to `take` with its parent's name as soon
/// as it ends, and is kept nowhere. Answers the root, with its `attribute`.
///
/// # Errors
/// As [`read`]; those of `take`.
pub(crate) fn each<'a>(
    bytes: &[u8],
    limits: XmlLimits,
    attribute: &'static str,
    take: &'a mut Take<'a>,
) -> Result<Node, Fault> {
    let tree = Growing { attribute, take: Some(take), ..Growing::default() };
    walk(bytes, limits, tree).map(|(_, root)| root)
}

fn walk(bytes: &[u8], limits: XmlLimits, mut tree: Growing<'_>) -> Result<(String, Node), Fault> {
    if bytes.len() > limits.bytes {
        return Err(Fault::new(FaultKind::TooLarge, "payments.iso20022.large"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::invalid("payments.iso20022.encoding"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    tree.left = limits.elements;
    loop {
        match reader.read_event().map_err(|_| malformed())? {
            Event::Start(start) => tree.open(&start)?,
            Event::Empty(start) => {
                tree.open(&start)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.say(&text.xml10_content())?,
            Event::CData(text) => tree.say(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let known = match reference.resolve_char_ref().map_err(|_| malformed())? {
                    Some(letter) => letter,
                    None => predefined(&reference.xml10_content())?,
                };
                tree.say(known.encode_utf8(&mut [0; 4]))?;
            }
            Event::Decl(declared) => {
                let encoding = declared.encoding().transpose().map_err(|_| malformed())?;
                if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("utf-8")) {
                    return Err(Fault::invalid("payments.iso20022.encoding"));
                }
            }
            Event::Comment(_) => {}
            Event::DocType(_) | Event::PI(_) => return Err(Fault::invalid("payments.iso20022.doctype")),
            Event::Eof => break,
        }
    }
    match (tree.namespace, tree.root) {
        (Some(namespace), Some(root)) if tree.open.is_empty() => Ok((namespace.1, root)),
        _ => Err(malformed()),
    }
}

fn malformed() -> Fault {
    Fault::invalid("payments.iso20022.malformed")
}

/// The five entities that need no declaration.
fn predefined(name: &str) -> Result<char, Fault> {
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(Fault::invalid("payments.iso20022.entity")),
    }
}

/// Takes an element, with its parent's name.
pub(crate) type Take<'a> = dyn FnMut(&str, Node) -> Result<(), Fault> + 'a;

/// The tree as it is read.
#[derive(Default)]
struct Growing<'a> {
    left: usize,
    attribute: &'static str,
    /// Who takes what stands at the third level, of a list without a namespace.
    take: Option<&'a mut Take<'a>>,
    open: Vec<Node>,
    root: Option<Node>,
    /// The root's prefix and the namespace it stands for.
    namespace: Option<(String, String)>,
}

impl Growing<'_> {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Fault> {
        if self.open.len() >= DEPTH {
            return Err(Fault::new(FaultKind::TooLarge, "payments.iso20022.deep"));
        }
        if self.root.is_some() {
            return Err(malformed());
        }
        self.left =
            self.left.checked_sub(1).ok_or_else(|| Fault::new(FaultKind::TooLarge, "payments.iso20022.many"))?;
        let name = start.name();
        let (prefix, name) = name.as_ref().split_once(':').unwrap_or(("", name.as_ref()));
        let mut node = Node::new(name);
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| malformed())?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| malformed())?.into_owned();
            self.attribute(prefix, &mut node, attribute.key.as_ref(), value)?;
        }
        if self.take.is_some() && self.namespace.is_none() && prefix.is_empty() {
            self.namespace = Some(Default::default());
        }
        match &self.namespace {
            Some((known, _)) if known == prefix => {}
            _ => return Err(at("payments.iso20022.namespace", name)),
        }
        self.open.push(node);
        Ok(())
    }

    fn attribute(&mut self, prefix: &str, node: &mut Node, key: &str, value: String) -> Result<(), Fault> {
        let declared = if key == "xmlns" { Some("") } else { key.strip_prefix("xmlns:") };
        match declared {
            Some(declared) if self.namespace.is_none() && declared == prefix => {
                self.namespace = Some((prefix.to_owned(), value));
                Ok(())
            }
            // Other prefixes may be declared and are then not used; ours may not come to mean something else.
            Some(declared) => match &self.namespace {
                Some((known, means)) if known == declared && *means != value => {
                    Err(at("payments.iso20022.namespace", &node.name))
                }
                _ => Ok(()),
            },
            None => {
                if key == self.attribute {
                    node.attribute = Some(value);
                }
                Ok(())
            }
        }
    }

    fn close(&mut self) -> Result<(), Fault> {
        let mut node = self.open.pop().ok_or_else(malformed)?;
        if !node.children.is_empty() {
            if !node.text.trim().is_empty() {
                return Err(at("payments.iso20022.malformed", &node.name));
            }
            node.text.clear();
        }
        match (self.open.as_mut_slice(), &mut self.take) {
            ([_, parent], Some(take)) => take(&parent.name, node)?,
            ([.., parent], _) => parent.children.push(node),
            ([], _) => self.root = Some(node),
        }
        Ok(())
    }

    fn say(&mut self, text: &str) -> Result<(), Fault> {
        let Some(node) = self.open.last_mut() else {
            return if text.trim().is_empty() { Ok(()) } else { Err(malformed()) };
        };
        if node.text.len() + text.len() > TEXT_BYTES {
            return Err(at("payments.iso20022.text", &node.name));
        }
        if text.chars().any(|letter| !is_xml(letter)) {
            return Err(at("payments.iso20022.text", &node.name));
        }
        node.text.push_str(text);
        Ok(())
    }
}

/// Whether XML 1.0 §2.2 knows the character.
const fn is_xml(letter: char) -> bool {
    matches!(letter, '\u{9}' | '\u{a}' | '\u{d}' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Writes a message: the tree under `Document` in the given namespace.
pub(crate) fn write(namespace: &str, message: &Node) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    let written = (|| {
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let document = BytesStart::new("Document").with_attributes([("xmlns", namespace)]);
        writer.write_event(Event::Start(document))?;
        element(&mut writer, message)?;
        writer.write_event(Event::End(BytesEnd::new("Document")))
    })();
    written.map_err(|error| Fault::internal("payments.iso20022.unwritten", error))?;
    Ok(writer.into_inner())
}

fn element(writer: &mut Writer<Vec<u8>>, node: &Node) -> std::io::Result<()> {
    let mut start = BytesStart::new(node.name.as_str());
    if let Some(currency) = &node.attribute {
        start.push_attribute(("Ccy", currency.as_str()));
    }
    if node.children.is_empty() && node.text.is_empty() {
        return writer.write_event(Event::Empty(start));
    }
    writer.write_event(Event::Start(start))?;
    if !node.text.is_empty() {
        writer.write_event(Event::Text(BytesText::new(&node.text)))?;
    }
    for child in &node.children {
        element(writer, child)?;
    }
    writer.write_event(Event::End(BytesEnd::new(node.name.as_str())))
}
