//! Lines that pass and lines that do not, by hand; each case names its section of cloudwatch.md.

use super::Pattern;

/// Section, pattern, lines that pass, lines that do not.
type Case = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

fn check(cases: &[Case]) {
    for (section, pattern, pass, fail) in cases {
        let read = Pattern::parse(pattern).unwrap_or_else(|e| panic!("{section} {pattern}: {e}"));
        for line in *pass {
            assert!(
                read.matches(line),
                "§{section}: {pattern} has to pass {line}"
            );
        }
        for line in *fail {
            assert!(
                !read.matches(line),
                "§{section}: {pattern} must not pass {line}"
            );
        }
    }
}

#[test]
fn terms() {
    check(&[
        ("6", "", &["", "x"], &[]),
        ("6", "   ", &["", "x"], &[]),
        ("6", "\" \"", &["", "nospace", "a b"], &[]),
        ("6", "\"\"", &["", "x"], &[]),
        ("6 case", "error", &["error"], &["ERROR", "Error"]),
        (
            "6.2",
            "ERROR",
            &["[ERROR 400] BAD REQUEST", "ERROR"],
            &["ERR OR", ""],
        ),
        (
            "6.2 substring",
            "AUTHORIZED",
            &["UNAUTHORIZED"],
            &["authorized"],
        ),
        (
            "6.2 and",
            "ERROR 400",
            &["[ERROR 400] BAD", "400 ERROR"],
            &["ERROR 401", "400"],
        ),
        ("6.2 and", "  a\tb\n c ", &["cab"], &["ab"]),
        ("6.2 any", "?ERROR ?WARN", &["ERROR x", "a WARN"], &["INFO"]),
        ("6.2 any", "?\"a b\" ?c", &["a b", "c"], &["ab"]),
        (
            "6.2 mixed",
            "?ERROR 400",
            &["x 400", "ERROR 400"],
            &["ERROR 401"],
        ),
        (
            "6.2 mixed",
            "?ERROR -DEBUG",
            &["x", "ERROR"],
            &["ERROR DEBUG"],
        ),
        (
            "6.2 exclude",
            "-DEBUG",
            &["INFO", ""],
            &["DEBUG", "xDEBUGx"],
        ),
        (
            "6.2 exclude",
            "-DEBUG -INFO",
            &["WARN"],
            &["INFO", "DEBUG", "INFO DEBUG"],
        ),
        (
            "6.2 exclude",
            "ERROR -EXITING",
            &["ERROR 1"],
            &["ERROR EXITING", "x"],
        ),
        (
            "6.2 exclude phrase",
            "-\"GET /health\"",
            &["GET /", "GET  /health"],
            &["x GET /health y"],
        ),
        (
            "6.2 phrase",
            "\"INTERNAL SERVER ERROR\"",
            &["500 INTERNAL SERVER ERROR!"],
            &["INTERNAL ERROR", "INTERNAL  SERVER ERROR"],
        ),
        (
            "6.2 phrase",
            "\"say \\\"hi\\\"\"",
            &["say \"hi\" now"],
            &["say hi"],
        ),
        ("6.2 phrase", "\"a\\\\b\"", &["a\\b"], &["a/b", "ab"]),
    ]);
}

#[test]
fn terms_with_signs_and_expressions() {
    check(&[
        (
            "6.2 special",
            "user@example.com",
            &["to user@example.com"],
            &["user@example"],
        ),
        ("6.2 special", "a-b", &["a-b"], &["a", "b"]),
        ("6.2 special", "a?b", &["a?b"], &["ab"]),
        ("6.2 special", "größe", &["die größe"], &["grösse"]),
        (
            "6.2 special",
            "\"[$LATEST]\"",
            &["2026/01/[$LATEST]x"],
            &["LATEST"],
        ),
        (
            "6.2 regex",
            "%AUTHORIZED%",
            &["UNAUTHORIZED", "AUTHORIZED"],
            &["AUTHORISED"],
        ),
        (
            "6.2 regex",
            "%5\\d\\d%",
            &["status 503"],
            &["status 403", "5x3"],
        ),
        ("6.2 regex", "%^START%", &["START Request"], &["x START"]),
        ("6.2 regex", "%[a-f]{4}$%", &["id beef"], &["beefs", "bee"]),
        ("6.2 regex", "%a|b%", &["xbx", "a"], &["c"]),
        ("6.2 regex", "%1\\.2%", &["1.2"], &["1x2"]),
        ("6.2 regex", "%\\x41%", &["A"], &["a"]),
        ("6.2 regex", "-%4\\d\\d%", &["200"], &["404"]),
        (
            "6.2 regex",
            "?%4\\d\\d% ?%5\\d\\d%",
            &["404", "503"],
            &["200"],
        ),
        (
            "6.2 regex and",
            "GET %\\s5\\d\\d%",
            &["GET / 500"],
            &["POST / 500", "GET / 200"],
        ),
    ]);
}

