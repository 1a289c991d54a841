//! A burial society in a demonstration: three of the cast hold its seats, and a change of its rule waits for the second voice.
//!
//! **Invariant:** founded and joined as it is in earnest, each seat with a code of its own; once for a demonstration.

use payments::associations::{self, Deed, NewAssociation};
use serde_json::Value as Json;
use spine::{Actor, Assurance, Caller, Cx, Fault, Personal};

use crate::acting::once;
use crate::demo::Enrolled;
use crate::program::Program;

/// The cast's places: who founds it, and who joins.
const SEATS: [usize; 3] = [1, 2, 3];

/// What the code of a seat is made from; nobody needs it again.
const CODE: &str = "DEMO-DEMO-DEMO-000";

fn member(one: &Enrolled) -> Caller {
    let text = |field: &str| one.person.get(field).and_then(Json::as_str).unwrap_or_default();
    let name = Personal::new(format!("{} {}", text("given"), text("family")));
    Caller { actor: Actor::person(&one.id, name, Assurance::Substantial), ..Caller::system("demo") }
}

/// Founds it, unless an earlier start has.
///
/// # Errors
/// The engine's faults.
pub(crate) async fn arrange(program: &Program, cast: &[Enrolled]) -> Result<(), Fault> {
    let members: Vec<Caller> = SEATS.iter().filter_map(|place| cast.get(*place)).map(member).collect();
    let Some((founder, others)) = members.split_first() else { return Ok(()) };
    let currency = program.country.currency;
    let new = NewAssociation {
        name: "Mpolokeng Burial Society (example)".to_owned(),
        place: "Roma".to_owned(),
        needed: 2,
        signatories: 3,
    };
    let found = move |cx: &mut Cx<'_>| associations::found(cx, currency, &new);
    let id = once(program, founder, ("demo.association", "founded"), found).await?;
    for (seat, other) in (2..).zip(others) {
        let hash = move || associations::code_hash(&format!("{CODE}{seat}"));
        let invite = move |cx: &mut Cx<'_>| associations::invite(cx, id, seat, &hash());
        once(program, founder, ("demo.association.invited", &seat.to_string()), invite).await?;
        let join = move |cx: &mut Cx<'_>| associations::join(cx, &hash());
        once(program, other, ("demo.association.joined", &seat.to_string()), join).await?;
    }
    let rails = program.grants.rails().clone();
    let deed = Deed::Rule { needed: 3 };
    let purpose = "All three sign, now that we are more members";
    let propose = move |cx: &mut Cx<'_>| associations::propose(cx, &rails, id, &deed, purpose);
    once(program, founder, ("demo.association.proposed", "rule"), propose).await.map(drop)
}
