//! Names of functions without what compilers and runtimes add to them.

use super::{Language, pattern};
use regex::Regex;
use std::sync::LazyLock;

/// The name as it is hashed; `None`: the frame has no name to go by.
#[must_use]
pub fn normalise(language: Language, name: &str) -> Option<String> {
    let name = name.trim();
    let name = match language {
        Language::Python | Language::Other => name.to_owned(),
        Language::JavaScript => javascript(name)?,
        Language::Ruby => ruby(name),
        Language::Java => java(name),
        Language::Go => go(name),
        Language::Php => php(name),
        Language::DotNet => dotnet(name),
    };
    static NUMBERS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{2,}"));
    let name = NUMBERS.replace_all(&name, "").into_owned();
    (!name.is_empty() && name != "???").then_some(name)
}

fn javascript(name: &str) -> Option<String> {
    static ALIAS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s*\[as [^\]]*\]"));
    let name = ALIAS.replace_all(name, "");
    let mut name = name.trim();
    for prefix in ["bound ", "async ", "new ", "get ", "set "] {
        name = name.strip_prefix(prefix).unwrap_or(name).trim();
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    let anonymous = matches!(
        last,
        "" | "?"
            | "<unknown>"
            | "<anonymous>"
            | "[anonymous]"
            | "eval"
            | "null"
            | "undefined"
            | "(anonymous function)"
            | "anonymous"
    );
    (!anonymous).then(|| last.to_owned())
}

fn ruby(name: &str) -> String {
    static AROUND: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^(?:(?:block(?: \(\d+ levels?\))?|rescue|ensure) in )+"));
    static TEMPLATE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(_erb|_haml|_slim|_jbuilder)_+[\d_]+$"));
    let name = name.trim_matches(['`', '\'', '"']);
    let name = AROUND.replace(name, "");
    // From Ruby 3.4 on the class stands before the method.
    let name = match name.rsplit_once(['#', '.']) {
        Some((class, method)) if class.starts_with(|c: char| c.is_ascii_uppercase()) => method,
        _ => &name,
    };
    TEMPLATE.replace(name, "$1").into_owned()
}

fn java(name: &str) -> String {
    static LAMBDA: LazyLock<Regex> = LazyLock::new(|| pattern(r"^lambda\$([\w$]*?)\$\d+$"));
    // As Scala's compiler names functions that have no name.
    static FUNCTION: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\$anonfun\$([\w$]*?)\$\d+(?:\$adapted)?$"));
    let name = LAMBDA.replace(name, "lambda$$$1");
    FUNCTION.replace(&name, "$$anonfun$$$1").into_owned()
}

/// The name of a Java class without the numbers of generated ones.
#[must_use]
pub fn java_class(name: &str) -> String {
    static GENERATED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?x) \$\$Lambda(?:[$/].*)?$ | GeneratedMethodAccessor\d+ | GeneratedConstructorAccessor\d+
              | \$\$(?:EnhancerBySpringCGLIB|SpringCGLIB|FastClassBySpringCGLIB|EnhancerByGuice|EnhancerByCGLIB)\$\$[\w$]*
              | _\$\$_j[av]+a?s?s?ist[\w$]* | \$Proxy\d+ | \$HibernateProxy\$\w+",
        )
    });
    // Classes without a name are numbered in the order they are written, and so are Kotlin's coroutines.
    static NUMBERED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\$\d+"));
    let name = GENERATED
        .replace_all(name.trim(), |c: &regex::Captures<'_>| {
            let text = &c[0];
            let word: String = text
                .chars()
                .skip_while(|c| !c.is_ascii_alphabetic())
                .take_while(char::is_ascii_alphabetic)
                .collect();
            format!("<{word}>")
        })
        .into_owned();
    NUMBERED.replace_all(&name, "$$").into_owned()
}

fn go(name: &str) -> String {
    static CLOSURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\.func\d+(?:\.(?:func)?\d+)*"));
    static GENERIC: LazyLock<Regex> = LazyLock::new(|| pattern(r"\[[^\]]*\]"));
    let name = GENERIC.replace_all(name, "");
    CLOSURE.replace_all(&name, ".func").into_owned()
}