#[test]
fn json() {
    check(&[
        (
            "6.3",
            "{ $.eventType = \"UpdateTrail\" }",
            &["{\"eventType\":\"UpdateTrail\"}"],
            &["{\"eventType\":\"updateTrail\"}", "{}"],
        ),
        (
            "6.3 spaces",
            "{$.a=1}",
            &["{\"a\":1}", " {\"a\": 1.0} \n"],
            &["{\"a\":2}"],
        ),
        (
            "6.3 whole line",
            "{ $.a = 1 }",
            &[],
            &["x {\"a\":1}", "{\"a\":1} x", "not json", "1", ""],
        ),
        (
            "6.3 nested",
            "{ $.user.id = 1 }",
            &["{\"user\":{\"id\":1}}"],
            &["{\"user.id\":1}", "{\"user\":1}"],
        ),
        (
            "6.3 index",
            "{ $.a[0].id = 2 }",
            &["{\"a\":[{\"id\":2}]}"],
            &["{\"a\":[{\"id\":1},{\"id\":2}]}", "{\"a\":{\"id\":2}}"],
        ),
        (
            "6.3 root array",
            "{ $[1] = 2 }",
            &["[1,2]"],
            &["[2]", "{\"1\":2}"],
        ),
        (
            "6.3 any element",
            "{ $.a[*] = \"x\" }",
            &["{\"a\":[\"y\",\"x\"]}"],
            &["{\"a\":[]}", "{\"a\":\"x\"}"],
        ),
        (
            "6.3 any member",
            "{ $.a.* = 1 }",
            &["{\"a\":{\"b\":0,\"c\":1}}"],
            &["{\"a\":{\"b\":0}}", "{\"a\":1}"],
        ),
        (
            "6.3 and",
            "{ ($.user.id = 1) && ($.users[0].email = \"x\") }",
            &["{\"user\":{\"id\":1},\"users\":[{\"email\":\"x\"}]}"],
            &["{\"user\":{\"id\":1}}"],
        ),
        (
            "6.3 or",
            "{ $.a = 1 || $.b = 2 }",
            &["{\"a\":1}", "{\"b\":2}"],
            &["{\"a\":2,\"b\":1}"],
        ),
        (
            "6.1 precedence",
            "{ $.a = 1 || $.b = 2 && $.c = 3 }",
            &["{\"a\":1}", "{\"b\":2,\"c\":3}"],
            &["{\"b\":2}", "{\"c\":3}"],
        ),
        (
            "6.1 parentheses",
            "{ ($.a = 1 || $.b = 2) && $.c = 3 }",
            &["{\"a\":1,\"c\":3}"],
            &["{\"a\":1}"],
        ),
        (
            "6.3 regex",
            "{ $.statusCode = %4\\d{2}% }",
            &["{\"statusCode\":404}", "{\"statusCode\":\"404\"}"],
            &["{\"statusCode\":500}"],
        ),
        (
            "6.3 regex not",
            "{ $.s != %^a% }",
            &["{\"s\":\"b\"}"],
            &["{\"s\":\"ab\"}", "{}"],
        ),
        (
            "6.3 not exists",
            "{ $.x NOT EXISTS }",
            &["{}", "{\"y\":1}"],
            &["{\"x\":null}", "{\"x\":1}"],
        ),
        (
            "6.1 any case",
            "{ $.x not exists }",
            &["{}"],
            &["{\"x\":1}"],
        ),
        (
            "6.3 is null",
            "{ $.x IS NULL }",
            &["{\"x\":null}"],
            &["{}", "{\"x\":0}", "{\"x\":\"null\"}"],
        ),
        (
            "6.3 is true",
            "{ $.x IS TRUE }",
            &["{\"x\":true}"],
            &["{\"x\":false}", "{\"x\":\"true\"}", "{\"x\":1}"],
        ),
        (
            "6.3 is false",
            "{ $.x is false }",
            &["{\"x\":false}"],
            &["{\"x\":true}", "{}"],
        ),
        (
            "6.3 = true",
            "{ $.b = true }",
            &["{\"b\":true}", "{\"b\":\"true\"}"],
            &["{\"b\":false}"],
        ),
        (
            "6.3 exists",
            "{ $.latency = * }",
            &["{\"latency\":1}", "{\"latency\":\"x\"}"],
            &["{}", "{\"latency\":{}}", "{\"latency\":null}"],
        ),
        (
            "6.3 wildcard",
            "{ $.e = \"*UnauthorizedOperation\" }",
            &["{\"e\":\"Client.UnauthorizedOperation\"}"],
            &["{\"e\":\"UnauthorizedOperations\"}"],
        ),
        (
            "6.3 wildcard",
            "{ $.e = \"s3*put*x\" }",
            &["{\"e\":\"s3.put.x\"}", "{\"e\":\"s3putx\"}"],
            &["{\"e\":\"s3.x\"}"],
        ),
        (
            "6.3 wildcard once",
            "{ $.e = \"a*a\" }",
            &["{\"e\":\"aa\"}"],
            &["{\"e\":\"a\"}"],
        ),
        (
            "6.3 glob word",
            "{ $.ip = 123.123.* }",
            &["{\"ip\":\"123.123.4.5\"}"],
            &["{\"ip\":\"123.124.4.5\"}"],
        ),
        (
            "6.3 glob number",
            "{ $.n = 4* }",
            &["{\"n\":404}", "{\"n\":\"4\"}"],
            &["{\"n\":504}"],
        ),
        (
            "6.3 word",
            "{ $.level = ERROR }",
            &["{\"level\":\"ERROR\"}"],
            &["{\"level\":\"ERRORS\"}"],
        ),
        (
            "6.3 numbers",
            "{ $.n > 10 }",
            &["{\"n\":10.5}", "{\"n\":11}"],
            &["{\"n\":10}", "{\"n\":\"11\"}", "{}"],
        ),
        (
            "6.3 numbers",
            "{ $.n >= 10 }",
            &["{\"n\":10}"],
            &["{\"n\":9.99}"],
        ),
        (
            "6.3 numbers",
            "{ $.n < -1.5 }",
            &["{\"n\":-2}"],
            &["{\"n\":-1.5}"],
        ),
        (
            "6.3 numbers",
            "{ $.n <= +3 }",
            &["{\"n\":3}"],
            &["{\"n\":4}"],
        ),
        (
            "6.3 exponent",
            "{ $.n = 1e-3 }",
            &["{\"n\":0.001}"],
            &["{\"n\":0.01}"],
        ),
        (
            "6.3 numeric text",
            "{ $.n = 5 }",
            &["{\"n\":5}", "{\"n\":5.0}", "{\"n\":\"5\"}"],
            &["{\"n\":\"5.0\"}", "{\"n\":true}"],
        ),
        (
            "6.3 quoted number",
            "{ $.n = \"5\" }",
            &["{\"n\":\"5\"}"],
            &["{\"n\":5}"],
        ),
        (
            "6.3 not",
            "{ $.a != 1 }",
            &["{\"a\":2}", "{\"a\":\"x\"}"],
            &["{\"a\":1}", "{}", "{\"a\":[1]}", "{\"a\":null}"],
        ),
        (
            "6.3 not",
            "{ $.a != \"x\" }",
            &["{\"a\":\"y\"}"],
            &["{\"a\":\"x\"}", "{\"b\":1}"],
        ),
        (
            "6.3 objects",
            "{ $.a = \"{}\" }",
            &["{\"a\":\"{}\"}"],
            &["{\"a\":{}}"],
        ),
        (
            "6.3 keys",
            "{ $.['a.b'] = 1 }",
            &["{\"a.b\":1}"],
            &["{\"a\":{\"b\":1}}"],
        ),
        (
            "6.3 keys",
            "{ $['key name'].x = 1 }",
            &["{\"key name\":{\"x\":1}}"],
            &["{\"key\":1}"],
        ),
        (
            "6.3 keys",
            "{ $.a-b_c = 1 }",
            &["{\"a-b_c\":1}"],
            &["{\"a\":1}"],
        ),
        (
            "6.3 keys",
            "{ $.@timestamp = * }",
            &["{\"@timestamp\":\"x\"}"],
            &["{}"],
        ),
        (
            "6.3 no blanks",
            "{ $.a=1&&$.b=\"}\" }",
            &["{\"a\":1,\"b\":\"}\"}"],
            &["{\"a\":1}"],
        ),
        (
            "6.3 escapes",
            "{ $.a = \"say \\\"x\\\"\" }",
            &["{\"a\":\"say \\\"x\\\"\"}"],
            &["{\"a\":\"say x\"}"],
        ),
    ]);
}

