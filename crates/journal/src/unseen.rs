//! What a policy may not do: tell one person or thing from another of the same kind.
//!
//! **Invariant:** policies are not given identifiers (`authority.rs`), so one that compares them would allow or, worse,
//! forbid nothing. It is refused when the pack is read. What a person is (`in Role`, attributes, type) may be weighed.

use cedar_policy::Policy;
use serde_json::Value as Json;

/// Refuses a policy that is about one principal or one resource.
///
/// # Errors
/// A sentence for whoever wrote it.
pub(crate) fn check(policy: &Policy) -> Result<(), String> {
    let json = policy.to_json().map_err(|error| error.to_string())?;
    let scope = |name: &str| json.get(name).cloned().unwrap_or_default();
    let named = ["principal", "resource"].into_iter().any(|name| is_one(&scope(name)))
        || json.get("conditions").is_some_and(compares);
    if named {
        return Err("a policy sees no identifiers: weigh roles, attributes (`own`) and types instead".to_owned());
    }
    Ok(())
}

/// Whether a scope, or what stands after `in`, names an entity that is no role.
fn is_one(scope: &Json) -> bool {
    let entity = scope.get("entity").or_else(|| scope.pointer("/in/entity"));
    entity.is_some_and(|entity| entity.get("type").and_then(Json::as_str) != Some("Role"))
        || scope.get("op").and_then(Json::as_str) == Some("==")
}

/// Whether an expression uses a principal or resource for anything but its attributes, type or roles.
fn compares(expression: &Json) -> bool {
    match expression {
        Json::Array(parts) => parts.iter().any(compares),
        Json::Object(parts) => parts.iter().any(|(operator, operands)| match operator.as_str() {
            "Var" => matches!(operands.as_str(), Some("principal" | "resource")),
            "." | "has" | "is" => operands.get("in").is_some() || operands.get("left").is_some_and(compares_within),
            "in" if is_principal(operands.get("left")) => !operands.get("right").is_some_and(is_role),
            _ => compares(operands),
        }),
        _ => false,
    }
}

/// Attributes may be read of a principal or resource itself, or of an expression that compares neither.
fn compares_within(left: &Json) -> bool {
    left.get("Var").is_none() && compares(left)
}

fn is_principal(expression: Option<&Json>) -> bool {
    expression.and_then(|expression| expression.get("Var")).and_then(Json::as_str) == Some("principal")
}

fn is_role(expression: &Json) -> bool {
    match expression.get("Set").and_then(Json::as_array) {
        Some(several) => several.iter().all(is_role),
        None => expression.pointer("/Value/__entity/type").and_then(Json::as_str) == Some("Role"),
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use cedar_policy::PolicySet;

    use super::*;

    fn checked(text: &str) -> Result<(), String> {
        PolicySet::from_str(text).unwrap().policies().try_for_each(check)
    }

    #[test]
    fn kinds_roles_and_attributes_may_be_weighed() {
        for good in [
            r#"permit (principal is Person, action == Action::"a.b.c", resource is Case) when { resource.own };"#,
            r#"permit (principal in Role::"registrar", action, resource);"#,
            r#"permit (principal is Officer in Role::"registrar", action, resource);"#,
            r#"permit (principal, action, resource) when { principal in Role::"a" && resource is Case };"#,
            r#"permit (principal, action, resource) when { principal in [Role::"a", Role::"b"] };"#,
            r#"forbid (principal, action, resource) unless { principal has institution && principal.institution == resource.owner };"#,
            r#"permit (principal, action, resource) when { if resource has own then resource.own else principal.roles.contains(resource.role) };"#,
        ] {
            assert_eq!(checked(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn no_policy_is_about_one() {
        for bad in [
            r#"forbid (principal == Person::"per_1", action, resource);"#,
            r#"forbid (principal, action, resource == Case::"cas_1");"#,
            r#"forbid (principal in Group::"g", action, resource);"#,
            r#"permit (principal, action, resource in Folder::"f");"#,
            r#"permit (principal, action, resource is Case in Folder::"f");"#,
            r#"forbid (principal, action, resource) when { principal == Person::"per_1" };"#,
            r#"forbid (principal, action, resource) when { principal == resource.owner };"#,
            r#"forbid (principal, action, resource) when { resource.owners.contains(principal) };"#,
            r#"forbid (principal, action, resource) when { principal in Group::"g" };"#,
            r#"forbid (principal, action, resource) when { principal in resource.group };"#,
            r#"forbid (principal, action, resource) when { principal in [Role::"a", Group::"g"] };"#,
            r#"forbid (principal, action, resource) when { resource is Case in Folder::"f" };"#,
            r#"forbid (principal, action, resource) when { (if principal == Person::"x" then principal else resource).own };"#,
        ] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }
}