fn php(name: &str) -> String {
    static CLOSURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{closure(?::[^}]*)?\}"));
    // Behind a zero byte: where it stands, and the number of the class made for it.
    static ANONYMOUS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"class@anonymous(?:\x00?/.*?:\d+\$[0-9a-f]+|[^:>]*)"));
    let name = CLOSURE.replace_all(name, "{closure}");
    ANONYMOUS.replace_all(&name, "class@anonymous").into_owned()
}

/// Without the numbers of state machines (`<Get>d__5.MoveNext`), closures (`<>c__DisplayClass4_0.<Get>b__1`) and local
/// functions (`<Get>g__Retry|4_0`): what was added above in the file moves them.
fn dotnet(name: &str) -> String {
    static MACHINE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"<([^<>]+)>d(?:__\d+)?(?:`\d+)?(?:[.+]MoveNext(?:\(\))?)?"));
    static CLOSURE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?:<>c(?:__DisplayClass[\d_]+)?(?:`\d+)?[.+])?<([^<>]+)>b__[\d_]+")
    });
    static LOCAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"<([^<>]+)>g__(\w+)\|[\d_]+"));
    let name = MACHINE.replace_all(name, "$1");
    let name = CLOSURE.replace_all(&name, "$1.<lambda>");
    LOCAL.replace_all(&name, "$1.$2").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: rollbar.md §7.3, "Function normalisation".
    #[test]
    fn names_of_each_language() {
        use Language::*;
        for (language, name, want) in [
            (Python, "<lambda>", Some("<lambda>")),
            (Python, "handle_v12", Some("handle_v")),
            (JavaScript, "async Object.load", Some("load")),
            (JavaScript, "new Store", Some("Store")),
            (JavaScript, "bound async Store.save", Some("save")),
            (
                JavaScript,
                "Layer.handle [as handle_request]",
                Some("handle"),
            ),
            (JavaScript, "<unknown>", None),
            (JavaScript, "[anonymous]", None),
            (JavaScript, "Object.<anonymous>", None),
            (Ruby, "block (2 levels) in create", Some("create")),
            (Ruby, "rescue in create", Some("create")),
            (Ruby, "UsersController#create", Some("create")),
            (
                Ruby,
                "_app_views_x_html_erb__123456_7890",
                Some("_app_views_x_html_erb"),
            ),
            (Java, "lambda$run$3", Some("lambda$run")),
            (Java, "$anonfun$total$4$adapted", Some("$anonfun$total")),
            (
                Go,
                "main.(*Server).handle.func1.2",
                Some("main.(*Server).handle.func"),
            ),
            (Go, "main.Map[go.shape.int]", Some("main.Map")),
            (Go, "???", None),
            (
                Php,
                "App\\X::{closure:App\\X::run():12}",
                Some("App\\X::{closure}"),
            ),
            (Php, "{closure}", Some("{closure}")),
            (
                Php,
                "class@anonymous\0/srv/Gateways.php:38$1f::handle",
                Some("class@anonymous::handle"),
            ),
            (
                DotNet,
                "Basket.Service.<GetAsync>d__12.MoveNext()",
                Some("Basket.Service.GetAsync"),
            ),
            (
                DotNet,
                "Basket.Service+<>c__DisplayClass4_0.<Sum>b__1",
                Some("Basket.Service+Sum.<lambda>"),
            ),
            (
                DotNet,
                "Basket.Service.<Send>g__Retry|4_0",
                Some("Basket.Service.Send.Retry"),
            ),
        ] {
            assert_eq!(normalise(language, name).as_deref(), want, "{name}");
        }
    }

    #[test]
    fn generated_classes_lose_their_numbers() {
        for (name, want) in [
            ("com.x.A$$Lambda$14/0x0000000800c03000", "com.x.A<Lambda>"),
            (
                "sun.reflect.GeneratedMethodAccessor77",
                "sun.reflect.<GeneratedMethodAccessor>",
            ),
            (
                "com.x.S$$EnhancerBySpringCGLIB$$1a2b3c",
                "com.x.S<EnhancerBySpringCGLIB>",
            ),
            ("jdk.proxy2.$Proxy42", "jdk.proxy2.<Proxy>"),
            ("com.x.Plain", "com.x.Plain"),
            ("com.x.Sync$run$1", "com.x.Sync$run$"),
            ("com.x.Outer$1Local$2", "com.x.Outer$Local$"),
        ] {
            assert_eq!(java_class(name), want);
        }
    }
}