#[test]
fn words() {
    let line =
        "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html?x=1 HTTP/1.0\" 404 1534";
    let short = "127.0.0.1 - frank [10/Oct/2000] \"GET /\" 200";
    for (section, pattern, passes) in [
        ("6.4", "[]", true),
        (
            "6.4 count",
            "[ip, id, user, time, request, status, bytes]",
            true,
        ),
        ("6.4 count", "[ip, id, user, time, request, status]", false),
        (
            "6.4 count",
            "[ip, id, user, time, request, status, bytes, more]",
            false,
        ),
        (
            "6.4 =",
            "[ip, id, user, time, request, status = 404, bytes]",
            true,
        ),
        (
            "6.4 =",
            "[ip, id, user, time, request, status = 200, bytes]",
            false,
        ),
        (
            "6.4 glob",
            "[ip, id, user, time, request, status_code = 4*, bytes]",
            true,
        ),
        (
            "6.4 glob",
            "[ip, id, user, time, request = *.html*, status = 4*, bytes]",
            true,
        ),
        (
            "6.4 glob",
            "[ip, id, user, time, request = *.png*, status, bytes]",
            false,
        ),
        (
            "6.4 order",
            "[ip, id, user, time, request, status, bytes > 1000]",
            true,
        ),
        (
            "6.4 order",
            "[ip, id, user, time, request, status, bytes <= 1533]",
            false,
        ),
        (
            "6.4 order of text",
            "[ip, id, user > 5, time, request, status, bytes]",
            false,
        ),
        ("6.4 ...", "[..., status, bytes]", true),
        ("6.4 ...", "[..., status = 404, bytes]", true),
        ("6.4 ...", "[ip, ...]", true),
        ("6.4 ...", "[ip = 127.0.0.1, ..., bytes = 1534]", true),
        ("6.4 ...", "[ip, ..., bytes = 1]", false),
        ("6.4 ... of none", "[a, b, c, d, e, ..., f, g]", true),
        ("6.4 ... too many", "[a, b, c, d, e, f, ..., g, h]", false),
        ("6.4 regex", "[ip = %127\\.0\\.0\\.[1-9]%, ...]", true),
        ("6.4 regex", "[ip = %^10\\.%, ...]", false),
        ("6.4 or", "[..., code = 404 || code = 410, bytes]", true),
        ("6.4 or", "[..., code = 403 || code = 410, bytes]", false),
        ("6.4 and", "[..., code >= 400 && code < 500, bytes]", true),
        (
            "6.4 and or",
            "[..., code = 500 || code >= 400 && code != 404, bytes]",
            false,
        ),
        ("6.4 !=", "[w1 != ERROR && w1 != WARN, ...]", true),
        (
            "6.4 != case",
            "[w1 != ERROR && W1 != 127.0.0.1, ...]",
            false,
        ),
        (
            "6.4 quoted",
            "[..., request = \"GET /index*\", code, bytes]",
            true,
        ),
        (
            "6.4 group",
            "[a, b, c, time = \"10/Oct/2000:13:25:15 -0700\", ...]",
            true,
        ),
        ("6.4 spaces", "  [ ip ,id,  user=frank , ... ]  ", true),
    ] {
        let read = Pattern::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        assert_eq!(read.matches(line), passes, "§{section}: {pattern}");
    }
    let six = Pattern::parse("[ip, id, user, time, request, status]").unwrap();
    assert!(six.matches(short) && !six.matches(line));
    let open = Pattern::parse("[a, b]").unwrap();
    assert!(open.matches("[not closed") && open.matches("  a   b  "));
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (section, pattern, what, at) in [
        ("6.2", "\"open", "missing '\"'", 6),
        ("6.2", "a -", "a term is missing", 4),
        ("6.2", "?", "a term is missing", 2),
        ("6.2", "\"a\"b", "a space is missing before 'b'", 4),
        (
            "6.2 regex",
            "%open",
            "a regular expression that does not end",
            1,
        ),
        (
            "6.2 regex",
            "%(a|b)%",
            "'(': groups are not supported in regular expressions",
            2,
        ),
        (
            "6.2 regex",
            "%a b%",
            "' ' is not supported in regular expressions",
            3,
        ),
        (
            "6.2 regex",
            "%ü%",
            "'ü' is not supported in regular expressions",
            2,
        ),
        ("6.2 regex", "%\\b%", "the escape '\\b' is not supported", 2),
        (
            "6.2 regex",
            "%a% %b% %c%",
            "more than 2 regular expressions",
            9,
        ),
        (
            "6.2 regex",
            "%[a%",
            "the regular expression cannot be read (error: unclosed character class)",
            1,
        ),
        ("6.3", "{", "a selector was expected: $.name or $[0]", 2),
        ("6.3", "{ $.a = 1", "missing '}'", 10),
        ("6.3", "{ $.a = 1 } x", "unexpected 'x'", 13),
        (
            "6.3",
            "{ $.a }",
            "a comparison was expected: = != < <= > >= IS NOT EXISTS",
            7,
        ),
        (
            "6.3",
            "{ $.a EXISTS }",
            "a comparison was expected: = != < <= > >= IS NOT EXISTS",
            7,
        ),
        (
            "6.3",
            "{ $.a IS NOT NULL }",
            "NULL, TRUE or FALSE was expected after IS",
            10,
        ),
        ("6.3", "{ $.a = }", "a value is missing", 9),
        (
            "6.3",
            "{ $.a > x }",
            "a number was expected after < <= > >=",
            9,
        ),
        (
            "6.3",
            "{ $.a > %1% }",
            "a number was expected after < <= > >=",
            9,
        ),
        ("6.3", "{ ($.a = 1 }", "missing ')'", 12),
        (
            "6.3",
            "{ $.a = 1 $.b = 2 }",
            "'&&', '||' or '}' was expected, not '$'",
            11,
        ),
        (
            "6.3",
            "{ a = 1 }",
            "a selector was expected: $.name or $[0]",
            3,
        ),
        ("6.3", "{ $ = 1 }", "'.' or '[' was expected after '$'", 4),
        ("6.3", "{ $. = 1 }", "a name is missing after '.'", 5),
        (
            "6.3",
            "{ $.a[x] = 1 }",
            "an index, * or 'name' was expected after '['",
            7,
        ),
        ("6.3", "{ $.a[0 = 1 }", "missing ']'", 8),
        ("6.4", "[a, b", "missing ']'", 6),
        ("6.4", "[a b]", "',' or ']' was expected, not 'b'", 4),
        ("6.4", "[a, , b]", "the name of a field was expected", 5),
        ("6.4", "[..., a, ...]", "'...' may stand once", 10),
        (
            "6.4",
            "[a = 1 || b = 2]",
            "a test of a was expected, not of b",
            11,
        ),
        ("6.4", "[a > x]", "a number was expected after < <= > >=", 6),
        ("6.4", "[ERROR", "missing ']'", 7),
    ] {
        let invalid = Pattern::parse(pattern).unwrap_err();
        assert_eq!(
            (invalid.what.as_str(), invalid.at),
            (what, at),
            "§{section}: {pattern}"
        );
    }
    let deep = format!("{{ {}$.a = 1{} }}", "(".repeat(65), ")".repeat(65));
    assert!(Pattern::parse(&deep).is_err());
    assert!(Pattern::parse(&"x".repeat(1_025)).is_err());
    assert!(Pattern::parse(&"ü".repeat(1_024)).is_ok());
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_judged_without_a_panic(
        pattern in "[\\[{]?[ $.a-c1*=!<>&|()\"%\\\\?,\\]}-]{0,24}",
        line in "[\\[\\]\"{}: a-c1,.ü]{0,24}",
    ) {
        if let Ok(read) = Pattern::parse(&pattern) {
            let _ = read.matches(&line);
        }
    }

    /// A quoted phrase is exactly substring search.
    #[test]
    fn a_phrase_is_a_substring(phrase in "[a-c ]{0,3}[a-c]", line in "[a-c ]{0,12}") {
        let read = Pattern::parse(&format!("\"{phrase}\"")).unwrap();
        proptest::prop_assert_eq!(read.matches(&line), line.contains(&phrase));
    }
}
